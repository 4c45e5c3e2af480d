"""The HTML pages: Jinja2 templates that compose custom elements."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, request

from ..api import PREFIX
from ..api.problems import problem_of, problem_response
from ..assets import built, folder
from ..rendering import page

if TYPE_CHECKING:
    from ..api.services import Services

log = logging.getLogger("routilux_dashboard")

THEMES = ("light", "dark")
_FOR_EVER = 365 * 24 * 3600


def make_application() -> Flask:
    """Create a Flask application with the templates and the built front end, but no routes yet."""
    application = Flask(
        __name__, static_folder=str(built()), static_url_path="/static", template_folder=str(folder("templates"))
    )
    application.config["SEND_FILE_MAX_AGE_DEFAULT"] = _FOR_EVER  # names contain a hash of the contents
    application.url_map.merge_slashes = False
    application.jinja_env.autoescape = True
    application.jinja_env.trim_blocks = application.jinja_env.lstrip_blocks = True
    application.register_error_handler(Exception, _on_error)
    application.context_processor(_for_every_page)
    return application


def blueprint(services: Services) -> Blueprint:
    """Create the routes of the pages."""
    routes = Blueprint("pages", __name__)

    @routes.get("/")
    @routes.get("/jobs")
    def jobs() -> Response:
        return page("jobs.html")

    @routes.get("/jobs/<job_id>")
    def job(job_id: str) -> Response:
        flow_id = services.job(job_id).flow_id
        return page("job.html", job_id=job_id, flow_id=flow_id)

    @routes.get("/favicon.ico")
    def no_icon() -> Response:
        return Response(status=204)

    return routes


def _for_every_page() -> dict[str, object]:
    theme = request.args.get("theme") or request.cookies.get("theme")  # the theme switch sets the cookie
    return {"theme": theme if theme in THEMES else None, "api": PREFIX}


def _on_error(error: Exception) -> Response:
    problem = problem_of(error, request.path)
    if problem.status == 500:
        log.error("A fault while answering %s %s", request.method, request.path, exc_info=error)
    if _for_people():
        return page("problem.html", problem.status, problem=problem)
    return problem_response(problem, error)


def _for_people() -> bool:
    wanted = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return not request.path.startswith((PREFIX, "/static")) and wanted == "text/html"
