"""What a publication would do to levels, told beforehand: it is what then happens."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engage.core.calendar import DAY, local_day_hour
from engage.core.compiled import compile_program
from engage.core.level_changes import Forecast, LevelChange, change_text
from engage.core.program import Level, Levels, OnChange, Program
from engage.core.state import CompanyState
from tests.core.history import History, program_of
from tests.core.random_programs import SEEDS, Act, programs, stories, tell
from tests.core.test_levels import YEARLY, at, with_levels

STEPS = (Level("bronze", "B", 20), Level("silver", "S", 25, protected=True), Level("gold", "G", 300))


@settings(max_examples=50)
@given(
    old=st.builds(with_levels, programs, SEEDS),
    on_change=st.sampled_from(["keep", "rise", "rise_and_fall"]),
    story=stories("adjust", "undo", "wait"),
)
def test_what_is_told_of_the_next_midnight_is_what_it_brings(
    old: Program, on_change: OnChange, story: list[Act]
) -> None:
    assert old.levels is not None
    told = tell(old, story)
    new = replace(old, rules=(), levels=replace(old.levels, steps=STEPS, review=None, on_change=on_change))
    now = max((step.entry.received_at for step in told.history.steps), default=told.clock)
    today, _ = local_day_hour(now, told.history.company.timezone)
    forecasts = {}
    for name, member in told.history.members.items():
        forecast = Forecast(compile_program(new))
        forecast.add(told.history.program, told.history.company, member, today)
        forecasts[name] = (member.level, forecast.changes())
    told.history.publish(new)
    told.history.append(8, "", now, "", told.history.steps[0].entry.body) if told.history.steps else None
    for name, (before, changes) in forecasts.items():
        told.history.wait(name, now + 2 * DAY)
        after = told.history.member(name).level
        moved = [one for one in changes if one.when == "next_midnight"]
        assert len(changes) <= 1
        if moved:
            assert (moved[0].before or "", moved[0].after or "") == (before, after)
        elif on_change == "keep":
            assert after == before


def forecast(old: Program, new: Program, told: History, day: str) -> list[LevelChange]:
    made = Forecast(compile_program(new))
    today, _ = local_day_hour(at(day), told.timezone)
    for member in told.members.values():
        made.add(compile_program(old), told.company, member, today)
    return made.changes()


def test_rises_and_falls_are_counted_with_when_they_come() -> None:
    old = program_of(YEARLY)
    told = History()
    told.publish(old)
    for name, times in (("ann", 3), ("bob", 1), ("cid", 3), ("dan", 2)):
        for _ in range(times):
            told.track(name, "Sale", at("2026-03-02"))
    new = program_of(
        YEARLY.replace("threshold: 10}", "threshold: 5}").replace("threshold: 30", "threshold: 20")
    )
    (rise,) = forecast(old, new, told, "2026-04-01")
    assert change_text(rise) == "1 member would rise from silver to gold with their next points"
    new = program_of(YEARLY.replace("threshold: 30", "threshold: 40"))
    (fall,) = forecast(old, new, told, "2026-04-01")
    assert change_text(fall) == (
        "2 members would fall from gold to silver at their review, the first on 2027-01-01"
    )
    gone = program_of(YEARLY.replace("    - {id: gold, threshold: 30}\n", ""))
    (end,) = forecast(old, gone, told, "2026-04-01")
    assert (end.before, end.after, end.when, end.members) == ("gold", "silver", "next_points", 2)
    assert forecast(old, old, told, "2026-04-01") == []


def test_who_would_fall_anyway_is_not_put_down_to_the_change() -> None:
    old = program_of(YEARLY)
    told = History()
    told.publish(old)
    for _ in range(3):
        told.track("ann", "Sale", at("2026-03-02"))
    told.append(8, "", at("2027-02-01"), "", told.steps[0].entry.body)
    told.wait("ann", at("2027-02-01"))
    new = program_of(YEARLY.replace("threshold: 30", "threshold: 40"))
    assert forecast(old, new, told, "2027-02-01") == []


def test_a_company_without_levels_before_has_nothing_to_lose() -> None:
    made = Forecast(compile_program(replace(program_of(YEARLY), levels=Levels("points", STEPS))))
    told = History()
    told.publish(program_of(YEARLY))
    told.track("ann", "Sale", at("2026-03-02"))
    made.add(None, CompanyState(), told.member("ann"), local_day_hour(at("2026-04-01"), "UTC")[0])
    assert [one.after for one in made.changes()] == []
