"""The two bitmaps of a member against plain sets: any order of days, late ones, far jumps, and the bounds."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from engage.core.activity import (
    DAYS_KEPT,
    FEATURES_MAX,
    WEEKS_KEPT,
    count_in,
    mark_day,
    mark_earning,
    mark_feature,
    mark_rewarded,
    mark_use,
    share_in,
    since_named,
    window_bits,
)
from engage.core.calendar import week_of
from engage.core.state import MemberState, decode_member, encode_state

TODAY = 739_000
STEPS = st.sampled_from([0, 1, 1, 2, 7, 30, 64, 65, DAYS_KEPT, DAYS_KEPT + 64, DAYS_KEPT + 65, 5000])
"""How far the next day lies ahead of the newest, or behind it when negative."""


def used_feature(member: MemberState, name: str, first: int, last: int) -> bool:
    """Whether the event was used in any ISO week whose Monday lies from `first` to `last`."""
    used = member.features.get(name)
    if used is None:
        return False
    base, bits = used
    return any(
        bits >> (monday - base) // 7 & 1 for monday in range(week_of(first), last + 1, 7) if monday >= base
    )


@st.composite
def day_lists(draw: st.DrawFn) -> list[int]:
    newest, days = TODAY, [TODAY]
    for _ in range(draw(st.integers(0, 60))):
        if draw(st.booleans()):
            newest += draw(STEPS)
            days.append(newest)
        else:
            days.append(newest - draw(STEPS | st.integers(0, DAYS_KEPT + 1)))
    return days


@given(days=day_lists())
def test_the_bitmap_of_days_is_the_set_of_days(days: list[int]) -> None:
    member, known, newest = MemberState(), set[int](), 0
    for day in days:
        kept = day >= newest - DAYS_KEPT
        assert mark_day(member, day) == (kept and day not in known)
        known |= {day} if kept else set()
        newest = max(newest, day)
        assert member.last_day == newest
        assert len(member.days) <= (DAYS_KEPT + 64) // 8 + 1
        assert member.days[-1], "no byte is stored for days without activity"
        first = newest - DAYS_KEPT
        expected = sum(1 << (one - first) for one in known if one >= first)
        assert window_bits(member, first, newest) == expected
    for first, last in ((newest - 6, newest), (newest - 27, newest - 3), (newest - DAYS_KEPT, newest + 9)):
        assert window_bits(member, first, last).bit_count() == len(
            [day for day in known if first <= day <= last]
        )
    assert decode_member(encode_state(member)) == member


@given(days=day_lists())
def test_the_bits_of_a_feature_are_the_set_of_its_weeks(days: list[int]) -> None:
    member, known, newest = MemberState(), set[int](), 0
    for day in days:
        week = week_of(day)
        mark_feature(member, "Export", day)
        newest = max(newest, week)
        known |= {week}
        known = {one for one in known if one > newest - 7 * WEEKS_KEPT}
        assert member.features["Export"][1].bit_length() <= WEEKS_KEPT
        for monday in range(newest - 7 * (WEEKS_KEPT - 1), newest + 8, 7):
            assert used_feature(member, "Export", monday, monday) == (monday in known)
    oldest = newest - 7 * (WEEKS_KEPT - 1)
    assert used_feature(member, "Export", oldest, newest) == bool(known)
    assert not used_feature(member, "Import", oldest, newest)
    assert decode_member(encode_state(member)) == member


def test_the_oldest_and_the_newest_week_fit_together_in_what_is_stored() -> None:
    member = MemberState()
    mark_feature(member, "Export", TODAY)
    mark_feature(member, "Export", TODAY - 7 * (WEEKS_KEPT - 1))
    assert member.features["Export"][1] == 1 << WEEKS_KEPT - 1 | 1
    assert decode_member(encode_state(member)) == member
    mark_feature(member, "Export", TODAY - 7 * WEEKS_KEPT)
    assert member.features["Export"][1].bit_count() == 2


def full(day: int) -> MemberState:
    member = MemberState()
    for number in range(FEATURES_MAX):
        mark_feature(member, f"Feature {number:02}", day + 7 * number)
    return member


def test_a_new_feature_takes_the_place_of_the_one_longest_unused() -> None:
    member = full(TODAY)
    newest = TODAY + 7 * FEATURES_MAX
    mark_feature(member, "New", newest)
    assert used_feature(member, "New", newest, newest)
    assert len(member.features) == FEATURES_MAX
    assert "Feature 00" not in member.features
    assert "Feature 01" in member.features


def test_a_feature_no_newer_than_those_remembered_takes_no_place() -> None:
    member = full(TODAY)
    mark_feature(member, "Late", TODAY)
    assert "Late" not in member.features
    assert "Feature 00" in member.features


def _who_came(days: Iterable[int], joined: int) -> MemberState:
    member = MemberState(joined=joined)
    for day in days:
        mark_day(member, day)
        mark_use(member, day)
        if day % 3:
            mark_rewarded(member, day)
        mark_feature(member, f"Export {day % 2}", day)
        mark_earning(member, "points", day)
        base, (first, then) = member.funnels.get("way", (week_of(day), (0, 0)))
        bit = 1 << (week_of(day) - base) // 7
        member.funnels["way"] = (base, (first | bit, then | bit * (day % 3 == 0)))
    return member


def _weeks(used: tuple[int, int]) -> set[int]:
    base, bits = used
    return {base + 7 * at for at in range(bits.bit_length()) if bits >> at & 1}


@given(days=st.lists(st.integers(TODAY - 60, TODAY)), joined=st.integers(TODAY - 60, TODAY))
def test_without_what_was_done_before_the_week_of_naming_only_that_is_left_which_was_done_since(
    days: list[int], joined: int
) -> None:
    days = sorted(days)
    own = since_named(_who_came(days, joined))
    later = _who_came([day for day in days if day >= week_of(joined)], joined)
    assert window_bits(own, TODAY - 70, TODAY) == window_bits(later, TODAY - 70, TODAY)
    assert (own.days, own.days and own.days_base) == (later.days, later.days and later.days_base)
    for monday in range(week_of(TODAY - 70), TODAY, 7):
        assert count_in(own.uses, monday) == count_in(later.uses, monday)
        assert count_in(own.rewarded, monday) == count_in(later.rewarded, monday)
        for name, (base, bits) in later.features.items():
            if monday >= base and bits >> (monday - base) // 7 & 1:
                kept, since = (one.shares[list(one.features).index(name)] for one in (own, later))
                later_bits = bits >> (monday - base) // 7 + 1
                assert share_in(kept, later_bits) == share_in(since, later_bits)
    for ours, theirs in ((own.features, later.features), (own.earning, later.earning)):
        assert {name: _weeks(used) for name, used in ours.items() if used[1]} == {
            name: _weeks(used) for name, used in theirs.items()
        }
    for step in range(2):
        ways = [member.funnels.get("way", (0, (0, 0))) for member in (own, later)]
        assert _weeks((ways[0][0], ways[0][1][step])) == _weeks((ways[1][0], ways[1][1][step]))
