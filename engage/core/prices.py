"""What one event brings by a program: how far the points of a week tell how often something was done.

Owns this reckoning alone: prices, and what follows from them beside events that are told. Must not know who did what,
nor which events may be told (`engage.core.published`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from engage.core.effects import AdvanceQuest, Award, Formula, Multiply
from engage.core.goals import referral_rules, reward_rules, tier_occasion
from engage.core.occasions import ACTIVE, ANY, BROUGHT, LEVEL, REFERRAL, STREAK, Occasion
from engage.core.program import THOUSANDTHS_ONE, Goal, Program, Quest, Requires, Rule
from engage.core.program_levels import Levels
from engage.core.quests import LAPS_MAX
from engage.core.rounding import band_around
from engage.core.rules import multiplied
from engage.core.state import AMOUNT_MAX


class Price(NamedTuple):
    """The least and the most that one event brings. Stored within measures."""

    least: int
    most: int
    of_many: float = 0.0
    """The most that one brings on average, where it may complete something: of many, only the last does a quest."""

    @property
    def mean(self) -> float:
        return self.of_many or self.most

    @property
    def is_endless(self) -> bool:
        """Whether it can be any amount, by a formula without an end. Earlier releases kept 0 as the most of these."""
        return not 0 < self.most < AMOUNT_MAX


NOTHING: Final = Price(0, 0)
Prices = dict[str, dict[str, Price]]
"""Currency -> event -> its price, with that of what it completes: quests, streaks, levels, referrals. "" is what no
event brings by itself, such as a gift: the most that comes at once; and what some of an event's may bring without an
end. With what it brings on average it is any other event. Earlier releases counted all that is completed there."""


def prices_of(program: Program) -> Prices:
    found: Prices = {}
    rules = (*program.rules, *reward_rules(program), *referral_rules(program))
    at_once: dict[str, int] = {}
    of_levels = [rule for rule in rules if rule.on is not None and rule.on.kind == LEVEL]
    for rule in rules:
        for currency, own in _brought(program, rules, rule).items() if rule not in of_levels else ():
            prices, by_events = found.setdefault(currency, {}), list(_by_events(program, rule, own))
            for event, price in by_events:
                prices[event] = _together(prices.get(event, NOTHING), price)
            if not by_events:
                at_once[currency] = max(own.most, at_once.get(currency, 0))
    for currency, most in at_once.items():
        _add_at_once(found[currency], most)
    _add_levels(program, rules, of_levels, found)
    for giving in program.giving:
        gift = giving.allowance if giving.to_one is None else min(giving.to_one, giving.allowance)
        _add_at_once(found.setdefault(giving.currency, {}), gift)
    return found


def events_that_earn(awards: Mapping[str, Mapping[str, Price]]) -> tuple[set[str], set[str]]:
    """Those of which each earns something; and those of which some may, "" being any others."""
    found = [(event, price) for prices in awards.values() for event, price in prices.items()]
    each = {event for event, price in found if price.least > 0}
    return each, {event for event, _ in found} - each


def _add_at_once(prices: dict[str, Price], most: int) -> None:
    prices[""] = Price(0, max(most, prices.get("", NOTHING).most))


def _add_levels(program: Program, rules: tuple[Rule, ...], of_levels: list[Rule], found: Prices) -> None:
    """What reaching levels brings, by the events that bring the points for these; else at once."""
    levels = program.levels
    if levels is None:
        return
    brought: dict[str, dict[str, int]] = {}
    for rule in of_levels:
        for currency, own in _brought(program, rules, rule).items():
            at_level = brought.setdefault(currency, {})
            for level in levels.steps:
                if rule.on in (Occasion(LEVEL, ANY), Occasion(LEVEL, level.id)):
                    at_level[level.id] = at_level.get(level.id, 0) + own.most
    counted = dict(found.get(levels.currency, {}))
    for currency, at_level in brought.items():
        prices, most = found.setdefault(currency, {}), min(AMOUNT_MAX, sum(at_level.values()))
        if most == AMOUNT_MAX or not _is_earned_by_events(levels, counted):
            _add_at_once(prices, most)
            continue
        share = _share_of_levels(levels, at_level, brought.get(levels.currency, {}))
        for event, price in counted.items():
            reached = Price(0, most, float(min(most, price.mean * share)))
            prices[event] = _together(prices.get(event, NOTHING), reached)


def is_by_events(prices: Mapping[str, Price]) -> bool:
    """Whether nothing comes but by events."""
    return "" not in prices or prices[""].of_many > 0


def _is_earned_by_events(levels: Levels, counted: Mapping[str, Price]) -> bool:
    """Whether only events bring the points for levels, and none of these again for a level that was lost."""
    falls_early = levels.basis == "rolling" and levels.review is not None
    is_endless = any(price.is_endless for price in counted.values())
    return not falls_early and is_by_events(counted) and not is_endless


def _share_of_levels(levels: Levels, brought: Mapping[str, int], earned: Mapping[str, int]) -> float:
    """How much reaching levels brings for each point that counts and came otherwise, at most: to who has just reached
    the one for which it is most. `earned`: what reaching them adds to these points."""
    share, so_far, added, least = 0.0, 0, 0, 1
    for level in levels.steps:
        least = max(least, level.threshold - added)
        so_far, added = so_far + brought.get(level.id, 0), added + earned.get(level.id, 0)
        share = max(share, so_far / least)
    return share


def _by_events(program: Program, rule: Rule, brought: Price) -> Iterator[tuple[str, Price]]:
    """What each of its events brings by a rule. Nothing, where that is not known of any."""
    if rule.trigger:
        if _is_for_all(program, rule) or not brought.is_endless:
            yield rule.trigger, brought
        return
    if brought.is_endless or rule.on is None:
        return
    kind, (name, _, length) = rule.on.kind, rule.on.name.partition(":")
    for streak in program.streaks:
        if kind == STREAK and streak.id == name and length.isdigit():
            price = _of_last(brought, int(length) * streak.at_least)
            yield from (
                (event, price) for event in ([streak.event] if streak.event else [*program.events, ""])
            )
    referral = program.referral
    if kind == REFERRAL and rule.on.name in (ACTIVE, BROUGHT) and referral is not None:
        yield referral.event, _of_last(brought, referral.count)
    for quest in program.quests:
        for number, tier in enumerate(quest.tiers, start=1):
            if tier_occasion(quest, number) == rule.on and _is_by_events(program, quest):
                yield from ((goal.event, _of_quest(quest, goal, tier.reach, brought)) for goal in quest.goals)


def _of_last(brought: Price, reach: int) -> Price:
    """What each of `reach` events brings where the last of them brings so much."""
    return _together(NOTHING, Price(0, brought.most, brought.most / reach))


def _is_by_events(program: Program, quest: Quest) -> bool:
    """Whether only events of its goals complete it, none of them from before its launch."""
    effects = (effect for rule in program.rules for effect in rule.effects)
    advanced = any(isinstance(effect, AdvanceQuest) and effect.quest == quest.id for effect in effects)
    return not advanced and (quest.silently or not quest.counts_from)


def _of_quest(quest: Quest, goal: Goal, reach: int, brought: Price) -> Price:
    """What each event of a goal brings where a tier that `brought` so much is completed: all of it, more than once
    where one event can reach a sum so often."""
    repeats = quest.repeats == "always"
    times = LAPS_MAX if repeats and (goal.sum is not None or len(quest.goals) > 1) else 1
    rate = times if goal.sum is not None else 1 / (reach or goal.reach)
    least = brought.least if rate == 1 and repeats and _counts_all(quest, goal) else 0
    return _together(NOTHING, Price(least, brought.most * times, 0.0 if least else brought.most * rate))


def _counts_all(quest: Quest, goal: Goal) -> bool:
    some = goal.conditions or goal.distinct or quest.audience or quest.campaign
    return not (
        some or quest.first_day or quest.last_day or quest.requires != Requires() or len(quest.goals) > 1
    )


def _is_for_all(program: Program, rule: Rule) -> bool:
    """Whether it awards for each event of its kind."""
    some = rule.conditions or rule.limits or rule.audience or rule.campaign or rule.group
    return not (some or program.audience)


def _brought(program: Program, rules: tuple[Rule, ...], rule: Rule) -> dict[str, Price]:
    """Currency -> what a rule awards when it fires."""
    found: dict[str, Price] = {}
    for effect in rule.effects:
        if isinstance(effect, Award):
            own = _multiplied(_price(program, rule, effect), program, rules, effect.currency)
            found[effect.currency] = _together(found.get(effect.currency, NOTHING), own)
    return found


def _together(one: Price, other: Price) -> Price:
    most, mean = min(AMOUNT_MAX, one.most + other.most), one.mean + other.mean
    return Price(one.least + other.least, most, min(mean, most) if one.of_many or other.of_many else 0.0)


def _price(program: Program, rule: Rule, award: Award) -> Price:
    if award.formula is not None:
        limits = [limit.amount for limit in rule.limits if limit.amount and limit.currency == award.currency]
        return Price(0, min([_highest(award.formula), *limits]))
    return Price(award.amount if _is_for_all(program, rule) and not award.pending else 0, award.amount)


def _highest(formula: Formula) -> int:
    if formula.most is not None:
        return formula.most
    if formula.rate or any(bracket.rate for bracket in formula.brackets):
        return AMOUNT_MAX
    return max([formula.least, *(bracket.amount for bracket in formula.brackets)])


def _multiplied(price: Price, program: Program, rules: tuple[Rule, ...], currency: str) -> Price:
    """By the multipliers that may meet: those that take most away, and those that add most."""
    found = [
        effect.thousandths
        for rule in rules
        for effect in rule.effects
        if isinstance(effect, Multiply) and effect.currency == currency
    ]
    lowering = sorted(one for one in found if one < THOUSANDTHS_ONE)
    raising = [one for one in found if one > THOUSANDTHS_ONE]
    if program.multipliers == "largest":
        lowering = lowering[:1]
    return Price(
        multiplied(price.least, lowering, program.multipliers),
        multiplied(price.most, raising, program.multipliers),
    )


def band_of_issued(
    amount: int,
    prices: Mapping[str, Price],
    told: Mapping[str, int],
    earned: int,
    k: int,
    *,
    alone: bool,
    ends: bool = False,
) -> tuple[int, int]:
    """The band that may be told of what was issued. `told`: event -> how often it happened, where that is told;
    `earned`: so many events earned something; `alone`: no other currency is issued; `ends`: whether bands begin with
    the least that so many can bring, and the last ends with the most, where events bring different amounts too, as they
    do not in weeks that an earlier release has frozen.

    Beside the number of events that earned points, exact points would tell how often each thing was done: of events
    that bring 10, and others that bring 50, there would be two equations. So bands begin at what is sure by the events
    that are told, and are 2 k times as wide or more as what comes at once of anything else. What has no end has no
    width: of that so many people are to be behind it.
    """
    untold = [price for event, price in prices.items() if event not in told]
    left = max(0, earned - sum(told.values()))
    least = min((price.least for price in untold), default=0)
    sure = sum(prices[event].least * times for event, times in told.items()) + left * least
    highest = max((price.most for price in untold), default=0)
    at_once = [prices[event].most - prices[event].least for event in told if not prices[event].is_endless]
    width = 2 * k * max([highest, *at_once])
    # Of nothing else than what is counted, each time the same, the most follows as well.
    is_all = alone and all(0 < price.least == price.most for price in prices.values())
    if is_all or not ends or any(price.is_endless for price in prices.values()):
        return band_around(amount, sure, width, sure + left * (highest - least) if is_all else None)
    sure = _brought_by(earned, prices, told, dearest=False)
    most = _brought_by(earned, prices, told, dearest=True) + (earned * prices[""].most if "" in prices else 0)
    low, high = band_around(amount, sure, width, most if sure <= amount <= most else None)
    if low > sure and ("" in prices or any(price.of_many for price in prices.values())):
        low = _with_room(low, sure, width)
    return max(0, low), high


def _with_room(low: int, sure: int, width: int) -> int:
    """Where a band begins that is not the first, if something comes besides, as for a level: so much lower as that
    brings to k members. Else what some weeks tell to be issued at least adds up to all having got it."""
    return max(sure, low - width // 2)


def _brought_by(earned: int, prices: Mapping[str, Price], told: Mapping[str, int], *, dearest: bool) -> int:
    """What so many events bring that earned something, after those of which each does the dearest or the cheapest
    first, none more often than it is told to have happened. One of which only some earn brings its whole price if it
    does. What none brings by itself comes besides, if at all."""
    each = {
        event: price.most if dearest else price.least or price.most
        for event, price in prices.items()
        if event
    }
    sure = {event for event in told if event in prices and prices[event].least}
    way = -1 if dearest else 1
    found = 0
    for event in sorted(each, key=lambda event: (event not in sure, way * each[event])):
        times = min(earned, told.get(event, earned))
        found, earned = found + times * each[event], earned - times
    return found
