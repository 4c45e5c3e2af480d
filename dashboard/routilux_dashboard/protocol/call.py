"""REST calls as structs: what a call sends, where, and what it returns.

    @get("/jobs/{job_id}/log", tag="jobs", problems=(404, 503))
    class GetLog(Call[LogPage]):
        "Entries of the shared log."

        job_id: JobId
        after: Annotated[int | None, Meta(ge=0, description="Rows after this number.")] = None

Fields named in the path are part of it; `body` is the request's body; all others are query parameters. From such a
struct follow the route and its parsing (`api.parsing`), the OpenAPI document (`api.openapi`), and the client of the
command line (`client.call(GetLog(job_id))`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from ..times import MILLISECOND, epoch_ns

R = TypeVar("R")
C = TypeVar("C", bound="type[Call[Any]]")

JSON = "application/json"
LAST_NS = 2**63 - 1
"""The last moment that is represented, in the year 2262; later ones are clipped to it."""
LAST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999: later ones have no ISO text."""


@dataclass(frozen=True)
class Endpoint:
    """Where a call is served. `statuses` are those of success; `media` is the response's type, `accepts` the body's."""

    method: str
    path: str
    tag: str
    statuses: tuple[int, ...]
    problems: tuple[int, ...]
    media: str
    accepts: str

    @property
    def places(self) -> list[str]:
        """The names in the path."""
        return re.findall(r"\{(\w+)\}", self.path)


class Call(msgspec.Struct, Generic[R]):
    """One REST call, which returns an `R`."""

    endpoint: ClassVar[Endpoint]


def get(
    path: str, *, tag: str, statuses: tuple[int, ...] = (200,), problems: tuple[int, ...] = (), media: str = JSON
) -> Callable[[C], C]:
    """The decorated call is `GET path`."""
    return _served("GET", path, tag, statuses, problems, media, JSON)


def post(
    path: str, *, tag: str, statuses: tuple[int, ...] = (200,), problems: tuple[int, ...] = (), accepts: str = JSON
) -> Callable[[C], C]:
    """The decorated call is `POST path`."""
    return _served("POST", path, tag, statuses, problems, JSON, accepts)


def _served(method: str, path: str, tag: str, *rest: Any) -> Callable[[C], C]:
    def set_endpoint(call: C) -> C:
        call.endpoint = Endpoint(method, path, tag, *rest)
        return call

    return set_endpoint


def result_type(call: type[Call[Any]]) -> Any:
    """The type that a call returns."""
    base: Any
    for base in reversed([base for kind in call.__mro__ for base in getattr(kind, "__orig_bases__", ())]):
        if get_origin(base) is Call and not isinstance(get_args(base)[0], TypeVar):
            return get_args(base)[0]
    raise TypeError(f"{call.__name__} has no Call[…] among its bases")


@cache
def field_types(call: type[Call[Any]]) -> dict[str, Any]:
    """The types of a call's fields, without `None`: a field that isn't given keeps its default."""
    hints = get_type_hints(call, include_extras=True)
    return {name: _without_none(hints[name]) for name in call.__struct_fields__}


def query_fields(call: type[Call[Any]]) -> dict[str, Any]:
    """The query parameters of a call, by name."""
    apart = {*call.endpoint.places, "body"}
    return {name: type_ for name, type_ in field_types(call).items() if name not in apart}


def _without_none(hint: Any) -> Any:
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        return Annotated[(_without_none(inner), *notes)]
    if get_origin(hint) in (Union, UnionType):
        return Union[tuple(part for part in get_args(hint) if part is not type(None))]  # noqa: UP007
    return hint


class Moment:
    """A time as a client sends it: ISO 8601 (UTC unless it has an offset), or milliseconds since the epoch.

    Attributes:
        text: as it was sent.
        first_ns, last_ns: the first and last nanosecond of the microsecond, or millisecond, that the text names.

    Raises `ValueError` or `OverflowError` if `text` is neither.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.first_ns, self.last_ns = (min(max(ns, 0), LAST_NS) for ns in _bounds(text))


def _bounds(text: str) -> tuple[int, int]:
    if len(text) > 60:
        raise ValueError(text)
    if text[:1].isdigit() and text.isascii() and not ({"-", ":", "T"} & set(text[1:].replace("e-", ""))):
        milliseconds = float(text)
        if not 0 <= milliseconds <= LAST_MS:
            raise ValueError(text)
        first = round(milliseconds * MILLISECOND)
        return first, first + (MILLISECOND - 1 if milliseconds.is_integer() else 0)
    moment = datetime.fromisoformat(text[:11] + text[11:].replace(" ", "+"))  # an unescaped "+"
    first = epoch_ns(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
    return first, first + 999
