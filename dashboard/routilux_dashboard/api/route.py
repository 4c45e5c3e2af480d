"""The one table of REST: what is served and how it is described are the same rows, so that neither can drift."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response
from werkzeug.exceptions import MethodNotAllowed

from .parameter import Parameter, only

JSON = "application/json"
View = Callable[..., Response]


@dataclass(frozen=True)
class Answer:
    """A success: its status, and the shape of its body, or the media type of one that is no JSON."""

    shape: Any = None
    status: int = 200
    media: str = JSON
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """One call: where it is, what it takes, everything that it may answer, and what serves it."""

    method: str
    path: str
    tag: str
    answers: tuple[Answer, ...]
    problems: tuple[int, ...]
    query: tuple[Parameter, ...]
    body: Any
    body_media: str
    name: str
    doc: str
    view: View

    @property
    def open_path(self) -> str:
        """The path as OpenAPI writes it: `/jobs/{job_id}`."""
        return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", self.path)

    @property
    def places(self) -> list[str]:
        """The names in its path."""
        return re.findall(r"<(?:\w+:)?(\w+)>", self.path)


@dataclass
class Table:
    """Rows are added by `get` and `post`; `register` makes Flask serve them."""

    routes: list[Route] = field(default_factory=list)
    _wrong: list[tuple[str, str]] = field(default_factory=list)

    def get(self, path: str, tag: str, *answers: Answer, **more: Any) -> Callable[[View], View]:
        """The decorated function serves `GET path`; its docstring describes the call. `more` as in `_row`."""
        return self._row("GET", path, tag, answers, **more)

    def post(self, path: str, tag: str, *answers: Answer, **more: Any) -> Callable[[View], View]:
        """The same for `POST path`."""
        return self._row("POST", path, tag, answers, **more)

    def wrong_method(self, path: str, right: str) -> None:
        """Answer `GET path` with 405: a path of another call would be taken for it."""
        self._wrong.append((path, right))

    def _row(
        self,
        method: str,
        path: str,
        tag: str,
        answers: tuple[Answer, ...],
        *,
        problems: tuple[int, ...] = (),
        query: tuple[Parameter, ...] = (),
        body: Any = None,
        body_media: str = JSON,
        name: str = "",
    ) -> Callable[[View], View]:
        def add(view: View) -> View:
            @wraps(view)
            def checked(**places: str) -> Response:
                only(query)
                return view(**places)

            known = {
                400,
                401,
                403,
                *problems,
                *((413, 415) if body is not None else (413,) if method == "POST" else ()),
            }
            doc = inspect.cleandoc(view.__doc__ or "")
            self.routes.append(
                Route(
                    method, path, tag, answers, tuple(sorted(known)), query, body, body_media,
                    name or view.__name__, doc, checked,
                )
            )  # fmt: skip
            return view

        return add

    def register(self, blueprint: Blueprint) -> None:
        """Have Flask serve every row."""
        for route in self.routes:
            blueprint.add_url_rule(route.path, route.name, route.view, methods=[route.method])
        for path, right in self._wrong:
            blueprint.add_url_rule(path, f"not {path}", _refuse(right), methods=["GET"])


def _refuse(right: str) -> View:
    def refuse(**_places: str) -> Response:
        raise MethodNotAllowed([right])

    return refuse


def phrase(status: int) -> str:
    """What a status is called."""
    return HTTPStatus(status).phrase
