"""A backtest's page: every figure of the report, in a file that loads nothing and says what names say as text."""

from __future__ import annotations

import re

import pytest

from engage.core.backtest_budgets import BudgetDay, BudgetFound
from engage.core.backtest_people import Pair, Standing
from engage.core.backtest_report import (
    BacktestReport,
    CurrencyFound,
    DayFound,
    LevelChange,
    LevelFound,
    MemberFound,
    RuleFound,
    Stop,
)
from engage.formats.backtest_page import backtest_page

STOPS = [
    Stop("limit", "daily limit reached, 5 of 5", 24_837, 24_837),
    Stop("condition", "condition not met: event.properties.value is 1", 700, 31),
    Stop("cut", "cut: the company's weekly budget of 40 points is used up", 12, 0),
]
FOUND = BacktestReport(
    first_day="2026-03-01",
    last_day="2026-03-02",
    companies=1,
    entries=40_000,
    events=39_999,
    currencies=[CurrencyFound("points", Pair(1_234, 4_321), Pair(0, 0), Pair(3, 4), None)],
    days=[
        DayFound("2026-03-01", "points", Pair(1_000, 4_000)),
        DayFound("2026-03-02", "points", Pair(234, 321)),
    ],
    budgets=[
        BudgetFound(
            *("<b>acme</b>", "points", "month", "2026-03-01", 2_000, Pair(1_234, 4_321), None, None),
            [BudgetDay("2026-03-01", Pair(1_000, 4_000)), BudgetDay("2026-03-02", Pair(1_234, 4_321))],
        ),
        BudgetFound(
            *("<b>acme</b>", "points", "lifetime", None, 500, Pair(450, 0), "2026-03-02", None),
            [BudgetDay("2026-03-01", Pair(300, 0)), BudgetDay("2026-03-02", Pair(450, 0))],
            "spring",
        ),
    ],
    levels=[LevelFound("gold", Pair(5, 6))],
    level_changes=[LevelChange(Standing("silver", "gold"), 1)],
    movers=[MemberFound("acme", "<script>x</script>", "", Pair(0, 0), Standing("silver", "gold"))],
    left_out=("beta", "gamma"),
    winners=[MemberFound("acme", "ann", "points", Pair(777, 778), Standing("silver", "gold"))],
    rules=[
        RuleFound("deal", "", Pair(30_000, 29_000), Pair(5_163, 5_000), {"points": Pair(1_234, 4_321)}, STOPS)
    ],
    badges={},
    undecided=[],
    by_company=[],
    redemptions=Pair(0, 0),
    below_zero=0,
)


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index("<main>") :]).split())


@pytest.mark.parametrize(
    "said",
    [
        "39,999 events. Companies: 1. Left out, as members were erased since: beta, gamma.",
        "1 Mar 2026 to 2 Mar 2026: 39,999 events.",
        "points awarded 1,234 4,321 −3,087",
        "2 Mar ",
        "2 Mar 2026 234 321 −87",
        "2 Mar 2026 1,234 61.7 % 4,321",
        "acme&lt;/b&gt; campaign spring points – 500 450 0 2 Mar 2026",
        "2 Mar 2026 450 90.0 % 0",
        "At silver instead of gold: 1",
        "deal daily limit reached, 5 of 5 24,837 deal cut: the company&#39;s weekly budget of 40 points is used up 12",
        "24,837 more would match but for: daily limit reached, 5 of 5",
        "31 more would match but for: condition not met: event.properties.value is 1 (700 stopped by it first)",
        "ann acme points 777 778 −1",
    ],
)
def test_the_page_says_what_the_report_does(said: str) -> None:
    assert said in text_of(backtest_page(FOUND))


def test_in_chinese_only_names_and_conditions_stay() -> None:
    page = backtest_page(FOUND, "Draft", "zh-Hans")
    assert '<html lang="zh-Hans">' in page
    assert "若非以下原因，还会多匹配 24,837 次：每日限制已达到，5/5" in text_of(page)
    assert "：points，每月 2026年3月1日，预算 2,000" in text_of(page)
    said = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    words = set(re.findall(r"[A-Za-z]{3,}", re.sub(r"<[^>]*>", " ", said)))
    conditions = set(re.findall(r"[A-Za-z]{3,}", "event.properties.value is 1"))
    names = {
        "acme",
        "spring",
        "ann",
        "beta",
        "gamma",
        "points",
        "gold",
        "silver",
        "deal",
        "script",
        "Draft",
        "Engage",
    }
    assert words - conditions - names == set()


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = backtest_page(FOUND, "<i>draft</i>")
    assert "<script" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert re.findall(r"(?:src|href|action)=.(?!data:,)", page) == []
    assert "url(" not in page
    assert page.count("<svg") == 6  # points by day and two budgets, for wide and for narrow screens
