"""What a caller has yet to review: nothing about it is shown to them that could sway their verdict.

Every list, page, answer and package asks here, so that no way around the review page shows an
account that may review a distance, a rank or the review status of what it has yet to decide.
"""

from errors import Settled
from pipeline.act import Caller
from pipeline.judging.review import Rules, barred_from
from storage.access.accounts import Role
from storage.access.tokens import account_of
from storage.cases.cases import Case, list_cases
from storage.database.database import Session
from storage.results.blind_views import undecided
from storage.results.verdicts import Key

NOT_YET = (
    "You have yet to review this candidate; its distance, rank and status are shown after your "
    "verdict, which you give on the Review page."
)


def undecided_by(session: Session, caller: Caller, case: Case, rules: Rules) -> set[Key]:
    """The candidates and decoys of a case that the caller's account may still review.

    The account's roles count, not those of its token. Empty for an account that is no reviewer, in
    a case that is not in force (nobody can review it), and for a user of the machine: which account
    such a user has, if any, is not known.
    """
    account = account_of(session, caller.actor)
    if account is None or Role.REVIEWER not in account.roles or not case.is_in_force(caller.now):
        return set()
    barred = barred_from(session, case.id, account.id, rules)
    return set(undecided(session, case.id, account_id=account.id, without=barred))


def undecided_anywhere(session: Session, caller: Caller) -> set[Key]:
    """The same in all cases, also of people whom the account asked for itself."""
    rules = Rules(requester_may_review=True)
    by_case = (undecided_by(session, caller, case, rules) for case in list_cases(session))
    return set().union(*by_case)


def refuse_undecided(undecided: set[Key], key: Key) -> None:
    """Raise Settled for a candidate that the caller has yet to review."""
    if key in undecided:
        raise Settled(NOT_YET)
