"""Killed at any moment: what was acknowledged is there, once, and the next start needs no repair."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path

import pytest

from tests.actions.host import Host
from tests.commands import Forked

CALLS = 4000
INGESTING = """
import asyncio, sys
from engage.actions.group_commit import Ingestion
from engage.core.call import read_call
from engage.store.database import Database

async def main(url, first, last):
    database = await Database.open(url)
    ingestion = Ingestion(database)
    ingestion.start()
    print("ready", flush=True)
    turns = asyncio.Semaphore(40)

    async def send(n):
        async with turns:
            raw = {"messageId": f"k{n}", "userId": f"u{n % 9}", "event": "Report Exported", "groupId": f"c{n % 3}"}
            call = read_call(raw, verb="track", received_at=1780488000000000 + n, sent_at=None, trusted=True,
                             new_id=str)
            (outcome,) = await ingestion.accept([call])
            print(n, outcome.status, flush=True)

    await asyncio.gather(*(send(n) for n in range(first, last)))
    await ingestion.stop()
    await database.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


def start(host: Host, first: int, last: int) -> Forked:
    folder = Path(__file__).resolve().parents[2]
    process = Forked(INGESTING, [host.place.url, str(first), str(last)], folder)
    assert process.stdout.readline() == "ready\n"
    return process


def read(process: Forked, lines: int) -> str:
    return "".join(process.stdout.readline() for _ in range(lines))


def acknowledged(said: str) -> dict[int, str]:
    """Whole lines only: the last one may be cut."""
    return {int(n): status for n, status in re.findall(r"^(\d+) (ok|duplicate)$", said, re.MULTILINE)}


@pytest.mark.parametrize("seed", range(2))
async def test_a_killed_process_loses_nothing_it_acknowledged(host: Host, seed: int) -> None:
    """Each time the same calls are sent from the start, as a client does that was not told."""
    await host.publish()
    chance = random.Random(seed)
    known: set[int] = set()
    for _ in range(4):
        process = await asyncio.to_thread(start, host, 0, CALLS)
        said = await asyncio.to_thread(read, process, chance.randrange(400))
        await asyncio.sleep(chance.random() / 30)
        process.kill()
        said += (await asyncio.to_thread(process.communicate))[0]
        assert process.returncode == -9 or len(acknowledged(said)) == CALLS, said
        told = acknowledged(said)
        assert {told[n] for n in known & told.keys()} <= {"duplicate"}, "decided twice"
        known |= told.keys()
        stored = {
            int(entry.entry.body.message_id[1:])
            for company in ("c0", "c1", "c2")
            for entry in await host.log(company)
            if entry.entry.body.message_id
        }
        assert known <= stored, "acknowledged and gone"
        assert (await host.verify()).difference is None
    assert known
    assert host.count("transfer") == host.count("message")


async def test_two_processes_sending_the_same_calls_count_each_once(host: Host) -> None:
    await host.publish()
    processes = await asyncio.gather(*(asyncio.to_thread(start, host, 0, 600) for _ in range(2)))
    said = [await asyncio.to_thread(process.communicate, timeout=60) for process in processes]
    told = [acknowledged(out) for out, _ in said]
    assert [process.returncode for process in processes] == [0, 0], said
    statuses = [sorted((told[0][n], told[1][n])) for n in range(600)]
    assert statuses == [["duplicate", "ok"]] * 600
    balances = [await host.balance(f"u{n}", f"c{n % 3}") for n in range(9)]
    assert sum(balance or 0 for balance in balances) == 6000
    assert (await host.verify()).difference is None
