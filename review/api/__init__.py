"""The actions of the pages as a REST API for programs: the same steps, the same guard, by token.

One module per noun, with `routes`; the models of requests and responses are in `models/`. A new
route needs a line in `review.access.ACCESS`, and a new module one in ROUTERS.
"""

from review.api import (
    account,
    accounts,
    audit,
    candidates,
    cases,
    decoys,
    description,
    footage,
    groups,
    packages,
    people,
    queue,
    recordings,
    retention,
    search,
    verdicts,
)

ROUTERS = (
    description.routes,
    account.routes,
    recordings.routes,
    recordings.upload_routes,
    cases.routes,
    cases.in_a_case,
    footage.routes,
    people.routes,
    candidates.routes,
    candidates.picture_routes,
    decoys.routes,
    verdicts.routes,
    verdicts.in_a_case,
    search.routes,
    groups.routes,
    packages.routes,
    retention.routes,
    retention.in_a_case,
    queue.routes,
    accounts.routes,
    audit.routes,
)
