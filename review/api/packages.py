"""Export of what two people support."""

from fastapi import Response

from review import cases
from review.api.routing import CASE, SETTLED, routes_of
from review.files import described
from review.numbers import Number
from review.site import OurSite
from review.visitors import Asked

routes = routes_of("export", CASE)
PACKAGE = described("application/zip", "The package; its hash is in `X-Package-Sha256`.")


@routes.post("/export", response_class=Response, responses=SETTLED | PACKAGE)
def export(case_id: Number, ours: OurSite, asked: Asked) -> Response:
    """Evidence package: a statement, all candidates, and the pictures of the supported ones.
    `nightreel verify` checks that it was not changed."""
    return cases.export_one(ours, asked, case_id)
