"""Files of history: what can be read is read, what cannot is named, and quick is the same as thorough."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engage.actions.importing import Reading
from engage.core.call import Call
from engage.core.event import Kind
from engage.errors import InvalidRequest
from engage.sources import calls, files
from engage.sources.files import Chunk, cell_value, open_sources, read_chunks

NOW = 1_800_000_000_000_000
AT = "2026-06-03T12:00:00Z"


def read(*paths: Path, **mapping: str) -> list[Reading]:
    return list(calls.read_calls(open_sources([str(path) for path in paths], mapping), mapping, NOW))


def rows(reading: Reading) -> dict[int, Call]:
    """Every call by its row, whichever way it was read."""
    found = dict(reading.calls)
    tracks = reading.tracks
    if tracks is not None:
        columns = (tracks.rows, tracks.message_ids, tracks.members, tracks.anonymous, tracks.companies)
        for row, id, member, visitor, company, name, data, at in zip(
            *columns, tracks.names, tracks.properties, tracks.times, strict=True
        ):
            found[row] = Call(Kind.TRACK, id, member, visitor, company, name, data, at, at, at)
    return found


# --- quick and thorough -------------------------------------------------------------------------------------

TEXTS = st.sampled_from(["a", "Report Exported", " padded ", "", "nul\0", "x" * 300, "Zoë", "\t", "é" * 9000])
IDS = st.none() | TEXTS | st.integers(-(10**20), 10**20)
STAMPS = st.sampled_from([AT, "2026-06-03", "soon", None, 1_750_000_000_000, 0, -5, "2999-01-01T00:00:00Z"])
VALUES = (
    st.none() | TEXTS | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.lists(st.integers())
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {"userId": IDS, "event": IDS, "timestamp": STAMPS},
            optional={
                "messageId": IDS,
                "groupId": IDS,
                "anonymousId": IDS,
                "type": st.sampled_from([None, "track", "identify", "page", "x"]),
                "value": VALUES,
                "name": VALUES,
            },
        ),
        min_size=1,
        max_size=6,
    )
)
@example([{"userId": "a", "event": "\t", "timestamp": AT}])
def test_columns_read_quickly_are_the_calls_they_are_row_by_row(table: list[dict[str, Any]]) -> None:
    names = {name for row in table for name in row}
    chunk = Chunk(0, 0, range(1, len(table) + 1), {name: [row.get(name) for row in table] for name in names})
    reading = Reading(0, 0)
    calls._read_table(chunk, {}, NOW, reading)
    quick = rows(reading)
    for number, row in enumerate(table, start=1):
        wire = {name: value for name, value in row.items() if name in calls.FIELDS and value is not None}
        data = {name: value for name, value in row.items() if name not in calls.FIELDS and value is not None}
        verb = row.get("type")
        if verb == "page" and "name" in data:
            wire["name"] = data["name"]
        wire |= {"traits" if verb == "identify" else "properties": data}
        thorough = calls.import_call(wire, NOW)
        if isinstance(thorough, Call):
            thorough.warnings = quick[number].warnings
            assert quick[number] == thorough
        else:
            assert [one.refusal for one in reading.unread if one.row == number] == [thorough]


# --- formats ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, value",
    [
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("007", "007"),
        ("+1", "+1"),
        ("1.", "1."),
        ("0x10", "0x10"),
        ("12345678901234567890", "12345678901234567890"),
        ("nan", "nan"),
        ("1_000", "1_000"),
        ("yes", "yes"),
    ],
)
def test_a_cell_is_a_number_only_if_it_is_written_as_one(text: str, value: object) -> None:
    assert cell_value(text) == value
    assert type(cell_value(text)) is type(value)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_may_be_separated_as_its_author_likes(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "a.csv"
    lines = ["userId,event,timestamp,note", f'e1,Report Exported,{AT},"two, parts\nof a note"']
    path.write_text("\ufeff" + "\n".join(lines).replace(",", separator) + "\n", encoding="utf-8")
    [reading] = read(path)
    [call] = rows(reading).values()
    assert (call.member, call.name) == ("e1", "Report Exported")
    assert call.data == {"note": f"two{separator} parts\nof a note"}


def test_a_csv_row_of_another_width_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"userId,event,timestamp\ne1,A,{AT}\ne1,A\n\ne1,A,{AT},more\ne2,B,{AT}\n")
    [reading] = read(path)
    assert [(one.row, one.refusal.message) for one in reading.unread] == [
        (3, "the row has 2 cells, the header 3"),
        (5, "the row has 4 cells, the header 3"),
    ]
    assert len(rows(reading)) == 2


def test_a_csv_in_another_encoding_names_nobody_wrongly(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    text = f"userId,event,timestamp\nMüller,A,{AT}\nRobin,A,{AT}\n"
    path.write_bytes(text.encode("cp1252"))
    [reading] = read(path)
    assert [call.member for call in rows(reading).values()] == ["Robin"]
    assert [(one.row, one.refusal.message) for one in reading.unread] == [
        (2, "the row is not UTF-8: save it as CSV in UTF-8")
    ]
    path.write_text(text, encoding="utf-8")
    assert len(rows(read(path)[0])) == 2
    for other in ("utf-16", "cp1252"):
        path.write_bytes(text.replace("userId", "Kürzel").encode(other))
        with pytest.raises(InvalidRequest, match="is not UTF-8: save it as CSV in UTF-8"):
            read(path)


def test_a_line_in_another_encoding_names_nobody_wrongly(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    lines = [
        {"type": "track", "userId": member, "event": "A", "timestamp": AT} for member in ("Müller", "Robin")
    ]
    path.write_bytes("\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode("cp1252"))
    [reading] = read(path)
    assert [call.member for call in rows(reading).values()] == ["Robin"]
    assert [(one.row, one.refusal.message) for one in reading.unread] == [
        (1, "the line is not UTF-8: save the file in UTF-8")
    ]


def test_a_spreadsheet_is_told_how_to_be_saved(tmp_path: Path) -> None:
    path = tmp_path / "a.XLSX"
    path.write_bytes(b"PK")
    with pytest.raises(InvalidRequest, match="is a spreadsheet: save it as CSV in UTF-8"):
        read(path)


def test_an_id_in_a_csv_stays_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"userId,groupId,event,timestamp\n007,1e5,404,{AT}\n")
    [call] = rows(read(path)[0]).values()
    assert (call.member, call.company, call.name) == ("007", "1e5", "404")


def test_a_time_is_text_or_milliseconds(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    stamps = ["2026-06-03T14:00:00+02:00", "2026-06-03 12:00:00", "1780488000000"]
    path.write_text("userId,event,timestamp\n" + "".join(f"e1,A,{stamp}\n" for stamp in stamps))
    assert {call.at for call in rows(read(path)[0]).values()} == {1_780_488_000_000_000}


def test_packed_text_and_batches_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    call = {"type": "track", "event": "A", "userId": "e1", "timestamp": AT}
    lines = [json.dumps({"batch": [call, call], "writeKey": "k"}), json.dumps([call]), json.dumps(call)]
    path.write_bytes(gzip.compress("\r\n".join(lines).encode()))
    [reading] = read(path)
    assert [row for row, _ in reading.calls] == [1, 1, 2, 3]


def test_a_line_too_long_is_one_bad_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LINE_BYTES_MAX", 200)
    path = tmp_path / "a.ndjson"
    call = json.dumps({"event": "A", "userId": "e1", "timestamp": AT})
    path.write_text(f"{call}\n{'x' * 1000}\n{call}\n")
    [reading] = read(path)
    assert [row for row, _ in reading.calls] == [1, 3]
    assert [one.row for one in reading.unread] == [2]


def test_parquet_values_are_what_json_would_have(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    moment = dt.datetime(2026, 6, 3, 12, tzinfo=dt.UTC)
    table = pa.table(
        {
            "userId": pa.array([7]),
            "event": pa.array(["A"]).dictionary_encode(),
            "timestamp": pa.array([moment.replace(tzinfo=None)], pa.timestamp("ns")),
            "paid": pa.array([Decimal("12.50")]),
            "due": pa.array([moment.date()]),
            "seen": pa.array([moment]),
            "raw": pa.array([b"\x01\xff"]),
            "tags": pa.array([["x", None]]),
            "properties": pa.array([{"inner": {"deep": [Decimal("1.5"), None]}}]),
            "empty": pa.array([None], pa.string()),
        }
    )
    pq.write_table(table, path)
    [call] = rows(read(path)[0]).values()
    assert call.member == "7"
    assert call.at == 1_780_488_000_000_000
    assert call.data == {
        "paid": 12.5,
        "due": "2026-06-03",
        "seen": "2026-06-03T12:00:00Z",
        "raw": "01ff",
        "tags": ["x", None],
        "inner": {"deep": [1.5, None]},
    }


def test_a_large_file_comes_in_chunks_that_add_up_to_it(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    count = files.ROWS_PER_CHUNK * 2 + 5
    path.write_text("userId,event,timestamp\n" + f"e1,A,{AT}\n" * count)
    sources = open_sources([str(path)], {})
    chunks = list(read_chunks(sources))
    assert sum(len(chunk.numbers) for chunk in chunks) == count
    assert sum(chunk.size for chunk in chunks) == path.stat().st_size
    assert chunks[-1].numbers[-1] == count + 1


# --- what cannot be imported at all -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a.txt", "x", "what kind of file is it"),
        ("a.parquet", "not one", "cannot be read"),
        ("a.csv", "", "is empty"),
        ("a.csv.gz", "not packed", "cannot be read"),
        (
            "a.csv",
            "user,event,timestamp\n",
            "no column 'userId'; say which one it is with --map user=userId ",
        ),
        (
            "a.csv",
            "USER ID,what,at\n",
            '--map COLUMN=timestamp --map "USER ID"=userId --map COLUMN=event ',
        ),
        ("a.csv", "userId,userId,event,timestamp\n", "more than one column for 'userId'"),
    ],
)
def test_a_file_that_is_no_history_is_said_before_anything_is_read(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(InvalidRequest, match=message) as caught:
        read(path)
    assert "\n" not in caught.value.message


def test_missing_files_and_directories_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"nope\.csv: no such file"):
        read(tmp_path / "nope.csv")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(InvalidRequest, match="is a directory"):
        read(tmp_path / "d.csv")


def test_a_mapping_of_a_column_no_file_has_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("userId,event,timestamp\n")
    with pytest.raises(InvalidRequest, match="no file has a column 'usr'"):
        read(path, usr="userId")
