"""Another model, as a user types it, while workers run."""

from pathlib import Path

from command_line import TERMS, Up
from painted import RED, paint_photo


def test_another_engine_is_tried_compared_taken_into_use_and_back(
    up: Up, clip: Path, tmp_path: Path
) -> None:
    nightreel = up.nightreel
    assert nightreel("case", "open", "M-1", *TERMS).code == 0
    nightreel("enrol", "Red", paint_photo(tmp_path / "red.png", RED), "--case", "M-1")
    assert nightreel("ingest", clip, "--case", "M-1", "--wait").code == 0
    refused = nightreel("models", "use", "stub:3", "--reason", "better")
    assert (refused.code, "has not embedded the crops" in refused.err) == (2, True)

    done = nightreel("models", "migrate", "--to", "stub:3", "--case", "M-1", "--wait", "--json")
    assert done.code == 0, done.err
    assert (done.document["waiting"], done.document["omitted"]) == (0, {})
    assert done.document["embedded"] >= 1

    def engines() -> set[str]:
        found = nightreel("candidates", "--case", "M-1", "--json").document["candidates"]
        return {one["engine"] for one in found}

    assert engines() == {"stub"}
    assert "nothing reviewed" in nightreel("models", "compare", "stub", "stub:3").out
    assert nightreel("models", "use", "stub:3", "--reason", "better", "--partly").code == 0
    assert engines() == {"stub:3"}
    assert "another engine is in use" in nightreel("changes", "--case", "M-1").err
    report = nightreel("report", "--case", "M-1", "-o", tmp_path / "report")
    assert report.code in (0, 3), report.err  # 3 while its matching is still queued
    assert "gate.mp4" in (tmp_path / "report/report.html").read_text()
    assert nightreel("models", "omitted", "stub:3", "--json").document == []
    assert nightreel("models", "use", "stub", "--reason", "back", "--partly").code == 0
    assert engines() == {"stub"}
    assert nightreel("models", "migrate", "--to", "stub:99").code == 1
