"""What is kept for how long, and purging it."""

from pipeline.governance.cases import case_with_id
from pipeline.governance.retention import look_through
from review import retention as pages
from review.api.models.cases import ReferenceGiven
from review.api.models.retention import CertificateAnswer, RetentionAnswer
from review.api.routing import CASE, routes_of
from review.authority import check_repeated
from review.numbers import Number
from review.site import OurSite
from review.visitors import Asked
from storage.access.audit import Action

routes = routes_of("retention")
in_a_case = routes_of("retention", CASE)


@routes.get("/retention")
def show_retention(ours: OurSite, asked: Asked) -> RetentionAnswer:
    """Ended cases not yet purged, data due for purging, and past purges."""
    return RetentionAnswer.of(look_through(asked, ours.retention), ours.retention)


@routes.post("/retention/due")
def erase_due(ours: OurSite, asked: Asked) -> list[CertificateAnswer]:
    """Purge everything past its retention period. If nothing is due, no certificate is returned."""
    return [CertificateAnswer.of(certificate) for certificate in pages.erase_all_due(ours, asked)]


@in_a_case.post("/purge")
def purge_case(
    case_id: Number, ours: OurSite, asked: Asked, given: ReferenceGiven
) -> CertificateAnswer:
    """Purge an ended case with all its rows, vectors, pictures and keys. Repeat the reference to
    confirm; this cannot be undone."""
    case = case_with_id(asked, case_id, Action.PURGED)
    check_repeated(case.reference, given.reference)
    return CertificateAnswer.of(pages.erase(ours, asked, case_id))
