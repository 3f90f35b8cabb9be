import pytest


@pytest.fixture(autouse=True)
def _every_archive_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small archives are searched in another way; a separate test compares the two."""
    monkeypatch.setattr("storage.vectors.nearest.SMALL", 0)
