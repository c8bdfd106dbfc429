"""Turns on real databases: what one turn must not take from another."""

from __future__ import annotations

from pathlib import Path

from engage.store.database import Database
from tests.actions.host import PROGRAM, Host
from tests.places import Places


async def test_two_databases_in_one_process_decide_by_their_own_programs(
    host: Host, places: Places, tmp_path: Path
) -> None:
    """Both number their versions from 1; a host's tests, or two mounted services, have several open at once."""
    (tmp_path / "other").mkdir()
    with places.migrated(host.place.dialect, tmp_path / "other") as place:
        opened = await Database.open(place.url)
        try:
            other = Host(opened, place)
            await host.publish()
            await other.publish(PROGRAM.replace("amount: 10}", "amount: 11}"))
            await host.send(host.track("ann"))
            await other.send(other.track("ann"))
            assert (await host.balance("ann"), await other.balance("ann")) == (10, 11)
        finally:
            await opened.close()
