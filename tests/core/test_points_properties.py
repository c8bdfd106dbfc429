"""What must hold of points that expire and of awards that wait, in every program and history."""

from __future__ import annotations

from copy import deepcopy
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engage.core.calendar import DAY, HOUR, local_day_hour, utc_day
from engage.core.chain import GENESIS, link
from engage.core.ledger import (
    ACTIVE,
    ADJUSTED,
    EXPIRED,
    HELD,
    ISSUED,
    PENDING,
    SPENT,
    account,
    owner,
    place,
    points_due,
)
from engage.core.limits import MONTH_DAYS_MAX
from engage.core.occasions import EXPIRING, Occasion
from engage.core.program import (
    Award,
    Currency,
    Effect,
    EventType,
    Expires,
    Length,
    Pending,
    Program,
    Rule,
    Unit,
    Whole,
)
from engage.core.state import DayRollup, Wallet, merge_days
from tests.core.history import History
from tests.core.random_programs import (
    BOARDS,
    CURRENCIES,
    EVENTS,
    SEEDS,
    START,
    Act,
    Told,
    make_program,
    make_story,
    stories,
    tell,
    without_quests,
)
from tests.core.test_ledger_properties import holdings

LIVELY = stories("adjust", "undo", "undo", "redeem", "step", "wait", "wait")
WHOLE: tuple[Whole | None, ...] = (None, "month", "quarter", "year")


def _expires(random: Random) -> Expires | None:
    units: tuple[Unit, ...] = ("days", "days", "days", "months")
    length = Length(random.choice(units), random.choice([1, 1, 3, 10, 30]))
    return random.choice(
        [
            None,
            Expires(length),
            Expires(length),
            Expires(length, random.choice(WHOLE)),
            Expires(round="month"),
            Expires(on=("01-15", "02-20", "03-31")),
            Expires(length, on=("01-31", "02-15", "02-29", "03-05")),
            Expires(idle=length),
        ]
    )


def _pending(random: Random) -> Pending:
    event, voided_by = random.sample(EVENTS, 2)
    voided_by, match = random.choice(["", voided_by]), random.choice(["", "", "value"])
    return random.choice(
        [
            Pending(days=random.choice([1, 2, 10]), voided_by=voided_by, match=match if voided_by else ""),
            Pending(until="2026-02-20"),
            Pending(event=event, within=random.choice([1, 20]), voided_by=voided_by, match=match),
        ]
    )


def _waits(random: Random, effect: Effect) -> Effect:
    return replace(effect, pending=_pending(random)) if isinstance(effect, Award) else effect


def make_lively_program(seed: int) -> Program:
    """Any program, with currencies that expire, awards that wait, and rules that act before a loss."""
    random, program = Random(seed), make_program(seed)
    rules = [
        replace(rule, effects=tuple(_waits(random, effect) for effect in rule.effects))
        if random.random() < 0.5
        else rule
        for rule in program.rules
    ]
    for currency in CURRENCIES:
        if random.random() < 0.4:
            on = Occasion(EXPIRING, f"{currency}:{random.choice([1, 5, 20])}")
            rules.append(Rule(f"last-{currency}", "Last", "", effects=(Award(currency, 1),), on=on))
    currencies = {
        name: replace(found, expires=_expires(random)) for name, found in program.currencies.items()
    }
    return replace(program, rules=tuple(rules), currencies=currencies)


lively_programs = st.builds(make_lively_program, SEEDS)


@settings(max_examples=30)
@given(program=lively_programs, story=LIVELY)
def test_every_account_is_the_fold_of_its_transfers(program: Program, story: list[Act]) -> None:
    history = tell(program, story).history
    balances = history.balances()
    for currency in CURRENCIES:
        assert sum(amount for (_, name), amount in balances.items() if name == currency) == 0
        expired = [wallets.get(currency, Wallet()).expired for wallets in all_wallets(history)]
        assert balances[EXPIRED, currency] == sum(units for lots in expired for _, units in lots)
        assert balances[EXPIRED, currency] >= 0
    for step in history.steps:
        assert all(transfer.amount > 0 for transfer in step.decision.transfers)
    for name, member in history.members.items():
        number = history.numbers[name]
        assert member.points_due == points_due(member.wallets)
        for currency, wallet in member.wallets.items():
            assert wallet.active == balances[account(number, ACTIVE), currency]
            assert wallet.held == balances[account(number, HELD), currency]
            waiting = sum(waiting.units for waiting in wallet.pending)
            assert waiting == balances[account(number, PENDING), currency]
            assert all(waiting.units > 0 for waiting in wallet.pending)
            assert sum(units for _, units in wallet.lots) == max(wallet.active, 0)
            assert all(units > 0 for _, units in wallet.lots)
            days = [day for day, _ in wallet.lots]
            assert days == sorted(set(days), key=lambda day: day or 10**9)
            if program.currencies[currency].debt == "refuse":
                assert wallet.active >= 0


def all_wallets(history: History) -> list[dict[str, Wallet]]:
    return [member.wallets for member in history.members.values()]


@settings(max_examples=30)
@given(program=lively_programs, story=LIVELY)
def test_the_days_add_up_to_the_books(program: Program, story: list[Act]) -> None:
    history, total = tell(program, story).history, DayRollup()
    for rollup in history.rollups.values():
        merge_days(total, rollup)
    balances = history.balances()
    for currency in CURRENCIES:
        assert total.issued.get(currency, 0) == -balances[ISSUED, currency]
        assert total.adjusted.get(currency, 0) == -balances[ADJUSTED, currency]
        assert total.expired.get(currency, 0) == balances[EXPIRED, currency]
        assert total.spent.get(currency, 0) == balances[SPENT, currency]
        held = {end: amount for (end, name), amount in balances.items() if name == currency and owner(end)}
        assert total.pending.get(currency, 0) == sum(
            amount for end, amount in held.items() if place(end) == PENDING
        )
        books = (total.issued, total.adjusted, total.expired, total.spent)
        issued, adjusted, expired, spent = (book.get(currency, 0) for book in books)
        assert sum(held.values()) == issued + adjusted - expired - spent


@settings(max_examples=30)
@given(program=lively_programs, story=LIVELY)
def test_nobody_finds_an_expired_point_and_a_tick_twice_is_a_tick_once(
    program: Program, story: list[Act]
) -> None:
    told = Told(program)
    for act in story:
        told.act(act)
        history = told.history
        today, _ = local_day_hour(max([told.clock, *(s.entry.received_at for s in history.steps)]), "UTC")
        if act.kind not in ("track", "redeem", "wait") or act.member not in history.members:
            continue
        told.history.wait(act.member, told.clock)
        member = history.member(act.member)
        for wallet in member.wallets.values():
            assert not [day for day, _ in wallet.lots if day and day <= today]
            assert not [waiting for waiting in wallet.pending if waiting.day <= today]
        assert told.history.wait(act.member, told.clock) == []


@settings(max_examples=30)
@given(versions=st.lists(lively_programs, min_size=1, max_size=3), story=LIVELY)
def test_a_replay_of_lively_points_is_the_live_state(versions: list[Program], story: list[Act]) -> None:
    told = Told(versions[0])
    for index, act in enumerate(story):
        if index and index % 8 == 0 and index // 8 < len(versions):
            told.history.publish(versions[index // 8])
        told.act(act)
    live, again = told.history, told.history.replayed()
    assert [step.decision for step in again.steps] == [step.decision for step in live.steps]
    assert (again.members, again.company, again.rollups) == (live.members, live.company, live.rollups)
    assert link(GENESIS, again.items()) == link(GENESIS, live.items())


@settings(max_examples=30)
@given(program=lively_programs, story=LIVELY, last=stories().filter(bool))
@example(  # counts on a leaderboard when what was counted before it is forgotten
    program=make_lively_program(0),
    story=make_story(4_294_967_295, 40, ("adjust", "undo", "undo", "redeem", "step", "wait", "wait")),
    last=make_story(0, 60, ()),
)
def test_undoing_at_once_restores_points_lots_and_what_waits(
    program: Program, story: list[Act], last: list[Act]
) -> None:
    """But for what an activity itself moves, and what time did in between."""
    awake = {
        name: found if found.expires is None or found.expires.idle is None else replace(found, expires=None)
        for name, found in program.currencies.items()
    }
    assert program.levels is not None
    levels = replace(program.levels, review=None, on_change="keep")
    told = tell(
        # Of other leaderboards, periods that are over are forgotten.
        replace(without_quests(program), currencies=awake, levels=levels, leaderboards=BOARDS[:1]),
        [act for act in story if act.hours < 24],
    )
    event = replace(last[0], hours=0)
    told.history.wait(event.member, told.clock)
    for wallet in told.history.member(event.member).wallets.values():
        for waiting in wallet.pending:
            if not waiting.match and (settles := waiting.event or waiting.voided_by):
                event = replace(event, event=settles, late=0, trusted=True)
    reachable = utc_day(told.clock) + 2 - program.late_days - MONTH_DAYS_MAX
    before = held_of(told.history, reachable, utc_day(told.clock) + 1)
    step = told.act(event)
    assert step is not None
    told.history.reverse(event.member, told.clock, step)
    if told.history.steps[-2] is step:
        assert held_of(told.history, reachable, utc_day(told.clock) + 1) == before


def held_of(history: History, reachable: int, today: int) -> object:
    """All but the memory of what was settled, and of who was told what."""
    seen = History(versions=history.versions)
    seen.company, seen.members = history.company, deepcopy(history.members)
    for member in seen.members.values():
        for wallet in member.wallets.values():
            wallet.settled = wallet.told = ()
            wallet.pending = tuple(sorted(wallet.pending, key=lambda waiting: (waiting.seq, waiting.n)))
    return holdings(seen, reachable, today)


# --- undoing later is as if it had never been ---------------------------------------------------------------


def make_plain_program(seed: int) -> Program:
    """Fixed awards, without limits: no later decision depends on one before it."""
    random = Random(seed)
    expires = _expires(random)
    if expires is not None and expires.idle is not None:
        expires = None
    rules = [
        Rule(f"rule-{number}", "R", event, effects=(Award("points", random.choice([1, 7, 30])),))
        for number, event in enumerate(EVENTS[:2])
    ]
    currencies = {"points": Currency("Points", "allow", expires)}
    return Program("Plain", currencies, {name: EventType(name) for name in EVENTS}, rules=tuple(rules))


def lived(program: Program, seed: int, chosen: int, *, undo: bool) -> History:
    """Earning and spending in order of time; the `chosen` event is undone in the end, or never was."""
    random, history, at = Random(seed), History(), START
    history.publish(program)
    history.track("ann", "Mail", at)
    undone = None
    for number in range(30):
        at += random.choice([0, 1, 20, 100]) * HOUR
        kind, amount = random.choice(["Call", "Sale", "spend"]), random.choice([1, 5, 20, 40])
        if kind == "spend":
            history.adjust("ann", at, "points", -amount)
        elif number != chosen:
            history.track("ann", kind, at)
        elif undo:
            undone = history.track("ann", kind, at)
    at += random.choice([0, 5, 40]) * DAY
    history.wait("ann", at)
    if undone is not None:
        history.reverse("ann", at, undone)
    return history


@settings(max_examples=50)
@given(program=st.builds(make_plain_program, SEEDS), seed=SEEDS, chosen=st.integers(0, 29))
def test_undoing_much_later_is_as_if_it_had_never_happened(program: Program, seed: int, chosen: int) -> None:
    never = lived(program, seed, chosen, undo=False).member("ann").wallets
    undone = lived(program, seed, chosen, undo=True).member("ann").wallets
    assert undone == never
