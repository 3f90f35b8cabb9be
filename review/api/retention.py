"""What is kept for how long, and erasing it."""

from review import retention as pages
from review.api.cases import reference
from review.api.models.cases import ReferenceGiven
from review.api.models.retention import CertificateAnswer, RetentionAnswer
from review.api.routing import CASE, routes_of
from review.numbers import Number
from review.site import OurSite
from review.visitors import Who
from storage.access.audit import Action

routes = routes_of("retention")
in_a_case = routes_of("retention", CASE)


@routes.get("/retention")
def show_retention(ours: OurSite) -> RetentionAnswer:
    """Ended cases not yet purged, data due for purging, and past purges."""
    return RetentionAnswer.of(pages.look_through(ours), ours.retention)


@routes.post("/retention/due")
def erase_due(ours: OurSite, who: Who) -> list[CertificateAnswer]:
    """Purge everything past its retention period. If nothing is due, no certificate is returned."""
    return [CertificateAnswer.of(one) for one in pages.erase_all_due(ours, who)]


@in_a_case.post("/purge")
def purge_case(
    case_id: Number, ours: OurSite, who: Who, given: ReferenceGiven
) -> CertificateAnswer:
    """Purge an ended case with all its rows, vectors, pictures and keys. Repeat the reference to
    confirm; this cannot be undone."""
    known = reference(ours, who, case_id, Action.PURGED)
    return CertificateAnswer.of(pages.erase(ours, who, known, given.reference))
