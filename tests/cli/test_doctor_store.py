"""What `doctor` says of the place for pictures."""

from command_line import Nightreel
from object_store import ObjectServer


def test_a_bucket_that_is_not_there_needs_attention(
    nightreel: Nightreel, object_server: ObjectServer
) -> None:
    told = nightreel.with_settings(media_url="s3://never-made/crops", **object_server.settings)

    done = told("doctor", "--json")

    (found,) = [one for one in done.document if one["what"] == "pictures"]
    assert done.code == 1
    assert not found["well"]
    assert found["detail"].startswith("Bucket never-made is not at 127.0.0.1:")
    assert "of ours" not in done.out + done.err
