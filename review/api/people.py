"""Persons of interest of a case, and their reference photos."""

from http import HTTPStatus
from typing import Annotated

from fastapi import File, Form, Response, UploadFile

from pipeline.judging.overview import overview
from pipeline.people.withdraw import withdraw_person, withdraw_reference
from review import cases
from review.api.models.given import Words
from review.api.models.people import EnrolledAnswer, PeopleAnswer, PersonAnswer
from review.api.paging import Cursor, Limit, piece
from review.api.routing import CASE, FOUND, routes_of
from review.files import PICTURE
from review.numbers import Number
from review.photos import MOST_PHOTOS
from review.site import OurSite
from review.visitors import Asked
from storage.tables import Category

routes = routes_of("people", CASE)
Photos = Annotated[
    list[UploadFile],
    File(min_length=1, max_length=MOST_PHOTOS, description="Photos of this one person only."),
]


@routes.get("/people")
def list_people(
    case_id: Number, asked: Asked, cursor: Cursor = "", limit: Limit = 50
) -> PeopleAnswer:
    """The persons of interest of a case, with the assessment of each photo."""
    view = overview(asked, case_id)
    page = piece(view.people, lambda person: (person.id,), cursor, limit)
    people = [PersonAnswer.of(person, view.photos[person.id], case_id) for person in page.shown]
    return PeopleAnswer(people=people, next=page.next)


@routes.post("/people", status_code=HTTPStatus.CREATED)
def enrol(
    case_id: Number,
    ours: OurSite,
    asked: Asked,
    name: Annotated[Words, Form(examples=["Witness A"])],
    photos: Photos,
    category: Annotated[Category | None, Form()] = None,
) -> EnrolledAnswer:
    """Add a person of interest: the photos are checked and compared with the footage in scope. An
    existing name adds the photos to that person."""
    return EnrolledAnswer.of(cases.enrol_with(ours, asked, case_id, name, photos, category))


@routes.delete("/people/{person}", status_code=HTTPStatus.NO_CONTENT, responses=FOUND)
def withdraw(case_id: Number, person: Number, asked: Asked) -> None:
    """Delete a person of interest with all photos, candidates and verdicts."""
    withdraw_person(asked, case_id, person)


@routes.get("/photos/{photo}", response_class=Response, responses=PICTURE)
def picture(case_id: Number, photo: Number, ours: OurSite, asked: Asked) -> Response:
    """The face of a reference photo."""
    return cases.photo(ours, asked, case_id, photo)


@routes.delete("/photos/{photo}", status_code=HTTPStatus.NO_CONTENT, responses=FOUND)
def withdraw_photo(case_id: Number, photo: Number, ours: OurSite, asked: Asked) -> None:
    """Withdraw a reference photo; its candidates are compared with the other photos. It stays in
    the list as withdrawn, without its picture."""
    person = withdraw_reference(asked, case_id, photo)
    ours.ask_for_people([person])
