"""Expiry: which day each policy gives, and what moves it."""

from __future__ import annotations

from datetime import date

import pytest

from engage.core.calendar import DAY, HOUR
from engage.core.expiry import lot_day
from engage.core.ledger import EXPIRED_DAYS_MAX
from engage.core.program import Expires, Length
from tests.core.history import History, program_of

AT = 20_500 * DAY + 9 * HOUR  # 2026-02-16
DAYS_90, YEAR = Length("days", 90), Length("years", 1)


@pytest.mark.parametrize(
    "expires, earned, gone",
    [
        (Expires(DAYS_90), "2026-01-15", "2026-04-15"),
        (Expires(Length("months", 1)), "2026-01-31", "2026-02-28"),
        (Expires(Length("months", 12)), "2028-02-29", "2029-02-28"),
        (Expires(YEAR), "2026-12-31", "2027-12-31"),
        (Expires(Length("months", 12), "month"), "2026-01-01", "2027-02-01"),
        (Expires(Length("months", 12), "month"), "2026-01-31", "2027-02-01"),
        (Expires(DAYS_90, "quarter"), "2026-01-15", "2026-07-01"),
        (Expires(DAYS_90, "year"), "2026-10-03", "2028-01-01"),
        (Expires(round="year"), "2026-12-31", "2027-01-01"),
        (Expires(on=("06-30", "12-31")), "2026-06-29", "2026-07-01"),
        (Expires(on=("06-30", "12-31")), "2026-06-30", "2027-01-01"),
        (Expires(on=("06-30", "12-31"), after=DAYS_90), "2026-04-01", "2026-07-01"),
        (Expires(on=("06-30", "12-31"), after=DAYS_90), "2026-04-02", "2027-01-01"),
        (Expires(on=("02-29",)), "2026-01-01", "2026-03-01"),
        (Expires(on=("02-29",)), "2028-01-01", "2028-03-01"),
        (Expires(idle=Length("days", 60)), "2026-01-15", "2026-03-16"),
    ],
)
def test_the_day_from_which_points_are_gone(expires: Expires, earned: str, gone: str) -> None:
    found = lot_day(expires, date.fromisoformat(earned).toordinal())
    assert date.fromordinal(found).isoformat() == gone


def told(expires: str, *days: int, zone: str = "UTC") -> History:
    """A history of sales on these days, counted from the first."""
    history = History(zone)
    history.publish(
        program_of(
            f"name: P\ncurrencies: {{points: {{expires: {expires}}}}}\nevents: {{Sale: {{}}}}\n"
            "rules: [{id: sale, trigger: Sale, effects: [award: 1]}]"
        )
    )
    for day in days:
        history.track("ann", "Sale", AT + day * DAY)
    return history


def lots(history: History) -> list[tuple[int, int]]:
    """(days from the first on which they are gone, units)"""
    return [(day - 719_163 - 20_500, units) for day, units in history.member("ann").wallets["points"].lots]


def test_points_of_one_day_of_expiry_are_one_lot() -> None:
    assert lots(told("{after: {days: 10}}", 0, 0, 3)) == [(10, 2), (13, 1)]


def test_activity_moves_the_day_of_idle_points_and_a_late_event_does_not_move_it_back() -> None:
    history = told("{idle: {days: 30}}", 0, 20)
    assert lots(history) == [(50, 2)]
    history.track("ann", "Sale", AT + 5 * DAY)
    assert lots(history) == [(50, 3)]
    history.wait("ann", AT + 50 * DAY)
    assert history.active("ann") == 0


def test_days_of_expiry_are_put_together_when_there_are_too_many() -> None:
    history = told("{after: {days: 1}}", *range(EXPIRED_DAYS_MAX + 10))
    expired = history.member("ann").wallets["points"].expired
    assert len(expired) == EXPIRED_DAYS_MAX
    assert [units for _, units in expired] == [10, *[1] * (EXPIRED_DAYS_MAX - 1)]
    first = next(step for step in history.steps if step.decision.transfers)
    undone = history.reverse("ann", AT + 99 * DAY, first)
    assert [transfer.amount for transfer in undone.decision.transfers] == [1]
    assert history.member("ann").wallets["points"].active == 0


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_points_expire_at_the_midnight_of_the_company(zone: str) -> None:
    history = told("{after: {days: 1}}", 0, zone=zone)
    local = history.steps[-1].entry.day
    (tick,) = history.wait("ann", AT + 2 * DAY)
    assert tick.entry.day == local + 1
    assert tick.entry.hour == 0
    assert history.active("ann") == 0
