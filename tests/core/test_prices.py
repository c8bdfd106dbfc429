"""What one event brings at least and at most, beside every way in which its multipliers may meet."""

from __future__ import annotations

from itertools import combinations

import pytest

from engage.core.prices import Price, band_of_issued, events_that_earn, prices_of
from engage.core.program import Multipliers
from engage.core.quests import LAPS_MAX
from engage.core.rules import multiplied
from engage.core.state import AMOUNT_MAX
from engage.document import read_program

AMOUNTS = (5, 5, 1000)


@pytest.mark.parametrize("policy", ["largest", "compound", "add"])
@pytest.mark.parametrize("factors", [(), (1500,), (1150, 1200), (1500, 2000, 1050), (500,), (800, 500, 1500)])
def test_multipliers_bring_no_less_and_no_more(policy: Multipliers, factors: tuple[int, ...]) -> None:
    awards = "".join(
        f"  - {{id: a{n}, trigger: Export, effects: [award: {a}]}}\n" for n, a in enumerate(AMOUNTS)
    )
    multipliers = "".join(
        f"  - {{id: m{n}, trigger: Export, conditions: {{field: event.hour, op: lt, value: {n + 1}}}, "
        f"effects: [multiply: {{by: {factor / 1000}}}]}}\n"
        for n, factor in enumerate(factors)
    )
    program = read_program(
        f"name: Prices\nmultipliers: {policy}\nevents: {{Export: {{}}}}\ncurrencies: {{points: {{}}}}\n"
        f"rules:\n{awards}{multipliers}"
    ).program
    assert program is not None
    brought = [
        sum(multiplied(amount, list(met), policy) for amount in AMOUNTS)
        for count in range(len(factors) + 1)
        for met in combinations(factors, count)
    ]
    assert prices_of(program)["points"] == {"Export": Price(min(brought), max(brought))}


SUM = "sum: event.properties.value"


@pytest.mark.parametrize(
    "quest, price",
    [
        ("goal: {event: Deal, reach: 10}, effects: [award: 100, award: 50]", Price(0, 150, 15)),
        ("goal: {event: Deal, reach: 2}, repeats: always, effects: [award: 30]", Price(0, 30, 15)),
        ("goal: {event: Deal, reach: 1}, repeats: always, effects: [award: 30]", Price(30, 30)),
        ("goal: {event: Deal, reach: 1}, effects: [award: 30]", Price(0, 30, 30)),
        ("goal: {event: Deal, reach: 1}, repeats: day, effects: [award: 30]", Price(0, 30, 30)),
        (
            "goal: {event: Deal}, tiers: [{reach: 2, effects: [award: 30]}, {reach: 8, effects: [award: 80]}]",
            Price(0, 110, 25),
        ),
        (
            "goal: {event: Deal, distinct: event.properties.kind, reach: 4}, effects: [award: 20]",
            Price(0, 20, 5),
        ),
        (f"goal: {{event: Deal, {SUM}, reach: 4}}, effects: [award: 20]", Price(0, 20, 20)),
        (
            f"goal: {{event: Deal, {SUM}, reach: 4}}, repeats: always, effects: [award: 20]",
            Price(0, 20 * LAPS_MAX, 20 * LAPS_MAX),
        ),
        (
            "goals: {all: [{event: Deal, reach: 2}, {event: Deal, reach: 5}]}, repeats: always, effects: [award: 10]",
            Price(0, 20 * LAPS_MAX, 7),
        ),
    ],
)
def test_what_an_event_completes_is_among_what_it_brings(quest: str, price: Price) -> None:
    assert _prices(f"quests: [{{id: q, name: Q, {quest}}}]") == {"Deal": price}
    rule = "rules: [{id: deal, trigger: Deal, effects: [award: 7]}]"
    mean = price.of_many and price.of_many + 7
    assert _prices(f"{rule}\nquests: [{{id: q, name: Q, {quest}}}]") == {
        "Deal": Price(price.least + 7, price.most + 7, mean)
    }


ONCE = "event: Deal, reach: 1"


@pytest.mark.parametrize(
    "quest",
    [
        f"goal: {{{ONCE}}}, from: 2026-01-01",
        f"goal: {{{ONCE}}}, until: 2026-12-31",
        f"goal: {{{ONCE}}}, requires: {{badges: [star]}}",
        f"goal: {{{ONCE}}}, audience: leads",
        f"goal: {{{ONCE}}}, campaign: spring",
        f"goal: {{{ONCE}, conditions: {{field: event.hour, op: lt, value: 9}}}}",
        f"goal: {{{ONCE}, distinct: event.properties.kind}}",
    ],
)
def test_a_quest_that_not_each_event_completes_is_not_sure(quest: str) -> None:
    text = (
        "traits: {member: {team: {type: string}}}\nbadges: {star: {name: Star}}\n"
        "audiences: {leads: {conditions: {field: member.traits.team, op: eq, value: leads}}}\n"
        "campaigns: {spring: {name: Spring, from: 2026-03-01, until: 2026-05-31}}\n"
        "quests: [{id: q, name: Q, repeats: always, effects: [award: 30], %s}]"
    )
    assert _prices(text % quest) == {"Deal": Price(0, 30, 30)}
    assert _prices(text % f"goal: {{{ONCE}}}") == {"Deal": Price(30, 30)}


def test_what_a_rule_brings_for_a_quest_of_a_campaign_is_not_sure() -> None:
    quest = f"{{id: q, name: Q, goal: {{{ONCE}}}, repeats: always, campaign: spring, effects: [badge: star]}}"
    assert _prices(
        "badges: {star: {name: Star}}\ncampaigns: {spring: {name: Spring, from: 2026-03-01, until: 2026-05-31}}\n"
        f"quests: [{quest}]\nrules: [{{id: on, trigger: {{quest: q}}, effects: [award: 5]}}]"
    ) == {"Deal": Price(0, 5, 5)}


def test_of_two_goals_that_one_event_reaches_it_is_not_sure_that_each_does() -> None:
    goals = f"goals: {{all: [{{{ONCE}}}, {{{ONCE}, distinct: event.properties.kind}}]}}"
    quest = f"{{id: q, name: Q, repeats: always, effects: [award: 30], {goals}}}"
    assert _prices(f"quests: [{quest}]") == {"Deal": Price(0, 60 * LAPS_MAX, 60)}


def test_a_quest_that_another_is_advanced_beside_is_reckoned() -> None:
    quest = "{id: %s, name: Q, goal: {event: Deal, reach: 10}, effects: [award: 100]}"
    push = "rules: [{id: push, trigger: Deal, effects: [advance: {quest: b}]}]"
    assert _prices(f"{push}\nquests: [{quest % 'a'}, {quest % 'b'}]") == {
        "Deal": Price(0, 100, 10),
        "": Price(0, 100),
    }


def test_a_quest_that_pays_nothing_for_the_past_is_reckoned() -> None:
    goal = "goal: {event: Deal, reach: 10}, counts_from: 2026-01-01, silently: true"
    assert _prices(f"quests: [{{id: q, name: Q, {goal}, effects: [award: 50]}}]") == {"Deal": Price(0, 50, 5)}


def test_an_event_brings_what_all_its_quests_bring_and_rules_for_these() -> None:
    quests = (
        "{id: ten, name: Ten, goal: {event: Deal, reach: 10}, effects: [award: 100]}, "
        "{id: two, name: Two, goal: {event: Deal, reach: 2}, effects: [award: 120]}"
    )
    assert _prices(f"quests: [{quests}]") == {"Deal": Price(0, 220, 70)}
    on = "rules: [{id: on, trigger: {quest: two}, effects: [award: 5]}]"
    assert _prices(f"{on}\nquests: [{quests}]") == {"Deal": Price(0, 225, 72.5)}


@pytest.mark.parametrize(
    "more",
    [
        "rules: [{id: push, trigger: Deal, effects: [advance: {quest: q}]}]\nquests: [{%s}]",
        "quests: [{%s, counts_from: 2026-01-01}]",
    ],
)
def test_what_not_only_events_of_its_goal_complete_is_what_comes_at_once(more: str) -> None:
    quest = "id: q, name: Q, goal: {event: Deal, reach: 10}, effects: [award: 100]"
    assert _prices(more % quest) == {"": Price(0, 100)}


def test_what_a_quest_brings_without_an_end_comes_at_once() -> None:
    text = (
        "traits: {member: {size: {type: integer}}}\nquests: [{id: q, name: Q, goal: {event: Deal, reach: 2}, "
        "effects: [award: {of: member.traits.size, rate: 2}]}]"
    )
    assert _prices(text) == {"": Price(0, AMOUNT_MAX)}


STREAK = "id: s, name: S"


@pytest.mark.parametrize(
    "streak, reaches, price",
    [
        ("event: Deal", 5, {"Deal": Price(0, 30, 6)}),
        ("event: Deal, every: week", 4, {"Deal": Price(0, 30, 7.5)}),
        ("event: Deal, at_least: 3", 5, {"Deal": Price(0, 30, 2)}),
        ("event: Deal", 1, {"Deal": Price(0, 30, 30)}),
        ("audience: leads", 5, {"Deal": Price(0, 30, 6), "": Price(0, 30, 6)}),
    ],
)
def test_what_a_streak_brings_is_among_what_its_events_bring(
    streak: str, reaches: int, price: dict[str, Price]
) -> None:
    leads = (
        "traits: {member: {team: {type: string}}}\n"
        "audiences: {leads: {conditions: {field: member.traits.team, op: eq, value: leads}}}\n"
    )
    on = f"{{id: on, trigger: {{streak: s, reaches: {reaches}}}, effects: [award: 30]}}"
    assert _prices(f"{leads}streaks: [{{{STREAK}, {streak}}}]\nrules: [{on}]") == price
    deal = "{id: deal, trigger: Deal, effects: [award: 7]}"
    event = _prices(f"{leads}streaks: [{{{STREAK}, {streak}}}]\nrules: [{deal}, {on}]")["Deal"]
    assert (event.least, event.mean) == (7, 7 + (price["Deal"].mean if "Deal" in price else 0))


def test_what_losing_a_streak_brings_comes_at_once() -> None:
    on = "{id: on, trigger: {streak: s, broken: true}, effects: [award: 30]}"
    assert _prices(f"streaks: [{{{STREAK}, event: Deal}}]\nrules: [{on}]") == {"": Price(0, 30)}
    less = on.replace("id: on", "id: less").replace("30", "5")
    gift = "giving: [{currency: points, window: month, allowance: 9}]"
    more = f"streaks: [{{{STREAK}, event: Deal}}]\nrules: [{on}, {less}]\n{gift}"
    assert _prices(more) == {"": Price(0, 30)}, "the most of what comes at once, whichever is the last"


def test_what_a_referral_brings_both_is_among_what_the_events_bring_that_make_active() -> None:
    sides = "invited: {effects: [award: 30]}, inviter: {effects: [award: 60]}"
    text = f"referral: {{active: {{event: Deal, count: 3}}, {sides}, channels: [chat]}}"
    assert _prices(text) == {"Deal": Price(0, 90, 30)}
    joined = "rules: [{id: joined, trigger: {referral: joined}, effects: [award: 5]}]"
    assert _prices(f"{joined}\n{text}") == {"Deal": Price(0, 90, 30), "": Price(0, 5)}


DEAL = "{id: deal, trigger: Deal, effects: [award: 10]}"
UP = "{id: up-%s, trigger: {level: %s}, effects: [award: %d]}"


def _levels(*thresholds: int, more: str = "") -> str:
    steps = ", ".join(f"{{id: l{n}, name: L{n}, threshold: {of}}}" for n, of in enumerate(thresholds, 1))
    return f"levels: {{currency: points, steps: [{steps}]{more}}}\n"


@pytest.mark.parametrize(
    "thresholds, rules, price",
    [
        ((100,), [UP % ("l1", "l1", 50)], Price(10, 60, 15)),
        ((100, 400), [UP % ("l1", "l1", 50)], Price(10, 60, 15)),
        # 50 at 100, and with these 350 on their own are enough for 700 more.
        ((100, 400), [UP % ("l1", "l1", 50), UP % ("l2", "l2", 700)], Price(10, 760, 10 + 10 * 750 / 350)),
        ((100, 400), [UP % ("any", "any", 50)], Price(10, 110, 15)),
        # What reaching the first brings reaches the second as well.
        ((100, 120), [UP % ("l1", "l1", 50), UP % ("l2", "l2", 30)], Price(10, 90, 18)),
        ((0,), [UP % ("l1", "l1", 50)], Price(10, 60)),
    ],
)
def test_what_levels_bring_is_among_what_the_events_bring_that_earn(
    thresholds: tuple[int, ...], rules: list[str], price: Price
) -> None:
    own = _prices(f"{_levels(*thresholds)}rules: [{', '.join([DEAL, *rules])}]")["Deal"]
    assert own[:2] == price[:2]
    assert own.mean == pytest.approx(price.mean)


def test_what_levels_bring_of_another_currency_is_reckoned_by_the_events_that_earn() -> None:
    text = (
        "name: Prices\nevents: {Deal: {}, Call: {}}\ncurrencies: {points: {}, coins: {}}\n"
        "levels: {currency: points, steps: [{id: l1, name: L1, threshold: 100}]}\nrules:\n"
        "  - {id: deal, trigger: Deal, effects: [award: {currency: points, amount: 10}]}\n"
        "  - {id: call, trigger: Call, effects: [award: {currency: coins, amount: 1}]}\n"
        "  - {id: up, trigger: {level: l1}, effects: [award: {currency: coins, amount: 40}]}\n"
    )
    found = read_program(text)
    assert found.program is not None, [str(problem) for problem in found.problems]
    coins = {"Deal": Price(0, 40, 4), "Call": Price(1, 1)}
    assert prices_of(found.program) == {"points": {"Deal": Price(10, 10)}, "coins": coins}


@pytest.mark.parametrize(
    "levels, more",
    [
        (_levels(100, more=", basis: {rolling: {months: 12}}, review: {on: 01-01, downgrade: one_step}"), ""),
        (_levels(100), ", {id: daily, trigger: {clock: daily}, effects: [award: 1]}"),
        (
            _levels(100),
            ", {id: call, trigger: Deal, effects: [award: {of: event.properties.value, rate: 2}]}",
        ),
    ],
    ids=["levels that fall early", "points without an event", "points without an end"],
)
def test_what_levels_bring_comes_at_once_where_it_is_not_bounded_by_events(levels: str, more: str) -> None:
    up = UP % ("l1", "l1", 50)
    found = _prices(f"{levels}rules: [{DEAL}, {up}{more}]")
    assert found[""] == Price(0, 50)


VALUE = "of: event.properties.value"


@pytest.mark.parametrize(
    "awards, price",
    [
        (f"award: {{{VALUE}, rate: 0.5}}", Price(0, AMOUNT_MAX)),
        (f"award: 10, award: {{{VALUE}, rate: 0.5}}", Price(10, AMOUNT_MAX)),
        (f"award: {{{VALUE}, rate: 0.5, max: 70}}", Price(0, 70)),
        (f"award: {{{VALUE}, brackets: [{{from: 0, amount: 5}}, {{from: 9, amount: 40}}]}}", Price(0, 40)),
        (f"award: {{{VALUE}, min: 60, brackets: [{{from: 0, amount: 5}}]}}", Price(0, 60)),
        (
            f"award: {{{VALUE}, brackets: [{{from: 0, amount: 5}}, {{from: 9, rate: 1}}]}}",
            Price(0, AMOUNT_MAX),
        ),
    ],
)
def test_a_formula_brings_no_more_than_its_end(awards: str, price: Price) -> None:
    assert _prices(f"rules: [{{id: deal, trigger: Deal, effects: [{awards}]}}]") == {"Deal": price}


def test_a_limited_formula_ends_at_its_limit_and_that_of_some_events_at_nothing() -> None:
    rule = f"id: deal, trigger: Deal, effects: [award: {{{VALUE}, rate: 0.5}}]"
    limits = (
        "{per: member, window: month, currency: points, amount: 500}, {per: member, window: day, count: 3}"
    )
    assert _prices(f"rules: [{{{rule}, limits: [{limits}]}}]") == {"Deal": Price(0, 500)}
    some = "conditions: {field: event.hour, op: lt, value: 12}"
    fixed = "{id: fixed, trigger: Deal, effects: [award: 10]}"
    assert _prices(f"rules: [{fixed}, {{{rule}, {some}}}]") == {
        "Deal": Price(10, 10),
        "": Price(0, AMOUNT_MAX),
    }


@pytest.mark.parametrize(
    "some",
    [
        "conditions: {field: event.hour, op: lt, value: 12}",
        "limits: [{per: member, window: day, count: 1}]",
        "audience: leads",
        "group: one",
    ],
)
def test_what_is_not_for_all_is_not_sure(some: str) -> None:
    besides = (
        "traits: {member: {team: {type: string}}}\ndepartment: member.traits.team\n"
        "audiences: {leads: {name: Leads, conditions: {field: member.department, op: eq, value: leads}}}\n"
        "groups: {one: {pick: first}}\n"
    )
    rule = "{id: deal, trigger: Deal, effects: [award: %s], %s}"
    assert _prices(f"{besides}rules: [{rule % (10, some)}]") == {"Deal": Price(0, 10)}
    endless = f"{{{VALUE}, rate: 0.5}}"
    assert _prices(f"{besides}rules: [{rule % (endless, some)}]") == {"": Price(0, AMOUNT_MAX)}


def test_what_a_program_for_some_brings_is_not_sure() -> None:
    text = (
        "traits: {member: {team: {type: string}}}\naudience: leads\n"
        "audiences: {leads: {conditions: {field: member.traits.team, op: eq, value: leads}}}\n"
        "rules: [{id: deal, trigger: Deal, effects: [award: 10]}]"
    )
    assert _prices(text) == {"Deal": Price(0, 10)}
    assert _prices(text.replace("audience: leads\n", "")) == {"Deal": Price(10, 10)}


def test_each_of_an_event_earns_where_it_brings_one_point_at_least() -> None:
    awards = {
        "points": {"a": Price(1, 1), "b": Price(0, 9), "c": Price(0, AMOUNT_MAX), "": Price(0, 5)},
        "coins": {"b": Price(2, 9), "d": Price(0, 1)},
    }
    assert events_that_earn(awards) == ({"a", "b"}, {"c", "d", ""})


def test_what_a_campaign_brings_is_not_sure() -> None:
    spring = "name: Spring, from: 2026-03-01, until: 2026-05-31"
    rule = "{id: deal, trigger: Deal, effects: [award: 10]}"
    assert _prices(f"campaigns: {{spring: {{{spring}, rules: [{rule}]}}}}") == {"Deal": Price(0, 10)}


def test_what_waits_may_never_come_and_other_currencies_have_their_own_limits_and_multipliers() -> None:
    waits = "{id: deal, trigger: Deal, effects: [award: {amount: 10, pending: {days: 5}}]}"
    assert _prices(f"rules: [{waits}]") == {"Deal": Price(0, 10)}
    text = (
        "name: Prices\nevents: {Deal: {properties: {value: {type: number}}}}\n"
        "currencies: {points: {}, coins: {}}\nrules:\n"
        f"  - {{id: deal, trigger: Deal, effects: [award: {{currency: points, {VALUE}, rate: 1}}, "
        "award: {currency: coins, amount: 9}],\n"
        "     limits: [{per: member, window: day, currency: coins, amount: 5}]}\n"
        "  - {id: fixed, trigger: Deal, effects: [award: {currency: points, amount: 10}]}\n"
        "  - {id: more, trigger: Deal, effects: [multiply: {currency: coins, by: 0.5}]}\n"
    )
    found = read_program(text)
    assert found.program is not None, [str(problem) for problem in found.problems]
    assert prices_of(found.program)["points"] == {"Deal": Price(10, 10), "": Price(0, AMOUNT_MAX)}


def test_a_gift_is_what_no_event_brings() -> None:
    gifts = "giving: [{currency: points, window: month, allowance: 100, to_one: 40}]"
    rules = "rules: [{id: deal, trigger: Deal, effects: [award: 10]}]"
    assert _prices(f"{rules}\n{gifts}") == {"Deal": Price(10, 10), "": Price(0, 40)}
    for to_one in ("", ", to_one: 100", ", to_one: 400"):
        assert _prices(gifts.replace(", to_one: 40", to_one)) == {"": Price(0, 100)}
    assert _prices(
        f"{gifts}\nquests: [{{id: q, name: Q, goal: {{event: Deal, reach: 2}}, effects: [award: 30]}}]"
    ) == {"Deal": Price(0, 30, 15), "": Price(0, 40)}


def _prices(text: str) -> dict[str, Price]:
    found = read_program(
        "name: Prices\nevents: {Deal: {properties: {value: {type: number}, kind: {type: string}}}}\n"
        "currencies: {points: {}}\n" + text
    )
    assert found.program is not None, [str(problem) for problem in found.problems]
    return prices_of(found.program)["points"]


# --- what is told of points beside events ---------------------------------------------------------------------


def _told(prices: dict[str, Price], amount: int, told: dict[str, int], earned: int) -> tuple[int, int]:
    return band_of_issued(amount, prices, told, earned, 5, alone=True)


def test_of_a_formula_without_an_end_the_band_holds_what_was_issued() -> None:
    for price in (Price(0, 0), Price(0, AMOUNT_MAX), Price(10, AMOUNT_MAX)):
        for amount in (200, 203, 12_345):
            low, high = _told({"Deal": price}, amount, {"Deal": 20}, 20)
            assert low <= amount <= high <= 1.25 * low + 1, price


@pytest.mark.parametrize(
    "prices, told, earned, amount, band",
    [
        # 20 that are told bring 200; five more bring 7 each at least, and beside them something of 50 may be.
        ({"a": Price(10, 10), "b": Price(7, 7), "c": Price(50, 50)}, {"a": 20}, 25, 235, (235, 450)),
        # No more happened than is told: of what does not always earn, fewer earned.
        ({"a": Price(0, 10), "b": Price(7, 50)}, {"a": 20}, 15, 120, (0, 499)),
        # What may bring 10 or 60 is told, and that it happened 20 times.
        ({"a": Price(10, 60)}, {"a": 20}, 20, 700, (700, 1199)),
        # All else is counted: ten of 3 to 50 are the most, and the last band has room.
        ({"a": Price(10, 10), "b": Price(3, 3), "c": Price(50, 50)}, {"a": 20}, 30, 700, (230, 700)),
        ({"a": Price(10, 10), "b": Price(3, 50)}, {"a": 20}, 30, 700, (230, 729)),
        # One point is an end; an event without one, as earlier releases kept it, has none.
        ({"a": Price(0, 1)}, {"a": 20}, 20, 12, (10, 19)),
        ({"a": Price(10, 10), "b": Price(1, 1)}, {"a": 20}, 30, 210, (210, 210)),
        ({"a": Price(10, 10), "b": Price(0, 0)}, {"a": 20}, 30, 290, (275, 293)),
        ({"a": Price(10, 10), "b": Price(3, 3), "": Price(0, 50)}, {"a": 20}, 30, 700, (700, 1199)),
    ],
)
def test_bands_begin_at_what_is_sure(
    prices: dict[str, Price], told: dict[str, int], earned: int, amount: int, band: tuple[int, int]
) -> None:
    assert _told(prices, amount, told, earned) == band


def test_where_another_currency_is_issued_nobody_knows_how_many_events_brought_this_one() -> None:
    prices = {"a": Price(10, 10), "b": Price(3, 3), "c": Price(50, 50)}
    assert band_of_issued(700, prices, {"a": 20}, 30, 5, alone=False) == (230, 729)


def test_what_fewer_than_k_gave_is_not_told_beside_the_events() -> None:
    prices = {"Deal": Price(10, 10), "": Price(0, 40)}
    bands = {_told(prices, 200 + given, {"Deal": 20}, 20) for given in range(4 * 40 + 1)}
    assert bands == {(200, 599)}


@pytest.mark.parametrize("amount, band", [(240, (240, 539)), (839, (540, 839)), (1200, (840, 1200))])
def test_where_some_events_earn_nothing_bands_are_of_what_so_many_can_bring(
    amount: int, band: tuple[int, int]
) -> None:
    prices = {"cheap": Price(0, 10), "dear": Price(50, 50)}
    assert band_of_issued(amount, prices, {}, 24, 3, alone=True, ends=True) == band


def test_of_what_quests_bring_besides_bands_begin_with_what_events_bring_alone() -> None:
    prices = {"told": Price(5, 5), "dear": Price(250, 250), "": Price(0, 500)}
    assert band_of_issued(2820, prices, {"told": 14}, 25, 3, alone=True, ends=True) == (2820, 5819)
    assert band_of_issued(2820, prices, {"told": 14}, 25, 3, alone=True) == (70, 3069)
