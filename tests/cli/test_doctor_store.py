"""What `doctor` says of the object store."""

from command_line import Nightreel
from object_store import ObjectServer


def test_buckets_that_are_not_there_need_attention(
    nightreel: Nightreel, object_server: ObjectServer
) -> None:
    footage = f"{object_server.make_bucket()},nowhere"
    told = nightreel.with_settings(
        media_url="s3://never-made/crops", footage_buckets=footage, **object_server.settings
    )

    done = told("doctor", "--json")

    found = [one for one in done.document if one["what"] in ("pictures", "footage store")]
    assert done.code == 1
    assert [one["well"] for one in found] == [False, True, False]
    assert found[0]["detail"].startswith("Bucket never-made is not at 127.0.0.1:")
    assert found[2]["detail"].startswith("Bucket nowhere is not at 127.0.0.1:")
    assert "of ours" not in done.out + done.err
