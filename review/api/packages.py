"""What two people support, to be taken elsewhere."""

from fastapi import Response

from review import cases
from review.api.routing import CASE, SETTLED, routes_of
from review.files import described
from review.numbers import Number
from review.site import OurSite
from review.visitors import Who

routes = routes_of("export", CASE)
PACKAGE = described("application/zip", "The package; `X-Package-Sha256` is its hash.")


@routes.post("/export", response_class=Response, responses=SETTLED | PACKAGE)
def export(case_id: Number, ours: OurSite, who: Who) -> Response:
    """A package: a statement of what its results are and are not, every candidate, and the pictures
    of those supported. `nightreel verify` says whether it is as it was made."""
    return cases.export_one(ours, who, case_id)
