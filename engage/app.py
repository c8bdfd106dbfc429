"""The service: opens the database, starts the queue and the schedule, serves, and ends in good order.

Owns lifetimes and who is handed what. `create_app` gives an ASGI application for any server or host application;
`run_server` is what the command line runs.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from typing import Any, Final

from engage import telemetry
from engage.actions.care import Adjustment, WantedGoal, accept_stage, adjust_goal, set_goal, set_intervention
from engage.actions.group_commit import Ingestion
from engage.actions.keys import KeyRing
from engage.actions.portfolio import portfolio
from engage.actions.report import company_department, company_digest, company_report
from engage.actions.sessions import (
    SignedIn,
    create_sign_in_link,
    end_session,
    redeem_sign_in,
    session_for,
)
from engage.actions.settings import set_floor, set_unknown_companies
from engage.actions.tokens import signing_secret
from engage.core.care import Intervention
from engage.core.department import DepartmentReport
from engage.core.digest import Digest
from engage.core.language import say
from engage.core.reports import CompanyReport, Portfolio
from engage.deciding import DecidingProcess, is_worthwhile
from engage.errors import InvalidRequest, Unavailable
from engage.interpreter import run_for_throughput
from engage.outgoing import Outgoing
from engage.schedule import Schedule
from engage.settings import Settings, read_settings
from engage.store.database import Database
from engage.store.migrate import migrate
from engage.web.console.forms import Accepted, Adjusted, Agreed, Done
from engage.web.console.routes import console_routes, open_ahead, prepare_pages
from engage.web.server import Server, listen
from engage.web.services import Services
from engage.web.sharing import SharingServer
from engage.web.site import build_site
from engage.workers import Workers

log = logging.getLogger(__name__)

CLOSE_SECONDS: Final = 10
"""How long committing what was accepted, and closing the database, may take when no request is left."""

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]


class Service:
    """One running Engage. Call it as an ASGI application; its lifespan opens and closes it.

    A host that mounts it in its own application must enter `lifespan()` in its own: servers do not run the lifespan
    of what is mounted.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.deciding: DecidingProcess | None = None
        """Where events are decided, if not here. A host that embeds the service may not like to have children."""
        self._services: Services | None = None
        self._site = self.build_site()

    def build_site(self) -> Application:
        """What answers requests while this runs."""
        return build_site(self.services, console_routes(Console(self.services)), self.lifespan)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        await self._site(scope, receive, send)

    def services(self) -> Services:
        """What runs. Raises Unavailable before the start and after the end."""
        if self._services is None:
            raise Unavailable("the service is not started")
        return self._services

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[Service]:
        """Open the database, migrated, and start; at the end commit what was accepted, and close."""
        assert self._services is None, "a service runs once at a time"
        await migrate(self.settings.database_url)
        database = await Database.open(self.settings.database_url)
        try:
            if self.settings.k is not None:
                await set_floor(database, self.settings.k)
            if self.settings.unknown_companies is not None:
                await set_unknown_companies(database, self.settings.unknown_companies)
            secret = await signing_secret(database, self.settings.secret)
            ingestion = await self._start_queue(database)
            outgoing = Outgoing(private=self.settings.webhook_networks == "any")
            schedule = Schedule(database, outgoing.post)
            schedule.start()
            self._services = Services(self.settings, database, ingestion, KeyRing(database), secret)
            try:
                yield self
            finally:
                self._services = None
                await schedule.stop()
                await outgoing.close()
                await ingestion.stop()
        finally:
            await database.close()

    async def _start_queue(self, database: Database) -> Ingestion | DecidingProcess:
        if self.deciding is not None:
            await self.deciding.start()
            return self.deciding
        ingestion = Ingestion(database)
        ingestion.start()
        return ingestion

    async def sign_in_link(self, base_url: str) -> str:
        return await create_sign_in_link(self.services().database, base_url)


class Console:
    """What the pages ask for, answered by actions."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services

    async def portfolio(self, as_of: date | None) -> Portfolio:
        return await portfolio(self._services().database, as_of)

    async def company_report(self, company: str, period: str) -> CompanyReport:
        return await company_report(self._services().database, company, period)

    async def company_digest(self, company: str, period: str) -> Digest:
        return await company_digest(self._services().database, company, period)

    async def company_department(self, company: str, department: str, period: str) -> DepartmentReport:
        return await company_department(self._services().database, company, department, period)

    async def log_done(self, company: str, done: Done) -> None:
        services = self._services()
        logged = Intervention(done.id, done.what, done.day, done.actor, (company,), services.now())
        await set_intervention(services.database, logged, again=say("logged on the company's page"))

    async def set_goal(self, company: str, goal: Agreed) -> None:
        services = self._services()
        wanted = WantedGoal(goal.name, goal.measure, goal.target, goal.by, goal.owner)
        await set_goal(
            services.database, company, goal.id, wanted, actor=goal.actor, reason="", now=services.now()
        )

    async def adjust_goal(self, company: str, told: Adjusted) -> None:
        services = self._services()
        await adjust_goal(
            services.database,
            company,
            told.goal,
            Adjustment(told.name, told.target, told.by, told.owner, told.dropped),
            actor=told.actor,
            reason=told.reason,
            seen=told.seen,
            now=services.now(),
        )

    async def accept_stage(self, company: str, told: Accepted) -> None:
        services = self._services()
        await accept_stage(
            services.database,
            company,
            told.goal,
            told.stage,
            actor=told.actor,
            note=told.note,
            now=services.now(),
            by=told.by,
        )

    async def session_for(self, cookie: str) -> SignedIn | None:
        return await session_for(self._services().database, cookie)

    async def redeem_sign_in(self, token: str) -> str | None:
        return await redeem_sign_in(self._services().database, token)

    async def end_session(self, cookie: str) -> None:
        await end_session(self._services().database, cookie)


def create_app(settings: Settings | None = None) -> Service:
    """The ASGI application, from the environment when no settings are given. Opens nothing before its lifespan."""
    return Service(settings or read_settings())


# --- serving ------------------------------------------------------------------------------------------------


def run_server(
    settings: Settings,
    announce: Callable[[str], None] = print,
    create: Callable[[Settings], Service] = create_app,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return.

    `announce` gets the lines for the operator, once requests are really answered: the address and a sign-in link.
    Raises EngageError when the address is taken or the database cannot be opened.
    """
    telemetry.start_logging()
    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        why = error.strerror or error
        raise InvalidRequest(f"cannot listen on {settings.host}:{settings.port}: {why}") from error
    work = partial(_run, settings, create)
    with listener:
        if settings.workers > 1:
            asyncio.run(_prepare(settings))
            Workers(work, settings.workers, listener, announce).run()
        else:
            work(listener, announce)


async def _prepare(settings: Settings) -> None:
    """Whatever is wrong with the database is said once, before there are workers."""
    await migrate(settings.database_url)
    await (await Database.open(settings.database_url)).close()


def _run(
    settings: Settings,
    create: Callable[[Settings], Service],
    listener: socket.socket,
    announce: Callable[[str], None],
) -> None:
    """One process of the service."""
    telemetry.start_logging()
    run_for_throughput()
    service = create(settings)
    if settings.workers == 1 and is_worthwhile():
        service.deciding = DecidingProcess(settings.database_url)
        service.deciding.launch(listener)
    server = SharingServer(service) if settings.workers > 1 else Server(service)
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        try:
            runner.run(_serve(service, server, listener, announce))
        finally:
            if service.deciding is not None:
                service.deciding.abandon()


async def _serve(
    service: Service, server: Server, listener: socket.socket, announce: Callable[[str], None]
) -> None:
    async with service.lifespan():
        telling = asyncio.create_task(_announce(service, server, listener, announce))
        try:
            await server.serve(sockets=[listener])
        finally:
            telling.cancel()
            await asyncio.wait([telling])
            _end_within(CLOSE_SECONDS)


def _end_within(seconds: float) -> None:
    """End the process by force if a database that hangs keeps it from ending: whoever stops it must not wait for ever,
    and what was acknowledged is on disk."""

    def end() -> None:
        log.error("the database did not close within %d s; the process ends all the same", seconds)
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


async def _announce(
    service: Service, server: Server, listener: socket.socket, announce: Callable[[str], None]
) -> None:
    await server.listening.wait()
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    announce(f"listening on http://{shown}:{port}")
    # To every address there is means to nobody's browser: the link names this machine.
    reachable = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(shown, shown)  # noqa: S104
    link = await service.sign_in_link(f"http://{reachable}:{port}")
    announce(f"sign in once, within a day: {link}")
    await asyncio.to_thread(prepare_pages)
    await open_ahead(Console(service.services))
