"""What people of the demo buy in weeks that are imported."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path

from engage.actions.publish import publish
from engage.document import read_program
from engage.store.database import Database
from engage.store.migrate import migrate
from engage.store.signal import load_days
from examples.demo.companies import find_company
from examples.demo.own_program import REWARD_COST, own_program
from examples.demo.purchases import BUYERS, FIRST_WEEK, import_with_purchases

ROOT = Path(__file__).resolve().parents[2]
UNTIL = date(2026, 11, 24)  # a Tuesday
WEEKS = FIRST_WEEK + 2


def _history(path: Path) -> None:
    calls = [
        {
            "type": "track",
            "messageId": f"fieldnote-thornbury-{week}-{member}-{turn}",
            "timestamp": f"{UNTIL - timedelta(weeks=WEEKS - week, days=1)}T1{turn}:00:00.000Z",
            "userId": f"u-{member}",
            "groupId": "thornbury",
            "event": "Inspection Completed",
        }
        for week in range(WEEKS)
        for member in range(BUYERS + 2)
        for turn in range(2)
    ]
    path.write_text("".join(json.dumps(call) + "\n" for call in calls))


def test_so_many_buy_in_each_week_and_again_nobody_does(tmp_path: Path) -> None:
    company, url = find_company("thornbury"), f"sqlite:///{tmp_path / 'engage.db'}"
    read = read_program(
        json.dumps(own_program(company, ROOT / "examples/programs/demo.yaml", UNTIL)), filename="program.json"
    )
    assert read.program is not None
    program = read.program
    events = tmp_path / "events.ndjson"
    _history(events)

    async def prepare() -> None:
        await migrate(url)
        database = await Database.open(url)
        await publish(database, program, "", company=None, actor="test", now=0)
        await database.close()

    async def spent_by_day() -> list[tuple[int, int]]:
        database = await Database.open(url)
        async with database.read() as s:
            found = [
                (day, sum(rollup.spent.values())) for day, rollup in (await load_days(s, [1], 0))[1].items()
            ]
        await database.close()
        return [(day, spent) for day, spent in found if spent]

    asyncio.run(prepare())
    assert import_with_purchases(url, events, company, UNTIL) == BUYERS * 2
    once = asyncio.run(spent_by_day())
    assert [(date.fromordinal(day).isoweekday(), spent) for day, spent in once] == [
        (7, BUYERS * REWARD_COST)
    ] * 2
    assert import_with_purchases(url, events, company, UNTIL) == BUYERS * 2
    assert asyncio.run(spent_by_day()) == once
