"""What if: one event, or a recorded period, tried against a draft, a document or the version in force.

Nothing here writes. For server keys alone, as the answers name members.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import msgspec
from starlette.requests import ClientDisconnect

from engage.actions.backtest import Progress, backtest
from engage.actions.drafts import owner_of
from engage.actions.dry_run import Assumed, try_event, try_recorded
from engage.actions.dry_run import Tried as TriedEvent
from engage.actions.turns import Appended, program_version
from engage.core.backtest_report import BacktestReport
from engage.core.calendar import to_rfc3339
from engage.core.call import Call, Refusal, parse_time, read_call
from engage.core.compiled import CompiledProgram, compiled
from engage.core.decisions import REASONS, effects
from engage.core.explain import explain
from engage.core.program import program_hash
from engage.core.state import MemberState
from engage.core.why import explain_rules
from engage.days import read_day
from engage.errors import EngageError, InvalidRequest, NotFound, TooManyRequests
from engage.formats.backtest_page import backtest_page
from engage.store.companies import current_programs
from engage.store.programs import load_draft, load_versions
from engage.store.times import load_times
from engage.web import shapes, shapes_what_if
from engage.web.api.members import member_shape, told_by
from engage.web.api.programs import COMPANY_PATH, HOST_PATH, checked
from engage.web.api.reports import Lang
from engage.web.endpoint import SERVER, Asked, Download, Endpoint, Streamed, endpoint
from engage.web.problems import answer_to
from engage.web.services import Services

RETRY_SECONDS: Final = 10
NDJSON: Final = "application/x-ndjson"
HTML: Final = "text/html"
PROGRESS_SECONDS: Final = 0.5


class InLanguage(msgspec.Struct):
    lang: Lang = None


# --- which program ------------------------------------------------------------------------------------------


async def _program(
    asked: Asked[Any, Any], source: str, document: str | dict[str, Any] | None
) -> tuple[CompiledProgram | None, shapes_what_if.Tried]:
    """The program to try. None: each event by the version that was in force. Raises NotFound and Unprocessable."""
    if document is not None:
        text = document if isinstance(document, str) else msgspec.json.encode(document).decode()
        return _made(text, "document")
    if source == "recorded":
        return None, shapes_what_if.Tried("recorded", None, "")
    async with asked.services.database.read() as s:
        owner = await owner_of(asked.path.get("company"))
        draft = await load_draft(owner) if source == "draft" else None
        if draft is not None:
            return _made(draft.document, "draft")
        version = (await current_programs(s, [owner]))[owner]
        program = await program_version(version)
        if program is None:
            raise NotFound("there is no draft, and no program in force")
        number = (await load_versions([version]))[version].number
    return program, shapes_what_if.Tried("live", number, program.program.name)


def _made(text: str, source: Any) -> tuple[CompiledProgram, shapes_what_if.Tried]:
    program = checked(text)
    return compiled(program_hash(program), lambda: program), shapes_what_if.Tried(source, None, program.name)


# --- one event ----------------------------------------------------------------------------------------------


@endpoint(
    "POST",
    "/dry-run",
    kinds=SERVER,
    summary="Try one event and write nothing",
    tag="what if",
    description="Every rule with its verdict, the effects, and the member before and after. "
    "The state is that of now, and of a recorded event that of its arrival.",
    errors=(404, 409, 422, 429),
)
async def dry_run(asked: Asked[shapes_what_if.NewDryRun, None]) -> shapes_what_if.DryRun:
    given = asked.body
    if given.message_id is None and given.program == "recorded":
        raise InvalidRequest("program: `recorded` is for a recorded event, named by `message_id`")
    program, tried = await _program(asked, given.program, given.document)
    company = asked.path.get("company")
    if given.message_id is None:
        assumed = Assumed(given.traits.member, given.traits.company)
        done = await try_event(
            asked.services.database,
            program,
            _call(given, asked.services.now()),
            company=company,
            assumed=assumed,
        )
    else:
        if company is None:
            raise InvalidRequest("message_id: is of a company; ask below /v1/companies/{company}/program")
        async with _alone(asked.services):
            done = await try_recorded(
                asked.services.database, program, company=company, message_id=given.message_id
            )
    return await _told(asked, done, tried)


def _call(given: shapes_what_if.NewDryRun, present: int) -> Call:
    """The made-up event, read and cleaned as if a client had sent it."""
    if given.member is None or given.event is None:
        raise InvalidRequest("either `message_id`, or `member` and `event`, are needed")
    now = _time("now", given.now) if given.now is not None else present
    if given.timestamp is not None:
        _time("timestamp", given.timestamp)
    said = {
        "userId": given.member,
        "event": given.event,
        "properties": given.properties,
        "timestamp": given.timestamp,
    }
    call = read_call(
        said, verb="track", received_at=now, sent_at=None, trusted=given.trusted, new_id=lambda: "dry-run"
    )
    if isinstance(call, Refusal):
        raise InvalidRequest(call.message)
    return call


def _time(name: str, text: str) -> int:
    at = parse_time(text)
    if at is None:
        raise InvalidRequest(f"{name}: is not a time of the years 1970 to 9999")
    return at


async def _told(
    asked: Asked[Any, Any], done: TriedEvent, tried: shapes_what_if.Tried
) -> shapes_what_if.DryRun:
    entry, decision, program = done.appended.entry, done.appended.decision, done.appended.program
    record = decision.record
    states = [state for state in (done.before, done.after) if state is not None]
    async with asked.services.database.read() as s:
        told = {seq for state in states for seq in told_by(state)}
        times = await load_times(s, done.company_number, told)
        if tried.source == "recorded" and entry.program:
            version = (await load_versions([entry.program]))[entry.program]
            tried = shapes_what_if.Tried("recorded", version.number, program.program.name if program else "")
    times = dict.fromkeys(told, entry.at) | times

    def shown(state: MemberState) -> shapes.Member:
        company = asked.path.get("company", "")
        return member_shape(
            company, done.member, entry.member, state, program, done.company, times, done.today
        )

    rules = program.rules_considered(entry.name, record.occasions) if program else ()
    reason = REASONS.get(record.undecided)
    own = program.program if program else None
    return shapes_what_if.DryRun(
        program=tried,
        event=entry.name,
        at=to_rfc3339(entry.at),
        received_at=to_rfc3339(entry.received_at),
        status="undecided" if record.undecided else "decided",
        effects=msgspec.convert(effects(record, decision.transfers, rules, own), list[shapes.Effect]),
        rules=_rules(done) if record.verdicts else [],
        before=shown(done.before) if done.before is not None else None,
        after=shown(done.after),
        message_id=asked.body.message_id or msgspec.UNSET,
        reason=shapes.Reason(*reason) if reason else msgspec.UNSET,
        warnings=done.warnings,
        brought=_brought(done),
        followed=_followed(done),
    )


def _brought(done: TriedEvent) -> shapes_what_if.Brought | msgspec.UnsetType:
    if done.brought is None:
        return msgspec.UNSET
    return shapes_what_if.Brought(done.brought.member, *_done(done.brought.appended))


def _followed(done: TriedEvent) -> shapes_what_if.Followed | msgspec.UnsetType:
    found = done.followed
    if found is None:
        return msgspec.UNSET
    lacks = [shapes_what_if.Lack(one.code, one.text) for one in found.lacks]
    steps = [shapes_what_if.Step(one.stage, one.member, *_done(one.appended)) for one in found.steps]
    return shapes_what_if.Followed(found.colleague, lacks, found.event, found.times, steps)


def _done(appended: Appended) -> tuple[list[shapes.Effect], list[shapes.RuleVerdict]]:
    """What an entry that follows from the event does, and every rule's verdict."""
    assert appended.program is not None
    program, record = appended.program.program, appended.decision.record
    rules = appended.program.rules_considered(appended.entry.name, record.occasions)
    return (
        msgspec.convert(effects(record, appended.decision.transfers, rules, program), list[shapes.Effect]),
        msgspec.convert(explain_rules(record, rules, program), list[shapes.RuleVerdict]),
    )


def _rules(done: TriedEvent) -> list[shapes_what_if.TriedRule]:
    """Every rule considered, with each clause as it came out just before the event."""
    appended = done.appended
    assert appended.program is not None
    program = appended.program.program
    rules = appended.program.rules_considered(appended.entry.name, appended.decision.record.occasions)
    levels = [level.id for level in program.levels.steps] if program.levels else []
    told = []
    for rule, verdict in zip(rules, explain_rules(appended.decision.record, rules, program), strict=True):
        nodes = explain(rule.conditions, done.facts, levels) if rule.conditions is not None else []
        clauses = [
            shapes_what_if.Clause(node.text, bool(node.holds), node.actual, node.depth) for node in nodes
        ]
        told.append(
            msgspec.convert({**verdict, "clauses": msgspec.to_builtins(clauses)}, shapes_what_if.TriedRule)
        )
    return told


# --- a period -----------------------------------------------------------------------------------------------


@endpoint(
    "POST",
    "/backtest",
    kinds=SERVER,
    summary="Try a program on a recorded period",
    tag="what if",
    description="What it would have awarded beside what was awarded. Nothing is written. "
    f"With `Accept: {NDJSON}` the answer is one JSON object a line: `progress` now and then, and at the end `report` "
    f"or `problem`. With `Accept: {HTML}` it is a page with charts, in the language of `lang` or of Accept-Language. "
    "Closing the connection cancels it. One at a time: others are told 429.",
    errors=(404, 409, 422, 429),
    media_types=(NDJSON, HTML),
)
async def run_backtest(
    asked: Asked[shapes_what_if.NewBacktest, InLanguage],
) -> BacktestReport | Streamed | Download:
    first, last = read_day("from", asked.body.first_day), read_day("to", asked.body.last_day)
    program, tried = await _program(asked, asked.body.program, asked.body.document)
    prices = {currency: Decimal(price) for currency, price in asked.body.prices.items()}

    async def work(watch: Callable[[Progress], object]) -> BacktestReport:
        return await backtest(
            asked.services.database,
            program,
            company=asked.path.get("company"),
            first_day=first,
            last_day=last,
            prices=prices,
            watch=watch,
            beside_others=True,
        )

    if asked.services.trying.locked():
        raise _busy()
    accepted = asked.request.headers.get("accept", "")
    if NDJSON in accepted:
        return Streamed(_lines(asked.services, work), NDJSON)
    async with aclosing(_steps(asked.services, work)) as steps:
        async for step in steps:
            if isinstance(step, BacktestReport):
                return _page(asked, step, tried.name) if HTML in accepted else step
            if await asked.request.is_disconnected():
                break
    raise ClientDisconnect


def _page(asked: Asked[Any, Any], found: BacktestReport, program: str) -> Download:
    page = backtest_page(found, program, asked.language)
    return Download(page.encode(), f"{HTML}; charset=utf-8")


Work = Callable[[Callable[[Progress], object]], Coroutine[Any, Any, BacktestReport]]


async def _steps(services: Services, work: Work) -> AsyncGenerator[Progress | BacktestReport]:
    """How far the work is, now and then, and what came of it. Who stops listening cancels it."""
    latest = Progress("", 0, 0)

    def watch(progress: Progress) -> None:
        nonlocal latest
        latest = progress

    async with _alone(services):
        task = asyncio.get_running_loop().create_task(work(watch))
        try:
            while not (await asyncio.wait({task}, timeout=PROGRESS_SECONDS))[0]:
                yield latest
            yield task.result()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, EngageError):
                await task


async def _lines(services: Services, work: Work) -> AsyncGenerator[bytes]:
    try:
        async with aclosing(_steps(services, work)) as steps:
            async for step in steps:
                name = "progress" if isinstance(step, Progress) else "report"
                yield msgspec.json.encode({name: step}) + b"\n"
    except EngageError as error:
        yield b'{"problem":' + bytes(answer_to(error).body) + b"}\n"


@asynccontextmanager
async def _alone(services: Services) -> AsyncIterator[None]:
    if services.trying.locked():
        raise _busy()
    async with services.trying:
        yield


def _busy() -> TooManyRequests:
    return TooManyRequests("another backtest is going on here", retry_after=RETRY_SECONDS)


def _at(prefix: str, one: Endpoint, subject: str, whose: str) -> Endpoint:
    name, summary = f"{one.name}_of_{subject}", f"{one.summary}, {whose}"
    return replace(one, path=prefix + one.path, name=name, summary=summary)


ENDPOINTS: Final = [
    _at(HOST_PATH, dry_run, "host", "of a company without any history"),
    _at(COMPANY_PATH, dry_run, "company", "in one company"),
    _at(HOST_PATH, run_backtest, "host", "of all companies"),
    _at(COMPANY_PATH, run_backtest, "company", "of one company"),
]
