import pytest


@pytest.fixture(autouse=True)
def _every_archive_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small one is searched in another way; a test of its own compares the two."""
    monkeypatch.setattr("storage.vectors.nearest.SMALL", 0)
