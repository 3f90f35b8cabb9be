"""What `doctor` says of the object store."""

import os

import pytest
from command_line import Nightreel
from object_store import ObjectServer

from footage.executables import choose
from footage.remote.held_reads import can_hold_reads
from footage.sandbox.sandbox import standing


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
    assert found[0]["detail"].startswith("Bucket never-made does not exist at 127.0.0.1:")
    assert found[2]["detail"].startswith("Bucket nowhere does not exist at 127.0.0.1:")
    assert "of ours" not in done.out + done.err


@pytest.mark.parametrize(("by_range", "how"), [(True, "by byte range"), (False, "whole")])
def test_how_much_of_footage_is_fetched_is_said(
    by_range: bool, how: str, nightreel: Nightreel, object_server: ObjectServer
) -> None:
    if by_range and not can_hold_reads(choose(), standing(choose())):
        (pytest.fail if "CI" in os.environ else pytest.skip)("this kernel holds no reads")
    bucket = object_server.make_bucket()
    told = nightreel.with_settings(
        footage_buckets=bucket, footage_by_range=by_range, **object_server.settings
    )
    found = [
        one["detail"] for one in told("doctor", "--json").document if one["what"] == "footage store"
    ]
    assert len(found) == 2 and how in found[1]
