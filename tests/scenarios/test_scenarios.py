"""Runs the text tables beside it: a program, what happened, and what must come of it, to the letter.

Owns the reading of the tables (README.md says what they may hold) and the words for outcomes. Must not know a rule
of the program: what is right stands in the tables.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engage.core.adjustments import STEPS
from engage.core.benefits import benefits_of
from engage.core.calendar import from_datetime, local_day_hour
from engage.core.campaigns import cloned, figures, state_of
from engage.core.check import check
from engage.core.compiled import compile_program
from engage.core.decisions import REASONS, effects
from engage.core.diff import diff_programs
from engage.core.event import Body, Kind
from engage.core.gifts import gift_lacks
from engage.core.leaderboards import name_of, period_start, standings, start_before
from engage.core.ledger import ACTIVE, EXPIRED, HELD, SPENT, place
from engage.core.level_changes import Forecast, change_text
from engage.core.lifecycle import STANDARD, stage_on
from engage.core.outlook import outlook
from engage.core.program import Rule
from engage.core.progress import QuestStanding, StreakStanding, quest_standings, streak_standings
from engage.core.referral import FUNNEL, invite_lacks, offer_lack, offer_of
from engage.core.rewards import APPROVE, CANCEL, FULFIL, REQUEST, lacks
from engage.core.templates import Template, propose, started
from engage.core.why import explain_rules
from engage.document import read_plain, read_template, write_document
from tests.core.history import History, Step, program_of
from tests.core.test_backtest import Trial

FOLDER = Path(__file__).resolve().parent
CLAUSES = FOLDER / "clauses.md"
STORIES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md" and path != CLAUSES)
HEADINGS = ["When", "Who", "What", "Effects", "Why"]
CHOICE = re.compile(r"(/\S+)=((?:\[.*?\]|\{.*?\}|\S+))(?= /|$)")
INVITATION_STEP = re.compile(r"(sees|understands|forwards) the invitation of (\S+) (.+)")
SHOWN_AS = {"sees": "seen", "understands": "understood", "forwards": "forwarded"}
CAMPAIGN_COPY = re.compile(r"for a copy of campaign (\S+) as (\S+) from (\S+) to (\S+)")
CAMPAIGN_STEP = re.compile(r"(pause|resume|end) campaign (\S+) by (\S+)")
PROPERTY = re.compile(r'(\w+)=("[^"]*"|\[[^]]*\]|\S+)')


@dataclass
class Story:
    """A story being told."""

    history: History = field(default_factory=History)
    told: dict[tuple[str, str], Step] = field(default_factory=dict)
    """(member, time as written) -> the event, for undoing it."""
    draft: str = ""
    """The program that is being edited."""
    templates: list[Template] = field(default_factory=list)
    """The versions of the host's template."""
    base: Template | None = None
    """The one that the company follows."""

    def at(self, when: str) -> int:
        """The moment of a local time, or of a local time with its offset."""
        moment = datetime.fromisoformat(when.replace(" +", "+").replace(" -", "-"))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.history.company.timezone))
        return from_datetime(moment)

    def tell(self, when: str, who: str, what: str) -> tuple[str, str]:
        """What a row does: its effects and why."""
        name, _, source = who.partition(" ")
        if what == "has":
            return self.holdings(name, self.at(when)), ""
        if "the template" in what or "the newest template" in what:
            return self.follow(what)
        if what.startswith("tries "):
            return self.try_out(when, name, what.removeprefix("tries "))
        if what.startswith("asks "):
            return self.answer(name, self.at(when), what.removeprefix("asks ")), ""
        if what == "counts nudges":
            return self.nudges(), ""
        if what == "counts invitations":
            return self.funnel(), ""
        if what.startswith("counts "):
            return self.counts(what.removeprefix("counts "), self.at(when)), ""
        if what.startswith("leaderboard "):
            return self.ranks(self.at(when), *what.split()[1:]), ""
        if what == "time passes":
            steps = self.history.wait(name, self.at(when)) + self.history.look_back(name, self.at(when))
            outcomes = [self.outcome(step) for step in steps]
            return "; ".join(said for said, _ in outcomes), "; ".join(why for _, why in outcomes).strip()
        before = len(self.history.steps)
        step = self.step(when, "" if name == "company" else name, what, trusted=source != "(browser)")
        said, why = self.outcome(step)
        for one in self.history.steps[before:]:
            if one.entry.seq > step.entry.seq and one.entry.member != step.entry.member:
                more, because = self.outcome(one)
                said = f"{said}; {self.history.name_of(one.entry.member)}: {more}"
                why = "; ".join(filter(None, (why, because)))
        return said, why

    def step(self, when: str, name: str, what: str, *, trusted: bool) -> Step:
        at = self.at(when)
        if what.startswith("is "):
            kind = Kind.IDENTIFY if name else Kind.GROUP
            return self.history.append(kind, name, at, "", Body("", properties(what), None, trusted))
        if what.startswith("prefers "):
            body = Body("", {"preferences": {"leaderboard": what == "prefers to be compared"}})
            return self.history.append(Kind.PREFERENCES, name, at, "", body)
        if what.startswith("adjusted "):
            amount, currency = what.split()[1:]
            self.told[(name, when)] = self.history.adjust(name, at, currency, int(amount))
            return self.told[(name, when)]
        if what.startswith("undo "):
            return self.history.reverse(name, at, self.told[(name, what.removeprefix("undo "))])
        if what.startswith("opens "):
            return self.history.open(name, at, what.removeprefix("opens nudge "))
        if what.startswith("gives "):
            amount, currency, _, to = what.split()[1:]
            return self.history.give(name, at, to, currency, int(amount))[-1]
        if what == "publishes the draft":
            self.history.publish(program_of(self.draft))
            self.history.adopt(at)
            return self.history.steps[-1]
        if step := CAMPAIGN_STEP.fullmatch(what):
            said = {"step": step[1], "campaign": step[2], "actor": step[3], "reason": "as told"}
            return self.history.append(Kind.CAMPAIGN, "", at, "", Body("", said))
        if what.startswith("invites "):
            invited = what.removeprefix("invites ").replace(" by ", " ").split()
            to = "" if invited[0] == "somebody" else invited[0]
            step = self.history.invite(name, at, to, *invited[1:])
            sent = [one for one in self.history.steps if one.entry.body.data.get("step") == "invite"]
            self.told[(name, when)] = sent[-1]
            return step
        if what.startswith("takes "):
            inviter, _, since = what.removeprefix("takes ").partition(" ")
            return self.history.offer(name, at, self.told[(inviter, since)])
        if shown := INVITATION_STEP.fullmatch(what):
            entry = self.told[(shown[2], shown[3])].entry
            said = {
                "step": SHOWN_AS[shown[1]],
                "channel": entry.body.data["channel"],
                "invitation": entry.seq,
            }
            return self.history.append(Kind.REFERRAL, "", at, "", Body("", said))
        if what.startswith("on leave "):
            first, _, last = what.removeprefix("on leave ").partition(" to ")
            return self.history.append(Kind.LEAVE, name, at, "", Body("", {"from": first, "to": last}))
        if what.startswith("restored streak "):
            data = {"restore": what.removeprefix("restored streak ")}
            return self.history.append(Kind.LEAVE, name, at, "", Body("", data))
        if what.startswith("redeem "):
            self.told[(name, when)] = self.history.redeem(name, at, what.removeprefix("redeem "))
            return self.told[(name, when)]
        verb, _, since = what.partition(" ")
        if verb in STEPS and self.told[(name, since)].entry.kind == Kind.ADJUSTMENT:
            return self.history.settle(name, at, verb, self.told[(name, since)].entry.seq)
        if verb in (APPROVE, FULFIL, CANCEL):
            return self.history.take_step(name, at, verb, self.told[(name, since)].entry.seq)
        event = PROPERTY.sub("", what).strip()
        step = self.history.track(name, event, at, properties(what), trusted=trusted)
        self.told[(name, when)] = step
        return step

    def outcome(self, step: Step) -> tuple[str, str]:
        record, undo = step.decision.record, step.entry.kind == Kind.REVERSAL
        if step.entry.kind == Kind.REDEMPTION:
            return redemption_text(step), record.status if record.status != "refused" else self.refusal(step)
        if step.entry.kind == Kind.ADJUSTMENT and record.status:
            return "nothing", record.status
        if step.entry.kind == Kind.GIFT:
            return self.gift(step)
        if record.status in ("refused", "sent", "offered"):
            return "nothing", self.invitation(step)
        rules = rules_of(step)
        done = effects(record, step.decision.transfers, rules, step.program.program if step.program else None)
        said = ", ".join(effect_text(effect, undo=undo) for effect in done) or "nothing"
        if record.undecided in REASONS:
            return said, REASONS[record.undecided][1]
        if not record.verdicts or step.program is None:
            return said, ""
        verdicts = explain_rules(record, rules, step.program.program)
        why = [f"{v['rule']}{' ' if v['text'] == 'fired' else ': '}{v['text']}" for v in verdicts]
        return said, "; ".join(why)

    def gift(self, step: Step) -> tuple[str, str]:
        """What came of a gift: what the colleague got, or all that stands in its way."""
        said, history = step.entry.body.data, self.history
        names = {number: name for name, number in history.numbers.items()}
        if step.decision.record.status == "received":
            return f"+{said['amount']} {said['currency']} for {names[step.entry.member]}", "given"
        giving = step.program.giving.get(said["currency"]) if step.program else None
        if giving is None or said["to"] == step.entry.member:
            return "nothing", "not possible"
        giver = history.member(names[step.entry.member])
        found = gift_lacks(giving, giver, said["to"], said["amount"], step.entry.day)
        return "nothing", ", ".join(lack.text for lack in found)

    def try_out(self, when: str, name: str, what: str) -> tuple[str, str]:
        """What an event would do, by the program in force or by the draft. It leaves nothing behind."""
        trial = replace(self, history=deepcopy(self.history), told=dict(self.told))
        if what.startswith("by the draft "):
            trial.history.publish(program_of(self.draft))
        said = trial.tell(when, name, what.removeprefix("by the draft "))
        assert trial.history.steps[len(self.history.steps) :], "nothing was tried"
        return said

    def follow(self, what: str) -> tuple[str, str]:
        """A company starts from the host's template, looks at the newest version, and takes it."""
        newest = self.templates[-1]
        if what.startswith("starts from the template"):
            chosen = {where: json.loads(value) for where, value in CHOICE.findall(what)}
            document, problems = started(newest, chosen)
            if problems := problems or check(document)[1]:
                return "nothing", "; ".join(problem.message for problem in problems)
            self.base, self.draft = newest, write_document(document)
            return "drafted", ""
        assert self.base is not None
        _, _, taken = what.partition(" taking ")
        now, proposed = (
            read_plain(self.draft),
            propose(self.base, newest, read_plain(self.draft), taken.split()),
        )
        changes = diff_programs(program_of(self.draft), program_of(write_document(proposed.document)))
        told = "; ".join(change.text for change in changes) or "nothing"
        if what.startswith("takes the newest template"):
            self.base, self.draft = newest, write_document(proposed.document)
            assert now != proposed.document
        return told, "; ".join(f"{one.pointer}: {one.why}, {one.kept}" for one in proposed.conflicts)

    def backtest(self) -> str:
        """What the draft would have awarded for all that happened, beside what was awarded, and what stopped it."""
        draft = compile_program(program_of(self.draft))
        found = Trial(self.history, draft).report(draft)
        said = [f"{one.awarded.trial} {one.currency} beside {one.awarded.actual}" for one in found.currencies]
        said += [
            f"{one.members} from {one.level.actual or 'no level'} to {one.level.trial or 'no level'}"
            for one in found.level_changes
        ]
        for rule in found.rules:
            said.append(f"{rule.rule} fires {rule.fired.trial} times beside {rule.fired.actual}")
            said += [f"{rule.rule} stopped {stop.times} times: {stop.text}" for stop in rule.stopped]
        return "; ".join(said)

    def in_force_again(self) -> str:
        """The same for the program in force, which finds what is recorded."""
        assert self.history.program is not None
        found = Trial(self.history, self.history.program).report(self.history.program)
        return "; ".join(
            f"{one.awarded.trial} {one.currency} beside {one.awarded.actual}" for one in found.currencies
        )

    def costs(self, price: str) -> str:
        """What the draft would have cost, its budgets day by day, who gains most, and what alone stopped its rules."""
        draft = compile_program(program_of(self.draft))
        prices = dict.fromkeys(draft.program.currencies, Decimal(price))
        found = Trial(self.history, draft).report(draft, prices)
        names = {str(number): name for name, number in self.history.numbers.items()}
        said = [
            f"{one.currency} cost {one.cost.trial} instead of {one.cost.actual}"
            for one in found.currencies
            if one.cost
        ]
        for one in found.budgets:
            days = ", ".join(f"{day.used.trial} by {day.day}" for day in one.days)
            said.append(f"of {one.amount} {one.currency} per {one.window} {days}; 80 % on {one.reached_80}")
        said += [
            f"{names[one.member]} gets {one.awarded.trial} {one.currency} instead of {one.awarded.actual}"
            for one in found.winners
        ]
        said += [
            f"{stop.alone} more would match but for: {stop.text}"
            for rule in found.rules
            for stop in rule.stopped
            if stop.alone
        ]
        return "; ".join(said)

    def answer(self, name: str, at: int, asked: str) -> str:
        """What a host asks: what the level entitles to, how it stands, what publishing the draft would do."""
        history, today = self.history, local_day_hour(at, self.history.company.timezone)[0]
        program, company, member = history.program, history.company, history.member(name)
        assert program is not None
        if asked == "what the draft would have awarded":
            return self.backtest()
        if asked == "what the program in force would have awarded":
            return self.in_force_again()
        if asked.startswith("what the draft would cost at "):
            return self.costs(asked.removeprefix("what the draft would cost at "))
        if asked == "what publishing the draft would do":
            forecast = Forecast(compile_program(program_of(self.draft)))
            for one in history.members.values():
                forecast.add(program, company, one, today)
            return "; ".join(change_text(change) for change in forecast.changes()) or "nobody is moved"
        if copied := CAMPAIGN_COPY.fullmatch(asked):
            document = cloned(read_plain(self.draft), *copied.groups())
            self.draft = write_document(document)
            return f"drafted {', '.join(document['campaigns'])}"
        if asked == "about the next review":
            found = outlook(program, company, member)
            if found is None:
                return "none"
            falls = f", falls on {date.fromordinal(found.falls)}" if found.falls else ""
            missing = f", {found.missing} points missing" if found.missing else ""
            return f"{date.fromordinal(found.day)}: level {found.level or 'none'}{missing}{falls}"
        benefit = benefits_of(program, member.level).get(asked.removeprefix("for "))
        return f"{json.dumps(benefit.value)} by {benefit.level}" if benefit else "not granted"

    def nudges(self) -> str:
        """What became of the company's nudges."""
        found = sorted(self.history.company.nudges.items())
        said = [f"{id} sent {n.sent}, opened {n.opened}, returned {n.returned}" for id, n in found]
        return "; ".join(said) or "none"

    def invitation(self, step: Step) -> str:
        """What became of an invitation, or all that stands in its way."""
        said, history, entry = step.entry.body.data, self.history, step.entry
        if step.decision.record.status != "refused":
            return step.decision.record.status
        assert step.program is not None
        member = history.member(history.name_of(entry.member))
        if said["step"] == "invite":
            company = history.company
            found = invite_lacks(step.program, company, member, said["to"], entry.member, entry.day)
            return ", ".join(lack.text for lack in found)
        policy = step.program.program.referral
        lack = offer_lack(policy, member, entry.member, offer_of(entry), entry.day)
        assert lack is not None
        return lack.text

    def funnel(self) -> str:
        """What is counted of invitations, by channel."""
        counted: Counter[str] = Counter()
        for rollup in self.history.rollups.values():
            counted.update(rollup.referral)
        stages = {name: place for place, name in enumerate(FUNNEL)}
        rows = sorted((key.split("/"), times) for key, times in counted.items() if times)
        rows.sort(key=lambda row: (row[0][0], stages[row[0][1]]))
        return ", ".join(f"{times} {stage} by {channel}" for (channel, stage), times in rows) or "nothing"

    def counts(self, campaign: str, at: int) -> str:
        """Where a campaign stands, what it cost and moved."""
        history, today = self.history, local_day_hour(at, self.history.company.timezone)[0]
        assert history.program is not None
        program = history.program.program
        found = figures(program, history.company, campaign, today, history.rollups)
        said = [state_of(program, history.company, campaign, today), f"fired {found.firings} times"]
        said += [f"for {found.members} members"]
        said += [f"{amount} {currency}" for currency, amount in found.awarded.items()]
        said += [f"{found.events} events in {found.days} days", f"{found.events_before} before"]
        return ", ".join(said)

    def refusal(self, step: Step) -> str:
        """Why a redemption is not possible; what was refused has changed nothing."""
        said, history = step.entry.body.data, self.history
        if said["step"] != REQUEST or step.program is None:
            return "not possible"
        name = next(name for name, number in history.numbers.items() if number == step.entry.member)
        reward = step.program.rewards[said["reward"]]
        found = lacks(step.program, history.company, history.member(name), reward, step.entry.day)
        return ", ".join(lack.text for lack in found)

    def ranks(self, at: int, id: str, before: str = "") -> str:
        """A leaderboard by the members' states, as the service has it from its rows."""
        assert self.history.program is not None
        board = next(one for one in self.history.program.program.leaderboards if one.id == id)
        start = period_start(board.period, local_day_hour(at, self.history.company.timezone)[0])
        start = start_before(board.period, start) if before else start
        rows = [
            (row.score, name if board.by == "member" else row.department)
            for name, member in self.history.members.items()
            for row in standings(self.history.program, self.history.company, member)
            if row.board == name_of(board, self.history.company) and row.start == start
            if row.score > 0 and (row.shown or board.by == "department")
        ]
        if board.by == "department":
            found = {name for _, name in rows if sum(one == name for _, one in rows) >= board.least}
            rows = [(sum(score for score, one in rows if one == name), name) for name in found]
        rows.sort(key=lambda row: (-row[0], row[1]))
        said = [f"{1 + sum(one > score for one, _ in rows)}. {name} {score}" for score, name in rows]
        return ", ".join(said) or "nobody"

    def holdings(self, name: str, at: int) -> str:
        member = self.history.member(name)
        said = [f"{wallet.active} {currency}" for currency, wallet in sorted(member.wallets.items())]
        for currency, wallet in sorted(member.wallets.items()):
            said += [
                f"{units} {currency} until {date.fromordinal(day - 1)}" for day, units in wallet.lots if day
            ]
            waiting = sum(one.units for one in wallet.pending)
            said += [f"{waiting} {currency} pending"] if waiting else []
        if any(wallet.earned != wallet.active for wallet in member.wallets.values()):
            said += [
                f"{wallet.earned} {currency} earned" for currency, wallet in sorted(member.wallets.items())
            ]
        said += [f"{w.held} {currency} held" for currency, w in sorted(member.wallets.items()) if w.held]
        said += [f"level {member.level}"] if member.level else []
        said += [f"badge {badge}" for badge in sorted(member.badges)]
        said += [f"tag {tag}" for tag in sorted(member.tags)]
        said += [f"nudge {nudge}" for nudge in member.nudges]
        program, today = self.history.program, local_day_hour(at, self.history.company.timezone)[0]
        if program:
            lifecycle = program.program.lifecycle
            said += [f"stage {stage_on(lifecycle, member, today)}"] if lifecycle != STANDARD else []
            said += [
                quest_text(found)
                for found in quest_standings(
                    program, self.history.company, member, self.history.numbers.get(name, 0), today
                )
            ]
            said += [streak_text(found) for found in streak_standings(program, member, today)]
        return ", ".join(filter(None, said)) or "nothing"


def streak_text(found: StreakStanding) -> str:
    """`streak daily 3, longest 5`; nothing of one that did not begin."""
    if not found.longest and not found.freezes:
        return ""
    freezes = f", {found.freezes} freezes" if found.freezes else ""
    return f"streak {found.streak.id} {found.current}, longest {found.longest}{freezes}, {found.today} today"


def quest_text(found: QuestStanding) -> str:
    """`quest sales 2 of 10`; nothing of one that did not begin."""
    stands = [f"{goal.progress:g} of {goal.goal.reach}" for goal in found.goals]
    times = f", completed {found.times} times" if found.times > 1 else ""
    if found.status == "completed":
        return f"quest {found.quest.id} completed{times}"
    if not any(goal.progress for goal in found.goals) and not found.times:
        return ""
    paused = ", paused" if found.status == "paused" else ""
    return f"quest {found.quest.id} {' and '.join(stands)}{times}{paused}"


def rules_of(step: Step) -> tuple[Rule, ...]:
    made, entry = step.program, step.entry
    return made.rules_considered(entry.name, step.decision.record.occasions) if made else ()


def redemption_text(step: Step) -> str:
    """Where the points went."""
    words = {HELD: "held", SPENT: "spent", ACTIVE: "back", EXPIRED: "expired"}
    moved = [f"{t.amount} {t.currency} {words[place(t.target)]}" for t in step.decision.transfers]
    return ", ".join(moved) or "nothing"


def effect_text(effect: dict[str, Any], *, undo: bool) -> str:
    if effect["type"] == "award":
        return f"{effect['amount']:+} {effect['currency']}"
    if "amount" in effect and "currency" in effect:
        return f"{effect['amount']:+} {effect['currency']} {effect['type']}"
    if effect["type"] == "badge":
        return f"badge {effect['badge']}{' taken back' if undo else ''}"
    if effect["type"] == "streak":
        return f"streak {effect['streak']} at {effect['amount']}"
    if effect["type"] == "freeze":
        return f"freeze of {effect['streak']}"
    if effect["type"] in ("progress", "quest"):
        return f"quest {effect['quest']} {'goes on' if effect['type'] == 'progress' else 'completed'}"
    if effect["type"] == "budget" and "campaign" in effect:
        return f"budget of {effect['currency']} of {effect['campaign']} at {effect['percent']} %"
    if effect["type"] == "referral":
        return f"{effect['referral']} by invitation{' taken back' if undo else ''}"
    if effect["type"] in ("tag", "untag"):
        return f"{effect['type']} {effect['tag']}"
    if effect["type"] == "webhook":
        return f"webhook {effect['webhook']} of {effect['rule']}"
    if effect["type"] == "nudge":
        return f"nudge {effect['nudge']}{' taken back' if undo else ''}"
    if effect["type"] == "budget":
        start = f" from {effect['from']}" if "from" in effect else ""
        return f"budget of {effect['currency']} per {effect['window']}{start} at {effect['percent']} %"
    return f"level {effect['level'] or 'none'}"


def properties(what: str) -> dict[str, Any]:
    """`value=5000 plan=trial tags=["a"]`: JSON where it is JSON, else text."""
    found: dict[str, Any] = {}
    for name, value in PROPERTY.findall(what):
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def parts(text: str) -> Iterator[tuple[str, Any]]:
    """("zone", name), ("program" or "draft" or "template", YAML) and ("row", cells), in order."""
    zone = re.search(r"^Time zone: (\S+)$", text, re.MULTILINE)
    if zone:
        yield "zone", zone.group(1)
    document: list[str] | None = None
    kind = "program"
    for line in text.splitlines():
        if line.startswith("```"):
            if document is not None:
                yield kind, "\n".join(document)
            kind = next((word for word in ("draft", "template") if line.endswith(word)), "program")
            document = None if document is not None else []
        elif document is not None:
            document.append(line)
        elif line.startswith("|") and not line.startswith("|-") and cells(line) != HEADINGS:
            yield "row", cells(line)


def run(text: str) -> tuple[list[str], list[str]]:
    """The rows as they are written, and as they came out."""
    story, written, real = Story(), [], []
    for kind, part in parts(text):
        if kind == "zone":
            story = Story(History(part))
        elif kind == "program":
            story.history.publish(program_of(part))
            story.draft = part
        elif kind == "draft":
            story.draft = part
        elif kind == "template":
            template = read_template(part).template
            assert template is not None
            story.templates.append(template)
        else:
            assert len(part) == len(HEADINGS), f"a row has {len(HEADINGS)} cells: {part}"
            written.append(" | ".join(part))
            real.append(" | ".join([*part[:3], *story.tell(*part[:3])]))
    assert story.history.replayed().members == story.history.members, "the replay holds something else"
    return written, real


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_story_comes_out_as_written(path: Path) -> None:
    written, real = run(path.read_text("utf-8"))
    assert written, "a story without a row proves nothing"
    assert real == written


def test_every_story_is_listed() -> None:
    listed = re.findall(r"\((\S+\.md)\)", (FOLDER / "README.md").read_text("utf-8"))
    stories = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.md")}
    assert set(listed) == stories - {"README.md"}


def test_every_clause_is_shown_by_a_row_and_every_story_shows_one() -> None:
    listed = re.findall(r"^\| .+ \| \[\S+\]\((\S+)\) \| (.+) \|$", CLAUSES.read_text("utf-8"), re.MULTILINE)
    lacking = []
    for story, row in listed:
        lines = (FOLDER / story).read_text("utf-8").splitlines()
        if not any(" ".join(cells(line)).startswith(row) for line in lines if line.startswith("|")):
            lacking.append((story, row))
    assert not lacking
    stories = {path.relative_to(FOLDER).as_posix() for path in [*STORIES, *FOLDER.glob("service/*.md")]}
    assert {story for story, _ in listed} == stories


@pytest.mark.parametrize("column", [3, 4])
def test_a_wrong_cell_is_seen(column: int) -> None:
    lines = (FOLDER / "awards.md").read_text("utf-8").splitlines()
    row = next(index for index, line in enumerate(lines) if line.startswith("| 2026") and "fired" in line)
    changed = cells(lines[row])
    changed[column] += " and more"
    lines[row] = f"| {' | '.join(changed)} |"
    written, real = run("\n".join(lines))
    assert real != written
