"""What stands around the figures and follows what one member did: which weeks there are, and up to when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from engage.actions import score
from engage.actions.score import QUIET_DAYS, _head_day
from engage.core.calendar import utc_day
from engage.core.call import Call
from engage.store import signal
from engage.store.signal import Followed, load_names
from tests.privacy.surfaces import Acts, Played, did, differing, few, nobody
from tests.privacy.test_surfaces import at_work, besides


def pausing(meanwhile: Acts) -> Acts:
    """At work for three weeks, and then only these."""
    return lambda week, monday: at_work(week, monday) if week < 3 else list(meanwhile(week, monday))


async def _by_the_newest_event(_: object, followed: Sequence[Followed], now: int, k: int) -> date | None:
    newest = max(_head_day(one) for one in followed)
    return date.fromordinal(newest + 1) if utc_day(now) - newest > QUIET_DAYS else None


def test_while_the_only_company_pauses_it_shows_nowhere_whether_few_still_come(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the data ends, and which week is scored, follows from no fewer than k members."""
    silent = played(pausing(nobody), alone=True)
    assert differing(silent, played(pausing(few(4)), alone=True)) == []
    monkeypatch.setattr(score, "_end_of_data", _by_the_newest_event)
    assert differing(silent, played(pausing(few(4)), alone=True)) != []


def test_what_few_did_before_anybody_was_named_shows_nowhere(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told late, it makes no week of a time of which there was none."""

    def with_late(week: int, monday: date) -> list[Call]:
        late = [did(one, "Sign In", monday - timedelta(days=7), 2) for one in range(4)]
        return [*at_work(week, monday), *(late if week == 0 else ())]

    silent = played(at_work)
    assert differing(silent, played(with_late)) == []
    monkeypatch.setattr(signal, "_is_first", lambda document, least: True)
    assert differing(silent, played(with_late)) != []


def test_without_a_program_what_fewer_than_k_use_is_no_feature(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = played(besides(*((one, "Plan") for one in range(4))), program="")
    draw = besides(*((one, "Draw") for one in range(4)))
    assert differing(plan, played(draw, program="")) == []
    monkeypatch.setattr(score, "load_names", lambda s, ids, members, least: load_names(s, ids, members, 1))
    assert differing(plan, played(draw, program="")) != []
