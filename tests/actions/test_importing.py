"""Importing history: order, identity, what a bad row costs, and what becomes of an import that was cut short."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import random
import signal
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engage import schedule
from engage.actions import group_commit, importing
from engage.actions.company_facts import import_companies, import_terms
from engage.actions.import_rejects import Imported
from engage.actions.importing import import_calls
from engage.actions.settings import importing_seconds, say_importing
from engage.core.event import Kind
from engage.core.state import decode_member
from engage.outgoing import Outgoing
from engage.sources.calls import read_calls
from engage.sources.facts import read_facts
from engage.sources.files import open_sources, origins
from engage.store.database import Database
from tests.actions.host import DAY, MINUTE, NOON, Host, iso
from tests.commands import Forked, run_command
from tests.places import Place, Places

Row = dict[str, Any]
NOW = NOON + 200 * DAY


def event(member: str, at: int, name: str = "Report Exported", company: str = "acme", **more: Any) -> Row:
    row = {"event": name, "userId": member, "groupId": company, "timestamp": iso(at), **more}
    return {key: value for key, value in row.items() if value != ""}


def ndjson(path: Path, rows: Sequence[Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def table_of(rows: Sequence[Row]) -> dict[str, list[Any]]:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return {column: [row.get(column) for row in rows] for column in columns}


def csv_file(path: Path, rows: Sequence[Row]) -> str:
    table = table_of(rows)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    return str(path)


def parquet(path: Path, rows: Sequence[Row]) -> str:
    table = pa.table(table_of(rows))
    at = table.schema.get_field_index("timestamp")
    times = table.column(at).cast(pa.timestamp("us", "UTC"))
    pq.write_table(table.set_column(at, "timestamp", times), path, row_group_size=100)
    return str(path)


def as_call(row: Row) -> Row:
    """The flat row as a Segment call."""
    wire = ("messageId", "event", "userId", "groupId", "anonymousId", "timestamp")
    properties = {name: value for name, value in row.items() if name not in wire}
    call = {name: value for name, value in row.items() if name in wire}
    return call | {"type": "track"} | ({"properties": properties} if properties else {})


async def bring(host: Host, *files: str, **mapping: str) -> Imported:
    sources = open_sources(files, mapping)
    return await import_calls(host.database, read_calls(sources, mapping, NOW), origins(sources), now=NOW)


async def bring_companies(host: Host, *files: str, now: int = NOW) -> Imported:
    sources = open_sources(files, {})
    return await import_companies(
        host.database, read_facts(sources, {}, typed=True), origins(sources), now=now
    )


# --- order --------------------------------------------------------------------------------------------------


async def test_unsorted_files_are_decided_in_time_order_per_company(host: Host, tmp_path: Path) -> None:
    await host.publish()
    # Ninety days apart in all: in the files' order most of them would be too late to be rewarded.
    rows = [event(f"e{n % 3}", NOON + n * DAY, company=f"c{n % 2}") for n in range(90)]
    random.Random(1).shuffle(rows)
    half = len(rows) // 2
    done = await bring(
        host, ndjson(tmp_path / "a.ndjson", rows[:half]), csv_file(tmp_path / "b.csv", rows[half:])
    )
    assert (done.accepted, done.undecided, done.companies) == (90, 0, 2)
    for company in ("c0", "c1"):
        times = [stored.entry.at for stored in await host.log(company) if stored.entry.kind == Kind.TRACK]
        assert times == sorted(times)
        assert len(times) == 45


async def test_an_imported_event_is_received_when_it_happened(host: Host, tmp_path: Path) -> None:
    await host.publish()
    await bring(host, ndjson(tmp_path / "a.ndjson", [event("e1", NOON)]))
    entry = (await host.log())[-1].entry
    assert (entry.at, entry.received_at, entry.body.original_at) == (NOON, NOON, NOON)


async def test_who_somebody_is_comes_before_what_they_did_at_the_same_moment(
    host: Host, tmp_path: Path
) -> None:
    await host.publish()
    stamp = {"timestamp": iso(NOON), "groupId": "acme", "userId": "e1"}
    rows = [
        {**stamp, "type": "track", "event": "Report Exported"},
        {**stamp, "type": "identify", "traits": {"role": "seller"}},
        {**stamp, "type": "group", "traits": {"plan": "gold"}},
    ]
    await bring(host, ndjson(tmp_path / "a.ndjson", rows))
    kinds = [stored.entry.kind for stored in await host.log() if stored.entry.kind != Kind.PROGRAM]
    assert kinds == [Kind.GROUP, Kind.IDENTIFY, Kind.TRACK]


# --- identity -----------------------------------------------------------------------------------------------


async def test_a_second_import_changes_nothing(host: Host, tmp_path: Path) -> None:
    await host.publish()
    rows: list[Any] = [event(f"e{n % 7}", NOON + n * MINUTE, messageId=f"m{n}") for n in range(300)]
    rows += [event("e1", NOON), event("e1", NOON), {"event": "no user", "timestamp": iso(NOON)}, "not a call"]
    file = ndjson(tmp_path / "a.ndjson", rows)
    first = await bring(host, file)
    before = host.stored_rows()
    second = await bring(host, file)
    assert (first.accepted, first.duplicates, first.rejected) == (302, 0, 2)
    assert (second.accepted, second.duplicates, second.rejected) == (0, 302, 2)
    assert host.stored_rows() == before


async def test_an_import_is_refused_nothing_for_having_to_wait(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "QUEUE_CALLS_MAX", 5)
    monkeypatch.setattr(group_commit, "QUEUE_SECONDS_MAX", 0)
    monkeypatch.setattr(importing, "CALLS_PER_COMMIT", 10)
    await host.publish()
    rows = [event(f"u{n % 4}", NOON + n * MINUTE, messageId=f"m{n}") for n in range(95)]
    done = await bring(host, ndjson(tmp_path / "many.ndjson", rows))
    assert (done.accepted, done.rejected) == (95, 0)
    assert await host.balance("u0") == 240


async def test_equal_rows_without_ids_all_count_once_each(host: Host, tmp_path: Path) -> None:
    await host.publish()
    file = csv_file(tmp_path / "a.csv", [event("e1", NOON)] * 5)
    assert (await bring(host, file)).accepted == 5
    assert (await host.balance("e1")) == 50
    assert (await bring(host, file)).duplicates == 5
    # Another export of the same history, and more: what both have is the same.
    more = csv_file(tmp_path / "b.csv", [event("e1", NOON)] * 5 + [event("e1", NOON + DAY)])
    again = await bring(host, file, more)
    assert (again.accepted, again.duplicates) == (1, 10)


async def test_a_file_named_twice_is_read_once(host: Host, tmp_path: Path) -> None:
    await host.publish()
    file = csv_file(tmp_path / "a.csv", [event("e1", NOON)])
    assert (await bring(host, file, file)).rows == 1


@pytest.mark.parametrize("first", ["ndjson", "csv", "parquet"])
async def test_the_same_history_in_another_format_is_the_same_history(
    host: Host, tmp_path: Path, first: str
) -> None:
    await host.publish()
    rows = [
        event("e1", NOON, "Deal Won", value=1500.5, customer="Zoë", open=True),
        event("e1", NOON, "Deal Won", value=200, note='a, "quoted" cell'),
        event("e2", NOON + DAY, "Report Exported"),
        event("e2", NOON + DAY, "Report Exported"),
    ]
    files = {
        "ndjson": ndjson(tmp_path / "a.ndjson", [as_call(row) for row in rows]),
        "csv": csv_file(tmp_path / "a.csv", rows),
        "parquet": parquet(tmp_path / "a.parquet", rows),
    }
    assert (await bring(host, files.pop(first))).accepted == 4
    for file in files.values():
        done = await bring(host, file)
        assert (done.duplicates, done.accepted, done.rejected) == (4, 0, 0)
    assert await host.balance("e1") == 50


async def test_an_archive_keeps_the_identity_a_live_event_had(host: Host, tmp_path: Path) -> None:
    """An archive has the corrected time in `timestamp` and the client's own in `originalTimestamp`."""
    await host.publish()
    live = host.track("e1", messageId="m1", timestamp=iso(NOON - 2 * DAY))
    await host.send(live)
    archived = event(
        "e1", NOON - 3 * DAY, messageId="m1", originalTimestamp=iso(NOON - 2 * DAY), sentAt=iso(NOON)
    )
    done = await bring(host, ndjson(tmp_path / "a.ndjson", [archived | {"type": "track"}]))
    assert done.duplicates == 1


async def test_columns_may_have_other_names(host: Host, tmp_path: Path) -> None:
    await host.publish()
    rows = [{"who": "e1", "org": "acme", "what": "Deal Won", "when": iso(NOON), "amt": 1000}]
    file = csv_file(tmp_path / "a.csv", rows)
    mapping = {"who": "userId", "org": "groupId", "what": "event", "when": "timestamp", "amt": "value"}
    assert (await bring(host, file, **mapping)).accepted == 1
    assert await host.balance("e1") == 50


# --- company ------------------------------------------------------------------------------------------------


async def test_a_call_without_a_company_belongs_to_the_only_one_its_user_was_seen_in(
    host: Host, tmp_path: Path
) -> None:
    await host.publish()
    await host.send(host.track("known", company="acme", timestamp=iso(NOON - DAY)))
    rows = [
        event("e1", NOON, company=""),
        event("known", NOON, company=""),
        event("e1", NOON + 60 * DAY, company="acme"),
        event("both", NOON, company="acme"),
        event("both", NOON, company="bolt"),
        event("both", NOON + DAY, company=""),
        event("stranger", NOON, company=""),
    ]
    done = await bring(host, ndjson(tmp_path / "a.ndjson", rows))
    assert await host.balance("e1") == 20, "sixty days late it would earn nothing"
    assert await host.balance("known") == 20
    assert done.reasons == {"held_unattributed": 1}
    assert [problem.code for problem in done.problems] == ["company_ambiguous"]
    assert done.problems[0].row == 6


async def test_what_a_visitor_did_is_attributed_by_who_they_turn_out_to_be(
    host: Host, tmp_path: Path
) -> None:
    await host.publish()
    rows = [
        event("", NOON, company="", anonymousId="v1"),
        {"type": "identify", "userId": "e1", "anonymousId": "v1", "timestamp": iso(NOON + DAY)},
        event("e1", NOON + 60 * DAY),
    ]
    await bring(host, ndjson(tmp_path / "a.ndjson", rows))
    assert await host.balance("e1") == 20


# --- bad rows -----------------------------------------------------------------------------------------------


async def test_bad_rows_are_named_and_kept_and_cost_no_other(host: Host, tmp_path: Path) -> None:
    await host.publish()
    file = tmp_path / "a.ndjson"
    good = json.dumps(event("e1", NOON))
    file.write_text(
        "\n".join(
            [
                good,
                "{broken",
                json.dumps(event("e1", NOW + DAY)),
                json.dumps({"event": "Report Exported", "userId": "e1"}),
                json.dumps(event("e1", NOON) | {"timestamp": "yesterday"}),
                json.dumps(event("", NOON)),
                json.dumps(event("e1", NOON, "Deal Won"))[:-1]
                + f', "properties": {{"value": NaN, "x": "\\ud800\\u0000", "y": {10**30}}}}}',
                "[" * 100_000,
                "",
                "17",
            ]
        )
    )
    done = await bring(host, str(file))
    assert done.accepted == 2
    found = [(problem.row, problem.code) for problem in done.problems]
    assert found == [
        (2, "unreadable_row"),
        (8, "unreadable_row"),
        (3, "future_timestamp"),
        (4, "missing_timestamp"),
        (5, "invalid_timestamp"),
        (6, "missing_user"),
        (10, "invalid_type"),
    ]
    assert len(await host.rejects()) == 7
    assert await host.balance("e1") == 10


async def test_a_truncated_file_gives_what_can_be_read(host: Host, tmp_path: Path) -> None:
    import gzip

    await host.publish()
    rows = [
        json.dumps(event("e1", NOON + n, messageId=random.Random(n).randbytes(30).hex())) for n in range(2000)
    ]
    packed = gzip.compress("\n".join(rows).encode())
    file = tmp_path / "a.ndjson.gz"
    file.write_bytes(packed[: len(packed) // 2])
    done = await bring(host, str(file))
    assert done.broken_files == 1
    assert done.problems[-1].code == "unreadable_file"
    file.write_bytes(packed)
    whole = await bring(host, str(file))
    assert done.accepted + whole.accepted == 2000


# --- companies and terms ------------------------------------------------------------------------------------


async def test_facts_about_companies_make_no_later_event_late(host: Host, tmp_path: Path) -> None:
    await host.publish()
    rows = [{"groupId": "acme", "name": "Acme", "timezone": "Asia/Shanghai", "seats": 12, "plan": "gold"}]
    done = await bring_companies(host, csv_file(tmp_path / "c.csv", rows))
    assert (done.accepted, done.companies) == (1, 1)
    company = await host.company()
    assert (company.name, company.timezone, company.seats) == ("Acme", "Asia/Shanghai", 12)
    assert company.traits["plan"] == "gold"
    late = await bring(host, ndjson(tmp_path / "a.ndjson", [event("e1", NOON - 300 * DAY)]))
    assert (late.accepted, late.undecided) == (1, 0)
    assert await host.balance("e1") == 10


async def test_companies_that_are_as_they_were_are_left_alone(host: Host, tmp_path: Path) -> None:
    rows = [{"groupId": f"c{n}", "seats": n, "plan": "gold"} for n in range(3)]
    file = csv_file(tmp_path / "c.csv", rows)
    await bring_companies(host, file)
    before = host.stored_rows()
    assert (await bring_companies(host, file)).duplicates == 3
    assert host.stored_rows() == before
    # There, and back again: a change is a change, whatever was said before.
    changed = csv_file(tmp_path / "d.csv", [{"groupId": "c1", "seats": 9}])
    assert (await bring_companies(host, changed, now=NOW + 1)).accepted == 1
    assert (await bring_companies(host, file, now=NOW + 2)).accepted == 1
    assert (await host.company("c1")).seats == 1


async def test_a_company_with_an_impossible_fact_is_refused_by_its_row(host: Host, tmp_path: Path) -> None:
    rows = [
        {"groupId": "a", "timezone": "Mars"},
        {"groupId": "b", "timezone": "UTC", "seats": -1},
        {"groupId": "c", "customer_since": "15.01.2025"},
        {"groupId": "d", "Customer Since": "2025/01/15"},
        {"groupId": "e", "customer_since": "2025-01-15T10:00:00Z"},
    ]
    done = await bring_companies(host, csv_file(tmp_path / "c.csv", rows))
    assert [(problem.row, problem.code) for problem in done.problems] == [
        (2, "invalid_trait"),
        (3, "invalid_trait"),
        (4, "invalid_trait"),
        (5, "invalid_trait"),
    ]
    assert done.accepted == 1


async def test_terms_are_recorded_and_a_bad_one_is_named(host: Host, tmp_path: Path) -> None:
    rows = [
        {
            "groupId": "acme",
            "term_start": "2026-01-01",
            "term_end": "2027-01-01",
            "seats": 10,
            "outcome": "open",
        },
        {"groupId": "acme", "term_start": "2027-01-01", "term_end": "soon", "seats": 10, "outcome": "open"},
    ]
    sources = open_sources([csv_file(tmp_path / "t.csv", rows)], {})
    done = await import_terms(host.database, read_facts(sources, {}, typed=False), origins(sources), now=NOW)
    assert (done.accepted, done.rejected, host.count("term")) == (1, 1, 1)
    assert done.problems[0].row == 3


# --- cut short ----------------------------------------------------------------------------------------------


IMPORTING = "import sys; from engage.cli import run; sys.exit(run(['import', *sys.argv[1:]]))"


def _rows_for_a_long_import() -> list[Row]:
    chance = random.Random(7)
    rows = [
        event(
            f"e{chance.randrange(9)}",
            NOON + chance.randrange(100 * DAY),
            chance.choice(["Deal Won", "Report Exported"]),
            company=f"c{chance.randrange(5)}",
            value=chance.randrange(3000),
        )
        for _ in range(7_500)
    ]
    return rows + rows[:500]


def _balances(place: Place) -> list[Any]:
    """By the company's name: a transaction that was killed may have taken the next number of one along."""
    tables = {
        "member": "t.id, t.external_id, state",
        "transfer": "seq, n, currency, source, target, amount, rule",
        "entry": "seq, kind, member_id, at, day, name, body, decision",
    }
    found = {
        table: place.rows(
            f"SELECT company.external_id, {columns} FROM engage_{table} t"
            " JOIN engage_company company ON company.id = t.company_id ORDER BY 1, 2, 3"
        )
        for table, columns in tables.items()
    }
    # Equal states may be written in another order of their keys.
    return [[(*row[:3], decode_member(row[3])) for row in found.pop("member")], *found.values()]


async def test_an_import_killed_midway_and_run_again_ends_as_an_undisturbed_one(
    host: Host, places: Places, tmp_path: Path
) -> None:
    (tmp_path / "whole").mkdir()
    with places.migrated(host.place.dialect, tmp_path / "whole") as whole:
        opened = await Database.open(whole.url)
        try:
            await Host(opened, whole).publish()
        finally:
            await opened.close()
        await host.publish()
        await host.database.close()
        file = parquet(tmp_path / "a.parquet", _rows_for_a_long_import())
        running = Forked(IMPORTING, [file, "--database", host.place.url], tmp_path)
        while not host.count("link"):
            assert running.poll() is None, running.communicate()
            await asyncio.sleep(0.005)
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
        running.communicate()
        assert 0 < host.count("entry") < 8_000
        for place in (host.place, whole):
            again = run_command(
                ["import", file, "--json", "--database", place.url], tmp_path, os.environ, 100
            )
            assert again.code == 0, again.error
            told = again.json
            assert told["accepted"] + told["duplicates"] == 8_000
        assert told["duplicates"] == 0
        for killed, undisturbed in zip(_balances(host.place), _balances(whole), strict=True):
            pairs = zip_longest(killed, undisturbed)
            assert next((pair for pair in pairs if pair[0] != pair[1]), None) is None


async def test_while_history_comes_in_the_service_scores_nothing(
    database: Database, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would freeze weeks of the company whose events are just coming in, as idle ones."""
    monkeypatch.setattr(importing, "CALLS_PER_COMMIT", 2)
    monkeypatch.setattr(schedule, "IMPORT_LOOK_SECONDS", 0.02)
    told, scored = asyncio.Event(), asyncio.Event()
    monkeypatch.setattr(schedule, "score_companies", lambda _: scored.set() or asyncio.sleep(3600))
    held: list[bool] = []

    def listen(step: importing.Progress) -> None:
        if step.phase == step.IMPORTING:
            held.append(not scored.is_set())
            told.set()

    file = ndjson(tmp_path / "events.ndjson", [event("emp-1", NOON + n * MINUTE) for n in range(40)])
    sources = open_sources([file], {})
    service = schedule.Schedule(database, Outgoing(private=True).post)
    readings = read_calls(sources, {}, NOW)
    coming = asyncio.create_task(import_calls(database, readings, origins(sources), now=NOW, listen=listen))
    await told.wait()
    service.start()
    try:
        await coming
        assert len(held) == 20
        assert all(held)
        async with asyncio.timeout(10):
            await scored.wait()
    finally:
        await service.stop()


@pytest.mark.parametrize("seconds, left", [(-1, 0.0), (0, 600.0), (599, 1.0), (600, 0.0), (9999, 0.0)])
async def test_an_import_that_is_not_heard_of_is_none(database: Database, seconds: int, left: float) -> None:
    """Nor is one that was heard of in the future, when the clock stood there."""
    await say_importing(database, NOW)
    async with database.read():
        assert await importing_seconds(NOW + seconds * 1_000_000) == left


async def test_of_two_imports_the_one_that_ends_first_says_nothing_of_the_other(database: Database) -> None:
    for which in ("one", "other"):
        await say_importing(database, NOW, which)
    await say_importing(database, NOW, "other", over=True)
    async with database.read():
        assert await importing_seconds(NOW) == 600
    await say_importing(database, NOW, "one", over=True)
    async with database.read():
        assert await importing_seconds(NOW) == 0
