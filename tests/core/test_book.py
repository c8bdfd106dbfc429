"""The host's book: what it may say, where its mistakes are, and the tier of a company."""

from __future__ import annotations

import pytest

from engage.core.book import Book, Tier, Worth, tier_of, tier_table
from engage.document import read_book

TEXT = """
gross_margin: 0.78
acquisition_cost: {2026-01: 120000, 2026-02: 99.5}
gmv: {trait: gmv_month}
segments: {trait: industry}
tiers:
  - id: a
    name: Strategic
    at_least: {yearly_revenue: 50000, score: 60}
    benefits: {Named manager: "yes", First response: within 4 hours}
  - {id: b, at_least: {yearly_revenue: 10000}, benefits: {First response: within a day}}
  - id: c
"""
A = Tier("a", "Strategic", 5_000_000, 60, None, {"Named manager": "yes", "First response": "within 4 hours"})
BOOK = Book(
    0.78,
    {"2026-01": 12_000_000, "2026-02": 9_950},
    "gmv_month",
    "industry",
    (A, Tier("b", "b", 1_000_000, benefits={"First response": "within a day"}), Tier("c", "c")),
)


def test_a_book_is_read() -> None:
    found = read_book(TEXT)
    assert (found.book, found.problems) == (BOOK, [])
    assert read_book("").book == read_book("{}").book == Book()


@pytest.mark.parametrize(
    "text, place, words",
    [
        ("gross_margn: 1", "1:1", "did you mean 'gross_margin'"),
        ("gross_margin: 78", "1:15", "must be a share"),
        ("gross_margin: yes", "1:15", "must be a number"),
        ("acquisition_cost: {2026-13: 1}", "1:20", "is not a month"),
        ("acquisition_cost:\n  2026-01: -1", "2:12", "must be a sum of money"),
        ("acquisition_cost: {2026-01: }", "1:28", "leave the month out"),
        ("gmv: {event: x}", "1:6", "missing key 'trait'"),
        ("tiers:\n  - {id: a, at_least: {score: 101}}", "2:31", "from 0 to 100"),
        ("tiers:\n  - {id: a, at_least: {score: 1}}\n  - {id: a}", "3:10", "another tier"),
        ("tiers:\n  - {id: a}\n  - {id: b}", "2:5", "none is left"),
        ("tiers: [{id: a, at_least: {}}]", "1:27", "asks for nothing"),
        ("tiers: [{name: A}]", "1:9", "missing key 'id'"),
        ("tiers: 3", "1:8", "must be a list"),
    ],
)
def test_each_mistake_is_told_at_its_place(text: str, place: str, words: str) -> None:
    found = read_book(text)
    assert found.book is None
    told = {f"{one.line}:{one.column}": one.message for one in found.problems}
    assert words in told[place], told


@pytest.mark.parametrize(
    "text, pointer",
    [
        ("tiers:\n  - {id: a, at_least: {yearly: 1}}\n  - {id: b}", "/tiers/0/at_least/yearly"),
        ("tiers:\n  - {id: a, at_least: {score: '60'}}\n  - {id: b}", "/tiers/0/at_least/score"),
        (
            "score: {profiles: [{id: a, days: {start: 30}, weights: {activity: 1}}]}",
            "/score/profiles/0/days/start",
        ),
    ],
)
def test_a_key_that_cannot_be_read_is_one_mistake(text: str, pointer: str) -> None:
    assert [one.pointer for one in read_book(text).problems] == [pointer]


@pytest.mark.parametrize(
    "worth, tier, lacking",
    [
        (Worth(5_000_000, 60, None), "a", ()),
        (Worth(5_000_000, 59, None), "b", ("a health score of at least 60; it is 59",)),
        (Worth(5_000_000, None, None), "b", ("a health score of at least 60; it is not known",)),
        (Worth(1_000_000, 99, 5), "b", ("a yearly revenue of at least 50,000; it is 10,000",)),
        (Worth(None, 99, 5), "c", ("a yearly revenue of at least 10,000; it is not known",)),
    ],
)
def test_a_company_is_in_the_first_tier_it_reaches(worth: Worth, tier: str, lacking: tuple[str, ...]) -> None:
    found = tier_of(BOOK, worth)
    assert found is not None
    assert (found.id, found.lacking) == (tier, lacking)


def test_a_company_may_reach_no_tier() -> None:
    assert tier_of(Book(tiers=(A,)), Worth(1, 1, 1)) is None


def test_the_table_has_every_benefit_in_every_column() -> None:
    table = tier_table(BOOK.tiers, {"b": 3})
    assert [(one.id, one.companies) for one in table] == [("a", 0), ("b", 3), ("c", 0)]
    assert [list(one.benefits) for one in table] == [["Named manager", "First response"]] * 3
    assert table[1].benefits["Named manager"] == ""
