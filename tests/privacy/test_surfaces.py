"""Whatever customer success can reach tells nothing of fewer than k members: a service is played, and all is compared.

The tables of reports are attacked by what they say (`test_attacks.py` and its neighbours); here it is what stands
around them, down to headers, ids and the bytes of files. Each defence is switched off once, and then it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from engage.actions import deliver
from engage.core import published
from engage.core.call import Call
from engage.core.event import Kind
from engage.core.privacy import Figure, fact
from engage.web.api import companies
from tests.privacy.surfaces import COMPANY, Acts, Played, call, did, differing, few, nobody


def at_work(week: int, monday: date) -> list[Call]:
    """Fourteen of twenty, more or less often, with what earns points and what does not."""
    calls = []
    for member in range(14):
        calls += [did(member, "Export", monday, day) for day in range(1 + (7 * member + week) % 4)]
        if member % 2 or week % 3:
            calls.append(did(member, "Share", monday, 1, 10))
    return calls


def besides(*more: tuple[int, str]) -> Acts:
    """At work, and each of these members does something four times a week."""
    return lambda week, monday: [
        *at_work(week, monday),
        *(did(member, name, monday, day, 12) for member, name in more for day in range(4)),
    ]


# --- the same may be told -------------------------------------------------------------------------------------


def test_whether_nobody_acts_or_fewer_than_k_do_shows_nowhere(played: Played) -> None:
    silent = played(nobody, files=True)
    assert len(silent) > 30
    assert differing(silent, played(few(1), files=True)) == []
    assert differing(silent, played(few(4), files=True)) == []


def test_what_members_do_shows_nowhere_before_the_week_is_over(played: Played) -> None:
    """No counter, no notice, no header moves when somebody acts, or is named."""

    def since(week: int, monday: date) -> list[Call]:
        newcomer = call(Kind.IDENTIFY, "emp-99", "", monday, said={"unit": "it"})
        return [newcomer, *few(12)(week, monday - timedelta(days=6))]

    assert differing(played(at_work), played(at_work, since=since)) == []


def test_which_feature_fewer_than_k_used_shows_nowhere(played: Played) -> None:
    some = played(besides((0, "Plan"), (1, "Plan"), (2, "Plan"), (3, "Plan")))
    assert '"score": null' not in some[f"/v1/companies/{COMPANY}/health"]
    assert differing(some, played(besides((0, "Draw"), (1, "Draw"), (2, "Plan"), (3, "Draw")))) == []


# --- each defence switched off --------------------------------------------------------------------------------


def by_place(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(deliver, "ACCOUNT_TYPES", frozenset())


def without_a_floor(patched: pytest.MonkeyPatch) -> None:
    def number(count: int, k: int, within: Figure, **_: Any) -> Figure:
        return fact(count, "members")

    patched.setattr(published, "publish_count", number)


@pytest.mark.parametrize(
    "switch_off, where",
    [
        (by_place, "told"),
        (without_a_floor, "page companies/acme"),
    ],
)
def test_without_a_defence_it_shows_that_somebody_acted(
    played: Played,
    monkeypatch: pytest.MonkeyPatch,
    switch_off: Callable[[pytest.MonkeyPatch], None],
    where: str,
) -> None:
    switch_off(monkeypatch)
    found = differing(played(nobody), played(few(1)))
    assert any(one.startswith(f"{where}: ") for one in found), found


def test_a_live_number_shows_that_somebody_was_named(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companies, "_is_live", lambda asked: True)

    def since(week: int, monday: date) -> list[Call]:
        return [call(Kind.IDENTIFY, "emp-99", "", monday)]

    found = differing(played(at_work), played(at_work, since=since))
    assert any(one.startswith("/v1/companies: ") for one in found), found
