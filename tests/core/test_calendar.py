"""Local days, weeks and months against the standard library's own calendar, over many zones and moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engage.core.calendar import (
    DAY,
    HOUR,
    SECOND,
    from_datetime,
    is_time_zone,
    local_day_hour,
    month_of,
    start_of_day,
    to_datetime,
    to_rfc3339,
    utc_day,
    week_of,
    weekday_of,
)
from engage.core.limits import window_start

# Whole and half hours, quarters, no daylight saving, southern summers, half an hour of it (Lord Howe), clocks changed
# a minute past midnight (St John's until 2011, Casey in 2020), a day left out (Apia), the date line, seconds.
ZONES = (
    *("UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "America/St_Johns", "America/Sao_Paulo"),
    *("Asia/Kolkata", "Asia/Kathmandu", "Asia/Shanghai", "Asia/Gaza", "Africa/Casablanca", "Africa/Monrovia"),
    *("Australia/Lord_Howe", "Antarctica/Casey", "Antarctica/Troll", "Pacific/Apia", "Pacific/Chatham"),
    *("Pacific/Kiritimati", "Etc/GMT+12"),
)
MOMENTS = st.integers(0, from_datetime(datetime(2100, 1, 1, tzinfo=UTC)))
DAYS = st.integers(date(1970, 1, 1).toordinal(), date(2199, 12, 31).toordinal())


def truth(at: int, zone: str) -> tuple[int, int]:
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))
    return local.toordinal(), local.hour


def changes(zone: str, year: int) -> list[int]:
    """The seconds of a year in which the zone changes its offset."""
    start = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    found = []
    low, tz = start, ZoneInfo(zone)
    for high in range(start + 86_400, start + 366 * 86_400, 86_400):
        before, after = low, high
        if offset(before, tz) != offset(after, tz):
            while after - before > 1:
                middle = (before + after) // 2
                before, after = (
                    (middle, after) if offset(middle, tz) == offset(before, tz) else (before, middle)
                )
            found.append(after)
        low = high
    return found


def offset(second: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()


@given(at=MOMENTS, zone=st.sampled_from(ZONES))
@example(at=0, zone="Africa/Monrovia")
def test_the_local_day_and_hour_are_those_of_the_zone(at: int, zone: str) -> None:
    assert local_day_hour(at, zone) == truth(at, zone)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", [1972, 1988, 2010, 2011, 2020, 2026])
def test_the_local_day_and_hour_are_right_around_every_change_of_the_clock(zone: str, year: int) -> None:
    for second in changes(zone, year):
        for near in (*range(-1800, 1801, 60), -1, 1):
            at = (second + near) * SECOND
            assert local_day_hour(at, zone) == truth(at, zone)
            assert local_day_hour(at - 1, zone) == truth(at - 1, zone)


@pytest.mark.parametrize("day, hours", [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_of_23_or_25_hours_is_one_day(day: str, hours: int) -> None:
    ordinal = date.fromisoformat(day).toordinal()
    start = start_of_day(ordinal) - 6 * HOUR
    minutes = [start + minute * 60 * SECOND for minute in range(40 * 60)]
    of_the_day = [at for at in minutes if local_day_hour(at, "Europe/Berlin")[0] == ordinal]
    assert len(of_the_day) == hours * 60
    assert of_the_day[-1] - of_the_day[0] == (hours * 60 - 1) * 60 * SECOND


@given(day=DAYS)
@example(day=date(2024, 2, 29).toordinal())
@example(day=date(2026, 12, 31).toordinal())
@example(day=date(2027, 1, 3).toordinal())
def test_weeks_and_months_are_those_of_the_iso_calendar(day: int) -> None:
    real = date.fromordinal(day)
    monday, first = date.fromordinal(week_of(day)), date.fromordinal(month_of(day))
    assert monday.weekday() == 0
    assert monday.isocalendar()[:2] == real.isocalendar()[:2]
    assert (first.year, first.month, first.day) == (real.year, real.month, 1)
    assert weekday_of(day) == real.weekday()
    assert (window_start("day", day), window_start("week", day)) == (day, week_of(day))
    assert (window_start("month", day), window_start("lifetime", day)) == (month_of(day), 0)


@given(at=MOMENTS)
def test_a_moment_survives_its_other_forms(at: int) -> None:
    assert from_datetime(to_datetime(at)) == at
    assert from_datetime(datetime.fromisoformat(to_rfc3339(at))) == at
    assert utc_day(at) == to_datetime(at).toordinal()
    assert start_of_day(utc_day(at)) <= at < start_of_day(utc_day(at) + 1)
    assert start_of_day(utc_day(at)) % DAY == 0


@given(
    name=st.text(max_size=300)
    | st.sampled_from(["../Europe/Berlin", "/etc/passwd", "Europe", "\ud800", "a" * 9000])
)
def test_any_text_is_a_zone_or_is_not(name: str) -> None:
    if is_time_zone(name):
        local_day_hour(0, name)


def test_only_zones_are_zones() -> None:
    assert is_time_zone("Europe/Berlin")
    assert not is_time_zone("Europe/Bonn")
    assert not is_time_zone("")
