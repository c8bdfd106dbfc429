"""Templates: publishing one, starting a company from it, and taking or declining what the host changes in it.

A company that follows a template has an ordinary draft and ordinary versions, which may differ from the template where
it is open: whoever keeps or publishes a document asks `refuse_closed`. Nothing here changes what is in force.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from engage.core.check import check
from engage.core.diff import Change, diff_programs
from engage.core.problems import Problem
from engage.core.program import Program
from engage.core.templates import (
    Conflict,
    Override,
    Template,
    blamed,
    closed,
    overrides,
    propose,
    started,
    template_hash,
    untaken,
)
from engage.document import (
    LocatedProblem,
    read_further,
    read_plain,
    read_program,
    rewrite_document,
    write_document,
)
from engage.errors import Conflict as Clash
from engage.errors import InvalidRequest, NotFound, Unprocessable
from engage.store.companies import HOST, company_id
from engage.store.database import Database
from engage.store.programs import DraftRow, load_draft, newest_version, save_draft
from engage.store.statements import Transaction
from engage.store.templates import (
    AdoptionRow,
    TemplateRow,
    forget_adoption,
    insert_template,
    load_adoption,
    load_template,
    save_adoption,
)


class PublishedTemplate(Struct, frozen=True):
    number: int
    hash: str
    unchanged: bool
    """The newest version said the same already; nothing was published."""


class Followed(Struct, frozen=True):
    """A company's template as it stands: the version its draft is made from, and what it says otherwise."""

    base: TemplateRow
    newest: int
    declined: int
    overrides: list[Override]


class Proposed(Struct, frozen=True):
    """What taking over the newest version of a template would make of a company's program."""

    template: str
    base: int
    number: int
    declined: bool
    document: str
    changes: list[Change]
    """From the company's draft, or else its newest version, to the document; none when that has mistakes."""
    conflicts: tuple[Conflict, ...]
    problems: list[Problem]
    """Why the document cannot be taken as it is: what the company says does not go with the newer template."""


async def publish_template(
    database: Database, template: Template, document: str, *, actor: str, now: int
) -> PublishedTemplate:
    """Publish a checked template as its next version. Companies that follow it are asked, each when it looks."""
    hash = template_hash(template).hex()

    async def work(_: Transaction) -> PublishedTemplate:
        newest = await load_template(template.id)
        if newest is not None and newest.hash == hash:
            return PublishedTemplate(newest.number, hash, unchanged=True)
        number = newest.number + 1 if newest is not None else 1
        await insert_template(TemplateRow(number, hash, template, document, actor, now))
        return PublishedTemplate(number, hash, unchanged=False)

    return await database.write(work)


async def start_from_template(
    database: Database,
    company: str,
    template: str,
    said: Mapping[str, Any],
    *,
    number: int | None = None,
    actor: str,
    now: int,
) -> DraftRow:
    """Make a template, with what the company says otherwise by JSON pointer, the company's draft.

    Raises NotFound, and Unprocessable with every mistake, located at `/overrides/POINTER`.
    """

    async def work(_: Transaction) -> DraftRow:
        owner = await _company(company)
        base = await _template(template, number)
        document, problems = started(base.template, said)
        if not problems:
            found = check(document)[1]
            problems = [
                Problem(blamed(document, one, said), one.message, one.suggestion, one.at_key) for one in found
            ]
        refuse(problems, "the overrides")
        row = DraftRow(write_document(document), actor, now)
        await save_draft(owner, row)
        await save_adoption(owner, AdoptionRow(template, base.number, 0, actor, now))
        return row

    return await database.write(work)


async def refuse_closed(owner: int, document: str) -> None:
    """Raises Unprocessable when a company's document differs from its template where that is not open."""
    adoption = await load_adoption(owner) if owner != HOST else None
    if adoption is None:
        return
    base = await _template(adoption.template, adoption.number)
    found = read_further(document, lambda data: closed(base.template, data))
    if found:
        words = f"the program differs from template {adoption.template!r} where that is not open"
        raise Unprocessable(words, errors=[told(one) for one in found])


def told(one: LocatedProblem | Problem) -> dict[str, Any]:
    """A mistake as an answer lists it."""
    shown: dict[str, Any] = {"pointer": one.pointer, "message": one.message}
    if isinstance(one, LocatedProblem):
        shown |= {"line": one.line, "column": one.column}
    return shown | ({"suggestion": one.suggestion} if one.suggestion is not None else {})


def refuse(problems: list[Problem], what: str) -> None:
    if problems:
        words = f"{len(problems)} {'mistake' if len(problems) == 1 else 'mistakes'} in {what}"
        raise Unprocessable(words, errors=[told(one) for one in problems])


async def followed(company: str) -> Followed:
    """Within a read. Raises NotFound when the company follows no template."""
    owner, adoption = await _adoption(company)
    base = await _template(adoption.template, adoption.number)
    newest = await _template(adoption.template, None)
    mine = await _document(owner)
    differing = overrides(base.template.program, read_plain(mine)) if mine is not None else []
    return Followed(base, newest.number, adoption.declined, differing)


async def proposal(company: str, take: Collection[str] = ()) -> Proposed:
    """Within a read. Raises NotFound when the company follows no template, or its newest version already."""
    owner, adoption = await _adoption(company)
    return await _propose(owner, adoption, take)


async def accept_proposal(
    database: Database, company: str, *, number: int, take: Collection[str], actor: str, now: int
) -> DraftRow:
    """Make the proposed program the company's draft; publishing it is another step.

    `number` is the version that was looked at. Raises Conflict when there is a newer one by now, NotFound, and
    Unprocessable when what the company says does not go with it.
    """

    async def work(_: Transaction) -> DraftRow:
        owner, adoption = await _adoption(company)
        proposed = await _propose(owner, adoption, take)
        _same_version(proposed, number)
        refuse(proposed.problems, f"version {number} of the template and the company's own choices")
        row = DraftRow(proposed.document, actor, now)
        await save_draft(owner, row)
        await save_adoption(owner, AdoptionRow(adoption.template, number, 0, actor, now))
        return row

    return await database.write(work)


async def decline_proposal(database: Database, company: str, *, number: int, actor: str, now: int) -> None:
    """Say no to a version of the template; the next one is proposed again. Raises Conflict and NotFound."""

    async def work(_: Transaction) -> None:
        owner, adoption = await _adoption(company)
        _same_version(await _propose(owner, adoption, ()), number)
        await save_adoption(owner, AdoptionRow(adoption.template, adoption.number, number, actor, now))

    await database.write(work)


async def leave_template(database: Database, company: str) -> None:
    """From now on the company's program is its own, whatever the template says. Raises NotFound."""

    async def work(_: Transaction) -> None:
        if not await forget_adoption(await _company(company)):
            raise NotFound(f"company {company!r} follows no template")

    await database.write(work)


# --- what these share -----------------------------------------------------------------------------------------


async def _company(company: str) -> int:
    found = await company_id(company)
    if found is None:
        raise NotFound(f"there is no company {company!r}")
    return found


async def _template(id: str, number: int | None) -> TemplateRow:
    found = await load_template(id, number)
    if found is None:
        which = f"version {number} of template" if number is not None else "template"
        raise NotFound(f"there is no {which} {id!r}")
    return found


async def _adoption(company: str) -> tuple[int, AdoptionRow]:
    owner = await _company(company)
    adoption = await load_adoption(owner)
    if adoption is None:
        raise NotFound(f"company {company!r} follows no template")
    return owner, adoption


async def _document(owner: int) -> str | None:
    """What the company edits: its draft, or else its newest version."""
    draft = await load_draft(owner)
    if draft is not None:
        return draft.document
    version = await newest_version(owner)
    return version.document if version is not None else None


async def _propose(owner: int, adoption: AdoptionRow, take: Collection[str]) -> Proposed:
    base = await _template(adoption.template, adoption.number)
    newer = await _template(adoption.template, None)
    if newer.number == base.number:
        raise NotFound(f"version {base.number} of template {adoption.template!r} is the newest")
    mine = await _document(owner)
    ours = read_plain(mine) if mine is not None else base.template.program
    if missed := untaken(base.template, ours, take):
        raise InvalidRequest(f"take: the company says nothing of its own at {missed[0]}")
    made = propose(base.template, newer.template, ours, take)
    program, problems = check(made.document)
    old: Program | None = read_program(mine).program if mine is not None else None
    return Proposed(
        adoption.template,
        base.number,
        newer.number,
        adoption.declined == newer.number,
        write_document(made.document) if mine is None else rewrite_document(mine, made.document),
        diff_programs(old, program) if program is not None else [],
        made.conflicts,
        problems,
    )


def _same_version(proposed: Proposed, number: int) -> None:
    if proposed.number != number:
        raise Clash(f"version {proposed.number} is proposed by now, not {number}: look at it first")
