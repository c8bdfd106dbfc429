"""Contract terms: what traits say of one, and which source counts where several tell of the same days."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from engage.core.terms import Term, contract_on, prevails, settle, tells_of_a_term, term_of_traits

JANUARY, YEAR = date(2026, 1, 1).toordinal(), 365
TRAITS = {
    "termstart": "2026-01-01",
    "termend": "2027-01-01",
    "monthlyrevenue": 1200.5,
    "seats": 40,
    "plan": "gold",
}


def stated(start: int, end: int, **facts: Any) -> Term:
    return Term(start, end, source="group", **facts)


def test_traits_tell_of_a_term_as_a_row_does() -> None:
    term = Term(JANUARY, JANUARY + YEAR, 120_050, 40, "gold", "open", "group")
    assert term_of_traits(TRAITS) == term
    assert term_of_traits({**TRAITS, "termoutcome": "Churned"}) == Term(
        JANUARY, JANUARY + YEAR, 120_050, 40, "gold", "churned", "group"
    )


def test_that_a_term_of_traits_was_renewed_is_known_by_the_next_alone() -> None:
    told = term_of_traits({**TRAITS, "termoutcome": "renewed"})
    assert isinstance(told, Term)
    assert told.outcome == "open"
    after = stated(JANUARY + YEAR + 31, JANUARY + 2 * YEAR)
    assert [one.outcome for one in settle([], [told, after])] == ["renewed", "open"]
    late = stated(JANUARY + YEAR + 32, JANUARY + 2 * YEAR)
    assert [one.outcome for one in settle([], [told, late])] == ["open", "open"]


def test_what_the_traits_say_counts_where_no_term_does() -> None:
    term = stated(JANUARY, JANUARY + YEAR, plan="gold", monthly_revenue_cents=120_050)
    before = contract_on([term], JANUARY - 1, 40, None)
    assert (before.seats, before.plan, before.customer_since) == (40, None, None)
    first = contract_on([term], JANUARY, 40, JANUARY + 9)
    assert (first.seats, first.plan, first.monthly_revenue_cents) == (40, "gold", 120_050)
    assert (first.customer_since, first.term_start) == ("2026-01-01", "2026-01-01")
    assert (first.renewal_date, first.days_to_renewal) == ("2027-01-01", YEAR - 1)
    assert contract_on([term], JANUARY, 40, JANUARY - 1).customer_since == "2025-12-31"
    assert contract_on([replace(term, seats=30)], JANUARY, 40, None).seats == 30
    assert contract_on([], JANUARY, 40, JANUARY).customer_since == "2026-01-01"


def test_a_stated_term_that_begins_as_another_ends_or_ends_before_it_runs_beside_none() -> None:
    recorded = Term(JANUARY, JANUARY + YEAR, source="api")
    after = stated(JANUARY + YEAR, JANUARY + 2 * YEAR)
    assert settle([recorded], [after]) == [recorded, after]
    churned = stated(JANUARY - YEAR, JANUARY, outcome="churned")
    assert settle([recorded], [churned]) == [churned, recorded], "nor is its outcome changed by what follows"
    early = stated(JANUARY, JANUARY + 90)
    (first, _) = settle([], [early, stated(JANUARY + 100, JANUARY + YEAR)])
    assert (first.end, first.outcome) == (JANUARY + 90, "renewed")


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"termend": None}, "term_end must be a date"),
        (
            {"termend": "46023"},
            "term_end must be a date such as 2026-03-31, not '46023': a spreadsheet's number for 2026-01-01",
        ),
        ({"termend": "2025-01-01"}, "term_end must be after term_start"),
        ({"monthlyrevenue": "much"}, "monthly_revenue must be a sum of money such as 1200.50"),
        ({"termoutcome": "lost"}, "term_outcome must be one of"),
    ],
)
def test_what_is_wrong_with_the_traits_is_said(changes: dict[str, Any], words: str) -> None:
    told = term_of_traits({**TRAITS, **changes})
    assert isinstance(told, str)
    assert told.startswith(words)


def test_a_company_without_days_of_a_term_has_none() -> None:
    assert term_of_traits({"plan": "gold", "seats": 40}) is None
    assert tells_of_a_term({"monthlyRevenue": 1})
    assert not tells_of_a_term({"industry": "retail"})


def test_what_was_recorded_counts_before_what_traits_say_of_the_same_days() -> None:
    recorded = Term(JANUARY, JANUARY + 100, 500)
    inside, after = stated(JANUARY + 99, JANUARY + 200), stated(JANUARY + 100, JANUARY + 200)
    assert settle([recorded], [inside]) == [recorded]
    assert settle([recorded], [after]) == [recorded, after]


def test_traits_tell_of_one_contract_at_a_time() -> None:
    first, second = stated(JANUARY, JANUARY + YEAR), stated(JANUARY + 100, JANUARY + 100 + YEAR)
    cut, kept = settle([], [second, first])
    assert (cut.start, cut.end, cut.outcome) == (JANUARY, JANUARY + 100, "renewed")
    assert kept == second


def test_a_day_that_traits_put_right_leaves_no_second_contract() -> None:
    """Else the one of before would be a contract of its own: the newest, with what is not so, or renewed in a day."""
    wrong = stated(JANUARY + 30, JANUARY + YEAR, monthly_revenue_cents=100, recorded_at=1)
    earlier = stated(JANUARY, JANUARY + YEAR, monthly_revenue_cents=200, recorded_at=2)
    assert settle([], [wrong, earlier]) == [earlier]
    later = stated(JANUARY + 31, JANUARY + YEAR, monthly_revenue_cents=200, recorded_at=2)
    assert settle([], [wrong, later]) == [later]
    # Twice, and back again.
    again = replace(wrong, recorded_at=3)
    assert settle([], [again, earlier, later]) == [again]


def test_history_that_is_told_late_is_no_correction_nor_is_a_contract_that_is_changed_midway() -> None:
    now = stated(JANUARY + 300, JANUARY + 300 + YEAR, recorded_at=5)
    past = stated(JANUARY, JANUARY + YEAR, recorded_at=1)
    assert [one.outcome for one in settle([], [now, past])] == ["renewed", "open"]
    midway = stated(JANUARY + 100, JANUARY + YEAR, recorded_at=2)
    assert [one.start for one in settle([], [past, midway])] == [JANUARY, JANUARY + 100]


@pytest.mark.parametrize(
    "start, end, recorded_at, remain",
    [
        (31, YEAR, 2, 1),
        (32, YEAR, 2, 2),
        (31, YEAR + 1, 2, 2),  # it ends later: a renewal, however soon
        (31, YEAR, 1, 2),  # said at once: two contracts
        (-YEAR, 1, 2, 1),
        (-YEAR, 0, 2, 2),  # it ends as the other begins
    ],
)
def test_up_to_where_what_traits_say_later_is_the_same_contract(
    start: int, end: int, recorded_at: int, remain: int
) -> None:
    first = stated(JANUARY, JANUARY + YEAR, recorded_at=1)
    said = stated(JANUARY + start, JANUARY + end, recorded_at=recorded_at)
    assert len(settle([], [first, said])) == remain


def test_contracts_that_were_recorded_run_side_by_side() -> None:
    pair = [Term(JANUARY, JANUARY + YEAR, 100), Term(JANUARY + 10, JANUARY + YEAR, 200)]
    assert settle(pair, []) == pair


def test_an_import_leaves_what_the_api_said_and_nothing_else() -> None:
    row, said = Term(JANUARY, JANUARY + YEAR), Term(JANUARY, JANUARY + YEAR, source="api")
    assert not prevails(row, said)
    assert prevails(said, row)
    assert prevails(row, row)
    assert prevails(row, None)
