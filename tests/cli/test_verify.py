from pathlib import Path

from command_line import Nightreel

from report.package import pack


def test_a_package_is_verified_without_a_home(tmp_path: Path) -> None:
    package = pack({"candidates.csv": b"person\n"}, case="2026-117", made_at="2026-03-01")
    path = tmp_path / "package.zip"
    path.write_bytes(package.body)
    nightreel = Nightreel(tmp_path / "home")
    done = nightreel("verify", path, "--json")
    assert (done.code, done.document["sha256"]) == (0, package.sha256)
    path.write_bytes(package.body.replace(b"candidates.csv", b"candidates.tsv"))
    done = nightreel("verify", path)
    assert (done.code, done.out) == (1, "")
    assert "Traceback" not in done.err
    assert not (tmp_path / "home").exists()
