"""A week once told is told no more by the rules of a later release: by two of them, each of which tells something else,
a reader of both reports would know what both leave.

A change of a rule that fails here must leave weeks frozen before as they were: what it needs is remembered in the week
when it is frozen, and of weeks without that nothing is told, or what was told (see `engage/core/README.md`)."""

from __future__ import annotations

import pytest

from engage.core import published_activated, published_parts, published_people, published_stages
from engage.core.privacy import Figure, fact
from engage.core.windows import publish_band, publish_part
from tests.privacy.frozen_weeks import frozen_weeks
from tests.privacy.two_looks import narrower, told


def learned() -> set[str]:
    """What more is told, of whom."""
    return {
        f"{frozen.of}: {one}"
        for frozen in frozen_weeks()
        for one in narrower(frozen.figures(), told(frozen.week, frozen.week.floor))
    }


def test_the_rules_of_today_tell_nothing_of_weeks_frozen_before_that_was_not_told() -> None:
    assert learned() == set()


# --- by other rules -------------------------------------------------------------------------------------------


def bands_of_one_more(count: int, k: int, whole: int, least: int = 0, peak: int = 0) -> Figure:
    return publish_band(count, k + 1, whole, least, peak)


def parts_of_one_less(count: int, width: int, low: int, sure: int, most: int) -> Figure:
    return publish_part(count, width - 1, low, sure, most)


def hidden_beside_the_smallest(count: int, whole: Figure, k: int) -> Figure:
    """Departments of one member more are hidden."""
    return PART(count, whole, k + 1)


PART = published_parts._part


@pytest.mark.parametrize(
    "module, rule, other",
    [
        (published_activated, "publish_band", bands_of_one_more),
        (published_people, "publish_part", parts_of_one_less),
        (published_parts, "_part", hidden_beside_the_smallest),
    ],
)
def test_another_rule_that_tells_more_of_one_and_less_of_others_is_found(
    monkeypatch: pytest.MonkeyPatch, module: object, rule: str, other: object
) -> None:
    monkeypatch.setattr(module, rule, other)
    assert learned() != set()


def test_what_is_remembered_of_a_week_is_told_by_no_other_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published_stages, "publish_part", lambda count, *_: fact(count, "members"))
    assert learned() == set()
