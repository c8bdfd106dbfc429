"""Verifying: a replay agrees with everything that was done honestly, and names what was not."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from engage.actions.companies import set_company
from engage.actions.verify import verify
from engage.errors import EngageError, NotFound
from tests.actions.host import DAY, HOUR, PROGRAM, Host, iso
from tests.actions.told_once import told_once
from tests.places import ON_SQLITE, Place

EVENTS = ("Report Exported", "Deal Won", "Page Clicked", "Undeclared")
ZONES = ("UTC", "Asia/Tokyo", "America/St_Johns", "Nowhere/Land")


class History:
    """A host that does everything a host can do, in an order a seed decides."""

    def __init__(self, host: Host, seed: int) -> None:
        self.host = host
        self.chance = random.Random(seed)
        self.sent: list[tuple[str, str]] = []
        self.keys = 0

    async def step(self) -> None:
        chance, host = self.chance, self.host
        host.now += chance.choice((0, 1, HOUR, DAY, 9 * DAY, -HOUR, -2 * DAY))
        step = chance.random()
        try:
            if step < 0.7:
                await host.send(*(self.call() for _ in range(chance.randrange(1, 12))))
            elif step < 0.8:
                self.keys += 1
                key, currency = f"k{self.keys // 2}", chance.choice(("points", "gems"))
                amount = chance.choice((5, -5, 40, -40, 1000))
                await host.adjust(self.member(), amount, key, company=self.company(), currency=currency)
            elif step < 0.93 and self.sent:
                company, message = chance.choice(self.sent)
                await host.reverse(message, company, key=chance.choice(("", "k")))
            elif step < 0.97:
                text = PROGRAM.replace("amount: 10}", f"amount: {chance.randrange(1, 30)}}}")
                await host.publish(text, chance.choice((None, None, self.company())))
            else:
                await set_company(
                    host.database, self.company(), timezone=chance.choice(ZONES[:3]), seats=9, now=host.now
                )
        except EngageError:
            pass  # a mistake of the host's, answered in words

    def company(self) -> str:
        return self.chance.choice(("acme", "beta"))

    def member(self) -> str:
        return self.chance.choice(("ann", "bob", "cat"))

    def call(self) -> Any:
        chance, host = self.chance, self.host
        company = chance.choice(("acme", "acme", "beta", None))
        visitor = chance.choice(("v1", "v2"))
        kind = chance.random()
        if kind < 0.65:
            said = {"properties": {"value": chance.choice((1, 1000, "no", None)), "customer": "x"}}
            if chance.random() < 0.5:
                said["timestamp"] = iso(host.now - chance.choice((0, HOUR, DAY, 31 * DAY, 800 * DAY)))
            if chance.random() < 0.1 and self.sent:
                said["messageId"] = chance.choice(self.sent)[1]
            call = host.track(
                self.member(), chance.choice(EVENTS), company, trusted=chance.random() < 0.8, **said
            )
            self.sent.append((company or "acme", call.message_id))
            return call
        if kind < 0.8:
            return host.visit(visitor, chance.choice(EVENTS), company or "")
        group = {"groupId": company} if company else {}
        if kind < 0.9:
            traits = {"role": chance.choice(("chief", None, 7))}
            return host.call("identify", self.member(), anonymousId=visitor, traits=traits, **group)
        if kind < 0.94:
            return host.call("alias", self.member(), previousId=visitor, **group)
        if kind < 0.97:
            traits = {"timezone": chance.choice(ZONES), "seats": chance.choice((5, None)), "plan": "pro"}
            return host.call("group", self.member(), traits=traits, groupId=company or "acme")
        return host.call(chance.choice(("page", "screen")), self.member(), name="Home", **group)


@pytest.mark.parametrize("seed", range(12))
async def test_a_replay_of_any_history_agrees(host: Host, seed: int) -> None:
    history = History(host, seed)
    for _ in range(60):
        await history.step()
    verified = await host.verify()
    assert verified.difference is None
    assert verified.entries == host.count("entry") > 100
    assert verified.transfers == host.count("transfer") > 10


@pytest.mark.parametrize("seed", range(3))
async def test_a_history_sent_again_changes_nothing(host: Host, seed: int) -> None:
    history = History(host, seed)
    calls = [call for call in (history.call() for _ in range(400)) if call.company and call.member]
    await host.publish()
    await host.send(*calls)
    before = host.stored_rows()
    host.now += 50 * DAY
    for start in range(0, len(calls), 50):
        await host.send(*calls[start : start + 50])
    after = host.stored_rows()
    assert {name for name, rows in after.items() if rows != before[name]} <= {"engage_reject"}
    assert (await host.verify()).difference is None


async def test_what_is_accepted_meanwhile_is_no_difference(host: Host) -> None:
    """The command line verifies beside a running service."""
    await host.publish()
    for _ in range(10):
        await host.send(*(host.track(f"u{n}") for n in range(300)))
    stopped = False

    async def busy() -> int:
        commits = 0
        while not stopped:
            await host.send(*(host.track(f"u{n}") for n in range(20)))
            commits += 1
        return commits

    working = asyncio.create_task(busy())
    found = [await host.verify() for _ in range(3)]
    stopped = True
    assert await working > 3
    assert [verified.difference for verified in found] == [None] * 3


async def test_one_company_is_verified_alone(host: Host) -> None:
    await host.send(host.track("ann", company="acme"), host.track("ann", company="beta"))
    host.place.change("UPDATE engage_head SET seq = 9 WHERE company_id = 2")
    assert (await verify(host.database, company="acme")).difference is None
    assert str((await verify(host.database, company="beta")).difference).startswith("beta: ")
    assert (await host.verify()).difference is not None
    with pytest.raises(NotFound):
        await verify(host.database, company="gamma")


async def test_progress_counts_every_entry_once(host: Host) -> None:
    await host.send(*(host.track("ann") for _ in range(50)), host.track("ann", company="beta"))
    told: list[int] = []
    verified = await verify(host.database, progress=told.append)
    assert (sum(told), verified.entries, verified.companies) == (51, 51, 2)


async def test_an_empty_database_and_a_company_without_a_log_agree(host: Host) -> None:
    assert (await host.verify()).companies == 0
    await host.send(host.visit("v", company="acme"))
    assert ((await host.verify()).companies, (await host.verify()).difference) == (1, None)


# --- tampering --------------------------------------------------------------------------------------------------


@told_once
async def honest(host: Host) -> None:
    await host.publish()
    await host.send(
        host.track("ann"),
        host.track("bob"),
        host.track("ann", "Deal Won", messageId="d", properties={"value": 1000}),
    )
    await host.adjust("ann", 5, "k")
    host.now += DAY
    await host.send(host.track("bob"), host.call("identify", "ann", groupId="acme", traits={"role": "chief"}))
    await host.reverse("d")
    assert (await host.verify()).difference is None


def swap(place: Place, table: str, key: str, one: int, other: int) -> None:
    for old, new in ((one, -1), (other, one), (-1, other)):
        place.change(f"UPDATE {table} SET {key} = {new} WHERE {key} = {old}")


def swap_entries(place: Place) -> None:
    swap(place, "engage_entry", "seq", 2, 3)
    swap(place, "engage_transfer", "seq", 2, 3)


def copy(table: str, columns: str, **others: str) -> str:
    """A row more, like one that is there, but for some columns."""
    names = [name.strip() for name in columns.split(",")]
    chosen = ", ".join(others.get(name, name) for name in names)
    return f"INSERT INTO {table} ({columns}) SELECT {chosen} FROM {table} WHERE {others['where']}"


ENTRY = (
    "company_id, seq, kind, member_id, previous, at, received_at, day, hour, program_id, name, body, decision"
)
MEMBER = "company_id, id, external_id, state"
TRANSFER = "company_id, seq, n, currency, source, target, amount, rule"
TAMPERINGS: dict[str, str | Callable[[Place], object]] = {
    "an amount": "UPDATE engage_transfer SET amount = amount + 1 WHERE seq = 2",
    "a target": "UPDATE engage_transfer SET target = target + 16 WHERE seq = 2",
    "a currency": "UPDATE engage_transfer SET currency = 'gems' WHERE seq = 2",
    "a transfer gone": "DELETE FROM engage_transfer WHERE seq = 3",
    "a transfer more": f"INSERT INTO engage_transfer ({TRANSFER}) VALUES (1, 2, 9, 'points', 1, 19, 100, -1)",
    "a transfer of no entry": f"INSERT INTO engage_transfer ({TRANSFER}) VALUES (1, 99, 0, 'points', 1, 19, 100, -1)",
    "a transfer before the log": f"INSERT INTO engage_transfer ({TRANSFER}) VALUES (1, 0, 0, 'points', 1, 19, 100, -1)",
    "a decision": "UPDATE engage_entry SET decision = (SELECT decision FROM engage_entry WHERE seq = 1) WHERE seq = 2",
    "an event's name": "UPDATE engage_entry SET name = 'Page Clicked' WHERE seq = 2",
    "an event's time": "UPDATE engage_entry SET at = at - 1 WHERE seq = 2",
    "an arrival": "UPDATE engage_entry SET received_at = received_at - 1 WHERE seq = 2",
    "an event's day": "UPDATE engage_entry SET day = day - 1 WHERE seq = 2",
    "an event's hour": "UPDATE engage_entry SET hour = hour - 1 WHERE seq = 2",
    "an event's member": "UPDATE engage_entry SET member_id = 2 WHERE seq = 2",
    "a kind": "UPDATE engage_entry SET kind = 2 WHERE seq = 2",
    "a body": "UPDATE engage_entry SET body = (SELECT body FROM engage_entry WHERE seq = 3) WHERE seq = 2",
    "a program": "UPDATE engage_entry SET program_id = 0 WHERE seq = 2",
    "a program that is not there": "UPDATE engage_entry SET program_id = 77 WHERE seq = 2",
    "a previous entry": "UPDATE engage_entry SET previous = 1 WHERE seq = 4",
    "an entry gone": "DELETE FROM engage_entry WHERE seq = 3",
    "the last entry gone": "DELETE FROM engage_entry WHERE seq = (SELECT MAX(seq) FROM engage_entry)",
    "every entry gone": "DELETE FROM engage_entry",
    "an entry more": copy("engage_entry", ENTRY, seq="99", where="seq = 2"),
    "two entries swapped": swap_entries,
    "a link": "UPDATE engage_link SET hash = x'00' WHERE number = 1",
    "a link's reach": "UPDATE engage_link SET last_seq = last_seq - 1 WHERE number = 2",
    "a link gone": "DELETE FROM engage_link WHERE number = 2",
    "the last link gone": "DELETE FROM engage_link WHERE number = (SELECT MAX(number) FROM engage_link)",
    "a link more": "INSERT INTO engage_link (company_id, number, last_seq, hash) VALUES (1, 99, 99, x'00')",
    "two links swapped": lambda place: swap(place, "engage_link", "number", 1, 2),
    "a link's number": "UPDATE engage_link SET number = 50 WHERE number = (SELECT MAX(number) FROM engage_link)",
    "the head's seq": "UPDATE engage_head SET seq = seq - 1",
    "the head's seq ahead": "UPDATE engage_head SET seq = seq + 1",
    "the head's hash": f"UPDATE engage_head SET chain = x'{'00' * 32}'",
    "the head's links": "UPDATE engage_head SET links = links + 1",
    "the head's program": "UPDATE engage_head SET program_id = 0",
    "the head gone": "DELETE FROM engage_head",
    "a member's state": "UPDATE engage_member SET state = (SELECT state FROM engage_member WHERE id = 2) WHERE id = 1",
    "a member gone": "DELETE FROM engage_member WHERE id = 2",
    "a member more": copy("engage_member", MEMBER, id="9", external_id="'eve'", where="id = 1"),
    "two members swapped": lambda place: swap(place, "engage_member", "id", 1, 2),
    "a rollup": "UPDATE engage_rollup SET document = (SELECT document FROM engage_rollup ORDER BY day DESC LIMIT 1)",
    "a rollup gone": "DELETE FROM engage_rollup WHERE day = (SELECT MIN(day) FROM engage_rollup)",
    "a rollup's day": "UPDATE engage_rollup SET day = day + 400",
    "a message forgotten": "DELETE FROM engage_message WHERE seq = 2",
    "a message's entry": "UPDATE engage_message SET seq = 4 WHERE seq = 2",
    "a message more": "INSERT INTO engage_message (company_id, day, hash, seq, digest) VALUES (1, 5, x'00', 2, 0)",
}


@ON_SQLITE
@pytest.mark.parametrize("what", TAMPERINGS)
async def test_tampering_is_named_in_words(host: Host, what: str) -> None:
    await honest(host)
    tampering = TAMPERINGS[what]
    rows = host.stored_rows()
    host.tamper(tampering)
    assert host.stored_rows() != rows, "the tampering changed nothing"
    difference = (await host.verify()).difference
    assert difference is not None
    assert difference.startswith("acme: ")
    assert "Traceback" not in difference
    assert len(difference) <= 2000


@ON_SQLITE
async def test_a_log_of_no_company_is_a_difference(host: Host) -> None:
    """Companies are found by their names, and a log without one would be passed over."""
    await host.send(host.track("ann"), host.track("ann", company="beta"))
    host.place.change("DELETE FROM engage_company WHERE id = 1")
    assert (await host.verify()).difference == "there is a log of company number 1, and no such company"
    assert (await verify(host.database, company="beta")).difference is None


@ON_SQLITE
async def test_a_program_that_is_not_as_it_was_published_is_a_difference(host: Host) -> None:
    """Also where what it says is asked by no entry that is decided again, but will be by the next."""
    await host.publish()
    await host.send(host.track("ann"))
    changed = "CAST(replace(CAST(canonical AS TEXT), '1000', '1001') AS BLOB)"
    host.place.change(f"UPDATE engage_program SET canonical = {changed}")
    assert str((await host.verify()).difference).startswith("acme: the program in force has another hash")


BLOBS = [
    ("engage_head", "chain"),
    ("engage_head", "state"),
    ("engage_member", "state"),
    ("engage_entry", "body"),
    ("engage_entry", "decision"),
    ("engage_link", "hash"),
    ("engage_rollup", "document"),
]
GARBAGE = {
    "nothing": b"",
    "noise": random.Random(1).randbytes(60),
    "another type": b"\xa5hello",
    "an empty list": b"\x90",
    "a nested bomb": b"\x91" * 5000,
    "a huge length": b"\xdd\xff\xff\xff\xff",
    "text": "plain text",
    "null numbers": b"\x9b" + b"\xc0" * 11,
    "a number": 7,
}


@ON_SQLITE
@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("table, column", BLOBS)
async def test_garbage_in_a_document_is_a_difference_not_a_crash(
    host: Host, table: str, column: str, garbage: str
) -> None:
    await honest(host)
    host.place.change(f"UPDATE {table} SET {column} = ?", GARBAGE[garbage])
    difference = (await host.verify()).difference
    assert difference is not None
    assert difference.startswith("acme: ")


@ON_SQLITE
@pytest.mark.parametrize(
    "column", ["kind", "member_id", "previous", "at", "day", "hour", "program_id", "name"]
)
async def test_a_value_of_another_type_is_a_difference_not_a_crash(host: Host, column: str) -> None:
    await honest(host)
    for value in ("text", b"\xff\xfe", 2.5, 2**62, -1):
        host.place.change(f"UPDATE engage_entry SET {column} = ? WHERE seq = 3", value)
        assert (await host.verify()).difference is not None, value


@pytest.mark.parametrize("seed", range(3))
async def test_any_flipped_bit_of_a_link_or_decision_is_found(host: Host, seed: int) -> None:
    await honest(host)
    chance = random.Random(seed)

    table, column, key = chance.choice(
        (("engage_link", "hash", "number"), ("engage_entry", "decision", "seq"))
    )
    number, blob = chance.choice(host.place.rows(f"SELECT {key}, {column} FROM {table} ORDER BY 1"))
    changed = bytearray(blob)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    host.place.change(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", bytes(changed), number)
    assert (await host.verify()).difference is not None


async def test_erasing_a_name_leaves_everything_verifiable(host: Host) -> None:
    """The chain covers numbers, never names: the mapping to a person can be removed."""
    await honest(host)
    host.place.change("UPDATE engage_member SET external_id = 'erased:1' WHERE id = 1")
    assert (await host.verify()).difference is None
