"""Limits and budgets under 64 writers of two processes at once: exactly what they allow, whoever comes first."""

from __future__ import annotations

import asyncio

from engage.core.program import Program
from engage.store.database import Database
from tests.actions.host import DAY, HOUR, NOON, Host, iso, program
from tests.places import Place

LIMITS = {
    "member-day": (1, "{per: member, window: day, count: 3}", 4 * 2 * 3),
    "member-week": (10, "{per: member, window: week, amount: 25}", 4 * 25),
    "department-day": (1, "{per: department, window: day, count: 5}", 2 * 2 * 5),
    "department-rolling": (3, "{per: department, rolling: {days: 7}, amount: 40, over: refuse}", 2 * 39),
    "company-day": (1, "{per: company, window: day, count: 7}", 2 * 7),
    "company-month": (10, "{per: company, window: month, amount: 95}", 95),
    "company-lifetime": (1, "{per: company, window: lifetime, count: 11}", 11),
    "cooldown": (1, "{cooldown: {days: 1}}", 4 * 2),
    "first": (1, "{per: member, first: 5}", 4 * 5),
    "budget": (4, "", 30),
}
"""Rule -> what it awards in a currency of its name, its limit if it has one of its own, and all that 64 events may
bring by it."""


def limited() -> str:
    rules = [
        f"  - {{id: {id}, trigger: Report Exported, effects: [award: {{currency: {id}, amount: {amount}}}], "
        f"limits: [{limit.replace('amount:', f'currency: {id}, amount:')}]}}"
        for id, (amount, limit, _) in LIMITS.items()
    ]
    return "\n".join(
        [
            "name: Limits",
            f"currencies: {{{', '.join(f'{id}: {{}}' for id in LIMITS)}}}",
            "traits: {member: {team: {type: string}}}",
            "department: member.traits.team",
            "events: {Report Exported: {}}",
            "budgets: [{currency: budget, window: month, amount: 30}]",
            "rules:",
            *rules,
        ]
    )


async def test_64_at_once_pass_no_limit_of_any_kind_and_waste_none(host: Host, place: Place) -> None:
    """Two departments of two, on two days of a week and month: each (member, day) eight times over."""
    made: Program = program(limited())
    assert {rule.id for rule in made.rules} == LIMITS.keys()
    await host.publish(limited())
    people = {"ann": "sales", "bob": "sales", "cid": "support", "dan": "support"}
    for name, team in people.items():
        await host.send(host.call("identify", name, traits={"team": team}, context={"groupId": "acme"}))
    host.now = NOON + DAY
    days = (NOON - HOUR, NOON + DAY - HOUR)
    calls = [
        host.track(name, timestamp=iso(at), sentAt=iso(host.now)) for at in days for name in [*people] * 8
    ]
    other = await Database.open(place.url)
    try:
        rival = Host(other, place, host.now)
        await asyncio.gather(*((host, rival)[n % 2].send(call) for n, call in enumerate(calls)))
        await asyncio.gather(*(rival.send(call) for call in calls[::9]))  # and some of them again
    finally:
        await other.close()
    issued: dict[str, int] = {}
    for day in (await host.days()).values():
        for currency, units in day.issued.items():
            issued[currency] = issued.get(currency, 0) + units
    assert issued == {id: most for id, (_, _, most) in LIMITS.items()}
    assert (await host.verify()).difference is None
