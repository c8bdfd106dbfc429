"""Campaigns in the database: steps are entries that replay knows, figures are counters, copies go to the draft."""

from __future__ import annotations

import asyncio

import pytest

from engage.actions.campaigns import clone_campaign, steer_campaign
from engage.core.calendar import DAY, utc_day
from engage.core.campaigns import END, PAUSE, RESUME, Figures, figures
from engage.core.program import Program
from engage.errors import Conflict, EngageError, InvalidRequest, NotFound, Unprocessable
from engage.store.companies import company_id
from engage.store.log import load_days
from tests.actions.host import NOON, Host, program

TEXT = """
name: Campaigns
currencies: {points: {}}
events: {Report Exported: {}}
campaigns:
  june:
    from: 2026-06-02
    until: 2026-06-30
    budgets: [{amount: 25, currency: points}]
    rules:
      - {id: bonus, trigger: Report Exported, effects: [award: 10]}
"""


async def steer(host: Host, step: str, campaign: str = "june", reason: str = "too dear") -> None:
    await steer_campaign(host.database, "acme", campaign, step, reason=reason, actor="olga", now=host.now)


async def counted(host: Host) -> Figures:
    made: Program = program(TEXT)
    async with host.database.read() as s:
        id = await company_id("acme")
        assert id is not None
        today = utc_day(host.now)
        days = await load_days(s, id, today - 60, today)
    return figures(made, await host.company(), "june", today, days)


async def test_a_paused_campaign_awards_nothing_until_it_is_resumed(host: Host) -> None:
    await host.publish(TEXT, "acme")
    await host.send(host.track("ann"))
    await steer(host, PAUSE)
    await steer(host, PAUSE)  # again changes nothing
    await host.send(host.track("ann"))
    assert await host.balance("ann") == 10
    await steer(host, RESUME)
    await host.send(host.track("ann"))
    assert await host.balance("ann") == 20
    await steer(host, END)
    await host.send(host.track("ann"))
    assert await host.balance("ann") == 20
    state = (await host.company()).campaigns["june"]
    assert (state.ended, state.actor, state.reason) == (True, "olga", "too dear")
    assert (await host.verify()).difference is None
    with pytest.raises(Conflict):
        await steer(host, RESUME)
    await host.checkpoint()
    assert (await host.verify()).difference is None


async def test_a_budget_holds_and_the_figures_are_told(host: Host) -> None:
    host.now = NOON - 3 * DAY
    await host.publish(TEXT, "acme")
    await host.send(*(host.track("ann") for _ in range(4)))
    host.now = NOON
    await host.send(*(host.track(member) for member in ("ann", "bob", "cat", "cat")))
    # The first day of the campaign was yesterday, so of the days before only the two before it count.
    assert await counted(host) == Figures(3, 3, {"points": 25}, 2, 4, 4)
    await host.reverse("m6")
    assert await counted(host) == Figures(2, 2, {"points": 15}, 2, 4, 4)


async def test_64_at_once_cannot_award_more_than_the_budget(host: Host) -> None:
    await host.publish(TEXT, "acme")
    await host.send(host.track("ann"))
    await asyncio.gather(*(host.send(host.track(f"m{n}")) for n in range(64)))
    found = await counted(host)
    assert (found.awarded, found.firings, found.members) == ({"points": 25}, 3, 3)
    assert (await host.verify()).difference is None


@pytest.mark.parametrize(
    "step, campaign, reason, error",
    [
        (RESUME, "june", "why not", Conflict),
        (PAUSE, "july", "why not", NotFound),
        (PAUSE, "june", " ", InvalidRequest),
    ],
)
async def test_steps_without_sense_are_refused(
    host: Host, step: str, campaign: str, reason: str, error: type[EngageError]
) -> None:
    await host.publish(TEXT, "acme")
    await host.send(host.track("ann"))
    if step == RESUME:
        await steer(host, END)
    with pytest.raises(error):
        await steer(host, step, campaign, reason)


async def test_a_copy_is_a_draft_like_any_other(host: Host) -> None:
    await host.publish(f"# Ours\n{TEXT}", "acme")

    async def copy(id: str, first: str = "2026-07-01", last: str = "2026-07-31", of: str = "june") -> str:
        draft = await clone_campaign(
            host.database, "acme", of, new=id, first_day=first, last_day=last, actor="olga", now=host.now
        )
        return draft.document

    text = await copy("july")
    assert text.lstrip().startswith("# Ours\n")
    made = program(text)
    assert set(made.campaigns) == {"june", "july"}
    assert (await host.publish(await copy("august"), "acme")).number == 2
    with pytest.raises(Conflict):
        await copy("july")
    with pytest.raises(NotFound):
        await copy("may", of="april")
    with pytest.raises(Unprocessable) as refused:
        await copy("may", "2026-05-31", "2026-05-01")
    assert [one["pointer"] for one in refused.value.errors] == ["/campaigns/may/until"]
