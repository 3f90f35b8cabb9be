"""What the services are told."""

from pathlib import Path

from settings import Settings
from worker.services import environment


def test_the_services_get_the_secrets_they_need_and_not_their_stars(tmp_path: Path) -> None:
    told = environment(Settings(home=tmp_path, s3_access_key="us", s3_secret_key="of ours"))
    assert told["NIGHTREEL_S3_ACCESS_KEY"] == "us"
    assert told["NIGHTREEL_S3_SECRET_KEY"] == "of ours"
    assert told["NIGHTREEL_FLOWER_PASSWORD"] == ""
