"""Weeks as an earlier state of the code has frozen them, with all that it told of them: what an upgrade meets.

`frozen_weeks.ndjson` is only ever added to. Where more is measured or told than its weeks have,

    python -m tests.privacy.frozen_weeks engage.db

with the database of the demo adds weeks of its companies, and of small ones drawn at random, as they are frozen now.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
from msgspec import Struct

from engage.core.calendar import month_end
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from tests.privacy import year_points
from tests.privacy.company_population import random_company, weeks_of_company
from tests.privacy.two_looks import told
from tests.privacy.year_joined import growing_year
from tests.privacy.year_population import random_year, weeks_of_year

FILE = Path(__file__).with_name("frozen_weeks.ndjson")
COMPANIES = ("brightwell", "corvus", "halvorsen", "ito", "kestrel", "papaya", "saolucas", "thornbury")


class FrozenWeek(Struct, array_like=True):
    of: str
    week: WeekMeasures
    told: dict[str, tuple[float, float | None]]
    """Name -> the least and the most it was told to be."""

    def figures(self) -> dict[str, Figure]:
        return {name: Figure("", "members", low=low, high=high) for name, (low, high) in self.told.items()}


def frozen_weeks() -> list[FrozenWeek]:
    return msgspec.json.Decoder(FrozenWeek).decode_lines(FILE.read_text())


def ranges(figures: dict[str, Figure]) -> dict[str, tuple[float, float | None]]:
    return {name: (one.floor, one.ceiling) for name, one in figures.items()}


def _weeks_now(demo: str) -> Iterator[tuple[str, WeekMeasures]]:
    for name in COMPANIES:
        yield name, _newest_of_month(demo, name)
    for seed in (0, 7, 8, 10):
        yield f"year {seed}", weeks_of_year(random_year(Random(seed), ("sales", "it", "care")))[31]
    for seed in (3, 8):
        yield f"growing {seed}", weeks_of_year(growing_year(Random(seed), ("sales", "it")))[31]
    for seed in range(3):
        random = Random(seed)
        terms = year_points.random_terms(random, expiring=seed == 1)
        yield (
            f"points {seed}",
            year_points.weeks_of(terms, year_points.random_year(random, terms, 14, 14), 3)[-1],
        )
    for seed in (1, 3, 9):
        yield f"company {seed}", weeks_of_company(random_company(Random(seed)))[-4]


def _newest_of_month(demo: str, name: str) -> WeekMeasures:
    rows = sqlite3.connect(demo).execute(
        "SELECT w.document FROM engage_week w JOIN engage_company c ON c.id = w.company_id "
        "WHERE c.external_id = ? ORDER BY w.monday DESC",
        (name,),
    )
    weeks = (msgspec.msgpack.decode(document, type=WeekMeasures) for (document,) in rows)
    return next(week for week in weeks if month_end(week.monday) == week.monday)


if __name__ == "__main__":
    with FILE.open("ab") as file:
        for of, week in _weeks_now(sys.argv[1]):
            line = FrozenWeek(of, week, ranges(dict(told(week, week.floor))))
            file.write(msgspec.json.encode(line) + b"\n")
