"""Persons of interest and the assessment of their photos."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, Field

from pipeline.people.enrol import Enrolled
from pipeline.people.portraits import Portrait
from report.column import plain
from report.columns import SEEN
from review.api import links
from review.api.models.columns import model_of
from storage.cases.people import PersonRow
from storage.results.case_view import Photo
from storage.tables import Category


class PhotoAnswer(BaseModel):
    """A reference photo as assessed by one engine."""

    id: int
    name: str = Field(examples=["passport.jpg"])
    engine: str = Field(examples=["facenet512"])
    verdict: str = Field(
        description="`good`, or a sentence saying why the photo is not usable.", examples=["good"]
    )
    quality: float | None = Field(
        description="0 to 1; null for a photo that is not used.", examples=[0.82]
    )
    appearance_id: int | None = Field(
        description="The appearance it was taken from, if it is not a photo."
    )
    picture: str | None = Field(
        description="Path of the face; null for a rejected or withdrawn photo.",
        examples=[links.photo(1, 1)],
    )

    @classmethod
    def of(cls, photo: Photo, case_id: int) -> "PhotoAnswer":
        return cls(
            id=photo.id,
            name=photo.name,
            engine=photo.engine,
            verdict=photo.verdict,
            quality=photo.quality,
            appearance_id=photo.appearance_id,
            picture=links.photo(case_id, photo.id) if photo.crop else None,
        )


class PersonAnswer(BaseModel):
    """A person of interest."""

    id: int
    name: str = Field(examples=["Witness A"])
    category: Category
    review_at: datetime = Field(description="Review due.")
    usable_photos: int
    photos: list[PhotoAnswer]

    @classmethod
    def of(cls, person: PersonRow, photos: Sequence[Photo], case_id: int) -> "PersonAnswer":
        return cls(
            id=person.id,
            name=person.name,
            category=person.category,
            review_at=person.review_at,
            usable_photos=person.usable_photos,
            photos=[PhotoAnswer.of(one, case_id) for one in photos],
        )


class PeopleAnswer(BaseModel):
    """A page of persons of interest, in the order added."""

    people: list[PersonAnswer]
    next: str | None = Field(description="Cursor of the next page.", examples=["12"])


class JudgedAnswer(BaseModel):
    """The assessment of a photo."""

    name: str = Field(examples=["passport.jpg"])
    usable: bool = Field(examples=[True])
    verdict: str = Field(
        description="`good`, or a sentence saying why the photo is not usable.", examples=["good"]
    )
    quality: float | None = Field(description="0 to 1; null for a photo that is not used.")

    @classmethod
    def of(cls, portrait: Portrait) -> "JudgedAnswer":
        return cls(
            name=portrait.name,
            usable=portrait.usable,
            verdict=portrait.verdict,
            quality=portrait.quality if portrait.usable else None,
        )


class SeenAnswer(model_of(SEEN)):  # type: ignore[misc]
    """Where and when a face was seen."""


class EnrolledAnswer(BaseModel):
    """A person and the assessment of each photo; comparison with the good ones starts shortly."""

    person_id: int
    photos: list[JudgedAnswer]
    disagreements: list[str] = Field(
        description="A sentence for each two photos that may not show the same person."
    )
    members: list[SeenAnswer] = Field(
        description="Where each appearance of the group was seen, if a group became the person."
    )

    @classmethod
    def of(cls, enrolled: Enrolled) -> "EnrolledAnswer":
        return cls(
            person_id=enrolled.person_id,
            photos=[JudgedAnswer.of(one) for one in enrolled.portraits],
            disagreements=list(enrolled.disagreements),
            members=[SeenAnswer(**plain(SEEN, seen)) for seen in enrolled.members],
        )
