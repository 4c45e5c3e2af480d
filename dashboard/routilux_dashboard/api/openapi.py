"""The table of routes as an OpenAPI 3.1 document, the shapes as their own code says."""

from __future__ import annotations

from typing import Any

import msgspec
from apispec import APISpec

from ..protocol import Problem
from .route import Answer, Route, phrase

PROBLEM = "application/problem+json"
_REF = "#/components/schemas/{name}"
_PLACES = {
    "job_id": "A job's id.",
    "flow_id": "A flow's id; a slash in it may stand as it is or as %2F.",
    "seq": "The number of a record of the history.",
}
TOKEN = {"type": "http", "scheme": "bearer", "description": "A token of the server's, where it asks for one."}
ABOUT = """\
Everything that the pages can do, for programs. Errors are `application/problem+json` (RFC 9457) with a `detail` that
says what to do. Payloads are previews, bounded in size; counters are exact.
"""


def document(routes: list[Route], version: str, prefix: str) -> dict[str, Any]:
    """The document for `routes`, which are served below `prefix`."""
    spec = APISpec(
        title="Routilux",
        version=version,
        openapi_version="3.1.0",
        info={"description": ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        servers=[{"url": prefix}],
        security=[{}, {"token": []}],  # none is needed from the server's own machine, or where there are no tokens
        tags=[{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
    )
    shapes = _shapes(routes)
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    refs = dict(zip(map(repr, shapes), schemas, strict=True))
    spec.components.security_scheme("token", TOKEN)
    for name, schema in components.items():
        spec.components.schema(name, _tidy(schema))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.open_path, {})[route.method.lower()] = _operation(route, refs)
    for path, operations in paths.items():
        spec.path(path=path, operations=operations)
    return spec.to_dict()


def _shapes(routes: list[Route]) -> list[Any]:
    """Every shape once, in the order of the table."""
    found = [Problem]
    for route in routes:
        found += [answer.shape for answer in route.answers if answer.shape is not None]
        found += [route.body] if route.body not in (None, str) else []
    return list({repr(shape): shape for shape in found}.values())


def _operation(route: Route, refs: dict[str, Any]) -> dict[str, Any]:
    summary, _, description = route.doc.partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": " ".join(summary.split()).rstrip("."),
        "parameters": [_place(name) for name in route.places] + [wanted.described() for wanted in route.query],
        "responses": {str(answer.status): _answer(answer, refs) for answer in route.answers},
    }
    if description:
        operation["description"] = description
    for status in route.problems:
        operation["responses"][str(status)] = _problem(status, refs)
    operation["responses"]["414"] = {"description": phrase(414)}  # said before anything is read of it
    if route.body is not None:
        schema = {"type": "string"} if route.body is str else refs[repr(route.body)]
        content = {route.body_media: {"schema": schema}}
        operation["requestBody"] = {"required": False, "content": content}
    return operation


def _place(name: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1} if name == "seq" else {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "description": _PLACES[name], "schema": schema}


def _answer(answer: Answer, refs: dict[str, Any]) -> dict[str, Any]:
    schema = refs[repr(answer.shape)] if answer.shape is not None else {"type": "string"}
    headers = {name: {"required": True, "schema": {"type": "string"}} for name in answer.headers}
    found = {"description": phrase(answer.status), "content": {answer.media: {"schema": schema}}}
    return {**found, "headers": headers} if headers else found


def _problem(status: int, refs: dict[str, Any]) -> dict[str, Any]:
    return {"description": phrase(status), "content": {PROBLEM: {"schema": refs[repr(Problem)]}}}


def _tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """A shape's docstring without its indentation; what is always sent is required, though it has a default."""
    said = schema.get("description")
    if said:
        schema = {**schema, "description": "\n".join(line.strip() for line in said.splitlines())}
    return schema
