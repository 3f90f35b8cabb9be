"""The first steps of a new installation: which accounts to create, then how a case begins."""

from dataclasses import dataclass

from pipeline.governance.setup import Setup
from review.access import ANALYST, MANAGES, REVIEWER, SUPERVISOR, may
from review.visitors import Visitor
from storage.results.begun import Begun

ACCOUNTS = (
    "Your account manages accounts and sees no faces. Create accounts for the people who work \
on cases. One person may hold several of these roles, but none of them together with operator."
)
WORK = "From an empty archive to the first candidates:"
WANTED = (
    (ANALYST, 1, "An analyst uploads footage, opens cases and searches."),
    (REVIEWER, 2, "Two reviewers; a candidate is supported only if both give “same”."),
    (SUPERVISOR, 1, "A supervisor authorises cases and exports results."),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `link` leads to `place`, where it is done."""

    done: bool
    text: str
    link: str
    place: str


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """A list of steps, not all of them done."""

    lead: str
    steps: list[Step]


def first_steps(so_far: Setup, visitor: Visitor) -> FirstSteps | None:
    """The steps of this visitor, if any is still to be done; otherwise None."""
    lists = []
    if MANAGES.roles & visitor.roles:
        lists.append(FirstSteps(ACCOUNTS, _accounts(so_far)))
    if may(visitor, "POST /cases"):
        lists.append(FirstSteps(WORK, _work(so_far.begun)))
    return next((each for each in lists if not all(step.done for step in each.steps)), None)


def _accounts(so_far: Setup) -> list[Step]:
    return [
        Step(
            so_far.accounts[role] >= count,
            text,
            f"Create a {role} account",
            f"/accounts?role={role}#new",
        )
        for role, count, text in WANTED
    ]


def _work(so_far: Begun) -> list[Step]:
    return [
        Step(so_far.case, "A case records the legal basis of a search.", "Open a case", "/cases"),
        Step(so_far.recording, "Upload footage for it.", "Upload footage", "/recordings"),
        Step(
            so_far.person, "Add photos of a person on the case's page.", "Open the case", "/cases"
        ),
    ]
