"""What the service does by itself, over and over: telling members the time, scoring, delivering what the host wants to
be told, pushing the signal, and having the portfolio ready.

Owns how often. Of several processes one does each at a time, but for the portfolio, which each keeps for itself; if it
fails it is tried again at the next turn.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from engage import telemetry
from engage.actions.deliver import Answer, Courier, Post
from engage.actions.portfolio import Readiness
from engage.actions.push import Pusher
from engage.actions.score import score_companies
from engage.actions.settings import importing_seconds
from engage.actions.tick import Timekeeper
from engage.clock import now
from engage.core.reports import BAND_LABELS
from engage.errors import Unavailable
from engage.store.database import Database

log = logging.getLogger(__name__)

SCORING_SECONDS: Final = 3600
IMPORT_LOOK_SECONDS: Final = 20
"""How often it is looked whether an import is over."""
RECKONING_SECONDS: Final = 30
"""How often it is looked whether anything has changed since it was reckoned ahead."""
TICKING_SECONDS: Final = 20
DELIVERING_SECONDS: Final = 2
PUSHING_SECONDS: Final = 10


async def _at_once() -> None:
    pass


class Schedule:
    """Runs from `start` to `stop`."""

    def __init__(self, database: Database, post: Post) -> None:
        self.database = database

        async def counted(url: str, headers: dict[str, str], body: bytes) -> Answer:
            # As each is: a round lasts for as long as an endpoint does not answer.
            answer = await post(url, headers, body)
            telemetry.DELIVERED_NOTICES.inc(answer.accepted)
            return answer

        self._courier = Courier(database, counted, now)
        self._pusher = Pusher(database, post, now)
        self._timekeeper = Timekeeper(database)
        self._scored = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._repeat("ticking", TICKING_SECONDS, self._tick)),
            asyncio.create_task(self._repeat("scoring", SCORING_SECONDS, self._score, self._until_imported)),
            asyncio.create_task(self._repeat("delivering", DELIVERING_SECONDS, self._deliver)),
            asyncio.create_task(self._repeat("pushing", PUSHING_SECONDS, self._push)),
            asyncio.create_task(self._keep_ready()),
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _repeat(
        self,
        what: str,
        seconds: float,
        work: Callable[[], Awaitable[None]],
        ready: Callable[[], Awaitable[None]] = _at_once,
    ) -> None:
        async def alone() -> None:
            await ready()
            async with self.database.sole(what) as sole:
                if sole:
                    await work()

        while True:
            await _counted(what, seconds, alone())
            await asyncio.sleep(seconds)

    async def _keep_ready(self) -> None:
        """The portfolio, in every process, for each has its own: when it starts, after it scored, and when others have
        written. It is right without this, only slower to open."""
        seconds, readiness = RECKONING_SECONDS, Readiness(self.database)

        async def reckon(anew: bool) -> None:
            nonlocal seconds
            seconds = RECKONING_SECONDS if await readiness.make(anew=anew) else SCORING_SECONDS

        while True:
            anew = self._scored.is_set()
            self._scored.clear()
            await _counted("reckoning", seconds, reckon(anew))
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._scored.wait()

    async def _tick(self) -> None:
        done = await self._timekeeper.run(now)
        telemetry.TICKED_MEMBERS.inc(done.members)

    async def _score(self) -> None:
        """Freeze and score what is complete; a week is done once, so most runs find nothing to do."""
        scoring = await score_companies(self.database)
        bands = Counter(one.health.band for one in scoring.companies)
        for band in BAND_LABELS:
            telemetry.COMPANIES_BY_BAND.labels(band).set(bands[band])
        telemetry.SCORED_AT.set_to_current_time()
        if scoring.weeks:
            self._scored.set()

    async def _until_imported(self) -> None:
        """While history is imported no week of it is complete."""
        while True:
            async with self.database.read():
                left = await importing_seconds(now())
            if not left:
                return
            await asyncio.sleep(min(left, IMPORT_LOOK_SECONDS))

    async def _push(self) -> None:
        accepted, refused = await self._pusher.run()
        telemetry.PUSHED_SIGNALS.inc(accepted)
        telemetry.REFUSED_PUSHES.inc(refused)

    async def _deliver(self) -> None:
        await self._courier.run()


async def _counted(what: str, seconds: float, work: Awaitable[None]) -> None:
    try:
        await work
        outcome = "ok"
    except Unavailable as error:
        log.warning("%s was cut short, and is tried again in %d s: %s", what, seconds, error.message)
        outcome = "failed"
    except Exception:
        # Tomorrow's report may be late; today's events must not be.
        log.exception("%s failed; it is tried again in %d s", what, seconds)
        outcome = "failed"
    telemetry.SCHEDULED_RUNS.labels(what, outcome).inc()
