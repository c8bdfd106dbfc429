"""Verifying what is listed beside the log: whichever column of a row is changed, it is named with what the log says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engage.actions.redeem import request, take_step
from engage.actions.verify import verify
from engage.store.parquet import Folder
from tests.actions.archives import MONTH, archived
from tests.actions.host import DAY, PROGRAM, Host
from tests.actions.test_adjust_approved import take
from tests.actions.test_refer import invited
from tests.actions.told_once import told_once
from tests.places import ON_SQLITE

LISTS = f"""{PROGRAM}
adjustments: {{approval_above: 100}}
redemptions: {{approval_above: 5}}
rewards:
  - {{id: mug, cost: {{currency: points, amount: 10}}}}
  - {{id: pen, cost: {{currency: points, amount: 1}}}}
referral:
  window: 30
  active: {{event: Report Exported, count: 2}}
  invited: {{effects: [{{award: {{currency: points, amount: 5}}}}]}}
  inviter: {{effects: [{{award: {{currency: points, amount: 5}}}}]}}
  channels: [chat, mail]
"""


async def bought(host: Host, reward: str, key: str, *steps: str) -> int:
    """A redemption that took these steps after its request; its number."""
    asked: dict[str, Any] = {"company": "acme", "reason": "as agreed", "now": host.now}
    found = await request(
        host.database, member="ann", reward=reward, actor="ann", idempotency_key=key, **asked
    )
    for step in steps:
        host.now += 1
        how = {"step": step, "actor": "boss", "idempotency_key": key}
        await take_step(host.database, redemption=found.redemption.id, **(asked | how | {"now": host.now}))
    return found.redemption.id


@told_once
async def lists(host: Host) -> None:
    """Of each list one row in every status, with a beginning that can be archived."""
    await host.publish(LISTS)
    await host.publish(LISTS.replace("name: Tests", "name: Own"), "acme")
    for _ in range(3):
        await host.send(*(host.track(member) for member in ("ann", "ann", "ann", "bob")))
        await invited(host, f"first-{host.now}")
        await bought(host, "mug", f"first-{host.now}", "approve", "fulfil")
        await take(host, (await host.adjust("bob", 200, f"first-{host.now}")).seq, key=str(host.now))
        host.now += MONTH
    await host.send(*(host.track(member) for member in ("ann", "ann", "ann", "ann", "ann", "bob")))
    await invited(host, "open", channel="mail")
    await invited(host, "named", to="cid")
    await host.send(host.track("cid"), host.track("cid", messageId="undone"))
    await host.reverse("undone")
    await invited(host, "stays", to="dan")
    await host.send(host.track("dan"), host.track("dan"))
    await bought(host, "mug", "fulfilled", "approve", "fulfil")
    await bought(host, "mug", "cancelled", "cancel")
    await bought(host, "pen", "refunded", "fulfil", "cancel")
    await bought(host, "pen", "approved")
    await bought(host, "mug", "held")
    for key, step in (("done", "approve"), ("declined", "decline")):
        await take(host, (await host.adjust("bob", 300, key)).seq, step, key)
    await host.adjust("bob", 400, "waits")
    await host.checkpoint()
    assert (await host.verify()).difference is None


STATUS = {name: f"status = {n}" for n, name in enumerate(("held", "approved", "fulfilled", "cancelled"))}
ROWS = {
    "an invitation": ("engage_invitation", "to_id = 0"),
    "a named invitation": ("engage_invitation", "to_id > 0"),
    **{f"a redemption {name}": ("engage_redemption", where) for name, where in STATUS.items()},
    "an adjustment that waits": ("engage_adjustment", "status = 0"),
    "an adjustment done": ("engage_adjustment", "status = 1"),
    "an adjustment declined": ("engage_adjustment", "status = 2"),
}
COLUMNS: dict[str, dict[str, str]] = {
    "engage_invitation": {
        **dict.fromkeys(("member_id", "to_id", "sent_at", "day"), "{column} + 1"),
        **dict.fromkeys(("channel", "code"), "{column} || 'x'"),
    },
    "engage_redemption": {
        **dict.fromkeys(("member_id", "requested_at", "changed_at", "amount"), "{column} + 1"),
        "status": "(status + 1) % 4",
        **dict.fromkeys(("reward", "currency"), "{column} || 'x'"),
        "steps": "(SELECT steps FROM engage_redemption WHERE id = (SELECT MIN(id) FROM engage_redemption))",
    },
    "engage_adjustment": {
        **dict.fromkeys(("member_id", "requested_at", "amount"), "{column} + 1"),
        "status": "(status + 1) % 3",
        **dict.fromkeys(("currency", "actor", "reason", "settled_by", "settled_for"), "{column} || 'x'"),
    },
}


async def damaged(host: Host, table: str, column: str, value: str, where: str, **asked: Any) -> str | None:
    """What verifying says while a column of a row says otherwise."""
    [(key, before)] = host.place.rows(f"SELECT {_key(table)}, {column} FROM {table} WHERE {where}")
    host.tamper(f"UPDATE {table} SET {column} = {value} WHERE {where}")
    difference = (await host.verify(**asked)).difference
    host.place.change(f"UPDATE {table} SET {column} = ? WHERE {_key(table)} = ?", before, key)
    return difference


def _key(table: str) -> str:
    others = {"engage_message": "hash", "engage_entry": "seq", "engage_referred": "member_id"}
    return others.get(table, "id")


@pytest.mark.parametrize("what", ROWS)
async def test_each_column_of_a_listed_row_is_held_against_the_log(host: Host, what: str) -> None:
    await lists(host)
    table, where = ROWS[what]
    [(newest,)] = host.place.rows(f"SELECT MAX(id) FROM {table} WHERE {where}")
    for column, value in COLUMNS[table].items():
        said = await damaged(host, table, column, value.format(column=column), f"id = {newest}")
        assert said is not None, column
        name = {"member_id": "member"}.get(column, column) if table != "engage_invitation" else column
        state = f"acme: the waiting {table} {newest} differs: stored None"
        rows = [f"acme: {table} {newest} differs from the log in {one}" for one in (name, "settled_by")]
        assert said.startswith((*rows, state)), said
        assert ": stored " in said, said
        assert ", replayed " in said, said
    assert (await host.verify()).difference is None


async def test_what_stands_beside_the_rows_is_held_too(host: Host) -> None:
    await lists(host)
    corrections = "seq = (SELECT MAX(seq) FROM engage_message WHERE day < 0)"
    checkpoint = "seq = (SELECT MAX(seq) FROM engage_entry WHERE kind = 11)"
    reversal = "seq = (SELECT MIN(seq) FROM engage_entry WHERE kind = 10)"
    [(own,)] = host.place.rows("SELECT MAX(id) FROM engage_program")
    [(colleague,)] = host.place.rows("SELECT member_id FROM engage_referred WHERE brought > 0")
    for column in ("changed_at", "brought"):
        said = await damaged(host, "engage_referred", column, f"{column} + 1", f"member_id = {colleague}")
        assert f"engage_referred {colleague} differs from the log in changed_at and brought" in str(said)
    said = await damaged(host, "engage_entry", "name", "'x'", reversal, from_start=True)
    assert "names another event than it undoes: stored 'x', replayed 'Report Exported'" in str(said)
    for table, column, value, where, expected in (
        ("engage_message", "digest", "digest + 7", corrections, "engage_message"),
        ("engage_entry", "name", "'x'", checkpoint, "has no name of its own, and 'x' is stored"),
        ("engage_entry", "name", "'x'", "seq = 1", "has no name of its own, and 'x' is stored"),
        ("engage_program", "number", "number + 1", f"id = {own}", f"engage_program {own} differs in number"),
        ("engage_program", "number", "number + 1", f"id < {own}", "the host's default program: "),
        ("engage_program", "company_id", "company_id + 1", f"id = {own}", "in force is another company's"),
        ("engage_program", "hash", "'00'", f"id < {own}", "version 1 has another hash"),
        ("engage_program", "document", "'x'", f"id = {own}", "acme: version 1: the document"),
        ("engage_program", "document", "''", f"id < {own}", "the host's default program: version 1"),
        *(
            ("engage_program", "document", f"replace(document, {words})", f"id = {own}", "of another program")
            for words in ("'amount: 10}', 'amount: 11}'", "'name: Own', 'name: Odd'")
        ),
    ):
        said = await damaged(host, table, column, value, where)
        assert expected in str(said), (table, column, said)
    host.tamper("INSERT INTO engage_timetable (company_id, program_id) VALUES (1, 99)")
    assert "engage_timetable names version 99" in str((await host.verify()).difference)
    host.tamper(f"UPDATE engage_timetable SET program_id = {own - 1}")
    assert (await host.verify()).difference is None, "the scheduler has not come yet"


TABLES = ("engage_invitation", "engage_redemption", "engage_adjustment")


@ON_SQLITE
@pytest.mark.parametrize("table", TABLES)
async def test_a_row_more_or_less_is_found(host: Host, table: str) -> None:
    await lists(host)
    columns = [row[1] for row in host.place.rows(f"PRAGMA table_info({table})")]
    others = {"id": "id + 1000", "status": "2", "code": "code || 'x'"}
    copied = ", ".join(others.get(name, name) for name in columns)
    status = "" if table == "engage_invitation" else " AND status = 2"
    newest = f"id = (SELECT MAX(id) FROM {table} WHERE TRUE{status})"
    host.tamper(f"INSERT INTO {table} SELECT {copied} FROM {table} WHERE {newest}")
    assert "differ" in str((await host.verify()).difference)
    host.tamper(f"DELETE FROM {table} WHERE id > 1000")
    assert (await host.verify()).difference is None
    host.tamper(f"DELETE FROM {table} WHERE {newest}")
    assert f"{table} " in str((await host.verify()).difference)


@pytest.mark.usefixtures("small_steps")
async def test_what_is_archived_is_held_against_the_archive_alone(host: Host, folder: Folder) -> None:
    await lists(host)
    host.now += DAY
    await archived(host, folder, host.now - 2 * MONTH)
    for asked in ({}, {"archive": folder}, {"archive": folder, "from_start": True}):
        assert (await host.verify(**asked)).difference is None, asked
    [(archived_up_to,)] = host.place.rows("SELECT MIN(seq) - 1 FROM engage_entry")
    for table, column in zip(TABLES, ("code", "reward", "reason"), strict=True):
        for end in ("MIN", "MAX"):
            [(id,)] = host.place.rows(f"SELECT {end}(id) FROM {table}")
            known = (await damaged(host, table, column, "'x'", f"id = {id}", archive=folder)) is not None
            assert known, (table, id)
            without = await damaged(host, table, column, "'x'", f"id = {id}")
            assert (without is None) is (id <= archived_up_to), (table, id, without)


async def test_lists_may_grow_while_they_are_verified(host: Host) -> None:
    await lists(host)

    async def busy() -> None:
        for n in range(4):
            host.now += DAY
            await host.send(*(host.track("ann") for _ in range(3)))
            await bought(host, "mug", f"busy-{n}", "approve", "fulfil")
            await invited(host, f"busy-{n}")

    working, found = asyncio.create_task(busy()), list[str | None]()
    while not working.done():
        found.append((await verify(host.database)).difference)
    await working
    assert found == [None] * len(found)
