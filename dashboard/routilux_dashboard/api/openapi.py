"""The calls as an OpenAPI 3.1 document."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from apispec import APISpec

from ..protocol import Problem
from ..protocol.call import LAST_MS, Call, Moment, field_types, query_fields, result_type

PROBLEM = "application/problem+json"
TOKEN = {"type": "http", "scheme": "bearer", "description": "A token of the server's, where it asks for one."}
ABOUT = """\
Everything that the pages can do, for programs. Errors are `application/problem+json` (RFC 9457) with a `detail` that
says what to do. Payloads are previews, bounded in size; counters are exact.
"""
_REF = "#/components/schemas/{name}"

Refs = dict[str, dict[str, Any]]
"""The schema of each shape, by the shape's `repr`."""


def document(calls: Mapping[type[Call[Any]], str], version: str, prefix: str) -> dict[str, Any]:
    """The document for `calls` and their names, which are served below `prefix`."""
    spec = APISpec(
        title="Routilux",
        version=version,
        openapi_version="3.1.0",
        info={"description": ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        servers=[{"url": prefix}],
        security=[{}, {"token": []}],  # none is needed from the server's own machine, or where there are no tokens
        tags=[{"name": tag} for tag in dict.fromkeys(call.endpoint.tag for call in calls)],
    )
    shapes = _shapes(calls)
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    refs = dict(zip(map(repr, shapes), schemas, strict=True))
    spec.components.security_scheme("token", TOKEN)
    for name, schema in components.items():
        spec.components.schema(name, _tidy(schema))
    paths: dict[str, dict[str, Any]] = {}
    for call, name in calls.items():
        paths.setdefault(call.endpoint.path, {})[call.endpoint.method.lower()] = _operation(call, name, refs)
    for path, operations in paths.items():
        spec.path(path=path, operations=operations)
    return spec.to_dict()


def _shapes(calls: Mapping[type[Call[Any]], str]) -> list[Any]:
    """Every shape once, in the order of the calls."""
    found: list[Any] = [Problem]
    for call in calls:
        found.append(result_type(call))
        found += [body] if (body := field_types(call).get("body")) is not None else []
    return list({repr(shape): shape for shape in found}.values())


def _operation(call: type[Call[Any]], name: str, refs: Refs) -> dict[str, Any]:
    endpoint, types = call.endpoint, field_types(call)
    summary, _, description = inspect.cleandoc(call.__doc__ or "").partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": name,
        "tags": [endpoint.tag],
        "summary": " ".join(summary.split()).rstrip("."),
        "parameters": [_parameter(place, types[place], "path", ...) for place in endpoint.places]
        + [_parameter(field, type_, "query", _default(call, field)) for field, type_ in query_fields(call).items()],
        "responses": {str(status): _success(call, status, refs) for status in endpoint.statuses},
    }
    if description:
        operation["description"] = description
    body = types.get("body")
    for status in sorted({400, 401, 403, *endpoint.problems, *((413, 415) if body is not None else ())}):
        operation["responses"][str(status)] = _response(status, PROBLEM, refs[repr(Problem)])
    operation["responses"]["414"] = {"description": _phrase(414)}  # sent before the request is read
    if body is not None:
        operation["requestBody"] = {"required": False, "content": {endpoint.accepts: {"schema": refs[repr(body)]}}}
    return operation


def _parameter(name: str, type_: Any, place: str, default: Any) -> dict[str, Any]:
    schema = msgspec.json.schema(type_, schema_hook=_moment_schema)
    description = schema.pop("description")
    for words in (schema, schema.get("items", {})):
        if "enum" in words:
            words["type"] = "string"
    if default is not ... and default not in (None, ()):
        schema["default"] = default
    required = default is ...
    return {"name": name, "in": place, "required": required, "description": description, "schema": schema}


def _default(call: type[Call[Any]], field: str) -> Any:
    """A query parameter's default."""
    found = next(one for one in msgspec.structs.fields(call) if one.name == field)
    return found.default


def _moment_schema(kind: type) -> dict[str, Any]:
    if kind is not Moment:
        raise NotImplementedError(kind)
    return {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number", "minimum": 0, "maximum": LAST_MS}]}


def _success(call: type[Call[Any]], status: int, refs: Refs) -> dict[str, Any]:
    response = _response(status, call.endpoint.media, refs[repr(result_type(call))])
    if status == HTTPStatus.CREATED:
        response["headers"] = {"Location": {"required": True, "schema": {"type": "string"}}}
    return response


def _response(status: int, media: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": _phrase(status), "content": {media: {"schema": schema}}}


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def _tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """A shape's schema; its docstring without indentation."""
    text = schema.get("description")
    if text:
        schema = {**schema, "description": "\n".join(line.strip() for line in text.splitlines())}
    return schema
