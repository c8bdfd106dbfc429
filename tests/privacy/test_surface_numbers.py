"""No number where none is told: in the bytes of files, and in what the score is reckoned from."""

from __future__ import annotations

import ast
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engage.core import drivers, health
from engage.formats.files import FileFormat, render
from tests.core.test_reports import report

EXCEL_ZERO = date(1899, 12, 30)
TESTS = Path(__file__).parent


def told(value: Any) -> Iterator[float]:
    """Every number of a report, its days as Excel counts them."""
    match value:
        case bool() | None:
            pass
        case int() | float():
            yield float(value)
        case str() if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            yield float((date.fromisoformat(value) - EXCEL_ZERO).days)
        case dict():
            for one in value.values():
                yield from told(one)
        case list():
            for one in value:
                yield from told(one)


def written(content: bytes) -> Iterator[float]:
    """Every number in the cells and charts of a file and of the workbooks in it, hidden columns and caches as well."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        for name in file.namelist():
            part = file.read(name)
            if part[:2] == b"PK":
                yield from written(part)
            elif re.search(r"worksheets/sheet\d+\.xml$", name):
                cells = re.findall(r"<c ([^>]*)>(?:<f>[^<]*</f>)?<v>([^<]*)</v>", part.decode())
                yield from (float(value) for said, value in cells if 't="' not in said or 't="n"' in said)
            elif re.search(r"charts/chart[^/]*\.xml$", name):
                for cache in re.findall(r"<c:num(?:Cache|Lit)>.*?</c:num(?:Cache|Lit)>", part.decode(), re.S):
                    yield from map(float, re.findall(r"<c:v>([^<]*)</c:v>", cache))


@pytest.mark.parametrize("format", ["xlsx", "pptx"])
def test_a_file_holds_no_number_that_the_report_does_not_tell(format: FileFormat) -> None:
    made = report()
    known = set(told(msgspec.json.decode(msgspec.json.encode(made))))
    known |= {float(round(one)) for one in known}  # as the report words a share
    found = set(written(render(made, format, "en")))
    assert len(found) > 15
    assert found - known == set()


READS = dict.fromkeys(
    ("days_of_month", "days_told", "publish_month_days", "publish_days_each"), "publish_week_days"
)
"""Sums of figures, by the figure that is attacked."""
SIZES = {"publish_members", "publish_month_members"}
"""The host's own list of people, now and when the month ended."""


def test_the_score_is_reckoned_from_figures_that_are_attacked() -> None:
    """Whatever drivers, contributions, peers, goals, stages, notices and effects tell is reckoned from these figures,
    so it is no more than the figures tell, which the attackers of this folder read one by one."""
    read = set()
    for module in (drivers, health):
        for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.ImportFrom)
                and node.module
                and node.module.startswith("engage.core.published")
            ):
                read |= {alias.name for alias in node.names}
    figures = {READS.get(name, name) for name in read if name.startswith("publish_") or name in READS} - SIZES
    assert figures >= {"publish_week_days", "publish_people", "publish_features", "publish_levels"}
    attackers = "\n".join(path.read_text(encoding="utf-8") for path in TESTS.glob("*_attack*.py"))
    assert {name for name in figures if f"{name}(" not in attackers} == set()


def test_only_published_modules_hand_figures_of_members_to_the_score() -> None:
    """Peers, goals, effects, stages, and what is pushed read health and contracts, or figures handed to them."""
    core = Path(drivers.__file__ or "").parent
    for name in (
        "peers",
        "plans",
        "care",
        "signal",
        "digest",
        "company_stages",
        "portfolio",
        "economics",
        "outcomes",
    ):
        tree = ast.parse((core / f"{name}.py").read_text(encoding="utf-8"))
        modules = {node.module or "": node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        for module, node in modules.items():
            names = {alias.name for alias in node.names}
            if module == "engage.core.measures":
                assert names <= {"WEEK", "MONTH_WEEKS", "HABIT_WEEKS"}, name
            assert module != "engage.core.state", name
            assert not any(one.startswith("publish_") for one in names), name
