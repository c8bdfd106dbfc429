"""The OpenAPI 3.1 document, made from the endpoints' declarations and nothing else.

Since the same declarations decode requests and route them, the document cannot describe another service. Owns the
document's form; must not know any single endpoint.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from engage.actions.keys import KeyKind
from engage.web.endpoint import IDEMPOTENCY_KEY_CHARS_MAX, INGESTION, Endpoint
from engage.web.problems import PROBLEM_TYPE, Problem

OPENAPI_VERSION: Final = "3.1.0"
_REF: Final = "#/components/schemas/{name}"

SECURITY_SCHEMES: Final = {
    "basicKey": {
        "type": "http",
        "scheme": "basic",
        "description": "The key as user name, with an empty password.",
    },
    "bearerKey": {"type": "http", "scheme": "bearer", "description": "The key as bearer token."},
    "writeKeyHeader": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Write-Key",
        "description": "For tracking calls; what follows a colon is ignored.",
    },
}

_ERRORS: Final = {
    400: "The request cannot be read. Codes: invalid_request, invalid_json, too_deep.",
    401: "No key, or one that is unknown or revoked.",
    403: "The key is of a kind that may not do this.",
    404: "There is no such thing.",
    409: "It contradicts what is there already.",
    413: "The body is too large, as sent or as inflated.",
    422: "Well-formed but not acceptable; `errors` lists every mistake with its JSON pointer.",
    429: "Too many requests wait. Nothing was kept; send the same again after Retry-After seconds.",
    501: "It needs an optional part of Engage that is not installed with this service; the message says which.",
    503: "The database cannot be reached or written now. Send the same again after Retry-After seconds.",
}
_RETRIABLE: Final = (429, 503)


def document(
    endpoints: Sequence[Endpoint], *, version: str, servers: Sequence[str] = ("/",)
) -> dict[str, Any]:
    schemas, components = _schemas(endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "Engage",
            "version": version,
            "summary": "Points, levels and recognition for members, and a health signal per company.",
            "description": (
                "Times are RFC 3339 in UTC. Ids are the host's own strings, percent-encoded in paths, a slash as "
                "well. Errors are problem details (RFC 9457) with `code` and `message`. Lists are read page by "
                "page: pass `next_cursor` as `cursor` until it is null."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url} for url in servers],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": SECURITY_SCHEMES,
            "responses": {str(status): _problem_response(status, text) for status, text in _ERRORS.items()},
        },
    }


def _schemas(endpoints: Sequence[Endpoint]) -> tuple[dict[Any, Any], dict[str, Any]]:
    """Type -> its schema, and the components these refer to."""
    types: list[Any] = [Problem]
    for one in endpoints:
        types += [kind for kind in (one.body, one.answer) if _is_json(kind) and kind not in types]
    found, components = msgspec.json.schema_components(types, ref_template=_REF)
    for component in components.values():
        if "description" in component:
            component["description"] = inspect.cleandoc(component["description"])
    return dict(zip(types, found, strict=True)), components


def _is_json(kind: Any) -> bool:
    return kind is not None and kind is not bytes


def _operation(one: Endpoint, schemas: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.tag],
        "security": _security(one.kinds),
        "parameters": [*_path_parameters(one), *_query_parameters(one), *_header_parameters(one)],
        "responses": _responses(one, schemas),
    }
    description = [one.description] if one.description else []
    if one.kinds:
        description.append(f"Keys: {', '.join(one.kinds)}.")
    if description:
        operation["description"] = " ".join(description)
    if one.body is not None:
        schema = schemas[one.body] if _is_json(one.body) else {"type": "string"}
        operation["requestBody"] = {
            "required": not one.body_optional,
            "content": {media_type: {"schema": schema} for media_type in one.body_media_types},
        }
    return operation


def _security(kinds: tuple[KeyKind, ...]) -> list[dict[str, list[str]]]:
    if not kinds:
        return []
    schemes = ["basicKey", "bearerKey", *(["writeKeyHeader"] if kinds == INGESTION else [])]
    security: list[dict[str, list[str]]] = [{scheme: []} for scheme in schemes]
    # A tracking body may carry its key, so none of the headers is required.
    return [*security, {}] if kinds == INGESTION else security


def _path_parameters(one: Endpoint) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in one.path_names]


def _query_parameters(one: Endpoint) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    _, components = msgspec.json.schema_components([one.query], ref_template=_REF)
    declared = components[one.query.__name__]
    parameters = []
    for name, schema in declared["properties"].items():
        # In a query, absence is how null is written.
        options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
        shown = dict(options[0] if len(options) == 1 else schema)
        parameter: dict[str, Any] = {"name": name, "in": "query", "schema": shown}
        parameter["required"] = name in declared.get("required", [])
        if "description" in shown:
            parameter["description"] = shown.pop("description")
        parameters.append(parameter)
    return parameters


def _header_parameters(one: Endpoint) -> list[dict[str, Any]]:
    if not one.idempotent_by_key:
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "maxLength": IDEMPOTENCY_KEY_CHARS_MAX},
            "description": "The same key again changes nothing and gives the same answer.",
        }
    ]


def _responses(one: Endpoint, schemas: dict[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if one.answer is not None:
        content["application/json"] = {"schema": schemas[one.answer]}
    content |= {media_type: {"schema": {"type": "string"}} for media_type in one.media_types}
    responses: dict[str, Any] = {
        str(status): {"description": HTTPStatus(status).phrase, "content": content}
        for status in (one.status, *one.statuses)
    }
    for status in _errors_of(one):
        responses[str(status)] = {"$ref": f"#/components/responses/{status}"}
    return responses


def _errors_of(one: Endpoint) -> list[int]:
    errors = set(one.errors)
    if one.kinds:
        errors |= {400, 401, 403, 503}
    if "{" in one.path:
        errors.add(404)
    if one.body is not None:
        errors |= {400, 413}
    return sorted(errors)


def _problem_response(status: int, text: str) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": text,
        "content": {PROBLEM_TYPE: {"schema": {"$ref": _REF.format(name=Problem.__name__)}}},
    }
    if status in _RETRIABLE:
        response["headers"] = {
            "Retry-After": {"schema": {"type": "integer"}, "description": "Whole seconds."}
        }
    return response
