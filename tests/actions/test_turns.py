"""Turns on real files: what one turn must not take from another."""

from __future__ import annotations

import shutil
from pathlib import Path

from engage.store.database import Database
from tests.actions.host import PROGRAM, Host


async def test_two_databases_in_one_process_decide_by_their_own_programs(
    host: Host, tmp_path: Path, migrated_file: Path
) -> None:
    """Both number their versions from 1; a host's tests, or two mounted services, have several open at once."""
    path = tmp_path / "other.db"
    shutil.copyfile(migrated_file, path)
    opened = await Database.open(f"sqlite:///{path}")
    try:
        other = Host(opened, path)
        await host.publish()
        await other.publish(PROGRAM.replace("amount: 10}", "amount: 11}"))
        await host.send(host.track("ann"))
        await other.send(other.track("ann"))
        assert (await host.balance("ann"), await other.balance("ann")) == (10, 11)
    finally:
        await opened.close()
