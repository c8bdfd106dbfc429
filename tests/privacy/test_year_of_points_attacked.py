"""Privacy as an attack, on a year of points; see `year_points.py`. ENGAGE_ATTACKS=3000 attacks more companies."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from engage.core import (
    balances,
    outstanding,
    prices,
    published,
    published_beginners,
    published_outstanding,
    published_people,
)
from engage.core.balances import CurrencyWeek
from engage.core.measures import WeekMeasures
from engage.core.outstanding import Behind, Told, gone_band, may_be_told, spent_band
from engage.core.prices import band_of_issued
from engage.core.privacy import Figure
from engage.core.published_people import publish_points
from engage.core.rounding import amount_between, band_around
from engage.core.state import AMOUNT_MAX
from engage.core.windows import publish_part
from tests.privacy import year_points
from tests.privacy.points_population import PLAIN, Did, Terms, random_terms, random_year, weeks_of
from tests.privacy.year_points import attack_year_of_points

YEARS = int(os.environ.get("ENGAGE_ATTACKS", "0")) // 5


KINDS = {
    "lasting": {"expiring": False},
    "expiring": {"expiring": True},
    "eager": {"expiring": True, "eager": True},
    "eager, lasting": {"expiring": False, "eager": True},
}
"""Of companies: what of their points is told."""
MORE = (
    ("some",),
    ("quest",),
    ("by_hand",),
    ("some", "by_hand"),
    ("quest", "by_hand"),
    ("several",),
    ("streak",),
    ("level", "by_hand"),
    ("gift",),
    ("stage", "activity"),
)
"""What else brings points, or takes them: rules for some events or members only, a quest, corrections by hand, who does
and buys several times as much as others, a streak of one event or of any, a level, gifts, and what no event brings."""


def learned_of(seed: int, kind: str, *, weeks: int = 26, more: Sequence[str] = ()) -> list[str]:
    return attack_year_of_points(Random(seed), weeks, more=more, **KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_year_of_points_tells_of_nothing_that_few_did(kind: str) -> None:
    for seed in range(30_000, 30_000 + YEARS):
        assert learned_of(seed, kind, weeks=52) == [], f"company {seed}"


@pytest.mark.parametrize("more", MORE, ids=" ".join)
def test_whatever_else_brings_points_or_takes_them_tells_of_nothing_that_few_did(
    more: tuple[str, ...],
) -> None:
    for seed in range(40_000, 40_002 + YEARS // 2):
        assert learned_of(seed, [*KINDS][seed % 4], more=more, weeks=52 if YEARS else 13) == [], (
            f"company {seed}"
        )


def _is_learned_without(
    seed: int,
    kind: str,
    switch: Callable[[pytest.MonkeyPatch], None],
    patch: pytest.MonkeyPatch,
    *,
    more: Sequence[str] = (),
) -> None:
    assert learned_of(seed, kind, more=more) == []
    switch(patch)
    assert learned_of(seed, kind, more=more) != []


def _all_earn(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(published_beginners, "_sometimes", lambda week: set())


def _without_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(published, "band_of_issued", lambda *said, ends, **named: band_of_issued(*said, **named))


SOMETIMES = {
    "a part for those that earned nothing": (2, "eager", _all_earn),
    "room for dear events that earned nothing": (1015, "eager, lasting", _without_end),
    "bands that begin with what events bring": (3_000_095, "eager, lasting", _without_end),
}


@pytest.mark.parametrize("defence", SOMETIMES)
def test_where_only_some_events_earn_it_is_learned_without_one_defence_how_many_did(
    defence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _is_learned_without(*SOMETIMES[defence], monkeypatch, more=["some"])


def test_beside_other_events_that_earn_it_is_not_learned_how_many_earned_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of twenty events that earned nothing fourteen never do; of the key event of which only some earn, nine, it is not
    told how many there were, nor how many earned: so two members had the other six."""
    assert learned_of(3_000_232, "lasting", more=["some", "by_hand"]) == []
    parts = published_beginners.event_parts
    monkeypatch.setattr(
        published, "event_parts", lambda *said: [one._replace(as_one=False) for one in parts(*said)]
    )
    assert learned_of(3_000_232, "lasting", more=["some", "by_hand"]) != []


def _not_put_right(week: WeekMeasures, *told: Any) -> None:
    for found in week.currencies.values():
        found.adjusted = 0
    outstanding.remember_waiting(week, *told)


def test_what_was_put_right_counts_as_issued_or_what_is_left_tells_that_nobody_bought(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert learned_of(3_101_756, "eager, lasting", more=["by_hand"]) == []
    monkeypatch.setattr(published_outstanding, "remember_waiting", _not_put_right)
    assert learned_of(3_101_756, "eager, lasting", more=["by_hand"]) != []


def test_what_waits_leaves_room_for_what_would_have_been_bought_before_it_was_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the fifth week 600 points were given, and by the seventh taken back. Until the eighteenth all events brought
    less than 400, and a reward costs 500."""
    assert learned_of(6_502_524, "lasting", more=["by_hand"]) == []
    monkeypatch.setattr(outstanding, "_width_of_issued", lambda found, width, k: width)
    assert learned_of(6_502_524, "lasting", more=["by_hand"]) != []


def test_of_points_that_expire_what_was_put_right_is_not_told_up_to_what_members_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terms = Terms({"Export": 5}, {"mug": 50}, 26, by_hand=True)
    members = [[Did({"Export": 1}, {"mug": 1}, 0, 355, 0, 405, put=400)], *[[Did({}, {}, 0, 0, 0, 0)]] * 3]
    members += [[Did({"Export": 1}, {}, 0, 5, 0, 5)]] * 8

    def most_left() -> float | None:
        (week,) = weeks_of(terms, members, 4)
        return publish_points(week, "points", 4).outstanding.ceiling

    came = 9 * 5 + 400
    assert (most_left() or 0) >= came
    monkeypatch.setattr(published_outstanding, "remember_waiting", _not_put_right)
    assert (most_left() or 0) < came, "that somebody bought a mug"


QUESTS = [
    (6_000_926, "eager", ["quest"]),
    (6_002_467, "eager, lasting", ["quest"]),
]


@pytest.mark.parametrize("seed, kind, more", QUESTS, ids=range(2))
def test_what_is_told_of_points_leaves_room_for_quests_that_nobody_completed(
    seed: int, kind: str, more: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert learned_of(seed, kind, more=more) == []
    monkeypatch.setattr(prices, "_is_by_events", lambda *_: False)
    assert learned_of(seed, kind, more=more) != []


def _nothing_completed(patch: pytest.MonkeyPatch) -> None:
    """What events complete is not reckoned among what they bring; it comes by itself, as one more event."""
    by_events, brought = prices._by_events, prices._brought_by
    patch.setattr(
        prices, "_by_events", lambda program, rule, own: by_events(program, rule, own) if rule.trigger else ()
    )
    patch.setattr(prices, "_is_earned_by_events", lambda *_: False)
    patch.setattr(
        prices,
        "_brought_by",
        lambda earned, each, told, *, dearest: brought(
            earned, {event or "-": price for event, price in each.items()}, told, dearest=dearest
        ),
    )


def _nothing_waits_below(patch: pytest.MonkeyPatch) -> None:
    counts = outstanding._counts_of_issued
    patch.setattr(outstanding, "_counts_of_issued", lambda *waits, completed: counts(*waits))


BESIDES: dict[str, tuple[int, str, list[str], Callable[[pytest.MonkeyPatch], None]]] = {
    "a quest": (6_001_799, "eager, lasting", ["quest", "by_hand"], _nothing_completed),
    "a streak": (322, "eager", ["streak"], _nothing_completed),
    "a level": (20_096, "eager, lasting", ["level", "by_hand"], _nothing_completed),
    "a level that all have": (30_199, "eager, lasting", ["level", "by_hand"], _nothing_waits_below),
    "a level that all reach": (
        20_046,
        "eager",
        ["level", "by_hand"],
        lambda patch: patch.setattr(prices, "_with_room", lambda low, *_: low),
    ),
}


@pytest.mark.parametrize("what", BESIDES)
def test_of_what_else_brings_points_it_is_learned_without_one_defence_that_nobody_got_it(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed, kind, more, switch = BESIDES[what]
    _is_learned_without(seed, kind, switch, monkeypatch, more=more)


def test_what_waits_leaves_room_for_what_would_have_brought_less_than_at_once() -> None:
    assert learned_of(6_703_679, "eager, lasting", more=["quest", "by_hand"]) == []


def test_what_hidden_events_can_bring_leaves_room_beside_those_of_a_known_member(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the last week two members had 32 events, and nobody else any."""
    assert learned_of(8_810_217, "expiring", more=["several"]) == []
    monkeypatch.setattr(published_outstanding, "_of_known", lambda week: 0)
    assert learned_of(8_810_217, "expiring", more=["several"]) != []


def test_of_what_was_issued_and_is_hidden_counts_what_events_that_are_told_bring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert learned_of(6_002_467, "eager, lasting", more=["quest"]) == []
    can_be = published_outstanding._can_be_issued
    monkeypatch.setattr(
        published_outstanding, "_can_be_issued", lambda *said: can_be(*said)._replace(least=0)
    )
    assert learned_of(6_002_467, "eager, lasting", more=["quest"]) != []


def test_what_few_spent_counts_when_others_may_have_bought_the_dearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In five weeks three of eight members bought something; of at most 1,499 points one of them had spent 1,100."""
    assert learned_of(6_000_760, "lasting", more=["some"]) == []
    monkeypatch.setattr(outstanding, "_are_many", lambda found, k: found.few[found.quarters - 1] >= k)
    assert learned_of(6_000_760, "lasting", more=["some"]) != []


def _as_if_it_bought(week: WeekMeasures, found: CurrencyWeek) -> bool:
    return may_be_told(week, replace(found, dearest=1))


def test_where_nothing_can_be_bought_it_is_not_told_what_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is what was issued six weeks before, in bands that begin elsewhere: there nobody had completed a quest."""
    assert learned_of(6_200_897, "expiring", more=["quest", "by_hand"]) == []
    for module in (outstanding, published_people, year_points):
        monkeypatch.setattr(module, "may_be_told", _as_if_it_bought)
    assert learned_of(6_200_897, "expiring", more=["quest", "by_hand"]) != []


def test_where_nearly_every_event_brings_what_is_not_reckoned_balances_leave_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As gifts do; here a quest is taken for one."""
    monkeypatch.setattr(prices, "_is_by_events", lambda *_: False)
    assert learned_of(2_000_047, "eager, lasting", more=["quest"]) == []
    monkeypatch.setattr(
        outstanding, "_counts_of_issued", lambda *waits, completed: band_around(waits[0], 0, *waits[1:])
    )
    assert learned_of(2_000_047, "eager, lasting", more=["quest"]) != []


def test_what_expired_does_not_tell_that_nobody_bought() -> None:
    assert learned_of(110_023, "expiring", weeks=52) == []


def _soon_without_room(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outstanding, "expiring_band", lambda found: gone_band(found.expiring, found))


def test_what_will_expire_leaves_room_for_what_expired_before(monkeypatch: pytest.MonkeyPatch) -> None:
    assert learned_of(1_010_005_052, "eager") == []
    _soon_without_room(monkeypatch)
    assert learned_of(1_010_005_052, "eager") != []


def test_what_is_spent_leaves_room_for_events_that_earned_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert learned_of(971_384, "eager", weeks=52) == []
    _all_they_had_not_known(monkeypatch)
    assert learned_of(971_384, "eager", weeks=52) != []


def test_what_is_spent_leaves_room_for_cheap_events_among_those_that_earned() -> None:
    """In the first week nine of eighteen events earned some, six of these by one member, and all but two bought."""
    assert learned_of(940_000_670, "eager") == []


def test_what_is_spent_leaves_room_for_the_cheap_events_of_a_known_member(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of thirteen events that earned some nine cheap ones are theirs, and four others spent what a dear one brings."""
    terms = Terms({"Dear": 50, "Cheap": 5}, {"mug": 50}, None)
    members = [
        [Did({"Cheap": 9, PLAIN: 1}, {}, 0, 45, 0, 45)],
        *[[Did({"Dear": 1, PLAIN: 3}, {"mug": 1}, 0, 0, 0, 50)]] * 4,
        [Did({PLAIN: 2}, {}, 0, 0, 0, 0)],
    ]

    def learned() -> list[str]:
        year = year_points._Year(terms, members, [0], 3, whole=False)
        year.link()
        year.read(0, weeks_of(terms, members, 3)[0])
        return year.learned()

    assert learned() == []
    monkeypatch.setattr(published_outstanding, "_of_known", lambda week: 0)
    assert learned() == ["0 times Cheap in 0, by 1"]


@pytest.mark.parametrize("put_right", [False, True], ids=["", "put right by hand"])
@pytest.mark.parametrize("expiring", [False, True], ids=["lasting", "expiring"])
def test_what_is_told_of_balances_is_true(expiring: bool, put_right: bool) -> None:
    told = set()
    for seed in range(12):
        random = Random(seed)
        k, terms = random.choice((3, 4, 5)), random_terms(random, expiring=expiring)
        members = random_year(random, terms, random.randint(2 * k, 6 * k), 26)
        if put_right:
            members = [_put_right(random, own) for own in members]
        for week in weeks_of(terms, members, k):
            has = week.currencies["points"].outstanding
            figure = publish_points(week, "points", k).outstanding
            low, high = figure.floor, figure.ceiling if figure.ceiling is not None else has
            if figure.value is not None:
                low, high = 0.7 * low, 1.5 * high
            assert low <= has <= high, figure
            told.add("about" if figure.value is not None else figure.text)
    assert len(told) > 10


def test_another_of_the_dearest_reward_may_be_among_what_is_told_to_be_spent() -> None:
    found = CurrencyWeek(spenders=5, cheapest=20, dearest=500)
    for spent in range(100, 40_000, 20):
        found.spent = spent
        low, high = spent_band(found, 5)
        assert low <= spent <= high
        assert high - low >= 5 * 500 - 1
        assert (low - 100) % 2500 == 0 or low > 12_500
    found.dearest = 20  # so many were bought, by as many people or more
    found.spent = 120
    low, high = spent_band(found, 5)
    assert low <= 120 <= high <= low + 4


def _put_right(random: Random, own: list[Did]) -> list[Did]:
    """From some week on one has more or less, of which nothing was issued or spent."""
    more, at = random.choice((-1000, -50, 0, 20, 500)), random.randrange(len(own))
    return [*own[:at], *(did._replace(has=max(0, did.has + more)) for did in own[at:])]


def test_bounds_of_an_amount_are_rounded_away_from_it() -> None:
    assert amount_between(400, 2030, "points").text == "fewer than 2,500"
    assert amount_between(1234, 2030, "points") == Figure(
        "1,000 to 2,500", "points", hidden="protects", low=1000, high=2500
    )
    assert amount_between(1999, AMOUNT_MAX - 1, "points").text == "1,000 or more"
    assert amount_between(0, AMOUNT_MAX, "points").text == "not shown"


# --- with one defence switched off ----------------------------------------------------------------------------


def _counts_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(balances, "ends_quarter", lambda monday: True)
    _enough_behind(patch)


def _enough_behind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Behind, "people", lambda behind: (99, 99))
    patch.setattr(Behind, "few", lambda behind: ((99,) * outstanding.QUARTERS,) * 2)


def _what_few_spent_exactly(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outstanding, "_lump_of_spent", lambda *_: 1)


def _what_many_spent_exactly(patch: pytest.MonkeyPatch) -> None:
    told = outstanding._told_spent
    patch.setattr(
        outstanding,
        "_told_spent",
        lambda found, k: (found.spent, found.spent) if found.spenders >= k else told(found, k),
    )


def _newest_quarter_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outstanding, "QUARTERS", 1)


def _told(change: Callable[[WeekMeasures, Told], Told]) -> Callable[[pytest.MonkeyPatch], None]:
    def switch(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(
            published_outstanding,
            "_told_issued",
            lambda week, k: {name: change(week, one) for name, one in told_issued(week, k).items()},
        )

    return switch


def _any_band(patch: pytest.MonkeyPatch) -> None:
    def band(amount: int, _: int, width: int, __: int | None) -> tuple[int, int]:
        low = amount - amount % max(1, width)
        return low, low + max(1, width) - 1

    patch.setattr(outstanding, "band_around", band)


def _all_that_expires(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(published_people, "may_be_told", lambda *_: True)


def _expired_at_once(patch: pytest.MonkeyPatch) -> None:
    _counts_at_once(patch)
    _told(lambda _, told: told._replace(width=1))(patch)


def _spent_to_a_fifth(patch: pytest.MonkeyPatch) -> None:
    for module in (outstanding, published_people):
        patch.setattr(module, "spent_band", lambda found, _: year_points._all_shown_so(found.spent))


def _all_they_had_not_known(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outstanding, "_left", lambda *_: AMOUNT_MAX)


def _what_is_left_exactly(patch: pytest.MonkeyPatch) -> None:
    """Nor does what will expire leave room for it."""
    _soon_without_room(patch)
    patch.setattr(
        "engage.core.published_people.publish_part", lambda count, _, *within: publish_part(count, 1, *within)
    )


def _all_of_it(week: WeekMeasures, told: Told) -> Told:
    return told._replace(least=week.issued.get("points", 0))


told_issued = published_outstanding._told_issued

DEFENCES: dict[str, tuple[int, str, Callable[[pytest.MonkeyPatch], None]]] = {
    "what few spent counts later": (0, "lasting", _counts_at_once),
    "what few spent counts in lumps": (900_023, "lasting", _what_few_spent_exactly),
    "the least that is told to be spent": (970_005, "eager, lasting", _what_many_spent_exactly),
    "the floor behind what counts later": (6, "lasting", _enough_behind),
    "the floor behind all that counts later": (0, "lasting", _newest_quarter_alone),
    "the least that is told to be issued": (5, "lasting", _told(_all_of_it)),
    "room for what else may have been issued": (8_700_161, "eager, lasting", _any_band),
    "nothing of what expires while something is hidden": (4, "eager", _all_that_expires),
    "what expired counts later": (3, "eager", _expired_at_once),
    "bands of what was spent": (10, "eager", _spent_to_a_fifth),
    "lumps of what is left beside what expired": (5_000_123, "eager", _what_is_left_exactly),
}


@pytest.mark.parametrize("defence", DEFENCES)
def test_without_one_defence_it_is_learned_what_few_did(
    defence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _is_learned_without(*DEFENCES[defence], monkeypatch)
