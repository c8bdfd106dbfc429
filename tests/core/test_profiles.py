"""Profiles of the score: which one fits, what may be written, and that a score by any of them still adds up."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engage.core import health
from engage.core.care import Ceiling, lowered
from engage.core.company_stages import CompanyStages, Situation, stage_before_score
from engage.core.drivers import ENDS, SHARE, Bounds
from engage.core.language import translate
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.portfolio import summary_of
from engage.core.profiles import ALWAYS_KNOWN, Profile, ScoreDefinition, choose_profile, told_profile
from engage.core.reports import Health
from engage.core.score_changes import MONTH_WEEKS, QUARTER_WEEKS, compared, profile_notes
from engage.core.scored_as import ScoredAs
from engage.core.stage_words import CompanyStage, Stage, next_stage
from engage.core.telling import in_language
from engage.document import read_book
from tests.core.test_company_stages import SITUATIONS, situation
from tests.core.test_health import FIRST, NAMES, K, driver, scored, steady, week

EVEN = {"activity": 0.5, "seats": 0.5}
FIRST_MONTHS = Profile("first-months", "First months", EVEN, {"seats": Bounds(0, 50)}, below_days=180)
SETTLED = Profile("settled", "Settled", {"habit": 0.6, "activity": 0.4}, stages=("established", "expanding"))
DEFINITION = ScoreDefinition((FIRST_MONTHS, SETTLED))

TEXT = """
score:
  profiles:
    - id: first-months
      name: First months
      days: {below: 180}
      weights: {activity: 0.5, seats: 0.5}
      bounds: {seats: {from: 0, to: 50}}
    - id: settled
      name: Settled
      stages: [established, expanding]
      weights: {habit: 0.6, activity: 0.4}
"""


def chosen(profile: Profile) -> ScoredAs:
    found = choose_profile(
        ScoreDefinition((replace(profile, stages=(), from_days=0, below_days=None),)), None, None
    )
    assert found is not None
    return found


def by(profile: Profile | None, weeks: list[WeekMeasures], age: int | None = 400) -> Health:
    return health.score("2026-01-04", weeks, 62, age, K, chosen(profile) if profile else None)


# --- what may be written ------------------------------------------------------------------------------------


def test_profiles_are_read_from_the_book() -> None:
    found = read_book(TEXT)
    assert found.problems == []
    assert found.book is not None
    assert found.book.score == DEFINITION


GOOD = "weights: {activity: 1}"
WEIGHTS = "0/weights"


@pytest.mark.parametrize(
    "profile, place, words",
    [
        ("{id: a}", "0", "missing key 'weights'"),
        (f"{{id: standard, {GOOD}}}", "0/id", "give it another id"),
        ("{id: a, weights: {activity: 0.5, trend: 0.4}}", WEIGHTS, "add up to 0.9: 0.1 is missing"),
        ("{id: a, weights: {activity: 0.5, trend: 0.6}}", WEIGHTS, "add up to 1.1: 0.1 too much"),
        ("{id: a, weights: {trend: 0.5, seats: 0.5}}", WEIGHTS, "must weigh activity or tenure"),
        ("{id: a, weights: {activity: 0.333, trend: 0.667}}", f"{WEIGHTS}/trend", "in whole percents"),
        ("{id: a, weights: {activity: -0.5, trend: 1.5}}", f"{WEIGHTS}/activity", "from 0 to 1"),
        ("{id: a, weights: {activity: yes}}", f"{WEIGHTS}/activity", "must be a number"),
        ("{id: a, weights: {activty: 1}}", f"{WEIGHTS}/activty", "did you mean 'activity'"),
        (f"{{id: a, {GOOD}, bounds: {{seats: {{from: 80, to: 50}}}}}}", "0/bounds/seats", "must be below"),
        (
            f"{{id: a, {GOOD}, bounds: {{seats: {{from: 0, to: 101}}}}}}",
            "0/bounds/seats/to",
            "to 100, not 101",
        ),
        (f"{{id: a, {GOOD}, bounds: {{activity: {{from: 0, to: 29}}}}}}", "0/bounds/activity/to", "to 28"),
        (f"{{id: a, {GOOD}, bounds: {{seats: {{to: 50}}}}}}", "0/bounds/seats", "missing key 'from'"),
        (f"{{id: a, {GOOD}, stages: [churned]}}", "0/stages/0", "keeps the score of the end"),
        (f"{{id: a, {GOOD}, stages: [adoptng]}}", "0/stages/0", "did you mean 'adopting'"),
        (f"{{id: a, {GOOD}, stages: [at_risk, at_risk]}}", "0/stages/1", "twice"),
        (f"{{id: a, {GOOD}, stages: []}}", "0/stages", "at least 1"),
        (f"{{id: a, {GOOD}, days: {{}}}}", "0/days", "asks for nothing"),
        (f"{{id: a, {GOOD}, days: {{from: 90, below: 90}}}}", "0/days", "must be less than"),
        (f"{{id: a, {GOOD}, days: 90}}", "0/days", "must be a mapping"),
        (f"{{id: a, {GOOD}}}\n  - {{id: a, days: {{from: 90}}, {GOOD}}}", "1/id", "another profile"),
        (f"{{id: a, {GOOD}}}\n  - {{id: b, days: {{from: 90}}, {GOOD}}}", "1", "put the narrower first"),
    ],
)
def test_each_mistake_is_told_at_its_place(profile: str, place: str, words: str) -> None:
    found = read_book(f"score:\n  profiles:\n  - {profile}")
    assert found.book is None
    told = {one.pointer.removeprefix("/score/profiles/"): one.message for one in found.problems}
    assert words in told.get(place, ""), told
    assert {one.line for one in found.problems} <= {3, 4}


def test_a_definition_s_version_follows_from_what_decides_a_score() -> None:
    assert ScoreDefinition().version == ""
    assert DEFINITION.version == ScoreDefinition((FIRST_MONTHS, SETTLED)).version
    renamed = replace(SETTLED, name="In use")
    reordered = replace(SETTLED, weights=dict(reversed(SETTLED.weights.items())), stages=SETTLED.stages[::-1])
    for alike in (renamed, reordered, replace(SETTLED, weights={**SETTLED.weights, "trend": 0.0})):
        assert ScoreDefinition((FIRST_MONTHS, alike)).version == DEFINITION.version
    for other in (
        (SETTLED, FIRST_MONTHS),
        (FIRST_MONTHS,),
        (FIRST_MONTHS, replace(SETTLED, weights={"habit": 0.5, "activity": 0.5})),
        (FIRST_MONTHS, replace(SETTLED, from_days=1)),
        (replace(FIRST_MONTHS, bounds={}), SETTLED),
    ):
        assert ScoreDefinition(other).version != DEFINITION.version


# --- which profile fits -------------------------------------------------------------------------------------

LASTS = "another counts once it has held for four weeks."


@pytest.mark.parametrize(
    "stage, age, id, why",
    [
        ("onboarding", 20, "first-months", "A customer for 20 days."),
        ("established", 179, "first-months", "A customer for 179 days."),
        ("established", 180, "settled", f"By the stage Established; {LASTS}"),
        ("expanding", None, "settled", f"By the stage Expanding; {LASTS}"),
        ("adopting", 180, "standard", f"No profile fits the stage Adopting; {LASTS}"),
        ("onboarding", 180, "standard", "None of the profiles fits."),
        (None, None, "standard", "None of the profiles fits."),
        (None, -5, "first-months", "A customer for 0 days."),
    ],
)
def test_a_company_gets_the_first_profile_that_fits(stage: str, age: int | None, id: str, why: str) -> None:
    found = choose_profile(DEFINITION, stage, age)  # type: ignore[arg-type]
    assert found is not None
    assert (found.id, found.text, found.definition) == (id, why, DEFINITION.version)
    assert translate(found.text, "zh-Hans") != found.text


def test_without_profiles_the_score_is_what_it_was() -> None:
    assert choose_profile(ScoreDefinition(), "established", 400) is None
    standard = choose_profile(DEFINITION, None, None)
    plain = scored(steady(), age=400)
    assert plain.profile is None
    found = health.score("2026-01-04", steady(), 62, 400, K, standard)
    assert replace(found, profile=None) == plain


@pytest.mark.parametrize(
    "lasting, now, stage",
    [
        ("adopting", SITUATIONS[0][1], "adopting"),  # which is established this week
        ("at_risk", SITUATIONS[0][1], "at_risk"),
        (None, SITUATIONS[0][1], "established"),
        ("onboarding", SITUATIONS[1][1], "adopting"),
        ("churned", SITUATIONS[0][1], "established"),  # a contract of its own again
        ("established", situation(age=89), "onboarding"),
        ("established", situation(left=True), None),
        (
            None,
            situation(scores=(60, 39, 39)),
            "established",
        ),  # at risk by the score that is to be chosen for
    ],
)
def test_the_stage_that_counts_is_the_one_that_lasted(
    lasting: Stage | None, now: Situation, stage: Stage | None
) -> None:
    assert stage_before_score(CompanyStages(), now, lasting) == stage


def test_a_stage_lasts_from_its_fourth_week_in_a_row() -> None:
    """A company on the border does not come to another profile with every week."""
    weeks = ["onboarding", "adopting", "established", "established", "established", "adopting", "established"]
    weeks += ["established"] * 3 + ["at_risk"] * 4 + ["churned"]
    stage: CompanyStage | None = None
    lasted = []
    for index, one in enumerate(weeks):
        day = date.fromordinal(738_000 + 7 * index).isoformat()
        stage = next_stage((one, "why"), stage, day)  # type: ignore[arg-type]
        assert stage is not None
        lasted.append(stage.lasting)
    assert lasted == [
        *("onboarding", *["adopting"] * 8),
        *(*["established"] * 4, "at_risk", "churned"),
    ]
    assert next_stage(None, stage, "2026-01-04") is None


# --- the score by a profile ---------------------------------------------------------------------------------


def test_a_profile_s_bounds_and_weights_are_what_it_is_scored_by() -> None:
    found = by(FIRST_MONTHS, steady(active_4w=30, active=15, habitual=10, days=75), age=90)
    assert driver(found, "seats") == 96.8  # 30 of 62 is 48.4 %, of 50
    assert {one.name: one.weight for one in found.drivers if one.weight} == EVEN
    assert not any("new customer" in one.text for one in found.drivers)
    assert found.profile is not None
    assert (found.profile.id, found.profile.bounds) == ("first-months", {"seats": (0, 50)})


def test_only_a_driver_that_counts_is_missed() -> None:
    young = [replace(one, since=FIRST + 7 * 10) for one in steady()]
    found = by(FIRST_MONTHS, young, age=60)
    assert not [note for note in found.notes if "is missing" in note]
    settled = by(SETTLED, young, age=60)
    assert [
        note
        for note in settled.notes
        if note.endswith("Its weight of 60 % is shared out among the others in proportion.")
    ]
    assert (settled.confidence, {one.name: one.weight for one in settled.drivers if one.weight}) == (
        "low",
        {"activity": 1.0},
    )


shares = st.lists(st.integers(0, 100), min_size=8, max_size=8).filter(lambda found: found[0] + found[-1] > 0)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Weights of whole percents that add up to 1, and bounds of some drivers."""
    drawn = dict(zip(health.LABELS, draw(shares), strict=True))
    percents = {name: 100 * share // sum(drawn.values()) for name, share in drawn.items()}
    percents[ALWAYS_KNOWN[0]] += 100 - sum(percents.values())
    bounds = {}
    for name in draw(st.sets(st.sampled_from(list(health.LABELS)))):
        least, most = ENDS.get(name, SHARE)
        low, high = sorted(draw(st.tuples(*[st.integers(int(least), int(most))] * 2)))
        if low < high:
            bounds[name] = Bounds(low, high)
    id = f"p{draw(st.integers(0, 9))}"
    return Profile(id, id, {name: share / 100 for name, share in percents.items()}, bounds)


@st.composite
def histories(draw: st.DrawFn) -> list[WeekMeasures]:
    """18 weeks, the last four of another kind."""
    found = []
    for span in (range(14), range(14, 18)):
        active = draw(st.integers(9, 60))
        kind = {
            "active_4w": active,
            "active": draw(st.integers(5, active)),
            "habitual": draw(st.integers(0, active)),
            "days": draw(st.integers(active, 7 * active)),
            "features": {name: FeatureWeek(3, draw(st.integers(0, active)), 9) for name in NAMES[:4]},
        }
        found += [week(index, **kind) for index in span]
    return found


def exact(found: Health) -> float:
    return 50 + sum(round(10 * one.contribution) for one in found.drivers) / 10


@given(profiles(), histories(), st.integers(0, 900))
def test_contributions_add_up_to_the_score_by_any_profile(
    profile: Profile, weeks: list[WeekMeasures], age: int
) -> None:
    found = by(profile, weeks, age)
    if found.score is None:
        return
    assert 0 <= found.score <= 100
    assert found.score == round(exact(found))
    assert sum(one.weight for one in found.drivers) == pytest.approx(1, abs=0.001)
    for one in found.drivers:
        assert one.contribution == round(one.contribution, 1)


@given(profiles(), st.integers(20, 160), st.integers(0, 40))
def test_more_use_never_lowers_a_score_by_any_profile(profile: Profile, days: int, more: int) -> None:
    low, high = (by(profile, steady(days=count)).score for count in (days, days + more))
    assert low is not None
    assert high is not None
    assert low <= high


@given(profiles(), profiles(), histories(), st.integers(0, 300), st.booleans(), st.booleans())
def test_the_changes_of_the_rows_add_up_to_the_change_of_the_score(
    one: Profile,
    other: Profile,
    weeks: list[WeekMeasures],
    age: int,
    capped: bool,
    was_capped: bool,
) -> None:
    definition = "d"
    now, then = (
        health.score(day, some, 62, days, K, replace(chosen(kind), definition=definition))
        for day, some, days, kind in (
            ("2026-03-29", weeks, age + 28, one),
            ("2026-03-01", weeks[:-4], age, other),
        )
    )
    ceiling = Ceiling("c", 30, "why", "ann", "2026-01-01", "2027-01-01")
    now, then = lowered(now, None, [ceiling] * capped), lowered(then, None, [ceiling] * was_capped)
    if now.score is None or then.score is None:
        return
    found = compared(now, {MONTH_WEEKS: then}, age + 28)
    assert found.change_4w == now.score - then.score
    assert sum(row.change for row in found.drivers) == pytest.approx(exact(now) - exact(then), abs=0.001)
    assert exact(found) == exact(now)
    row = [one.change for one in found.drivers if one.name == "profile"]
    assert bool(row) == (one.id != other.id)
    assert bool([note for note in found.notes if "due to the profile alone" in note]) == bool(row)


def test_a_change_of_profile_alone_is_the_profile_s_to_the_last_tenth() -> None:
    """The company did the same; the bounds and the weights are other ones."""
    definition = "d"
    months = replace(chosen(FIRST_MONTHS), definition=definition)
    settled = replace(chosen(SETTLED), definition=definition, bounds={"activity": (0.0, 14.0)})
    weeks = [*steady(), week(16), week(17), week(18), week(19)]
    then = health.score("2026-03-01", weeks[:16], 62, 370, K, months)
    now = health.score("2026-03-29", weeks, 62, 398, K, settled)
    assert now.score is not None
    assert then.score is not None
    found = compared(now, {MONTH_WEEKS: then, QUARTER_WEEKS: then}, 398)
    changes = {one.name: one.change for one in found.drivers if one.change}
    assert changes == {"profile": round(exact(now) - exact(then), 1)}
    row = next(one for one in found.drivers if one.name == "profile")
    assert row.text == "scored as Settled, four weeks before as First months"
    assert (row.contribution, found.change_13w) == (0.0, now.score - then.score)
    notes = [note for note in found.notes if "profile alone" in note]
    assert [note[:9] for note in notes] == ["4 weeks b", "13 weeks "]
    told = in_language(found, "zh-Hans")
    assert not [
        text for text in (row.text, *notes) if text in (*told.notes, *(one.text for one in told.drivers))
    ]


def test_who_fades_a_little_every_week_slid_though_nothing_fell_sharply() -> None:
    """From 20 people on every working day to half of that, over ten weeks; still healthy."""
    found = {}
    for weeks_ago in (13, 4, 0):
        known = [week(n, days=100 - 5 * max(0, n - 15)) for n in range(26 - weeks_ago)]
        found[weeks_ago] = health.score("2026-01-04", known[-26:], 24, 400 - 7 * weeks_ago, K)
    now = compared(found[0], {MONTH_WEEKS: found[4], QUARTER_WEEKS: found[13]}, 400)
    assert now.change_4w is not None
    assert now.change_13w is not None
    assert (now.band, now.change_4w > -10, now.change_13w <= -10) == ("healthy", True, True)
    trend = next(one for one in now.drivers if one.name == "trend")
    assert now.slid == trend.text
    assert summary_of(now).slid == now.slid
    assert compared(found[0], {MONTH_WEEKS: found[4]}, 400).slid == ""


def test_what_another_profile_took_in_thirteen_weeks_is_no_slow_fall() -> None:
    definition = "d"
    strict = replace(chosen(SETTLED), definition=definition, bounds={"activity": (5.0, 28.0)})
    mild = replace(chosen(SETTLED), id="mild", definition=definition, bounds={"activity": (0.0, 14.0)})
    weeks = steady()
    then = health.score("2026-03-01", weeks, 62, 370, K, mild)
    less = [*weeks[:-4], *(week(index, days=90) for index in range(12, 16))]
    now = health.score("2026-05-31", less, 62, 461, K, strict)
    found = compared(now, {QUARTER_WEEKS: then}, 461)
    assert found.change_13w is not None
    assert found.change_13w <= -10
    assert found.slid == ""


def test_what_is_not_known_any_more_is_part_of_the_change() -> None:
    """Without a row for it the changes would not add up."""
    then = scored(steady(), seats=62)
    now = scored(steady(), seats=None)
    found = compared(now, {MONTH_WEEKS: then}, 800)
    assert sum(one.change for one in found.drivers) == pytest.approx(exact(now) - exact(then))
    row = next(one for one in found.drivers if one.name == "missing")
    assert row.text == "Seat use: known four weeks before, and not now"


def test_scores_by_another_definition_are_not_compared() -> None:
    then = health.score("2026-03-01", steady(), 62, 400, K, chosen(FIRST_MONTHS))
    for now in (by(SETTLED, steady()), by(None, steady())):
        found = compared(now, {MONTH_WEEKS: then}, 428)
        assert (found.change_4w, {one.change for one in found.drivers}) == (None, {0.0})
        assert found.notes[-1].startswith("Changes are not shown since scores by another definition")


def test_the_history_says_when_another_profile_came_into_use() -> None:
    months, settled = (
        health.score(day, steady(), 62, 400, K, replace(chosen(one), definition="d"))
        for day, one in (("2026-01-04", FIRST_MONTHS), ("2026-01-18", SETTLED))
    )
    unscored = Health("2026-01-11", None, "unscored", "low", "")
    built_in = replace(settled, as_of="2026-01-25", profile=None)
    again = by(SETTLED, steady())
    assert profile_notes([months, unscored, months, settled, built_in]) == (
        "From 2026-01-18 on scored as Settled, before as First months.",
        "From 2026-01-25 on scored by the built-in definition.",
    )
    assert profile_notes([built_in, again]) == (
        f"From {again.as_of} on scored by another definition, as Settled.",
    )
    for note in profile_notes([months, settled, built_in, again]):
        assert "scored" not in translate(note, "zh-Hans")


def test_a_report_tells_the_weights_in_both_languages() -> None:
    told = told_profile(chosen(FIRST_MONTHS))
    assert (
        told.text
        == "Weights: Days active 50 %, Seat use 50 %. From nothing to full points: Seat use 0 to 50."
    )
    chinese = in_language(told, "zh-Hans")
    assert chinese.text == "权重：活跃天数 50%、席位使用 50%。从零分到满分：席位使用 0 至 50。"
    assert chosen(FIRST_MONTHS).definition in chinese.source
