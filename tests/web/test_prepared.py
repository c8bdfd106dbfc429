"""What the service does before somebody waits for the first page."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import Any, cast

import pytest
from jinja2 import Environment

from engage import app
from engage.core.language import LANGUAGES
from engage.core.reports import CompanyReport, Portfolio
from engage.web.console import routes
from tests.web import console_samples as samples


async def test_a_service_that_listens_has_its_pages_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    routes._environment.cache_clear()
    compiled: list[str] = []
    compile_one = Environment.compile

    def counted(self: Environment, source: Any, name: str | None = None, *rest: Any, **named: Any) -> Any:
        compiled.append(name or "")
        return compile_one(self, source, name, *rest, **named)

    monkeypatch.setattr(Environment, "compile", counted)
    listening = asyncio.Event()
    listening.set()

    async def link(url: str) -> str:
        return url

    opened: list[str] = []

    async def portfolio(self: object, as_of: object) -> Portfolio:
        opened.append("portfolio")
        return samples.portfolio()

    async def company_report(self: object, company: str, period: str) -> CompanyReport:
        opened.append(company)
        return samples.report()

    monkeypatch.setattr(app.Console, "portfolio", portfolio)
    monkeypatch.setattr(app.Console, "company_report", company_report)
    announced: list[str] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        service, server = (
            SimpleNamespace(sign_in_link=link, services=None),
            SimpleNamespace(listening=listening),
        )
        await app._announce(cast(Any, service), cast(Any, server), listener, announced.append)
    assert len(announced) == 2
    first = samples.portfolio().data[0].company
    assert opened == ["portfolio", *[first] * len(LANGUAGES)]
    assert {"portfolio.html", "company.html", "base.html"} <= set(compiled)
    count = len(compiled)
    routes._html("signed_out.html", None)
    routes._html("problem.html", None, status=404, status_code=404, message="", link_used=False, told=False)
    assert len(compiled) == count
