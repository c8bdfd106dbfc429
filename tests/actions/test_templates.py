"""Templates in the database: who follows which version, what is proposed, and that nothing changes by itself."""

from __future__ import annotations

from typing import Any

import pytest

from engage.actions.drafts import keep_draft
from engage.actions.templates import (
    Followed,
    Proposed,
    PublishedTemplate,
    accept_proposal,
    decline_proposal,
    followed,
    leave_template,
    proposal,
    publish_template,
    start_from_template,
)
from engage.document import read_template
from engage.errors import Conflict, EngageError, NotFound, Unprocessable
from engage.store.templates import list_template_versions, list_templates
from tests.actions.host import Host

TEMPLATE = """
id: sales
name: Sales
industry: software
open: [/name, /rules/*/effects, /budgets]
program:
  name: Sales habits
  currencies: {points: {}}
  events: {Report Exported: {}}
  rules:
    - {id: export, trigger: Report Exported, effects: [award: 10]}
"""
NEWER = TEMPLATE.replace("events: {", "events: {Call: {}, ").replace("award: 10", "award: 12")


async def offer(host: Host, text: str = TEMPLATE) -> PublishedTemplate:
    template = read_template(text).template
    assert template is not None
    return await publish_template(host.database, template, text, actor="host", now=host.now)


async def start(host: Host, **said: Any) -> str:
    await host.send(host.track("emp-1"))
    overrides = {f"/{key.replace('__', '/')}": value for key, value in said.items()}
    draft = await start_from_template(host.database, "acme", "sales", overrides, actor="admin", now=host.now)
    return draft.document


async def looked_at(host: Host, *take: str) -> Proposed:
    async with host.database.read():
        return await proposal("acme", take)


async def following(host: Host) -> Followed:
    async with host.database.read():
        return await followed("acme")


async def keep(host: Host, document: str) -> None:
    await keep_draft(host.database, document, company="acme", actor="admin", now=host.now)


async def accept(host: Host, number: int, *take: str) -> str:
    draft = await accept_proposal(
        host.database, "acme", number=number, take=take, actor="admin", now=host.now
    )
    return draft.document


async def test_each_publication_is_a_version_and_the_same_again_is_none(host: Host) -> None:
    first = await offer(host)
    again = await offer(host, TEMPLATE + "# a comment\n")
    assert (first.number, first.unchanged) == (1, False)
    assert again == PublishedTemplate(1, first.hash, unchanged=True)
    assert (await offer(host, NEWER)).number == 2
    assert (await offer(host, TEMPLATE.replace("id: sales", "id: another"))).number == 1
    async with host.database.read():
        assert [(row.template.id, row.number) for row in await list_templates("", 9)] == [
            ("another", 1),
            ("sales", 2),
        ]
        assert [row.template.id for row in await list_templates("another", 9)] == ["sales"]
        assert [row.number for row in await list_template_versions("sales", None, 9)] == [2, 1]


async def test_a_company_starts_with_a_draft_and_publishes_it_as_any_other(host: Host) -> None:
    await offer(host)
    draft = await start(host, name="Acme", rules__export__effects=[{"award": 25}])
    found = await following(host)
    assert {one.path for one in found.overrides} == {("name",), ("rules", "export", "effects")}
    assert (await host.publish(draft, "acme")).number == 1
    await host.send(host.track("emp-1"))
    assert await host.balance("emp-1") == 25


async def test_mistakes_in_choices_leave_no_draft(host: Host) -> None:
    await offer(host)
    for said, place in [
        ({"currencies": {}}, "/overrides/~1currencies"),
        ({"rules__export__effects": [{"award": 0}]}, "/overrides/~1rules~1export~1effects/0/award"),
    ]:
        with pytest.raises(Unprocessable) as refused:
            await start(host, **said)
        assert [one["pointer"] for one in refused.value.errors] == [place]
    with pytest.raises(NotFound):
        await following(host)


async def test_neither_a_draft_nor_a_version_may_differ_where_the_template_is_closed(host: Host) -> None:
    await offer(host)
    draft = await start(host)
    wrong = draft.replace("name: Sales habits", "name: Sales habits\nlate_days: 5")
    for refused in (keep(host, wrong), host.publish(wrong, "acme")):
        with pytest.raises(Unprocessable) as error:
            await refused
        [problem] = error.value.errors
        assert problem["pointer"] == "/late_days"
        assert problem["line"] == 2
        assert "does not leave open" in problem["message"]
    await keep(host, draft.replace("award: 10", "award: 11"))
    await host.publish(wrong)  # the host's own default is nobody's template
    await leave_template(host.database, "acme")
    assert (await host.publish(wrong, "acme")).number == 1
    with pytest.raises(NotFound):
        await following(host)


async def test_a_newer_template_is_proposed_and_changes_nothing_by_itself(host: Host) -> None:
    await offer(host)
    draft = await start(host, name="Acme")
    await host.publish(draft, "acme")
    await offer(host, NEWER)
    found = await looked_at(host)
    assert (found.base, found.number, found.declined, found.conflicts) == (1, 2, False, ())
    assert [one.text for one in found.changes] == [
        "event Call added (name: Call; key: yes; browser: no)",
        "rule export: effects changed from award 10 points to award 12 points",
    ]
    await host.send(host.track("emp-1"))
    assert await host.balance("emp-1") == 10
    assert (await following(host)).base.number == 1
    await host.publish(await accept(host, 2), "acme")
    await host.send(host.track("emp-1"))
    assert await host.balance("emp-1") == 22
    assert [one.path for one in (await following(host)).overrides] == [("name",)]
    with pytest.raises(NotFound):
        await looked_at(host)


async def test_conflicts_are_named_and_the_company_chooses(host: Host) -> None:
    await offer(host)
    await start(host, rules__export__effects=[{"award": 25}])
    await offer(host, NEWER)
    found = await looked_at(host)
    assert [(one.pointer, one.kept) for one in found.conflicts] == [("/rules/export/effects", "company")]
    assert "award: 25" in found.document
    assert "award: 12" in await accept(host, 2, "/rules/export/effects")


async def test_a_draft_made_from_a_newer_template_keeps_its_comments(host: Host) -> None:
    await offer(host)
    draft = await start(host, name="Acme")
    await keep(host, "# Ask Olga before you change this\n" + draft)
    await offer(host, NEWER)
    accepted = await accept(host, 2)
    assert accepted.startswith("# Ask Olga before you change this\n")
    assert "award: 12" in accepted


async def test_what_is_declined_is_not_proposed_again_but_the_next_version_is(host: Host) -> None:
    await offer(host)
    await start(host)
    await offer(host, NEWER)
    await decline_proposal(host.database, "acme", number=2, actor="admin", now=host.now)
    found = await following(host)
    assert (found.newest, found.declined) == (2, 2)
    assert (await looked_at(host)).declined
    await offer(host, NEWER.replace("award: 12", "award: 13"))
    assert not (await looked_at(host)).declined
    assert "award: 13" in await accept(host, 3)


async def test_an_answer_is_for_the_version_that_was_looked_at(host: Host) -> None:
    await offer(host)
    await start(host)
    await offer(host, NEWER)
    await offer(host, NEWER.replace("award: 12", "award: 13"))
    for answer in (
        accept(host, 2),
        decline_proposal(host.database, "acme", number=2, actor="", now=host.now),
    ):
        with pytest.raises(Conflict):
            await answer
    assert (await following(host)).base.number == 1


async def test_a_proposal_that_does_not_go_with_the_companys_choices_says_why(host: Host) -> None:
    await offer(host, TEMPLATE.replace("open: [", "open: [/rules, "))
    await start(host, rules__own={"id": "own", "trigger": "Report Exported", "effects": [{"award": 1}]})
    await offer(host, NEWER.replace("open: [", "open: [/rules, ").replace("Report Exported", "Report Sent"))
    found = await looked_at(host)
    assert [one.message for one in found.problems] == [
        "unknown event 'Report Exported'; did you mean 'Report Sent'?"
    ]
    with pytest.raises(Unprocessable):
        await accept(host, 2)


@pytest.mark.parametrize("company, template", [("nobody", "sales"), ("acme", "nothing")])
async def test_what_is_not_there_is_not_found(host: Host, company: str, template: str) -> None:
    await offer(host)
    await host.send(host.track("emp-1"))
    with pytest.raises(EngageError) as error:
        await start_from_template(host.database, company, template, {}, actor="", now=host.now)
    assert error.value.status == 404
