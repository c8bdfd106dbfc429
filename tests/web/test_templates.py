"""Templates over HTTP: the host publishes, a company starts, is asked, and answers."""

from __future__ import annotations

from tests.actions.test_templates import NEWER, TEMPLATE
from tests.web.conftest import Running
from tests.web.test_openapi import validator

SHELF = "/v1/program-templates"
FOLLOWED = "/v1/companies/acme/program/template"


async def test_from_a_template_to_a_published_program_and_its_next_version(running: Running) -> None:
    server = running.server
    await running.track()
    document = (await server.get("/openapi.json")).json()

    async def call(method: str, path: str, status: int = 200, **sent: object) -> dict[str, object]:
        """What is answered, held against its schema."""
        answer = await server.request(method, path, **sent)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.text
        template = path.split("?")[0].replace("/acme/", "/{company}/").replace("/sales", "/{template}")
        found = document["paths"][template][method.lower()]["responses"][str(status)]
        if "$ref" in found:
            found = document["components"]["responses"][str(status)]
        schema = found["content"][answer.headers["content-type"]]["schema"]
        assert not list(validator(document, schema).iter_errors(answer.json())), path
        body: dict[str, object] = answer.json()
        return body

    published = await call("PUT", f"{SHELF}/sales?actor=ann", content=TEMPLATE)
    assert (published["version"], published["unchanged"]) == (1, False)
    [listed] = (await call("GET", f"{SHELF}?industry=software"))["data"]  # type: ignore[misc]
    assert (listed["id"], listed["version"], listed["actor"]) == ("sales", 1, "ann")
    assert (await call("GET", f"{SHELF}?industry=banking"))["data"] == []
    assert (await call("GET", f"{SHELF}/sales?version=1"))["document"] == TEMPLATE
    await call("GET", f"{SHELF}/sales?version=9", 404)
    await call("GET", FOLLOWED, 404)

    started = {"template": "sales", "overrides": {"/name": "Acme"}, "actor": "ann"}
    draft = await call("PUT", FOLLOWED, json=started)
    assert "name: Acme" in str(draft["document"])
    refused = await call("PUT", FOLLOWED, 422, json={"template": "sales", "overrides": {"/late_days": 3}})
    assert [one["pointer"] for one in refused["errors"]] == ["/overrides/~1late_days"]  # type: ignore[attr-defined]
    changes = (await call("GET", "/v1/companies/acme/program/draft/diff"))["data"]
    assert {one["kind"] for one in changes} == {"added"}  # type: ignore[attr-defined]
    await call("POST", "/v1/companies/acme/program/publish", json={})
    await call(
        "PUT", "/v1/companies/acme/program/draft", 422, content=str(draft["document"]) + "\nlate_days: 3\n"
    )

    await call("GET", f"{FOLLOWED}/proposal", 404)
    await call("PUT", f"{SHELF}/sales", content=NEWER)
    versions = (await call("GET", f"{SHELF}/sales/versions"))["data"]
    assert [one["version"] for one in versions] == [2, 1]  # type: ignore[attr-defined]
    assert (await call("GET", FOLLOWED))["proposed"] is True
    proposal = await call("GET", f"{FOLLOWED}/proposal")
    assert (proposal["version"], proposal["proposed"], proposal["conflicts"]) == (1, 2, [])
    assert (await call("POST", f"{FOLLOWED}/proposal/decline", json={"version": 2}))["proposed"] is False
    await call("POST", f"{FOLLOWED}/proposal/accept", 409, json={"version": 1})
    accepted = await call("POST", f"{FOLLOWED}/proposal/accept", json={"version": 2})
    assert accepted["document"] == proposal["document"]
    diff = (await call("GET", "/v1/companies/acme/program/draft/diff"))["data"]
    assert diff == proposal["changes"]
    await call("DELETE", FOLLOWED)
    await call("DELETE", FOLLOWED, 404)


async def test_a_template_with_mistakes_lists_them(running: Running) -> None:
    answer = await running.server.put(f"{SHELF}/sales", content=TEMPLATE.replace("award: 10", "award: ten"))
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["line"]) == ("/program/rules/0/effects/0/award", 11)
    other = await running.server.put(f"{SHELF}/another", content=TEMPLATE)
    assert other.status_code == 400
    assert (await running.report.get(SHELF)).status_code == 403
