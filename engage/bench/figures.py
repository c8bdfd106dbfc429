"""What is measured: the names, what each is held against, and what is asked of it.

Owns the list of figures and the sums over rounds. Must not know how anything is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from statistics import median
from typing import Final, Literal

from msgspec import Struct

from engage.errors import InvalidRequest

Judged = Literal["ratio", "value", ""]


class Figure(Struct, frozen=True):
    """`limit` says in words what the value is held against. `at_least` and `aim` bound the ratio, or the value itself
    where `judged` says so; without either the figure is there to be looked at."""

    name: str
    unit: str
    what: str
    limit: str
    judged: Judged = ""
    at_least: float | None = None
    aim: float | None = None
    less_is_better: bool = False


QUEUE: Final = "an id, the time and a copy of the properties put into a queue under a lock"
RAW: Final = "the same loads and rows by hand-written driver code"
BLANK: Final = "a blank page behind the same sign-in"
BARE: Final = "the same server answering after authentication and decoding"


def _over_raw(name: str, what: str, at_least: float | None = None, aim: float | None = None) -> Figure:
    return Figure(name, "events/s", what, RAW, "ratio" if at_least else "", at_least, aim)


def _over_bare(
    name: str, unit: str, what: str, at_least: float | None = None, aim: float | None = None
) -> Figure:
    return Figure(name, unit, what, BARE, "ratio" if at_least else "", at_least, aim)


FIGURES: Final = (
    _over_raw("sqlite_batch_500", "SQLite, 4 connections, batches of 500", 0.55, 0.75),
    _over_raw("sqlite_batch_500_one", "the same over 1 connection"),
    _over_raw("sqlite_batch_100", "SQLite, 4 connections, batches of 100"),
    _over_raw("postgres_batch_500", "PostgreSQL, 4 connections, batches of 500", 0.75, 0.95),
    _over_raw("postgres_batch_500_one", "the same over 1 connection"),
    _over_raw("postgres_batch_100", "PostgreSQL, 4 connections, batches of 100"),
    _over_raw("rules_50", "SQLite, batches of 500, 50 rules per company, 5 for each event"),
    Figure(
        "rules_50_everything",
        "events/s",
        "SQLite, batches of 500, the 50 rules and all else that a program can have",
        "the 50 rules alone",
        "ratio",
        0.85,
        0.95,
    ),
    _over_raw("one_company", "SQLite, batches of 500, all of one company"),
    _over_raw("companies_1000", "SQLite, batches of 500, over 1,000 companies"),
    _over_bare("single_64", "requests/s", "64 connections, an event per request", 0.60, 0.80),
    Figure(
        "single_64_p99",
        "ms",
        "99 of 100 are answered within this at 70 % of that load, from when each was due",
        BARE,
        "value",
        25,
        10,
        less_is_better=True,
    ),
    _over_bare("member_read", "requests/s", "64 connections, each request reads a member", 0.50, 0.80),
    _over_bare("postgres_single_64", "requests/s", "PostgreSQL, 64 connections, an event per request"),
    Figure(
        "postgres_single_64_p99",
        "ms",
        "99 of 100 are answered within this at 70 % of that load, from when each was due",
        BARE,
        less_is_better=True,
    ),
    _over_bare(
        "postgres_member_read", "requests/s", "PostgreSQL, 64 connections, each request reads a member"
    ),
    _over_bare("mixed_80_20", "requests/s", "64 connections, 80 % read a member, 20 % report an event"),
    Figure("history_1m", "events/s", "SQLite, batches of 500, 1 million stored events", "the same at none"),
    Figure(
        "history_20m",
        "events/s",
        "SQLite, batches of 500, 20 million stored events",
        "the same at 1 million",
        "ratio",
        0.85,
        0.95,
    ),
    Figure(
        "members_1m",
        "events/s",
        "SQLite, batches of 500, 1 million members",
        "the same with 10,000 members",
        "ratio",
        0.35,
        0.60,
    ),
    Figure(
        "postgres_members_1m",
        "events/s",
        "PostgreSQL, batches of 500, 1 million members",
        "the same with 10,000 members",
        "ratio",
        0.60,
        0.80,
    ),
    Figure(
        "postgres_two_processes",
        "events/CPU-s",
        "two processes on one PostgreSQL, batches of 100 of one of 1,000 companies to either",
        "the same by one process",
        "ratio",
        0.85,
        0.97,
    ),
    Figure(
        "postgres_two_processes_mixed",
        "events/CPU-s",
        "the same, each batch of all companies",
        "the same by one process",
    ),
    _over_bare("portfolio_page", "pages/s", "the portfolio of 1,000 companies"),
    _over_bare("report_page", "pages/s", "a company's report, over a year"),
    Figure(
        "portfolio_10000",
        "ms",
        "processor time of the portfolio of 10,000 companies",
        BLANK,
        "value",
        150,
        less_is_better=True,
    ),
    Figure(
        "report_100",
        "ms",
        "processor time of the report of a company of 100 members",
        BLANK,
        "value",
        50,
        less_is_better=True,
    ),
    Figure(
        "score_10000",
        "s",
        "a week of 10,000 companies of 100 members is measured and scored",
        "their members' states read, not decoded",
        "value",
        60,
        less_is_better=True,
    ),
    _over_raw("import", "100,000 calls of 60 days from NDJSON"),
    Figure(
        "bytes_per_event",
        "bytes",
        "on disk, all tables and indexes, UUID message ids, 3 properties",
        "the same calls as they came over the wire",
        "value",
        450,
        250,
        less_is_better=True,
    ),
    Figure(
        "memory",
        "MB",
        "the most that serve has resident, 4 connections of batches, then 64 of single events",
        BARE,
        "value",
        250,
        120,
        less_is_better=True,
    ),
    Figure(
        "track_call",
        "us",
        "track() of the client in the caller's thread",
        QUEUE,
        "value",
        10,
        3,
        less_is_better=True,
    ),
)


class Sample(Struct, frozen=True):
    """One round of one figure."""

    value: float
    limit: float | None = None
    details: dict[str, float] = {}
    """What else was seen, such as processor time: it tells more than the clock on a machine that others use too."""


def beside(measured: Sample, limit: Sample) -> Sample:
    """A sample with its limit, and what was seen of both."""
    return Sample(measured.value, limit.value, {**measured.details, **limit.details})


class Spread(Struct, frozen=True):
    """The least and the most of all rounds."""

    value: tuple[float, float]
    limit: tuple[float, float] | None
    ratio: tuple[float, float] | None


class Result(Struct, frozen=True):
    """Medians over the rounds. `ratio` is the median of each round's own ratio, so a machine that drifts between
    rounds does not move it."""

    value: float
    limit: float | None
    ratio: float | None
    unit: str
    rounds: int
    spread: Spread
    against: str
    at_least: float | None
    aim: float | None
    judged: Judged
    met: Literal["aim", "at least", "missed", ""]
    details: dict[str, float]


def choose(patterns: Sequence[str]) -> list[str]:
    """The names that match any of the patterns, all without one. Raises InvalidRequest for one that matches none."""
    names = [figure.name for figure in FIGURES]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise InvalidRequest(f"no figure is called {pattern!r}; there are {', '.join(names)}")
    return [name for name in names if not patterns or any(fnmatchcase(name, p) for p in patterns)]


def summarise(figure: Figure, samples: Sequence[Sample]) -> Result:
    """The figure of all its rounds."""
    values = [sample.value for sample in samples]
    limits = [sample.limit for sample in samples if sample.limit is not None]
    ratios = [sample.value / sample.limit for sample in samples if sample.limit]
    ratio = median(ratios) if ratios else None
    return Result(
        value=_rounded(median(values)),
        limit=_rounded(median(limits)) if limits else None,
        ratio=None if ratio is None else _rounded(ratio),
        unit=figure.unit,
        rounds=len(samples),
        spread=Spread(_range(values), _range(limits) if limits else None, _range(ratios) if ratios else None),
        against=figure.limit,
        at_least=figure.at_least,
        aim=figure.aim,
        judged=figure.judged,
        met=_met(figure, ratio if figure.judged == "ratio" else median(values)),
        details={
            name: _rounded(median(sample.details[name] for sample in samples if name in sample.details))
            for name in dict.fromkeys(name for sample in samples for name in sample.details)
        },
    )


def _met(figure: Figure, measured: float | None) -> Literal["aim", "at least", "missed", ""]:
    if measured is None or figure.at_least is None or figure.aim is None:
        return ""
    sign = -1 if figure.less_is_better else 1
    if sign * measured >= sign * figure.aim:
        return "aim"
    return "at least" if sign * measured >= sign * figure.at_least else "missed"


def _range(numbers: Sequence[float]) -> tuple[float, float]:
    return _rounded(min(numbers)), _rounded(max(numbers))


def _rounded(number: float) -> float:
    """Four digits: more would claim what no benchmark of this kind can know."""
    return float(f"{number:.4g}")
