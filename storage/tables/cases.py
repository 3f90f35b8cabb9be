"""Cases, their footage and persons of interest, reference photos, and data keys."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, CheckConstraint, UniqueConstraint, false
from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table, names, unique


class Category(StrEnum):
    """The role of a person in a case."""

    SUSPECT = "suspect"
    MISSING = "missing"
    VICTIM = "victim"
    WITNESS = "witness"
    OTHER = "other"
    """None of these, or not stated."""


class Case(Table, table=True):
    """What authorises a search."""

    __table_args__ = (
        UniqueConstraint("reference"),
        *(
            CheckConstraint(f"length(trim({name})) > 0", name=name)
            for name in ("reference", "legal_basis", "purpose", "requested_by")
        ),
        CheckConstraint("json_array_length(sources) > 0", name="sources"),
        CheckConstraint("footage_from < footage_until", name="footage"),
        CheckConstraint("opened_at < expires_at", name="expires_at"),
        CheckConstraint(
            "(authorised_at is null) = (authorised_by is null)"
            " and (authorised_at is null) = (authorisation_reference is null)",
            name="authorisation",
        ),
        IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    reference: str
    legal_basis: str
    """A code of the organisation's list, or `legacy` for a case opened before there was one."""
    basis_note: str = ""
    """A note on the legal basis."""
    purpose: str
    requested_by: str
    sources: list[str] = Field(sa_type=JSON)
    """Which footage the case covers; see `storage.cases.sources`."""
    footage_from: datetime
    footage_until: datetime
    """Recording period of that footage; the end is excluded."""
    needs_authorisation: bool
    urgent: bool = False
    """Begun without the authorisation it needs, which must be entered within 48 hours."""
    authorisation_reference: str | None = None
    authorised_by: str | None = None
    """The authorising authority."""
    authorised_at: datetime | None = None
    authorisation_refused_at: datetime | None = None
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None = None
    purged_at: datetime | None = None
    """When everything that belonged to the case was purged."""
    allows_grouping: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether faces in its footage may be grouped, also of people who are not of interest."""


class CaseRecording(Table, table=True):
    """Footage that belongs to a case."""

    __tablename__ = "case_recording"
    case_id: int = Field(foreign_key="case.id", ondelete="CASCADE", primary_key=True)
    recording_id: int = Field(
        foreign_key="recording.id", ondelete="CASCADE", primary_key=True, index=True
    )


class Person(Table, table=True):
    """A person of interest of a case."""

    __table_args__ = (
        UniqueConstraint("case_id", "name"),
        CheckConstraint(f"category in {tuple(map(str, Category))}", name="category"),
        IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", ondelete="CASCADE")
    name: str
    category: Category = Field(sa_type=names(Category))
    review_at: datetime
    """From then on the person is not searched for, until a user confirms that they still may be;
    `EVER[1]` of `storage.cases.cases` if the person may be searched for as long as the case lasts.
    """
    asked_at: datetime
    asked_by: str | None = None
    """The actor who requested the search, as written in the audit log."""


class Reference(Table, table=True):
    """One photo of a person as embedded by one engine; a rejected photo has no vector, but a
    `verdict`: the assessment."""

    __table_args__ = unique("person_id", "photo_sha256", "engine")
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    photo_sha256: str
    photo_name: str
    source: str | None = None
    """Where the photo is from; None if not stated."""
    engine: str
    weights_sha256: str
    verdict: str
    sealed_vector: bytes | None = Field(default=None, repr=False)
    key_id: int | None = Field(
        default=None, foreign_key="data_key.id", ondelete="SET NULL", index=True
    )
    """The key that sealed the vector; None without a vector, and once the key is destroyed."""
    crop: str | None = Field(default=None, repr=False)
    quality: float | None = None
    withdrawn_at: datetime | None = None
    """From then on it has neither vector nor crop."""
    appearance_id: int | None = Field(
        default=None, foreign_key="appearance.id", ondelete="SET NULL", index=True
    )
    """The appearance it was cut from, if it is not a photo; that appearance is never a candidate.
    """


class DataKey(Table, table=True):
    """The key that encrypts the data of one recording or one case; encrypted by the master key."""

    __tablename__ = "data_key"
    __table_args__ = (
        UniqueConstraint("recording_id"),
        UniqueConstraint("case_id"),
        CheckConstraint("(recording_id is null) <> (case_id is null)", name="one_owner"),
        IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    recording_id: int | None = Field(default=None, foreign_key="recording.id", ondelete="CASCADE")
    case_id: int | None = Field(default=None, foreign_key="case.id", ondelete="CASCADE")
    wrapped: bytes = Field(repr=False)
    master: str
    """The beginning of the master key's sha256, to detect a different key."""
