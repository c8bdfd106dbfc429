"""Outcomes of contracts, reckoned by hand on five companies."""

from __future__ import annotations

from datetime import date

from engage.core.outcomes import outcomes
from engage.core.terms import Outcome, Term
from engage.core.worth import Outcomes

DAY = date(2026, 6, 30).toordinal()
YEAR_AGO = DAY - 365


def term(start: int, end: int, cents: int | None, outcome: Outcome = "open") -> Term:
    return Term(start, end, cents, 10, "", outcome)


def found() -> Outcomes:
    before, turn, after = YEAR_AGO - 30, YEAR_AGO + 200, DAY + 100
    return outcomes(
        {
            1: [term(before, turn, 10_000, "renewed"), term(turn, after, 15_000)],  # grew
            2: [term(before, turn, 20_000, "renewed"), term(turn, after, 12_000)],  # shrank
            3: [term(before, turn, 30_000, "churned")],  # left
            4: [term(before, after, 40_000)],  # stayed
            5: [term(DAY - 10, after, 3_000)],  # is new
        },
        DAY,
    )


def test_recurring_revenue_is_that_of_the_terms_in_force() -> None:
    now = found()
    assert (now.companies, now.mrr_cents, now.arr_cents, now.arpa_cents) == (4, 70_000, 840_000, 17_500)


def test_what_a_year_did_to_the_revenue_there_was_adds_up() -> None:
    now = found()
    assert now.start_cents == 100_000
    assert (now.churn_cents, now.contraction_cents, now.expansion_cents) == (30_000, 8_000, 5_000)
    assert (now.grr, now.nrr, now.new_cents) == (0.62, 0.67, 3_000)
    kept = now.start_cents - now.churn_cents - now.contraction_cents + now.expansion_cents
    assert kept + now.new_cents == now.mrr_cents


def test_the_renewal_rate_is_of_the_terms_that_ended_in_the_year() -> None:
    now = found()
    assert (now.due, now.renewed, now.renewal_rate) == (3, 2, 0.6667)
    old = {1: [term(YEAR_AGO - 400, YEAR_AGO, 1, "churned")]}
    assert outcomes(old, DAY).renewal_rate is None


def test_the_key_fifth_is_one_of_four() -> None:
    now = found()
    assert (now.key_companies, now.key_share) == (1, 0.5714)


def test_a_term_ends_before_its_last_day() -> None:
    assert outcomes({1: [term(DAY - 30, DAY, 100)]}, DAY).mrr_cents == 0
    assert outcomes({1: [term(DAY - 30, DAY + 1, 100)]}, DAY).mrr_cents == 100
    ends_today, ends_later = (term(DAY - 30, DAY + n, 100, "renewed") for n in (1, 2))
    assert (outcomes({1: [ends_today]}, DAY).due, outcomes({1: [ends_later]}, DAY).due) == (1, 0)


def test_what_has_no_base_is_said_and_not_a_number() -> None:
    now = outcomes({1: [term(DAY - 10, DAY + 10, None)]}, DAY)
    assert (now.arpa_cents, now.grr, now.nrr, now.renewal_rate, now.key_share) == (None,) * 5
    assert len(now.notes) == 3
