"""A run from the command line: what it prints, and that nothing is left out in silence."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engage import cli
from engage.bench import run as bench_run
from engage.bench.errors import CannotRun, RoundFailed
from engage.bench.figures import FIGURES, Sample
from engage.bench.run import CASES, Wanted
from engage.bench.workshop import Case, Round, Workshop

Measure = Callable[[], Round]


def case(name: str, measure: Callable[[Workshop], Round], *, in_quick: bool = True) -> Case:
    @contextmanager
    def prepare(workshop: Workshop) -> Iterator[Measure]:
        yield lambda: measure(workshop)

    return Case((name,), prepare, (name,) if in_quick else ())


def test_the_json_has_the_shape_that_other_software_relies_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["bench", "--quick", "--only", "track_call", "--json", "--folder", str(tmp_path), "--rounds", "2"]
    assert cli.run(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["machine"]["python"] == platform.python_version()
    assert told["machine"]["cores"] >= 1
    assert set(told["figures"]) == {"track_call"}
    figure = told["figures"]["track_call"]
    assert {"value", "limit", "ratio", "unit", "rounds", "spread"} <= set(figure)
    assert (figure["unit"], figure["rounds"]) == ("us", 2)
    assert min(figure["value"], figure["limit"], figure["ratio"]) > 0
    least, most = figure["spread"]["value"]
    assert least <= figure["value"] <= most
    assert list(tmp_path.iterdir()) == []


def test_a_person_sees_the_machine_the_limit_and_what_was_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [case("sqlite_batch_500", lambda _: {"sqlite_batch_500": Sample(6000, 10000)})]
    monkeypatch.setattr(bench_run, "CASES", cases)
    assert cli.run(["bench", "--only", "sqlite_batch_500"]) == 0
    shown = capsys.readouterr()
    assert f"Python {platform.python_version()}" in shown.out
    row = next(line.split() for line in shown.out.splitlines() if line.startswith("sqlite_batch_500"))
    assert row[1:6] == ["6,000", "events/s", "1e+04", "0.600", "0.6..0.6"]
    assert row[6:] == ["0.55", "0.75", "at", "least"]
    assert shown.err.count("6,000 of 1e+04: 0.600") == 5


def test_a_failed_round_is_told_and_costs_no_other_figure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(workshop: Workshop) -> Round:
        if workshop.rounds_done == 1:
            raise RoundFailed("3 of 4 requests were answered")
        return {"sqlite_batch_500": Sample(1)}

    def unable(_: Workshop) -> Round:
        raise CannotRun("there is no PostgreSQL here")

    cases = [
        case("sqlite_batch_500", fail),
        case("member_read", unable),
        case("mixed_80_20", fail, in_quick=False),
        case("track_call", lambda _: {"track_call": Sample(2, 1)}),
    ]
    monkeypatch.setattr(bench_run, "CASES", cases)
    assert cli.run(["bench", "--quick", "--json"]) == 1
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert told["failed"] == {"sqlite_batch_500": "3 of 4 requests were answered"}
    assert told["not_run"] == {
        "member_read": "there is no PostgreSQL here",
        "mixed_80_20": "left out by --quick",
    }
    # A figure of fewer rounds than were asked for is none.
    assert list(told["figures"]) == ["track_call"]
    assert "engage: error: sqlite_batch_500: 3 of 4 requests were answered" in shown.err


def test_what_was_not_run_is_told_to_a_person_by_its_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(_: Workshop) -> Round:
        raise CannotRun("there is no PostgreSQL here")

    monkeypatch.setattr(bench_run, "CASES", [case(name, unable) for name in ("member_read", "memory")])
    assert cli.run(["bench"]) == 0
    assert "not run, there is no PostgreSQL here: member_read, memory\n" in capsys.readouterr().out


def test_a_name_that_is_no_figure_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["bench", "--only", "warp_speed"]) == 1
    assert "no figure is called 'warp_speed'; there are sqlite_batch_500" in capsys.readouterr().err


def test_engage_and_its_limit_take_turns_in_going_first(tmp_path: Path) -> None:
    order: list[str] = []

    def measure(workshop: Workshop) -> Round:
        value, limit = workshop.in_turns(lambda: order.append("engage"), lambda: order.append("limit"))
        assert (value, limit) == (None, None)
        return {}

    bench_run.run(Wanted(["track_call"], rounds=3, folder=tmp_path), print, [case("track_call", measure)])
    assert order == ["engage", "limit", "limit", "engage", "engage", "limit"]


def test_every_figure_has_a_case_and_every_case_only_known_figures() -> None:
    measured = [name for case in CASES for name in case.figures]
    assert sorted(measured) == sorted(figure.name for figure in FIGURES)
