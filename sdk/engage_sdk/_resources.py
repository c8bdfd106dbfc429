"""What the resources of both clients have in common: running one call, and walking a list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Protocol, TypeVar

from . import _calls

T = TypeVar("T")


class Run(Protocol):
    """Runs a call to its answer."""

    def __call__(self, call: _calls.Call[T], /) -> T: ...


class Resource:
    def __init__(self, call: Run) -> None:
        self._call = call

    def _items(self, listing: _calls.Listing[T]) -> Iterator[T]:
        paging = _calls.Paging(listing)
        while (call := paging.next_call()) is not None:
            yield from paging.items_of(self._call(call))


class AsyncRun(Protocol):
    """Runs a call to its answer."""

    async def __call__(self, call: _calls.Call[T], /) -> T: ...


class AsyncResource:
    def __init__(self, call: AsyncRun) -> None:
        self._call = call

    async def _items(self, listing: _calls.Listing[T]) -> AsyncIterator[T]:
        paging = _calls.Paging(listing)
        while (call := paging.next_call()) is not None:
            for item in paging.items_of(await self._call(call)):
                yield item
