"""Log lines carry no secret, whatever is logged, and metrics can be read by Prometheus."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from engage import telemetry
from engage.actions.keys import KINDS, new_key_text
from engage.actions.tokens import TokenHolder, create_member_token
from engage.app import create_app
from engage.settings import Settings

TOKEN = create_member_token("x" * 32, TokenHolder("acme", "emp-1")).token


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """The service's log, and the test's own logging put back afterwards."""
    root = logging.getLogger()
    names = ("engage", "uvicorn", "uvicorn.error", "uvicorn.access")
    before = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in names}
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    telemetry.start_logging(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, (own, propagate) in before.items():
        logging.getLogger(name).setLevel(own)
        logging.getLogger(name).propagate = propagate


@pytest.mark.parametrize("secret", [*map(new_key_text, KINDS), TOKEN], ids=[*KINDS, "token"])
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "key={} was refused",
        "Authorization: Bearer {}",
        "Authorization: Basic {}:",
        "GET /console/sign-in?token={} HTTP/1.1",
        '{{"writeKey": "{}"}}',
    ],
)
def test_a_secret_in_a_message_is_hidden(lines: io.StringIO, secret: str, text: str) -> None:
    logging.getLogger("engage.test").warning(text.format(secret).replace("%", "%%"))
    assert secret not in lines.getvalue()
    assert telemetry.HIDDEN in lines.getvalue()


def test_a_secret_in_an_argument_or_a_traceback_is_hidden(lines: io.StringIO) -> None:
    key = new_key_text("server")
    log = logging.getLogger("engage.test")
    log.warning("refused %s", key)
    try:
        raise ValueError(f"{key} is wrong")
    except ValueError:
        log.exception("failed")
    assert key not in lines.getvalue()
    assert "ValueError" in lines.getvalue()


def test_query_strings_are_hidden_and_paths_are_not() -> None:
    assert telemetry.without_secrets("GET /a/b?cursor=x&token=y failed") == "GET /a/b?[hidden] failed"


def test_a_line_is_one_json_object(lines: io.StringIO) -> None:
    logging.getLogger("engage.test").info("two\nlines, %s", "東京")
    (line,) = lines.getvalue().splitlines()
    found = json.loads(line)
    assert (found["level"], found["logger"], found["message"]) == ("info", "engage.test", "two\nlines, 東京")
    assert found["time"].endswith("Z")


def test_libraries_speak_from_warnings_on(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Started server process")
    logging.getLogger("uvicorn.access").error('127.0.0.1 - "GET /console/sign-in?token=abc"')
    logging.getLogger("tortoise").debug("SELECT")
    assert lines.getvalue() == ""


def test_metrics_are_in_the_form_prometheus_reads() -> None:
    families = {family.name for family in text_string_to_metric_families(telemetry.metrics_text().decode())}
    wanted = {
        *("engage_http_requests", "engage_http_request_seconds", "engage_messages", "engage_refusals"),
        *(
            "engage_retried_requests",
            "engage_retry_count",
            "engage_scheduled_runs",
            "engage_ticked_members",
            "engage_delivered_notices",
        ),
        "engage_scored_timestamp_seconds",
    }
    assert wanted <= families


async def test_metrics_ask_for_the_key_where_the_operator_has_set_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'engage.db'}"
    service = create_app(Settings(database_url=url, metrics_key="for the operator alone"))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=service), base_url="http://engage.test")
    async with service.lifespan(), client:
        for said in ({}, {"authorization": "Bearer nobody"}, {"authorization": "for the operator alone"}):
            refused = await client.get("/metrics", headers=said)
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
        known = await client.get("/metrics", headers={"authorization": "Bearer for the operator alone"})
        assert known.status_code == 200
        assert (await client.get("/healthz")).status_code == 200


async def test_the_key_of_the_metrics_may_have_any_letters(tmp_path: Path) -> None:
    key = "schlüssel für prometheus"
    service = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'engage.db'}", metrics_key=key))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=service), base_url="http://engage.test")
    async with service.lifespan(), client:
        known = await client.get("/metrics", headers={b"authorization": f"Bearer {key}".encode()})
        assert known.status_code == 200
