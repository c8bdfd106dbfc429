"""Calibration: measures by hand, and that nothing later than the day looked from is ever read."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import erf, log

import pytest
from msgspec.structs import replace

from engage.core.accuracy import (
    CHURNED_LEAST,
    FOLDS,
    auc,
    auc_range,
    bins,
    folds,
    insufficient,
    measure,
    riskiest,
    threshold,
)
from engage.core.calendar import week_of
from engage.core.calibration import (
    CALLED_RISK,
    HORIZONS,
    Past,
    case_of,
    cases,
    is_called,
    is_too_small,
    lead_days,
    probability_of,
)
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.profiles import Profile, ScoreDefinition
from engage.core.terms import Term

START = week_of(date(2026, 1, 5).toordinal())


def test_what_traits_say_of_seats_today_is_not_learned_from() -> None:
    """A host may set them to none for who has left, or raise them when a term is renewed."""
    without = replace(Company().past(), terms=[replace(one, seats=None) for one in Company().past().terms])
    told = []
    for seats in (None, 0, 50, 5_000):
        case = case_of(replace(without, seats=seats), without.terms[1], 30, 5)
        assert case is not None
        told.append(case.features)
    assert told[0] == told[1] == told[2] == told[3]


def test_a_term_that_another_cuts_short_looked_as_long_as_it_was_agreed() -> None:
    """Traits tell of one contract at a time: who agrees on another early has a short term, and has renewed."""
    told = []
    for cut in (105, 400):
        first = Term(START, START + cut, 100_000, 50, "", "renewed", "group")
        following = Term(START + 105, START + 500, 100_000, 50, "", "open", "group")
        terms = [first, following] if cut == 105 else [first]
        past = replace(Company().past(), terms=terms, agreed_until={START: START + 400})
        case = case_of(past, first, cut - 75, 5)
        assert case is not None
        told.append((case.features, case.probability))
    assert told[0] == told[1]


@dataclass
class Company:
    """Thirty active of forty, for 34 weeks; two terms of 105 days."""

    outcome: str = "churned"

    def past(self) -> Past:
        weeks = {START + 7 * n: week(START + 7 * n) for n in range(34)}
        first = Term(START, START + 105, 100_000, 50, "", "renewed")
        second = Term(START + 105, START + 210, 100_000, 50, "", self.outcome)  # type: ignore[arg-type]
        return Past("acme", [first, second], weeks)


def week(monday: int, active: int = 30) -> WeekMeasures:
    return WeekMeasures(
        monday, 40, 0, 35, active, active, 10, active * 3, active * 9,
        features={"Export": FeatureWeek(active, active, active * 9)}, since=START,
    )  # fmt: skip


@pytest.mark.parametrize(
    "risks, churned, expected",
    [
        ([0.9, 0.1], [True, False], 1.0),
        ([0.1, 0.9], [True, False], 0.0),
        ([0.5, 0.5, 0.5], [True, False, False], 0.5),
        ([0.9, 0.4, 0.4, 0.1], [True, True, False, False], 0.875),
        ([0.9, 0.1], [False, False], None),
    ],
)
def test_the_auc_is_the_share_of_pairs_in_the_right_order(
    risks: list[float], churned: list[bool], expected: float | None
) -> None:
    assert auc(risks, churned) == expected


def test_measures_of_a_forecast_by_hand() -> None:
    found = measure([0.8, 0.2, 0.2, 0.2], [0.8, 0.2, 0.2, 0.2], [True, False, False, True])
    assert (found.n, found.churned) == (4, 2)
    assert found.brier == pytest.approx((0.04 + 0.04 + 0.04 + 0.64) / 4)
    assert found.base_brier == 0.25
    assert found.calibration_error == pytest.approx((0.2 + 0.2 + 0.2 + 0.8) / 4)
    assert measure([], [], []).auc is None
    assert "alike" in measure([0.5], [0.5], [False]).text


def drawn(companies: int, terms: int, help: float, seed: int) -> tuple[list[float], list[bool], list[str]]:
    """Terms of one company have one risk; `help`: by how many spreads that of those that leave is higher."""
    chance = random.Random(seed)
    risks, churned, whose = [], [], []
    for number in range(companies):
        leaves = number % 4 == 0
        risk = chance.gauss(help if leaves else 0)
        risks += [risk] * terms
        churned += [leaves] * terms
        whose += [f"c{number}"] * terms
    return risks, churned, whose


def test_the_range_of_the_auc_holds_it_95_times_in_100() -> None:
    true = 0.5 * (1 + erf(1.0 / 2))  # of two normal distributions one spread apart
    met = []
    for seed in range(300):
        low, high = auc_range(*drawn(120, 1, 1.0, seed)) or (0.0, 0.0)
        met.append(low <= true <= high)
    assert 0.91 <= sum(met) / len(met) <= 0.98


def test_twice_the_same_terms_of_each_company_tell_nothing_more() -> None:
    once, often = (auc_range(*drawn(120, terms, 1.0, 5)) for terms in (1, 9))
    assert often == once
    assert once is not None
    spread = auc_range(*drawn(120, 9, 1.0, 5)[:2], range(1080))
    assert spread is not None
    assert spread[1] - spread[0] < 0.5 * (once[1] - once[0])


def test_of_few_that_left_no_range_is_told() -> None:
    risks, churned, whose = drawn(4 * (CHURNED_LEAST - 1), 1, 1.0, 5)
    assert auc_range(risks, churned, whose) is None
    risks, churned, whose = drawn(4 * 4, 10, 1.0, 5)
    assert auc_range(risks, churned, whose) is None  # four companies
    assert measure(risks, [0.25] * 160, churned, whose).notes == ()


@pytest.mark.parametrize(
    "help, said", [(0.0, "no better than chance"), (-2.0, "worse than chance"), (2.0, "")]
)
def test_a_forecast_without_skill_is_called_so(help: float, said: str) -> None:
    risks, churned, whose = drawn(160, 2, help, 5)
    notes = measure(risks, [0.3 if left else 0.2 for left in churned], churned, whose).notes
    assert [said in note for note in notes] == [True] * bool(said)
    notes = measure(risks, [0.25] * len(risks), churned, whose).notes
    assert "always saying the share that leaves" in notes[-1]


def test_bins_hold_as_many_cases_each_and_lose_none() -> None:
    found = bins([index / 25 for index in range(25)], [index > 20 for index in range(25)])
    assert sum(one.n for one in found) == 25
    assert {one.n for one in found} == {2, 3}
    assert found[0].churned == 0
    assert found[-1].churned == 1


def test_precision_and_recall_at_a_threshold() -> None:
    found = threshold("watch", [True, True, False, False], [True, False, True, False])
    assert (found.flagged, found.churned, found.precision, found.recall) == (2, 1, 0.5, 0.5)
    assert threshold("watch", [False], [False]).precision is None
    assert riskiest([0.1, 0.9, 0.5], 2) == [False, True, True]


def test_both_kinds_of_companies_are_dealt_evenly_and_a_deal_is_repeatable() -> None:
    outcomes = {f"c{number}": number < 10 for number in range(50)}
    dealt = folds(outcomes)
    assert dealt == folds(dict(reversed(outcomes.items())))
    assert dealt != folds(outcomes, 1)
    for fold in range(FOLDS):
        own = [company for company, one in dealt.items() if one == fold]
        assert len(own) == 10
        assert sum(outcomes[company] for company in own) == 2


def test_too_few_outcomes_are_insufficient() -> None:
    enough = [True] * 20 + [False] * 100
    assert insufficient(enough, {"a", "b", "c", "d", "e"}) == ""
    assert "19 churned" in insufficient(enough[1:], {"a", "b", "c", "d", "e"})
    assert "of 4 companies" in insufficient(enough, {"a", "b", "c", "d"})
    assert "of 1 company that left" in insufficient(enough, {"a"})


@pytest.mark.parametrize("days_before", HORIZONS)
def test_nothing_after_the_day_is_read(days_before: int) -> None:
    """All that comes later may be anything: other weeks, other terms, another outcome of the term in force."""
    past = Company().past()
    term = past.terms[1]
    day = term.end - days_before
    seen = case_of(past, term, days_before, 5)
    assert seen is not None
    later = {monday: week(monday, 6) if monday + 7 > day else one for monday, one in past.weeks.items()}
    assert any(later[monday] != past.weeks[monday] for monday in later)
    more = [*past.terms, Term(day + 1, day + 400, 1, 1, "", "churned"), Term(day, day + 30)]
    assert case_of(replace(past, weeks=later, terms=more), term, days_before, 5) == seen
    other = replace(term, outcome="renewed")
    renewed = case_of(replace(past, terms=[past.terms[0], other]), other, days_before, 5)
    assert renewed == replace(seen, churned=False)


@pytest.mark.parametrize("days_before", HORIZONS)
def test_how_a_contract_beside_ends_is_not_read_before_it_does(days_before: int) -> None:
    past = Company().past()
    seen = [
        case_of(replace(past, terms=[*past.terms, beside]), past.terms[1], days_before, 5)
        for beside in (
            Term(START, START + 400, 200_000, 60, "big", end) for end in ("open", "renewed", "churned")
        )
    ]
    assert seen[0] is not None
    assert seen[0] == seen[1] == seen[2]


def test_what_happened_before_the_day_is_read() -> None:
    past = Company().past()
    quiet = {monday: week(monday, 8) for monday in past.weeks}
    before, after = (case_of(one, past.terms[1], 0, 5) for one in (past, replace(past, weeks=quiet)))
    assert before is not None
    assert after is not None
    assert after.risk > before.risk
    assert after.features["events"] < before.features["events"]


def test_an_open_term_and_a_company_without_a_contract_yet_are_no_cases() -> None:
    assert [len(cases([Company("open").past()], days, 5)) for days in (0, 60, 180)] == [1, 1, 0]
    assert [len(cases([Company().past()], days, 5)) for days in (0, 60, 180)] == [2, 2, 1]


def test_a_company_below_the_floor_gives_contract_facts_only() -> None:
    past = Company().past()
    few = replace(past, weeks={monday: week(monday, 4) for monday in past.weeks})
    case = case_of(few, past.terms[1], 0, 5)
    assert case is not None
    assert case.score is None
    contract = {"term_months", "first_term", "tenure", "tenure scored", "seats_agreed", "revenue"}
    assert set(case.features) == {*contract, "scored", "members"}
    assert case.features["scored"] == 0.0


def test_time_as_a_customer_is_read_from_its_first_month_on_and_as_the_score_reckons_it() -> None:
    past = Company().past()
    case = case_of(past, past.terms[1], 0, 5)
    assert case is not None
    months = 210 / (365.25 / 12)
    assert case.features["tenure"] == pytest.approx(log(1 + months))
    assert case.features["tenure scored"] == pytest.approx(log(4 + months))


def test_the_model_may_read_what_the_reports_tell_and_nothing_more() -> None:
    """An event that fewer than k used, and any numbers behind what is hidden, leave its inputs as they were."""
    past = Company().past()

    def with_second(users: int, times: int) -> Past:
        feature = FeatureWeek(users, users, times)
        changed = {m: replace(w, features={**w.features, "Call": feature}) for m, w in past.weeks.items()}
        return replace(past, weeks=changed)

    one, other = (case_of(with_second(users, users * 3), past.terms[1], 0, 5) for users in (1, 4))
    assert one == other
    assert one is not None
    assert "events Call" not in one.features
    told = case_of(with_second(9, 27), past.terms[1], 0, 5)
    assert told is not None
    assert told.features["events Call"] == pytest.approx(log(1 + 27))


def test_how_much_is_done_is_read_of_the_newest_weeks() -> None:
    past = Company().past()
    newest = {m: week(m, 12) if m >= START + 7 * 26 else one for m, one in past.weeks.items()}
    case = case_of(replace(past, weeks=newest), past.terms[1], 0, 5)
    assert case is not None
    assert case.features["events"] == pytest.approx(log(1 + 12 * 9))
    assert case.features["quarter events"] > case.features["events"]


def test_what_is_told_of_no_key_event_by_name_is_an_input_of_its_own() -> None:
    past = Company().past()
    hidden = {m: replace(w, features={"Rare": FeatureWeek(1, 1, 3)}) for m, w in past.weeks.items()}
    all_told, none_told = (case_of(replace(past, weeks=w), past.terms[1], 0, 5) for w in (past.weeks, hidden))
    assert all_told is not None
    assert none_told is not None
    assert all_told.features["other events"] < all_told.features["events"]
    for when in ("", "quarter "):
        assert none_told.features[f"{when}other events"] == none_told.features[f"{when}events"]


def test_a_week_that_names_no_key_event_is_none_in_which_nothing_was_done() -> None:
    past = Company().past()
    fewer = {m: week(m, 7) if m == START + 7 * 28 else one for m, one in past.weeks.items()}
    case, without = (case_of(replace(past, weeks=w), past.terms[1], 0, 5) for w in (past.weeks, fewer))
    assert case is not None
    assert without is not None
    named = [name for name in case.features if "events " in name]
    assert [without.features[name] for name in named] == [case.features[name] for name in named]
    assert without.features["events"] < case.features["events"]


def test_the_stated_mapping_loses_a_fifth_a_year_at_a_neutral_score() -> None:
    assert probability_of(0.5, 12) == pytest.approx(0.2)
    assert probability_of(0.7, 1) == pytest.approx(3 * probability_of(0.5, 1), rel=0.02)
    assert probability_of(0.5, 1) < probability_of(0.5, 12)


def test_the_lead_is_how_long_a_leaver_had_been_called() -> None:
    past = Company().past()
    idle = START + 7 * 24
    fading = {m: week(m, 6) if m >= idle else week(m, 40) for m in past.weeks}
    (lead,) = lead_days([replace(past, weeks=fading)], 5)
    assert 0 < lead <= past.terms[1].end - idle
    assert lead_days([Company("renewed").past()], 5) == []


def test_of_those_without_a_score_only_who_has_the_seats_for_one_is_called() -> None:
    """The card counts the calls that the portfolio would have asked for."""
    past = Company().past()
    idle = {monday: week(monday, 3) for monday in past.weeks}

    def told(seats: int, weeks: Mapping[int, WeekMeasures]) -> tuple[int | None, bool, bool]:
        terms = [replace(term, seats=seats) for term in past.terms]
        case = case_of(replace(past, terms=terms, weeks=weeks), terms[1], 0, 5)
        assert case is not None
        return case.score, is_called(case, CALLED_RISK, 5), is_too_small(case, 5)

    assert told(9, idle) == (None, True, False)
    assert told(8, idle) == (None, False, True)
    quieter = {m: week(m, 3) if m >= START + 7 * 20 else one for m, one in past.weeks.items()}
    assert told(8, quieter) == (None, True, False), "it was scored before"


def test_the_past_is_scored_by_the_profile_that_fits_it() -> None:
    """As the score would have been: nothing of a later stage or age chooses it."""
    past = Company().past()
    young = Profile("young", "Young", {"activity": 1.0}, below_days=100)
    risky = Profile("risky", "Risky", {"tenure": 1.0}, stages=("at_risk",))
    settled = Profile(
        "settled", "Settled", {"trend": 0.5, "activity": 0.5}, stages=("adopting", "established")
    )
    by = replace(past, definition=ScoreDefinition((young, risky, settled)))
    first, second = past.terms
    plain = case_of(past, first, 30, 5)
    early, late = case_of(by, first, 30, 5), case_of(by, second, 30, 5)
    assert plain is not None
    assert early is not None
    assert late is not None
    assert early.score == round(100 * 12 / 28)  # 75 days a customer: days active alone
    assert late.score == round((100 + 100 * 12 / 28) / 2)  # and as much as ever
    assert plain.score not in (early.score, late.score)
    sunday = week_of(second.end - 30) - 1
    assert case_of(replace(by, lasting={sunday: "at_risk"}), second, 30, 5) == late
    before = case_of(replace(by, lasting={sunday - 7: "at_risk"}), second, 30, 5)
    assert before is not None
    assert before.score == 66  # 65.5 of 180 days; at risk in the week before the one that is looked at
