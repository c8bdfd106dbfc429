"""The rules of one event to Python: one generated function that decides, folds and counts what they award.

Owns the templates. As in `codegen`, no text of a program's author reaches the source: it is made of numbers, fixed
templates and constant names. Which events may be told this way is for `simple_awards`.

The function first reckons everything in local variables: what each counter has left, what each rule awards. Once
nothing is in doubt it changes the state. Until there it may return False, and nothing has happened.
"""

from __future__ import annotations

import typing as t

from engage.core.blockers import Blockers
from engage.core.calendar import weekday_of
from engage.core.codegen import defined
from engage.core.compiled import CompiledProgram, Matcher, Plan, PlannedAward
from engage.core.conditions import Facts
from engage.core.event import decode_body
from engage.core.formulas import MISSING, reckon
from engage.core.ledger import credit
from engage.core.limits import TOLD, Counter, Use, alert, use, used, window_start
from engage.core.rules import multiplied, unearned
from engage.core.state import AMOUNT_MAX
from engage.core.verdicts import VERDICTS, Verdict

Award = t.Callable[..., bool]
"""(company, member, day, hour, body, tally, gained) -> whether that is all there is to the event. `tally` and `gained`
(currency -> units, of the member) are for what is counted, None for nothing. False: nothing is changed, and the event
must be decided."""

BEYOND: t.Final = 2 * AMOUNT_MAX
"""A threshold that no points reach."""
_FACTS: t.Final = (
    "facts = Facts(decode_body(body).data, member.traits, company.traits, ranks.get(member.level, 0), hour, "
    "weekday_of(day), member.tags)"
)


class _Writer:
    """The source and the constants of one function under construction.

    Its variables, numbered: v is a rule's verdict code, a the units of one award, t those of a currency; of a counter
    u is its windows, l what it has left, d what this event uses of it; w is the first day of a calendar window.
    """

    def __init__(self, program: CompiledProgram, matcher: Matcher) -> None:
        self.program = program
        self.matcher = matcher
        self.lines: list[str] = []
        self.awards = [(plan, award) for plan in matcher.plans for award in plan.awards]
        self.currencies = tuple(dict.fromkeys(award.currency for _, award in self.awards))
        self.counters: list[Counter] = []
        self.starts: dict[str, str] = {"day": "day", "lifetime": "0"}
        self.constants: dict[str, t.Any] = {
            "__builtins__": {},
            "Facts": Facts,
            "decode_body": decode_body,
            "weekday_of": weekday_of,
            "match": matcher.match,
            "ranks": program.level_ranks,
            "reckon": reckon,
            "multiplied": multiplied,
            "credit": credit,
            "Use": Use,
            "use": use,
            "used": used,
            "alert": alert,
            "window_start": window_start,
        }

    def put(self, depth: int, *lines: str) -> None:
        self.lines += ["    " * depth + line for line in lines]

    def constant(self, value: t.Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def number(self, counter: Counter) -> int:
        if counter not in self.counters:
            self.counters.append(counter)
        return self.counters.index(counter)

    # --- what stands before the event ---

    def read(self, depth: int, counters: t.Iterable[Counter]) -> None:
        """What counters have left."""
        for counter in dict.fromkeys(counters):
            n, start = self.number(counter), self.starts[counter.window]
            usage = "company.usage" if counter.company else "member.usage"
            self.put(
                depth,
                f"u{n} = {usage}.get({self.constant(counter.key)})",
                f"l{n} = {counter.most} - u{n}.get({start}, 0) if u{n} else {counter.most}",
            )

    def begin(self, all_counters: t.Iterable[Counter]) -> None:
        rules, formulas = len(self.matcher.plans), any(award.formula for _, award in self.awards)
        if formulas or not self.matcher.unconditional:
            self.put(1, _FACTS)
        verdicts = [f"v{n}" for n in range(rules)]
        if self.matcher.unconditional:
            self.put(1, f"{' = '.join(verdicts)} = 0")
        else:
            self.put(1, f"{', '.join(verdicts)}, = match(facts)")
        for window in dict.fromkeys(counter.window for counter in all_counters):
            if window not in self.starts:
                self.starts[window] = f"w{len(self.starts)}"
                self.put(1, f"{self.starts[window]} = window_start({self.constant(window)}, day)")
        unused = [f"d{self.number(counter)}" for counter in all_counters]
        unused += [f"a{n}" for n in range(len(self.awards))]
        if unused:
            self.put(1, f"{' = '.join(unused)} = 0")

    # --- what the rules make of it ---

    def multiply(self) -> None:
        """Which rules multiply: bit by bit."""
        if not self.matcher.multipliers:
            return
        self.put(1, "m = 0")
        for bit, plan in enumerate(self.matcher.multipliers):
            self.put(1, f"if not v{plan.index}:")
            depth = self.limit_firings(plan)
            self.put(depth, f"m += {1 << bit}")
            self.fired(depth, plan)

    def limit_firings(self, plan: Plan) -> int:
        """Refuse a rule that may not fire any more; how deep what follows stands."""
        depth = 2
        self.read(depth, plan.firings)
        for counter in plan.firings:
            self.put(depth, f"if l{self.number(counter)} < 1:")
            self.put(depth + 1, f"v{plan.index} = {counter.refused}")
            self.put(depth, "else:")
            depth += 1
        return depth

    def fired(self, depth: int, plan: Plan) -> None:
        for badge in plan.badges:
            self.put(depth, f"if {self.constant(badge)} not in member.badges:", "    return False")
        for counter in plan.firings:
            self.put(depth, f"d{self.number(counter)} = 1")
        if not plan.badges and not plan.firings:
            self.put(depth, "pass")

    def rule(self, plan: Plan, shared: t.Collection[Counter]) -> None:
        index, first = plan.index, self.awards.index((plan, plan.awards[0])) if plan.awards else 0
        self.put(1, f"if not v{index}:")
        depth = self.limit_firings(plan)
        self.read(depth, (one for award in plan.awards for one in award.counters if one not in shared))
        doubtful = any(award.formula or any(one.cut for one in award.counters) for award in plan.awards)
        if doubtful:
            self.put(depth, "c = r = 0")
        for position, award in enumerate(plan.awards):
            depth = self.award(depth, plan, award, position, first + position)
        if doubtful and plan.grants:
            self.put(depth, f"v{index} = c")
        elif doubtful:
            some = " or ".join(f"a{first + position}" for position in range(len(plan.awards)))
            self.put(depth, f"if c and not ({some}):", f"    v{index} = r", "else:", f"    v{index} = c")
            depth += 1
        self.fired(depth, plan)

    def award(self, depth: int, plan: Plan, award: PlannedAward, position: int, number: int) -> int:
        """One award of a rule: n units, less what limits cut. How deep what follows stands."""
        inner = depth
        refusing = position == 0 and any(not counter.cut for counter in award.counters)
        if refusing:
            self.put(depth, "x = -1")
        if position:
            self.put(depth, "s = 0")
        self.amount(depth, award)
        if award.formula is not None:
            (missing, alone), (below, worthless) = (unearned(award.effect, worth) for worth in (MISSING, 0))
            unworthy = f"c, r = ({missing}, {alone}) if n == {MISSING} else ({below}, {worthless})"
            self.put(depth, "if n < 1:", f"    if not c: {unworthy}", "    n = 0", "else:")
            inner += 1
            if self.matcher.multipliers:
                self.put(inner, self.multiplication(award))
            elif not award.counters:
                self.put(inner, "pass")
        for counter in award.counters:
            left = f"l{self.number(counter)}"
            if counter.cut:
                told = f"s, q = {counter.cut}, {counter.refused}" if position else ""
                told = told or f"c, r = {counter.cut}, {counter.refused}"
                self.put(inner, f"if {left} < n:", f"    n = {left} if {left} > 0 else 0", f"    {told}")
            elif position:
                self.put(inner, f"if {left} < n:", "    return False")
            else:
                self.put(inner, f"if {left} < n:", f"    x = {counter.refused}", "else:")
                inner += 1
        if refusing:
            self.put(inner, "pass")
            self.put(depth, "if x >= 0:", f"    v{plan.index} = x", "else:")
            depth += 1
        if position:
            self.put(depth, "if s and not c:", "    c, r = s, q")
        self.put(depth, "if n:", f"    a{number} = n")
        for counter in dict.fromkeys(award.counters):
            n = self.number(counter)
            self.put(depth + 1, f"l{n} -= n", f"d{n} += n")
        return depth

    def amount(self, depth: int, award: PlannedAward) -> None:
        if award.formula is not None:
            self.put(depth, f"n = reckon({self.constant(award.formula)}, facts)")
        elif self.matcher.multipliers:
            policy = self.program.program.multipliers
            table = tuple(multiplied(award.amount, one, policy) for one in self.factors(award))
            self.put(depth, f"n = {self.constant(table)}[m]")
        else:
            self.put(depth, f"n = {award.amount}")

    def multiplication(self, award: PlannedAward) -> str:
        policy = self.constant(self.program.program.multipliers)
        return f"n = multiplied(n, {self.constant(self.factors(award))}[m], {policy})"

    def factors(self, award: PlannedAward) -> tuple[list[int], ...]:
        """Those that hold for an award, by which rules multiply."""
        multipliers = self.matcher.multipliers
        return tuple(
            [
                thousandths
                for bit, plan in enumerate(multipliers)
                if which >> bit & 1
                for currency, thousandths in plan.factors
                if currency == award.currency
            ]
            for which in range(1 << len(multipliers))
        )

    # --- what is in doubt ---

    def doubt(self) -> None:
        """Whatever else an award may bring about is for a decision."""
        for n, currency in enumerate(self.currencies):
            own = [f"a{a}" for a, (_, award) in enumerate(self.awards) if award.currency == currency]
            self.put(1, f"t{n} = {' + '.join(own)}")
        if not self.currencies:
            return
        self.put(1, f"if {' or '.join(f't{n}' for n in range(len(self.currencies)))}:")
        for n, currency in enumerate(self.currencies):
            self.put(
                2,
                f"if t{n}:",
                f"    p{n} = member.wallets.get({self.constant(currency)})",
                f"    if p{n} is None or p{n}.active + t{n} > {AMOUNT_MAX} or p{n}.earned + t{n} > {AMOUNT_MAX}:",
                "        return False",
            )
        self.level(2)
        for counter in self.counters:
            if counter.alerts:
                n, start = self.number(counter), self.starts[counter.window]
                told = f"used(company.usage, {self.constant(counter.key + TOLD)}, {start})"
                total = f"{counter.most} - l{n}"
                self.put(
                    2,
                    f"if d{n} and {total} >= {counter.alerts[0][0]} and "
                    f"alert({self.constant(counter)}, {start}, {total}, {told}) is not None:",
                    "    return False",
                )

    def level(self, depth: int) -> None:
        """Whether the member rises."""
        program = self.program
        levels = program.program.levels
        if levels is None or not levels.steps:
            return
        thresholds = (*program.level_thresholds, BEYOND)
        following = {id: thresholds[rank] for id, rank in program.level_ranks.items()}
        own = self.currencies.index(levels.currency) if levels.currency in self.currencies else -1
        gain = f" + t{own}" if own >= 0 else ""
        self.put(
            depth,
            f"held = member.wallets.get({self.constant(levels.currency)})",
            f"if (held.earned if held is not None else 0){gain} >= "
            f"{self.constant(following)}.get(member.level, {thresholds[0]}):",
            "    return False",
        )

    # --- what it changes ---

    def change(self) -> None:
        late_days = self.program.program.late_days
        for n, counter in enumerate(self.counters):
            usage = "company.usage" if counter.company else "member.usage"
            start, key = self.starts[counter.window], self.constant(counter.key)
            self.put(
                1,
                f"if d{n}:",
                f"    if u{n} and {start} in u{n}:",
                f"        u{n}[{start}] += d{n}",
                "    else:",
                f"        use({usage}, Use({counter.company}, {key}, {start}, d{n}, {counter.reach}), {late_days})",
            )
        for n in range(len(self.currencies)):
            self.put(
                1,
                f"if t{n}:",
                f"    p{n}.earned += t{n}",
                f"    lots = p{n}.lots",
                "    if lots and not lots[-1][0]:",
                f"        p{n}.active += t{n}",
                f"        lots[-1] = (0, lots[-1][1] + t{n})",
                "    else:",
                f"        credit(p{n}, t{n})",
            )

    # --- what is counted ---

    def count(self, blockers: Blockers | None) -> None:
        verdicts = [f"v{n}" for n in range(len(self.matcher.plans))]
        self.put(1, "if tally is not None:")
        self.put(
            2,
            f"codes = ({', '.join(verdicts)},)",
            "outcomes = tally.outcomes",
            "outcomes[codes] = outcomes.get(codes, 0) + 1",
        )
        if blockers is not None:
            failing = " or ".join(f"v{rule} % {VERDICTS} == {Verdict.CONDITION}" for rule in blockers.rules)
            self.put(
                2,
                f"if {failing}:",
                f"    answer = {self.constant(blockers.match)}(facts)",
                "    answers = tally.answers",
                "    answers[answer] = answers.get(answer, 0) + 1",
            )
        if self.awards:
            self.put(2, "awarded = tally.awarded")
        for n, currency in enumerate(self.currencies):
            key = self.constant(currency)
            self.put(
                2,
                f"if t{n}:",
                f"    gained[{key}] = gained.get({key}, 0) + t{n}",
                f"    days = tally.days[{key}]",
                f"    days[day] = days.get(day, 0) + t{n}",
            )
            for a, (_, award) in enumerate(self.awards):
                if award.currency == currency:
                    self.put(3, f"if a{a}: awarded[{a}] += a{a}")
        budgets = {budget.key for budget in self.program.program.budgets}
        for n, counter in enumerate(self.counters):
            if counter.company and counter.key in budgets:
                start, key = self.starts[counter.window], self.constant(counter.key)
                self.put(2, f"if d{n}: tally.budget({key}, {start}, day, {counter.most} - l{n} - d{n}, d{n})")


def source_of(
    program: CompiledProgram, matcher: Matcher, blockers: Blockers | None
) -> tuple[str, dict[str, t.Any]]:
    """The source of the function and the globals it needs."""
    writer = _Writer(program, matcher)
    counters = dict.fromkeys(
        counter
        for plan in matcher.plans
        for counter in (*plan.firings, *(one for award in plan.awards for one in award.counters))
    )
    users: dict[Counter, set[int]] = {}
    for plan, award in writer.awards:
        for counter in award.counters:
            users.setdefault(counter, set()).add(plan.index)
    shared = [counter for counter, rules in users.items() if len(rules) > 1]
    writer.put(0, "def award(company, member, day, hour, body, tally, gained):")
    writer.begin(counters)
    writer.read(1, shared)
    writer.multiply()
    for plan in matcher.plans:
        if not plan.factors:
            writer.rule(plan, shared)
    writer.doubt()
    writer.change()
    writer.count(blockers)
    writer.put(1, "return True")
    return "\n".join(writer.lines) + "\n", writer.constants


def generate(program: CompiledProgram, matcher: Matcher, blockers: Blockers | None) -> Award:
    return t.cast(Award, defined("award", *source_of(program, matcher, blockers)))
