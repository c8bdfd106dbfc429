"""What people look at: the portfolio of a thousand companies and one company's report, beside a blank page behind the
same sign-in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import parse_qs, urlsplit

from engage.actions.sessions import create_sign_in_link, redeem_sign_in
from engage.bench.client import Shot
from engage.bench.errors import RoundFailed
from engage.bench.figures import Sample, beside
from engage.bench.processes import BARE, SERVE, serving
from engage.bench.programs import QUICKSTART
from engage.bench.stored import History, build
from engage.bench.traffic import COMPANY, Population, page_request
from engage.bench.workshop import Case, Round, Workshop
from engage.store.database import Database
from engage.web.console.routes import COOKIE

CONNECTIONS: Final = 4
HISTORY: Final = History(Population(companies=1_000, members=20_000), events=400_000)
ADDRESSES: Final = {"portfolio_page": "/console/", "report_page": "/console/companies/{company}"}
VIEWS: Final = {"portfolio_page": 40, "report_page": 400}
BLANKS: Final = 4_000


async def sign_in(url: str) -> str:
    """The cookie of somebody of customer success."""
    database = await Database.open(url)
    try:
        link = await create_sign_in_link(database, "http://bench")
        cookie = await redeem_sign_in(database, parse_qs(urlsplit(link).query)["token"][0])
    finally:
        await database.close()
    if cookie is None:
        raise RoundFailed("nobody can sign in")
    return f"{COOKIE}={cookie}"


@contextmanager
def _prepare(workshop: Workshop) -> Iterator[Callable[[], Round]]:
    engine = workshop.engine("sqlite")
    template = engine.prepare(workshop.folder, QUICKSTART)
    workshop.note(f"building {HISTORY.events:,} events of {HISTORY.population.companies:,} companies")
    build(engine, template.url, HISTORY)
    cookie = asyncio.run(sign_in(template.url))

    def shots(name: str, count: int) -> list[Shot]:
        companies = (f"{COMPANY}{n % HISTORY.population.companies}" for n in range(count))
        return [Shot(page_request(ADDRESSES[name].format(company=company), cookie)) for company in companies]

    def rates(module: tuple[str, ...], count: Callable[[str], int]) -> dict[str, Sample]:
        found = {}
        with serving(template.url, module=module, profile=workshop.profile) as server:
            for name in filter(workshop.wanted.__contains__, ADDRESSES):
                server.drive(shots(name, CONNECTIONS), CONNECTIONS)
                report = server.drive(shots(name, count(name)), CONNECTIONS)
                side = "server" if module == SERVE else "bare"
                found[name] = Sample(
                    report.answered / report.seconds, details={f"{side}_p50_ms": report.p50_ms}
                )
        return found

    def measure() -> Round:
        values, limits = workshop.in_turns(
            lambda: rates(SERVE, lambda name: workshop.scaled(VIEWS[name])),
            lambda: rates(BARE, lambda _: workshop.scaled(BLANKS)),
        )
        return {name: beside(value, limits[name]) for name, value in values.items()}

    yield measure


CASES: Final = (Case(tuple(ADDRESSES), _prepare),)
