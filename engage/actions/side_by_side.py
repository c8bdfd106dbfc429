"""Work that is done side by side, and of which nothing may be left running when a part of it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def all_ended(work: Iterable[Awaitable[T]]) -> list[T]:
    """What each comes to, in their order. Of several failures the first is raised, once all have come to their end."""
    found = []
    for one in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(one, BaseException):
            raise one
        found.append(one)
    return found
