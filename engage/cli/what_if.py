"""dry-run and backtest: what a program would do. Neither writes anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from engage.cli.output import AsJson, Lang, note, progress, say, say_json, say_table
from engage.cli.programs import read
from engage.cli.running import DatabaseUrl, with_database
from engage.clock import now
from engage.core.language import ENGLISH, read_language
from engage.days import read_day
from engage.errors import InvalidRequest
from engage.interpreter import run_for_throughput

if TYPE_CHECKING:
    from engage.actions.backtest import Progress
    from engage.actions.dry_run import Tried
    from engage.actions.turns import Appended
    from engage.core.backtest_people import Pair
    from engage.core.backtest_report import BacktestReport
    from engage.core.compiled import CompiledProgram
    from engage.core.state import MemberState
    from engage.store.database import Database

File = Annotated[
    str | None,
    typer.Argument(metavar="[FILE]", help="The program; without one, the one in force.", show_default=False),
]
STOPS_SHOWN = 3
"""Of each rule."""


def register(app: typer.Typer) -> None:
    app.command("dry-run")(dry_run)
    app.command()(backtest)


def _compiled(file: str | None, as_json: bool) -> CompiledProgram | None:
    from engage.core.compiled import compile_program

    return compile_program(read(file, as_json)[1]) if file is not None else None


async def _in_force(database: Database, company: str | None) -> CompiledProgram:
    """The version in force. Raises InvalidRequest when there is none."""
    from engage.actions.drafts import owner_of
    from engage.actions.turns import program_version
    from engage.store.companies import current_programs

    async with database.read() as s:
        owner = await owner_of(company)
        program = await program_version((await current_programs(s, [owner]))[owner])
    if program is None:
        raise InvalidRequest("no program is in force; name a FILE")
    return program


# --- one event ----------------------------------------------------------------------------------------------


def dry_run(
    file: File = None,
    company: Annotated[
        str | None, typer.Option(metavar="ID", help="Else a company without any history.")
    ] = None,
    member: Annotated[str, typer.Option(metavar="ID", help="Known or not.")] = "",
    event: Annotated[str, typer.Option(metavar="NAME", help="What the member does.")] = "",
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--property", metavar="NAME=VALUE", help="A number, true, false, JSON or text. Repeat it."
        ),
    ] = None,
    at: Annotated[str, typer.Option("--now", metavar="TIME", help="When, past or future; else now.")] = "",
    message: Annotated[
        str, typer.Option(metavar="ID", help="Instead: a recorded event, as things stood when it arrived.")
    ] = "",
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Try one event: what it would do, every rule's verdict, and how the member would stand. Writes nothing."""
    if bool(message) == bool(member and event) or (message and company is None):
        raise InvalidRequest("name --member and --event, or --company and --message")
    program = _compiled(file, as_json)
    said = dict(_named(one) for one in properties or ())

    async def work(opened: Database) -> Tried:
        from engage.actions.dry_run import Assumed, try_event, try_recorded

        tried = program or await _in_force(opened, company)
        if message:
            assert company is not None
            return await try_recorded(opened, tried, company=company, message_id=message)
        return await try_event(
            opened, tried, _call(member, event, said, at), company=company, assumed=Assumed()
        )

    done = with_database(database, work, create=company is None)
    told = _told(done)
    if as_json:
        say_json(told)
        return
    say(f"{told['event']} by {done.member} at {told['at']}: {told['reason'] or 'decided'}")
    if told["rules"]:
        rows = [(one["rule"], one["verdict"], one["text"]) for one in told["rules"]]
        say_table(("rule", "verdict", "why"), rows)
    for warning in told["warnings"]:
        say(f"! {warning}")
    for effect in told["effects"]:
        say(_effect_text(effect))
    before, after = told["before"] or {"level": "", "balances": {}}, told["after"]
    rows = [(name, f"{before['balances'].get(name, 0):,}", f"{n:,}") for name, n in after["balances"].items()]
    say_table(
        ("", "before", "after"),
        [*rows, ("level", before["level"] or "-", after["level"] or "-")],
        right=(1, 2),
    )
    _show_further(told["further"])
    note("nothing was written")


def _named(text: str) -> tuple[str, Any]:
    name, given, value = text.partition("=")
    if not given or not name:
        raise InvalidRequest(f"--property takes NAME=VALUE, not {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _call(member: str, event: str, properties: dict[str, Any], at: str) -> Any:
    from engage.core.call import Refusal, parse_time, read_call

    received_at = now() if not at else parse_time(at)
    if received_at is None:
        raise InvalidRequest(f"--now: {at!r} is not a time such as 2026-12-24T09:00:00Z")
    said = {"userId": member, "event": event, "properties": properties}
    call = read_call(
        said, verb="track", received_at=received_at, sent_at=None, trusted=True, new_id=lambda: "dry-run"
    )
    if isinstance(call, Refusal):
        raise InvalidRequest(call.message)
    return call


def _told(done: Tried) -> dict[str, Any]:
    from engage.core.calendar import to_rfc3339
    from engage.core.decisions import REASONS, effects
    from engage.core.why import explain_rules

    entry, decision, program = done.appended.entry, done.appended.decision, done.appended.program
    assert program is not None
    record = decision.record
    rules = program.rules_considered(entry.name, record.occasions)
    reason = REASONS.get(record.undecided)
    return {
        "event": entry.name,
        "at": to_rfc3339(entry.at),
        "reason": reason[1] if reason else None,
        "rules": explain_rules(record, rules, program.program) if record.verdicts else [],
        "effects": effects(record, decision.transfers, rules, program.program),
        "before": _standing(done.before) if done.before is not None else None,
        "after": _standing(done.after),
        "warnings": done.warnings,
        "further": _further(done),
    }


def _further(done: Tried) -> list[dict[str, Any]]:
    """What comes of it in other members' logs, in order."""
    found: list[dict[str, Any]] = []
    if done.brought is not None:
        found.append({"stage": "brought", "member": done.brought.member} | _did(done.brought.appended))
    if (followed := done.followed) is not None:
        lacks = [lack.text for lack in followed.lacks]
        found.append({"stage": "invited", "member": followed.colleague, "lacks": lacks})
        found += [{"stage": one.stage, "member": one.member} | _did(one.appended) for one in followed.steps]
    return found


def _did(appended: Appended) -> dict[str, Any]:
    from engage.core.decisions import effects
    from engage.core.why import explain_rules

    assert appended.program is not None
    record, program = appended.decision.record, appended.program.program
    rules = appended.program.rules_considered(appended.entry.name, record.occasions)
    done = effects(record, appended.decision.transfers, rules, program)
    return {"event": appended.entry.name, "effects": done, "rules": explain_rules(record, rules, program)}


FURTHER = {
    "invited": "{member} would be invited",
    "joined": "{member} joins, by {event}",
    "active": "{member} is active, by {event}",
    "brought": "{member} is told of the colleague",
}


def _show_further(further: list[dict[str, Any]]) -> None:
    for one in further:
        say("")
        say(
            FURTHER[one["stage"]].format(**one) if not one.get("lacks") else f"{one['member']} is not invited"
        )
        for lack in one.get("lacks", ()):
            say(f"  {lack}")
        if one.get("rules"):
            say_table(
                ("rule", "verdict", "why"), [(r["rule"], r["verdict"], r["text"]) for r in one["rules"]]
            )
        for effect in one.get("effects", ()):
            say(_effect_text(effect))


def _standing(state: MemberState) -> dict[str, Any]:
    return {
        "level": state.level,
        "balances": {name: wallet.active for name, wallet in sorted(state.wallets.items())},
        "badges": sorted(state.badges),
    }


EFFECT_SUBJECTS: Final = ("quest", "streak", "tag", "campaign", "currency")
"""What an effect is about where that is not named like its type."""


def _effect_text(effect: dict[str, Any]) -> str:
    kind = effect["type"]
    if "amount" in effect and "currency" in effect:
        moved = "" if kind == "award" else f" {kind}"
        by = f" ({effect['rule']})" if "rule" in effect else ""
        return f"{effect['amount']:+,} {effect['currency']}{moved}{by}"
    about = next(effect[name] for name in (kind, *EFFECT_SUBJECTS) if name in effect)
    return f"{kind}: {about}" + (f" {effect['amount']}" if "amount" in effect else "")


# --- a period -----------------------------------------------------------------------------------------------


def backtest(
    file: File = None,
    company: Annotated[str | None, typer.Option(metavar="ID", help="Only this company; else all.")] = None,
    first_day: Annotated[
        str,
        typer.Option("--from", metavar="DAY", help="The first local day, as 2026-01-31.", show_default=False),
    ] = ...,  # type: ignore[assignment]
    last_day: Annotated[
        str, typer.Option("--to", metavar="DAY", help="The last local day.", show_default=False)
    ] = ...,  # type: ignore[assignment]
    prices: Annotated[
        list[str] | None,
        typer.Option("--price", metavar="CURRENCY=AMOUNT", help="What a unit costs you. Repeat it."),
    ] = None,
    archive: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Read archived entries back from here.", show_default=False),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write it as a page, with charts by day.", show_default=False),
    ] = None,
    lang: Lang = ENGLISH,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Say what a program would have awarded over a recorded period, beside what was awarded. Writes nothing."""
    run_for_throughput()
    program = _compiled(file, as_json)
    first, last = read_day("--from", first_day), read_day("--to", last_day)
    costs = dict(_price(one) for one in prices or ())

    async def work(opened: Database) -> BacktestReport:
        from engage.actions.backtest import backtest as run

        folder = None
        if archive is not None:
            from engage.store.parquet import Folder

            folder = Folder(archive)
        tried = program or await _in_force(opened, company)
        with progress("entries") as bars:
            task = bars.add_task("backtest", total=None)

            def watch(step: Progress) -> None:
                bars.update(task, description=step.company, completed=step.done, total=step.total)

            return await run(
                opened,
                tried,
                company=company,
                first_day=first,
                last_day=last,
                archive=folder,
                prices=costs,
                watch=watch,
            )

    found = with_database(database, work, create=False)
    for currency in costs.keys() - {one.currency for one in found.currencies}:
        note(f"nothing was awarded in {currency!r}: its price is of no use")
    if page is not None:
        from engage.formats.backtest_page import backtest_page

        name = program.program.name if program else ""
        page.write_text(backtest_page(found, name, read_language(lang)), encoding="utf-8")
        note(f"written to {page}")
    if as_json:
        say_json(found)
    else:
        _show(found)


def _price(text: str) -> tuple[str, Decimal]:
    currency, _, amount = text.partition("=")
    try:
        price = Decimal(amount)
    except InvalidOperation:
        price = Decimal(-1)
    if not currency or not price.is_finite() or price < 0:
        raise InvalidRequest(f"--price takes CURRENCY=AMOUNT, as points=0.01, not {text!r}")
    return currency, price


SIDES = ("trial", "actual", "difference")


def _pair(pair: Pair) -> tuple[str, str, str]:
    return f"{pair.trial:,}", f"{pair.actual:,}", f"{pair.trial - pair.actual:+,}"


def _show(found: BacktestReport) -> None:
    companies = f"{found.companies:,} {'company' if found.companies == 1 else 'companies'}"
    say(f"{found.first_day} to {found.last_day}: {found.events:,} events of {companies}")
    if found.left_out:
        note(f"left out, as members were erased since: {', '.join(found.left_out)}")
    if not found.entries:
        say("nothing was recorded then")
        return
    rows: list[Sequence[str]] = []
    for one in found.currencies:
        rows.append((f"{one.currency} awarded", *_pair(one.awarded)))
        if one.returned.trial or one.returned.actual:
            rows.append((f"{one.currency} taken back", *_pair(one.returned)))
        if one.cost is not None:
            rows.append((f"{one.currency} cost", one.cost.trial, one.cost.actual, one.cost.difference))
        rows.append((f"members awarded {one.currency}", *_pair(one.members)))
    rows += [(f"level {one.level}", *_pair(one.members)) for one in found.levels]
    rows += [(f"badge {badge}", *_pair(pair)) for badge, pair in found.badges.items()]
    if found.redemptions.trial or found.redemptions.actual:
        rows.append(("rewards redeemed", *_pair(found.redemptions)))
    rows += [(one.code, *_pair(one.events)) for one in found.undecided]
    say_table(("", *SIDES), rows, right=(1, 2, 3))
    _show_rules(found)
    if found.budgets:
        say("")
        say_table(
            ("budget", "from", "of", "used", "actual", "80 % on", "100 % on"),
            [
                (
                    f"{one.company} {f'campaign {one.campaign}' if one.campaign else one.window} {one.currency}",
                    one.starts or "-",
                    f"{one.amount:,}",
                    f"{one.used.trial:,}",
                    f"{one.used.actual:,}",
                    one.reached_80 or "-",
                    one.reached_100 or "-",
                )
                for one in found.budgets
            ],
            right=(2, 3, 4),
        )
    _show_members(found)


def _show_rules(found: BacktestReport) -> None:
    say("")
    rows: list[Sequence[str]] = []
    for rule in found.rules:
        awards = ", ".join(
            f"{pair.trial:,} {currency}" for currency, pair in rule.awarded.items() if pair.trial
        )
        rows.append((rule.rule, f"{rule.considered.trial:,}", *_pair(rule.fired), awards or "-"))
        for stop in rule.stopped[:STOPS_SHOWN]:
            alone = f" ({stop.alone:,} by this alone)" if stop.alone not in (None, stop.times) else ""
            rows.append(("", "", "", "", "", f"{stop.times:,} x {stop.text}{alone if stop.alone else ''}"))
    say_table(
        ("rule", "considered", "fired", "actual", "difference", "awarded, or why not"),
        rows,
        right=(1, 2, 3, 4),
    )


def _show_members(found: BacktestReport) -> None:
    for change in found.level_changes:
        was, now = change.level.actual or "no level", change.level.trial or "no level"
        say(f"{change.members:,} {'member' if change.members == 1 else 'members'} at {now} instead of {was}")
    if found.below_zero:
        say(f"{found.below_zero:,} members would have been taken by hand more than they had")
    if found.winners:
        say("")
        say_table(
            ("who gets most", "company", *SIDES),
            [(one.member, one.company, *_pair(one.awarded)) for one in found.winners],
            right=(2, 3, 4),
        )
