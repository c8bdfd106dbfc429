"""What an endpoint may use: the open database, the queue of accepted calls, the keys. Built by `engage.app`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from engage.actions.group_commit import Queue
from engage.actions.keys import KeyRing
from engage.clock import now
from engage.settings import Settings
from engage.store.database import Database
from engage.web.bodies import Room


@dataclass(frozen=True)
class Services:
    settings: Settings
    database: Database
    ingestion: Queue
    keys: KeyRing
    secret: str = field(repr=False)
    now: Callable[[], int] = now
    room: Room = field(default_factory=Room)
    trying: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one request that goes through a log: it takes as much of the process as all others together."""


Running = Callable[[], Services]
"""The services while they run. Raises Unavailable before the start and after the end."""
