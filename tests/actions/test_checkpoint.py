"""Checkpoints: a replay from one agrees with a replay from the start, and whatever it covers cannot be changed."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from engage.actions import checkpoint as taking
from engage.actions import replay as replaying
from engage.actions import replayed_members, sealing, semantics, turns
from engage.actions import verify as verifying
from engage.actions.replay import Replay, Replayed
from engage.actions.verify import replay_all
from engage.core import decide, state
from engage.core.checkpoint import Checkpoint, decode_checkpoint
from engage.core.event import SEMANTICS, Kind
from engage.errors import Conflict, Unavailable
from engage.store import checkpoints as stored_checkpoints
from tests.actions.host import DAY, Host
from tests.actions.test_verify import TAMPERINGS, History
from tests.actions.told_once import told_once
from tests.places import ON_SQLITE


@pytest.fixture(autouse=True)
def _many_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_checkpoints, "PART_BYTES", 200)
    monkeypatch.setattr(taking, "PARTS_PER_TRANSACTION", 2)
    monkeypatch.setattr(taking, "PARTS_DROPPED_AT_ONCE", 2)
    monkeypatch.setattr(stored_checkpoints, "PARTS_PER_READ", 3)
    monkeypatch.setattr(replayed_members, "MEMBERS_IN_MEMORY", 2)
    monkeypatch.setattr(replaying, "ENTRIES_PER_READ", 7)
    monkeypatch.setattr(replaying, "LINKS_PER_READ", 5)


@pytest.mark.parametrize("seed", range(8))
async def test_a_replay_from_a_checkpoint_and_one_from_the_start_agree(host: Host, seed: int) -> None:
    """Also with what every checkpoint on the way says the state was."""
    history, chance = History(host, seed), random.Random(seed)
    await host.publish()
    await host.send(host.track("ann"), host.track("ann", company="beta"))
    taken = 0
    for _ in range(50):
        await history.step()
        if chance.random() < 0.15:
            await host.checkpoint(history.company())
            taken += 1
    assert taken > 2
    quick, whole = await host.verify(), await host.verify(from_start=True)
    assert (quick.difference, whole.difference) == (None, None)
    assert quick.entries < whole.entries == host.count("entry")
    assert quick.entries + quick.chained == whole.entries
    assert quick.transfers == whole.transfers == host.count("transfer")
    assert (whole.chained, whole.archived) == (0, 0)


async def test_only_what_came_after_the_newest_is_decided_again(host: Host) -> None:
    await host.publish()
    await host.send(*(host.track("ann") for _ in range(30)))
    await host.checkpoint()
    await host.send(host.track("bob"))
    await host.checkpoint()
    await host.send(host.track("cat"))
    verified = await host.verify()
    log = await host.log()
    kinds = [one.entry.kind for one in log]
    assert kinds == [
        Kind.PROGRAM,
        *[Kind.TRACK] * 30,
        Kind.CHECKPOINT,
        Kind.TRACK,
        Kind.CHECKPOINT,
        Kind.TRACK,
    ]
    assert (verified.difference, verified.entries, verified.chained) == (None, 2, 33)
    # The state of one checkpoint is kept, of all of them what they covered.
    rows = host.stored_rows()
    assert [row[1] for row in rows["engage_checkpoint"]] == [32, 34]
    newest = decode_checkpoint(rows["engage_checkpoint"][-1][2])
    assert newest.seq == 33
    assert {row[1] for row in rows["engage_checkpoint_part"]} == {newest.kept_as}


async def test_a_checkpoint_changes_nothing_else(host: Host) -> None:
    await host.publish()
    await host.send(*(host.track(member) for member in ("ann", "bob", "ann")))
    before = host.stored_rows()
    entry = await host.checkpoint()
    after = host.stored_rows()
    changed = {table for table, rows in after.items() if rows != before[table]}
    assert changed == {
        f"engage_{table}" for table in ("entry", "link", "head", "checkpoint", "checkpoint_part")
    }
    assert entry == 5
    assert (await host.company()).members == 2


async def test_what_is_written_meanwhile_is_after_the_checkpoint(host: Host) -> None:
    """The state is written while others commit; it stays the state of the entry it was taken at."""
    await host.publish()
    await host.send(*(host.track(f"u{n}") for n in range(20)))
    stopped = False

    async def busy() -> int:
        commits = 0
        while not stopped:
            await host.send(host.track("u1"), host.track(f"v{commits}", company="beta"))
            commits += 1
        return commits

    working = asyncio.create_task(busy())
    between = 0
    async with asyncio.timeout(60):
        while between < 3:
            entry = await host.checkpoint()
            newest = decode_checkpoint(host.stored_rows()["engage_checkpoint"][-1][2])
            between += newest.seq < entry - 1
    stopped = True
    assert await working > between
    assert (await host.verify()).difference is None
    assert (await host.verify(from_start=True)).difference is None


async def test_two_at_once_take_one(host: Host) -> None:
    await host.publish()
    await host.send(*(host.track(f"u{n}") for n in range(9)))
    replays = [Replay(1, "acme", Replayed()) for _ in range(2)]
    for replay in replays:
        await replay_all(host.database, replay)
    assert await taking.take_checkpoint(host.database, replays[0], now=host.now)
    with pytest.raises(Conflict, match="another process"):
        await taking.take_checkpoint(host.database, replays[1], now=host.now)
    for replay in replays:
        replay.close()
    assert host.count("checkpoint") == 1
    assert (await host.verify()).difference is None


async def test_an_abandoned_state_is_forgotten_by_the_next(host: Host) -> None:
    await host.publish()
    await host.send(*(host.track(f"u{n}") for n in range(9)))
    parts = [(1, 3, n, zlib.compress(b"\x90")) for n in range(7)]
    for part in parts:
        host.place.change(
            "INSERT INTO engage_checkpoint_part (company_id, state, part, document) VALUES (?, ?, ?, ?)",
            *part,
        )
    assert (await host.verify()).difference is None
    await host.checkpoint()
    rows = host.stored_rows()
    [kept] = {row[1] for row in rows["engage_checkpoint_part"]}
    assert decode_checkpoint(rows["engage_checkpoint"][0][2]).kept_as == kept != 3


async def test_what_is_decided_by_a_replay_is_the_checkpoint_of_a_sound_log_only(host: Host) -> None:
    await host.publish()
    await host.send(host.track("ann"))
    host.tamper("UPDATE engage_transfer SET amount = 7")
    with pytest.raises(replaying.Difference):
        await host.checkpoint()
    assert (host.count("checkpoint"), host.count("checkpoint_part")) == (0, 0)


# --- tampering ----------------------------------------------------------------------------------------------


@told_once
async def honest(host: Host) -> None:
    """As in test_verify, with a checkpoint between and after."""
    await host.publish()
    await host.send(
        host.track("ann"),
        host.track("bob"),
        host.track("ann", "Deal Won", messageId="d", properties={"value": 1000}),
    )
    await host.checkpoint()
    await host.adjust("ann", 5, "k")
    host.now += DAY
    await host.send(host.track("bob"), host.call("identify", "ann", groupId="acme", traits={"role": "chief"}))
    await host.checkpoint()
    await host.reverse("d")
    assert (await host.verify()).difference is None


BEFORE = {"an event's name", "a body"}
"""What neither the chain covers, so that a person can be erased, nor anything kept for ever: not decided again."""


@ON_SQLITE
@pytest.mark.parametrize("what", TAMPERINGS)
async def test_tampering_before_and_after_a_checkpoint_is_found(host: Host, what: str) -> None:
    await honest(host)
    tampering = TAMPERINGS[what]
    rows = host.stored_rows()
    host.tamper(tampering)
    assert host.stored_rows() != rows, "the tampering changed nothing"
    difference = (await host.verify(from_start=what in BEFORE)).difference
    assert difference is not None
    assert difference.startswith("acme: ")


def _newest(column: str) -> str:
    return f"SELECT {column} FROM engage_checkpoint ORDER BY entry DESC LIMIT 1"


KEPT: dict[str, str] = {
    "a checkpoint gone": "DELETE FROM engage_checkpoint WHERE entry = (SELECT MIN(entry) FROM engage_checkpoint)",
    "the newest gone": "DELETE FROM engage_checkpoint WHERE entry = (SELECT MAX(entry) FROM engage_checkpoint)",
    "all gone": "DELETE FROM engage_checkpoint",
    "a checkpoint more": f"INSERT INTO engage_checkpoint SELECT company_id, 99, ({_newest('document')}) FROM "
    "engage_checkpoint LIMIT 1",
    "a checkpoint of another entry": "UPDATE engage_checkpoint SET entry = entry + 1",
    "one checkpoint for the other": f"UPDATE engage_checkpoint SET document = ({_newest('document')})",
    "no state": "DELETE FROM engage_checkpoint_part",
    "a part gone": "DELETE FROM engage_checkpoint_part WHERE part = 1",
    "the last part gone": "DELETE FROM engage_checkpoint_part WHERE part = (SELECT MAX(part) FROM "
    "engage_checkpoint_part)",
    "a part beyond": "INSERT INTO engage_checkpoint_part SELECT company_id, state, 99, document FROM "
    "engage_checkpoint_part WHERE part = 0",
    "a part after the last": "INSERT INTO engage_checkpoint_part SELECT company_id, state, MAX(part) + 1, document "
    "FROM engage_checkpoint_part",
    "a part for another": "UPDATE engage_checkpoint_part SET document = (SELECT document FROM engage_checkpoint_part "
    "WHERE part = 0) WHERE part = 1",
    "the state of another": "UPDATE engage_checkpoint_part SET state = state + 1",
    "a file that is not": "INSERT INTO engage_archive (company_id, first_seq, last_seq, entries, bytes, month, name, "
    "hash) VALUES (1, 1, 2, 2, 9, '2026-06', 'x', x'00')",
    "a transfer's rule": "UPDATE engage_transfer SET rule = 5 WHERE seq = 2",
    "amounts that add up": "UPDATE engage_transfer SET amount = CASE seq WHEN 2 THEN amount - 1 ELSE amount + 1 END "
    "WHERE seq IN (2, 4) AND currency = 'points'",
    "a message's day": "UPDATE engage_message SET day = day + 1 WHERE seq = 2",
    "a message's body": "UPDATE engage_message SET digest = digest + 1 WHERE seq = 2",
}


@ON_SQLITE
@pytest.mark.parametrize("what", KEPT)
async def test_what_a_checkpoint_covers_cannot_be_changed(host: Host, what: str) -> None:
    await honest(host)
    rows = host.stored_rows()
    host.tamper(KEPT[what])
    assert host.stored_rows() != rows, "the tampering changed nothing"
    difference = (await host.verify()).difference
    assert difference is not None
    assert difference.startswith("acme: ")


def numbers(checkpoint: Checkpoint) -> Iterator[tuple[str, Any]]:
    for field in Checkpoint.__struct_fields__:
        value = getattr(checkpoint, field)
        yield field, value + 1 if isinstance(value, int) else bytes([value[0] ^ 1]) + value[1:]


@ON_SQLITE
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("field", Checkpoint.__struct_fields__)
async def test_no_field_of_a_checkpoint_can_be_changed(host: Host, field: str, which: int) -> None:
    await honest(host)
    _, entry, document = host.stored_rows()["engage_checkpoint"][which]
    checkpoint = decode_checkpoint(document)
    changed = replace(checkpoint, **{field: dict(numbers(checkpoint))[field]})
    document = stored_checkpoints.encode_checkpoint(changed)
    host.place.change("UPDATE engage_checkpoint SET document = ? WHERE entry = ?", document, entry)
    difference = (await host.verify()).difference
    assert difference is not None
    assert difference.startswith("acme: ")


@ON_SQLITE
@pytest.mark.parametrize("seed", range(6))
async def test_any_flipped_bit_of_a_checkpoint_or_its_state_is_found(host: Host, seed: int) -> None:
    await honest(host)
    chance = random.Random(seed)
    table, key = chance.choice((("engage_checkpoint", "entry"), ("engage_checkpoint_part", "part")))

    number, blob = chance.choice(host.place.rows(f"SELECT {key}, document FROM {table} ORDER BY 1"))
    if table == "engage_checkpoint_part":  # past the check of zlib
        blob = zlib.decompress(blob)
    changed = bytearray(blob)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    packed = zlib.compress(changed) if table == "engage_checkpoint_part" else bytes(changed)
    host.place.change(f"UPDATE {table} SET document = ? WHERE {key} = ?", packed, number)
    assert (await host.verify()).difference is not None


@ON_SQLITE
@pytest.mark.parametrize("garbage", [b"", b"\xa5hello", b"\x90", b"\x91" * 5000, "text", 7])
@pytest.mark.parametrize("table", ["engage_checkpoint", "engage_checkpoint_part"])
async def test_garbage_is_a_difference_not_a_crash(host: Host, table: str, garbage: Any) -> None:
    await honest(host)
    host.place.change(f"UPDATE {table} SET document = ?", garbage)
    difference = (await host.verify()).difference
    assert difference is not None
    assert difference.startswith("acme: ")


# --- a release that decides otherwise -----------------------------------------------------------------------

NEXT = SEMANTICS + 1


@pytest.fixture
def new_rules(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The next release: it awards nothing at all any more."""

    def release() -> None:
        for module in (turns, semantics, sealing, replaying, taking, state, verifying):
            monkeypatch.setattr(module, "SEMANTICS", NEXT)
        for module in (turns, replaying):
            monkeypatch.setattr(module, "decide", other)

    def other(*arguments: Any) -> Any:
        entry = arguments[3]
        return decide.NOTHING if entry.kind == Kind.TRACK else decide.decide(*arguments)

    return release


async def test_a_release_with_other_rules_writes_a_checkpoint_first(
    host: Host, new_rules: Callable[[], None]
) -> None:
    await host.publish()
    await host.send(*(host.track(f"u{n}") for n in range(9)), host.track("ann", company="beta"))
    await host.checkpoint()
    new_rules()
    await host.send(host.track("u1"))
    await host.publish(company="beta")
    await host.send(host.track("ann", company="beta"), host.track("bob", company="gamma"))
    assert await host.balance("u1") == 10
    assert await host.balance("ann", "beta") == 10
    assert [(await host.company(name)).semantics for name in ("acme", "beta", "gamma")] == [NEXT] * 3
    assert [one.entry.kind for one in await host.log("beta")] == [
        *(Kind.PROGRAM, Kind.TRACK, Kind.PROGRAM, Kind.CHECKPOINT, Kind.TRACK)
    ]
    verified = await host.verify()
    assert (verified.difference, verified.entries) == (None, 2 + 3 + 2)
    with pytest.raises(Conflict, match="the rules of another release"):
        await host.verify(from_start=True)


async def test_who_has_done_nothing_since_is_not_replayed_and_named(
    host: Host, new_rules: Callable[[], None]
) -> None:
    await host.publish()
    await host.send(host.track("u1"), host.track("ann", company="beta"))
    new_rules()
    await host.send(host.track("u1"))
    verified = await host.verify()
    assert (verified.difference, verified.companies, verified.other_rules) == (None, 1, ["beta"])
    await host.send(host.track("ann", company="beta"))
    verified = await host.verify()
    assert (verified.difference, verified.companies, verified.other_rules) == (None, 2, [])


async def test_without_the_checkpoint_the_new_rules_would_not_agree(
    host: Host, new_rules: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    await host.publish()
    await host.send(host.track("u1"))
    new_rules()
    for module in (turns, semantics, sealing, replaying, taking, state, verifying):
        monkeypatch.setattr(module, "SEMANTICS", SEMANTICS)
    assert "decided otherwise" in str((await host.verify()).difference)


async def test_an_action_that_appends_nothing_still_leaves_a_whole_checkpoint(
    host: Host, new_rules: Callable[[], None]
) -> None:
    await host.publish()
    await host.send(host.track("ann"))
    first = await host.adjust("ann", 5, "k")
    new_rules()
    again = await host.adjust("ann", 5, "k")
    assert (again.repeated, again.seq) == (True, first.seq)
    assert (await host.verify()).difference is None
    assert (await host.company()).semantics == NEXT


async def test_the_release_before_may_not_decide_any_more(
    host: Host, new_rules: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    await host.publish()
    await host.send(host.track("ann"))
    with monkeypatch.context() as later:
        for module in (turns, semantics, sealing, replaying, taking, state, verifying):
            later.setattr(module, "SEMANTICS", NEXT)
        await host.send(host.track("ann"))
    rows = host.stored_rows()
    with pytest.raises(Unavailable, match="a newer release"):
        await host.send(host.track("ann"))
    assert host.stored_rows() == rows
