"""The pages as one application: `create_app(site)` makes it, `review.serve` serves it.

To add pages of a noun:

1. A module `review/NOUN.py` with `routes = router("/NOUN")` (`review.guard.router`) and plain
   functions on it. They take what they need as parameters: `ours: OurSite` has the resources
   (context, plan, settings), `asked: Asked` is the caller that a step of `pipeline` takes (who
   asks, when, the database), `who: Who` is the account of the visitor. The pages open no database
   sessions. A function that only computes or calls a step is a plain `def`: it runs in a thread.
2. A line for each route in `review.access.ACCESS`: who may use it. Without it the module cannot be
   imported. Forms contain `<input type="hidden" name="form_token" value="{{ form_token }}">`;
   htmx requests send the token automatically (`base.html.j2`).
3. A template that extends `base.html.j2`, rendered by `review.pages.page`. No inline script or
   style: the content-security policy forbids them. Styles go into `static/nightreel.css`.
4. The module in ROUTERS below, and a line in `pages.NAVIGATION` if it is a page of its own.

Errors need no handling: a NightreelError becomes a page, a sentence for htmx or JSON, with the
status that `review.answers` has for it.
"""

from pathlib import Path

from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from review import (
    accounts,
    audit,
    authority,
    cases,
    changes,
    home,
    judging,
    login,
    oidc,
    pictures,
    queue,
    recordings,
    retention,
    searching,
    terms,
)
from review.answers import explain_errors
from review.api import ROUTERS as API_ROUTERS
from review.groups import routes as group_routes
from review.headers import SafeHeaders
from review.site import Site
from storage.access.passwords import new_token

ROUTERS = (
    login.routes,
    oidc.routes,
    home.routes,
    recordings.routes,
    recordings.upload_routes,
    judging.routes,
    group_routes,
    pictures.routes,
    cases.routes,
    changes.routes,
    authority.routes,
    terms.routes,
    searching.routes,
    queue.routes,
    accounts.routes,
    audit.routes,
    retention.routes,
    *API_ROUTERS,
)
LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")


def create_app(site: Site) -> FastAPI:
    """The application. Nothing is read or opened here."""
    # Our own route serves the API description, so that it is guarded like all others.
    app = FastAPI(title="Nightreel", openapi_url=None)
    app.state.site = site
    for each in ROUTERS:
        app.include_router(each)
    static = StaticFiles(directory=Path(__file__).parent / "static")
    app.mount("/static", static, name="static")
    explain_errors(app)
    # Against DNS rebinding: other host names that resolve to this server are not served.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOCAL_NAMES, site.host])
    if site.provider is not None:  # state between the redirect to it and its answer
        app.add_middleware(
            SessionMiddleware,
            secret_key=new_token(),
            session_cookie="nightreel_asked",
            max_age=600,
            path="/login",
            https_only=site.secure,
        )
    app.add_middleware(SafeHeaders, secure=site.secure)
    return app
