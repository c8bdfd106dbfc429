"""Events whose rules award simply: told from how they are stored, without a decision.

Most rules award a fixed amount within limits per day, week or month: what they do is a few sums. Owns which events of
a program these are. What else a rule can do (wait, expire, belong to a campaign or group, count by department, tag,
advance a quest) is for `decide` and `fold`, and so is what an award may bring about: a level, a badge, a budget to be
told of. The generated function must do exactly what those two do, which a property test holds against them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from engage.core import alike, simple_code
from engage.core.backtest_counts import Counts
from engage.core.blockers import Blockers, blockers
from engage.core.calendar import weekday_of
from engage.core.compiled import CompiledProgram, Matcher, Plan
from engage.core.conditions import Facts
from engage.core.event import decode_body
from engage.core.simple_code import Award
from engage.core.state import CompanyState, MemberState
from engage.core.verdicts import VERDICTS, Verdict
from engage.core.ways import Leaving, Tally, Way, way_of

MULTIPLIERS_MAX: Final = 3
"""Of one event: each doubles the amounts that are reckoned beforehand."""


WAYS_MAX: Final = 10_000
"""Kinds of events of one name that are told apart: about 0.3 KB each."""


def new_tallies(
    program: CompiledProgram | None,
    events: Iterable[str],
    company: str,
    counts: Counts,
    budget: Callable[[str, int, int, int, int], None],
) -> dict[str, Tally]:
    """One for each of some events."""
    if program is None:
        return {}
    found = {}
    for event in events:
        awards = [
            (plan.index, award.currency) for plan in program.matchers[event].plans for award in plan.awards
        ]
        days: dict[str, dict[int, int]] = {currency: {} for _, currency in awards}
        found[event] = Tally(company, counts.budgets, budget, [0] * len(awards), days, rules=awards)
    return found


def simple_awards(program: CompiledProgram | None) -> Mapping[str, Award]:
    """By event, for those whose rules all are simple."""
    if program is None or program.period_key or program.reads_stage:
        return {}
    parts, others = blockers(program), counted(program)
    return {
        event: _award(program, matcher, parts.get(event))
        for event, matcher in program.matchers.items()
        if event not in others and _is_simple(program, matcher)
    }


class _Ways:
    """The ways that events of one name go."""

    def __init__(self, program: CompiledProgram, matcher: Matcher, parts: Blockers | None) -> None:
        self.program = program
        self.matcher = matcher
        self.parts = parts
        self.known: dict[Any, Way | None] = {}
        """By what tells events apart."""
        self._made: dict[tuple[tuple[int, ...], tuple[int, ...] | None], Way | None] = {}

    def meet(
        self, company: CompanyState, member: MemberState, day: int, hour: int, body: bytes, known: Any
    ) -> Way | None:
        """The way of an event of which none is known yet; None: that does not say all."""
        if len(self.known) >= WAYS_MAX:
            return None
        rank, weekday = self.program.level_ranks.get(member.level, 0), weekday_of(day)
        said = decode_body(body).data
        facts = Facts(said, member.traits, company.traits, rank, hour, weekday, member.tags)
        codes, parts, answer = self.matcher.match(facts), self.parts, None
        if parts is not None and any(codes[rule] % VERDICTS == Verdict.CONDITION for rule in parts.rules):
            answer = parts.match(facts)
        way = self.known[known] = self._make(codes, answer)
        return way

    def lessen(self, way: Way, leaving: Leaving) -> Way | None:
        """The way without a rule."""
        rule, code = leaving
        codes = (*way.codes[:rule], code, *way.codes[rule + 1 :])
        less = way.less[leaving] = self._make(codes, way.answer)
        return less

    def _make(self, codes: tuple[int, ...], answer: tuple[int, ...] | None) -> Way | None:
        which = codes, answer
        if which not in self._made:
            self._made[which] = way_of(self.program, self.matcher, codes, answer, self.lessen)
        return self._made[which]


def _award(program: CompiledProgram, matcher: Matcher, parts: Blockers | None) -> Award:
    award = simple_code.generate(program, matcher, parts)
    if any(award.formula is not None for plan in matcher.plans for award in plan.awards):
        return award
    ways = _Ways(program, matcher, parts)
    return alike.generate(program, matcher, ways.known, ways.meet, award)


def counted(program: CompiledProgram) -> frozenset[str]:
    """Events that count toward something, or make an invited colleague active, whatever their rules do."""
    policy = program.program.referral
    boards = {board.what for board in program.program.leaderboards if board.of == "event"}
    return frozenset({*program.counting, *boards, *([policy.event] if policy is not None else ())})


def _is_simple(program: CompiledProgram, matcher: Matcher) -> bool:
    if matcher.exclusive or matcher.dated or len(matcher.multipliers) > MULTIPLIERS_MAX:
        return False
    boards = {board.what for board in program.program.leaderboards if board.of == "currency"}
    return all(_awards_simply(plan, boards | program.expires.keys()) for plan in matcher.plans)


def _awards_simply(plan: Plan, watched: set[str]) -> bool:
    """`watched`: the currencies whose awards count for something else."""
    if plan.tags or plan.nudges or plan.freezes or plan.advances or (plan.factors and plan.awards):
        return False
    counters = [*plan.firings, *(counter for award in plan.awards for counter in award.counters)]
    return all(counter.plain for counter in counters) and not any(
        award.pending is not None or award.currency in watched for award in plan.awards
    )
