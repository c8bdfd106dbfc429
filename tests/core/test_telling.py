"""A report in Chinese: every word of ours, none of the host's, and no number changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from engage.core.portfolio import Standing, portfolio, summary_of
from engage.core.reports import CompanyReport, Contract, Health
from engage.core.telling import in_language
from tests.core.test_reports import report

KNOWN = re.compile(
    r"Gainsight|Catalyst|Microsoft Viva Insights|Microsoft vivainsights|Pendo"
    r"|DAU/MAU|Tenzo|GitLab|Sourcegraph|Vitally|ISO|bronze|silver|k "
)
"""Products quoted, the host's level names, and the floor's letter."""


MACHINE = {
    "name",
    "company",
    "timezone",
    "unit",
    "hidden",
    "band",
    "confidence",
    "top_driver",
    "bands",
    "rows",
}
"""Fields of ids and of the host's names. Whatever else is text is for people."""


def _texts(value: Any) -> Iterator[str]:
    """Every text of a report for people, however it is declared."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            if key not in MACHINE:
                yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


def _others(report: object) -> object:
    """All that is not text, as JSON would have it."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            told = {"text", "label", "title", "note", "notes", "verdict", "term", "source", "rows"}
            return {key: strip(one) for key, one in value.items() if key not in told}
        return [strip(one) for one in value] if isinstance(value, list | tuple) else value

    return strip(msgspec.to_builtins(report))


@pytest.mark.parametrize("active", [3, 7, 40])
def test_a_report_in_chinese_has_no_english_left(active: int) -> None:
    found = in_language(report(active=active, users=min(20, active)), "zh-Hans")
    english = {text for text in _texts(found) if re.search(r"[A-Za-z]{2,}", KNOWN.sub("", text))}
    assert english == set(), "say() these, or declare the field that holds a name as str"
    assert len(set(_texts(found))) > 60


def test_only_words_change() -> None:
    english = report()
    assert _others(in_language(english, "zh-Hans")) == _others(english)
    assert in_language(english, "en") is english


def test_the_hosts_own_names_stay() -> None:
    found: CompanyReport = in_language(report(), "zh-Hans")
    assert found.name == "@Acme"
    assert found.breadth.rows[0][0] == "=Export"
    assert [row[0] for row in found.levels.rows] == ["无等级", "bronze", "silver"]


def test_a_verdict_that_was_frozen_in_english_is_read_in_chinese() -> None:
    """Scores keep their words as they were made; the way back finds what they were made from."""
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(report().health), type=Health)
    told = in_language(kept, "zh-Hans")
    assert kept.verdict.startswith("Healthy at ")
    assert told.verdict.startswith("健康，")
    assert (told.drivers[0].name, told.drivers[0].value) == (kept.drivers[0].name, kept.drivers[0].value)


def test_the_portfolio_speaks_chinese_too() -> None:
    standings = [
        Standing(
            "a",
            "Alder",
            summary_of(report().health),
            Contract(monthly_revenue_cents=100, renewal_date="2026-12-01"),
        ),
        Standing("b", "Birch", summary_of(report().health), Contract(renewal_date="2026-01-31"), left=True),
    ]
    told = in_language(portfolio("2026-11-15", standings, 5, "2026-11-15"), "zh-Hans")
    assert [row.name for row in told.data] == ["Alder", "Birch"]
    assert told.data[1].text == "合同已于 2026-01-31 结束。"
    assert not [text for text in _texts(told) if re.search(r"[A-Za-z]{2,}", KNOWN.sub("", text))]
