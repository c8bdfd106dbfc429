"""The OpenAPI document is valid, describes every route and no other, and agrees with what is answered."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.inspect import ListType, StructType, type_info
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from starlette.routing import Route

from engage.web.api import ENDPOINTS, events
from engage.web.site import api_routes
from tests.places import ON_SQLITE
from tests.web.conftest import Running


@pytest.fixture
async def document(running: Running) -> dict[str, Any]:
    answer = await running.anonymous.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


@ON_SQLITE
async def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_every_route_is_declared_once_with_all_its_methods() -> None:
    def never() -> Any:
        raise AssertionError

    routed = {
        (method, route.path)
        for route in api_routes(never)
        for method in route.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    assert len({route.path for route in api_routes(never)}) == len(api_routes(never))
    assert routed == {(one.method, one.path) for one in ENDPOINTS}


@ON_SQLITE
async def test_every_route_is_in_the_document_and_nothing_else(
    document: dict[str, Any], running: Running
) -> None:
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    site: Any = running.service._site
    pages = ("/console", "/")
    routed = {
        (method, route.path)
        for route in site.routes
        if isinstance(route, Route) and not (route.path == "/" or route.path.startswith(pages[0]))
        for method in route.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    assert described == routed


@ON_SQLITE
async def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(names)
    assert all(name for name in names)


@ON_SQLITE
async def test_each_operation_says_which_keys_open_it(document: dict[str, Any]) -> None:
    public = {"/healthz", "/readyz", "/metrics", "/openapi.json"}
    for path, item in document["paths"].items():
        for operation in item.values():
            assert bool(operation["security"]) == (path not in public), path
            assert {"401", "403"} <= set(operation["responses"]) or path in public


@ON_SQLITE
async def test_the_tracking_calls_are_all_described(document: dict[str, Any]) -> None:
    assert len(events.ENDPOINTS) == 14
    message = document["components"]["schemas"]["TrackingMessage"]["properties"]
    assert {"messageId", "userId", "anonymousId", "groupId", "timestamp", "sentAt", "context"} <= set(message)


@ON_SQLITE
async def test_answers_are_what_the_document_says(document: dict[str, Any], running: Running) -> None:
    """Everything there is to read, read once and held against its schema."""
    await running.publish()
    await running.track()
    await running.track("Deal Won", properties={"value": 5000})
    await running.track("Deal Won", properties={"value": 5000})
    await running.track("Never Declared")
    await running.server.post("/v1/batch", json={"batch": [7, {"type": "track", "userId": "x"}]})
    member = "/v1/companies/acme/members/emp-1"
    adjustment = {"currency": "points", "amount": -5, "reason": "shared twice"}
    calls = [
        ("get", "/v1/companies", None),
        ("post", "/v1/companies", {"id": "globex", "seats": 5}),
        ("get", "/v1/companies/acme", None),
        ("get", "/v1/companies/acme/members", None),
        ("get", member, None),
        ("post", f"{member}/adjustments", adjustment),
        ("post", "/v1/companies/acme/events/m1/reversal", {}),
        ("get", f"{member}/transfers", None),
        ("get", f"{member}/decisions", None),
        ("get", "/v1/companies/acme/health", None),
        ("get", "/v1/companies/acme/health/history", None),
        ("get", "/v1/companies/acme/report", None),
        ("get", "/v1/portfolio", None),
        ("get", "/v1/rejects", None),
        ("get", "/v1/program/draft", None),
        ("get", "/v1/program/versions", None),
        ("post", "/v1/member-tokens", {"company": "acme", "member": "emp-1"}),
        ("post", "/v1/track", {"userId": "emp-1", "event": "E", "groupId": "acme"}),
        ("get", "/healthz", None),
        ("get", "/readyz", None),
        ("get", "/v1/companies/nobody", None),
    ]
    paths = {path: item for path, item in document["paths"].items() if "{" not in path}
    paths |= {
        path.replace("{company}", "acme").replace("{member}", "emp-1").replace("{message_id}", "m1"): item
        for path, item in document["paths"].items()
    }
    for method, path, body in calls:
        answer = await running.server.request(method.upper(), path, json=body)
        operation = (paths.get(path) or document["paths"]["/v1/companies/{company}"])[method]
        found = operation["responses"][str(answer.status_code)]
        if "$ref" in found:
            found = document["components"]["responses"][str(answer.status_code)]
        media_type = answer.headers["content-type"]
        errors = list(validator(document, found["content"][media_type]["schema"]).iter_errors(answer.json()))
        assert not errors, f"{method} {path}: {errors[0].message}"


@ON_SQLITE
async def test_what_is_not_there_yet_is_described(document: dict[str, Any], running: Running) -> None:
    """Also where the address has no name of a thing in it: a host without a program, a company nobody knows."""
    period = {"from": "2026-03-01", "to": "2026-03-31"}
    calls: list[tuple[str, str, dict[str, str], Any]] = [
        ("get", "/v1/program/draft", {}, None),
        ("get", "/v1/program/draft/diff", {}, None),
        ("post", "/v1/program/publish", {}, {}),
        ("post", "/v1/program/dry-run", {}, {}),
        ("post", "/v1/program/backtest", {}, period),
        ("get", "/v1/recommendations", {"by": "nobody"}, None),
    ]
    for method, path, query, body in calls:
        answer = await running.server.request(method.upper(), path, params=query, json=body)
        assert answer.status_code == 404, f"{method} {path}: {answer.text}"
        assert "404" in document["paths"][path][method]["responses"], f"{method} {path}"


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    # References point into the document, so it goes along.
    return OAS31Validator({**schema, "components": document["components"]})


def test_no_body_may_have_a_field_that_would_be_ignored() -> None:
    bodies = [one.body for one in ENDPOINTS if one.body not in (None, bytes) and one.tag != "events"]
    types, looked_at = [type_info(body) for body in bodies], set()
    while types:
        one = types.pop()
        if isinstance(one, StructType) and one.cls not in looked_at:
            looked_at.add(one.cls)
            assert one.forbid_unknown_fields, one.cls.__name__
            types += [field.type for field in one.fields]
        types += getattr(one, "types", ())
        types += [one.item_type] if isinstance(one, ListType) else []
    assert len(looked_at) > 35
