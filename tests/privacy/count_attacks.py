"""What an attacker concludes from counts that grow, from groups divided among cells, and from sums of events."""

from __future__ import annotations

from random import Random

import numpy

from engage.core import privacy, published, published_activated, published_people, windows
from engage.core.activity import mark_day, mark_earning, mark_rewarded, mark_use
from engage.core.balances import CurrencyWeek
from engage.core.measures import MONTH_WEEKS, WeekMeasures
from engage.core.privacy import Part, fact
from engage.core.segments import Segments
from engage.core.state import CompanyState, DayRollup, MemberState
from tests.core.measuring import measure_week
from tests.privacy.attacker import Attack, Sum
from tests.privacy.populations import FIRST, WEEK


def single(place: int, size: int) -> Sum:
    terms = numpy.zeros(size)
    terms[place] = 1
    return terms


def attack_growth(random: Random) -> list[str]:
    """Activated members month by month, beside those active in the month: who came between two looks?"""
    k = random.choice((3, 4, 5))
    members, months = random.randint(2 * k - 1, 6 * k), 5
    often = random.choice((0.3, 0.9))
    since = [random.choice((0, 0, 0, *range(1, 2 * months))) for _ in range(members)]
    active = [
        [at == own > 0 or (at >= own and random.random() < often) for at in range(months)] for own in since
    ]
    came = random.randrange(1, months)
    known = set(sorted(range(members), key=lambda member: (since[member] != came, random.random()))[: k - 2])
    # Unknown: how many of the others became active in each month, and were active in each.
    attack, size = Attack(2 * months), 2 * months
    others = members - len(known)
    groups, peak, most = [], 0, [members]
    for at in range(months):
        new, now = single(at, size), single(months + at, size)
        so_far = sum(single(month, size) for month in range(at + 1))
        counts = [sum(own <= at for own in since), sum(own[at] for own in active)]
        of_known = [sum(since[member] <= at for member in known), sum(active[member][at] for member in known)]
        is_quiet = counts[1] < k
        if is_quiet:  # so is each of its weeks: who came in one counts as away, and is no less activated
            counts[1] = of_known[1] = 0
        attack.knows(so_far, 0, others)
        attack.knows(so_far - now, 0)
        if at:
            attack.knows(MONTH_WEEKS * (k - 1) - new if is_quiet else now - new, 0)
        shown = windows.publish_union(
            counts[1], k, [privacy.Figure("", "members", low=0, high=members)], fact(members, "members")
        )
        attack.reads(shown, now, of_known[1])
        peak = max(peak, int(shown.ceiling or 0))
        week = WeekMeasures(
            FIRST + WEEK * MONTH_WEEKS * at,
            members=members,
            activated=counts[0],
            floor=k,
            month=[counts[1]] * MONTH_WEEKS,
            peak=peak,
            activated_most=[members, *most],
        )
        band = published_activated.publish_activated(week, k, shown, fact(members, "members"))
        most = [int(band.ceiling or 0)]
        attack.reads(band, so_far, of_known[0])
        groups.append((f"activated by month {at}", so_far, counts[0]))
        groups.append((f"never active by month {at}", -so_far, members - counts[0]))
        groups.append((f"active before but not in month {at}", so_far - now, counts[0] - counts[1]))
        if at:
            groups.append((f"activated in month {at}", new, since.count(at)))
    return [f"{size} {name}" for name, terms, size in groups if size < k and attack.pins(terms)]


def attack_levels(random: Random) -> list[str]:
    """How many stand at each of three levels month by month; nobody falls: who rose between two looks?"""
    k = random.choice((3, 4, 5))
    members, months, levels = random.randint(2 * k - 1, 8 * k), 3, 3
    rising = random.choice((0.03, 0.1, 0.4))
    paths = []
    for _ in range(members):
        path = [random.choice((0, 0, 0, 1, 1, 2))]
        for _ in range(months - 1):
            path.append(min(levels - 1, path[-1] + (random.random() < rising)))
        paths.append(tuple(path))
    known = set(
        sorted(range(members), key=lambda member: (paths[member][0] == paths[member][-1], random.random()))[
            : k - 2
        ]
    )
    ways = [(a, b, c) for a in range(levels) for b in range(a, levels) for c in range(b, levels)]
    attack = Attack(len(ways))
    attack.knows(numpy.ones(len(ways)), members - len(known), members - len(known))
    groups = []
    for at in range(months):
        counts = [sum(path[at] == level for path in paths) for level in range(levels)]
        shown = windows.publish_bands(counts, k, fact(members, "members"))
        for level in range(levels):
            terms = numpy.array([float(way[at] == level) for way in ways])
            attack.reads(shown[level], terms, sum(paths[member][at] == level for member in known))
            groups.append((f"at level {level} in month {at}", terms, counts[level]))
            groups.append((f"not at level {level} in month {at}", -terms, members - counts[level]))
            if at and level:
                rose = numpy.array([float(way[at - 1] < level == way[at]) for way in ways])
                size = sum(path[at - 1] < level == path[at] for path in paths)
                groups.append((f"rose to level {level} in month {at}", rose, size))
    return [f"{size} {name}" for name, terms, size in groups if size < k and attack.pins(terms)]


def attack_table(random: Random) -> list[str]:
    """A shown number of people, each in one of some departments."""
    k = random.choice((3, 4, 5))
    sizes = [random.choice((0, 1, 2, k - 1, k, k + 1, 2 * k, 4 * k)) for _ in range(random.randint(2, 5))]
    whole = sum(sizes)
    where = [cell for cell, size in enumerate(sizes) for _ in range(size)]
    random.shuffle(where)
    target = random.choice(sizes)
    known = sorted(where, key=lambda cell: sizes[cell] != target)[: k - 2]
    cells, _ = privacy.publish_table(sizes, k, fact(whole, "members"), partition=True)
    attack = Attack(len(sizes))
    attack.knows(numpy.ones(len(sizes)), whole - len(known), whole - len(known))
    for place, cell in enumerate(cells):
        attack.reads(cell, single(place, len(sizes)), known.count(place))
    return [
        f"{size} in department {place}"
        for place, size in enumerate(sizes)
        if (size < k or whole - size < k) and whole >= k and attack.pins(single(place, len(sizes)))
    ]


def attack_amounts(random: Random) -> list[str]:
    """Events in a week, in all and per feature: which of few people's, and which are nearly one member's?"""
    k = random.choice((3, 4, 5))
    members, features = random.randint(k, 3 * k), random.randint(2, 4)
    most = random.choice((1, 2, 30, 400))
    liked = [random.choice((0.05, 0.2, 0.9)) for _ in range(features)]
    events = [
        [random.randint(1, random.choice((1, most))) if random.random() < chance else 0 for chance in liked]
        for _ in range(members)
    ]
    done = sorted((sum(own) for own in events if any(own)), reverse=True)
    active, total = len(done), sum(done)
    busy = sorted(range(members), key=lambda member: -sum(events[member]))
    known = set(busy[: k - 2] if random.random() < 0.5 else random.sample(range(members), k - 2))
    if active < k:
        return []
    alike = max(done.count(one) for one in done)
    dominated = privacy.is_dominated(done[0], done[k - 2], sum(done[k - 1 :]), active - (k - 2), alike)
    shown = privacy.publish_split(0, 0, total, 0, active, k, dominated=dominated).total
    parts = [
        Part(sum(own[at] for own in events), sum(own[at] > 0 for own in events)) for at in range(features)
    ]
    cells = privacy.publish_amounts(parts, total, 0 if shown.hidden else active, k)
    attack = Attack(features)
    if not shown.hidden:
        attack.reads(shown, numpy.ones(features), sum(sum(events[member]) for member in known))
    else:
        attack.knows(numpy.ones(features), 0)
    for at, cell in enumerate(cells):
        if cell.value is not None:
            attack.reads(cell, single(at, features), sum(events[member][at] for member in known))
    learned = [
        f"the events of {part.people} members in feature {at}"
        for at, part in enumerate(parts)
        if part.people < k and attack.pins(single(at, features))
    ]
    strangers = sorted(
        (sum(own) for member, own in enumerate(events) if member not in known and any(own)), reverse=True
    )
    if not shown.hidden and len(strangers) > 1:
        if 10 * sum(strangers[1:]) < strangers[0]:
            learned.append("one member's events, to a tenth")
        if strangers[0] == strangers[-1]:
            learned.append("how many events each had")
    return learned


def attack_balances(random: Random) -> list[str]:
    """What members have, before and after few of them spent some: how much was it, to a tenth?"""
    before = random.randint(20, 10 ** random.randint(2, 5))
    issued, spent = random.choice((0, 0, before // 3)), random.randint(before // 50 + 1, before)
    attack = Attack(3)
    attack.knows(numpy.array([1.0, -1.0, -1.0]), -issued, -issued)
    for place, balance in enumerate((before, before + issued - spent)):
        step = published_people.balance_step(balance)
        shown = step * round(balance / step)
        attack.knows(single(place, 3), shown - step / 2, shown + step / 2)
    low, high = attack.range_of(single(2, 3))
    return [f"{spent} spent"] if max(high - spent, spent - low) < spent / 10 else []


def attack_awards(random: Random) -> list[str]:
    """What was awarded in a week, in two currencies, and how many events earned something: which of it is few people's?

    Who could have earned is more than who did: rules have conditions and limits.
    """
    k = random.choice((3, 4, 5))
    chances = {one: random.choice((0.05, 0.2, 0.9)) for one in ("points", "gems", "")}
    most, usual = random.choice((4, 12)), random.choice(("points", ""))
    share = random.choice((0.15, 1.0, 1.0))
    """Of whose events are not all of the usual kind."""
    states, rollup = [], DayRollup()
    behind: dict[str, set[int]] = {one: set() for one in (*chances, "earned")}
    for number in range(random.randint(2 * k, 5 * k)):
        states.append(member := MemberState())
        is_usual = random.random() > share
        for _ in range(random.randint(0, most)):
            mark_use(member, FIRST)
            rollup.members += mark_day(member, FIRST)
            rollup.events += 1
            got = [one for one, chance in chances.items() if random.random() < chance] or [""]
            got = [usual] if is_usual else got
            if got != [""]:
                rollup.incentivised += 1
                mark_rewarded(member, FIRST)
            for one in got if got == [""] else [one for one in got if one]:
                mark_earning(member, one, FIRST)
                behind[one].add(number)
                if one:
                    behind["earned"].add(number)
                    rollup.issued[one] = rollup.issued.get(one, 0) + random.choice((1, 10))
    week = measure_week(None, CompanyState(members=len(states)), states, {FIRST: rollup}, FIRST, (), k)
    week.earners_often = week.unrewarded_often = k  # and did so before
    week.receivers_often = {"points": k, "gems": k}
    shown = published.publish_events(week, k)
    figures = {"earned": shown.incentivised, "": shown.organic, **shown.issued}
    return [
        f"what {len(behind[one])} members got of {one!r}"
        for one, figure in figures.items()
        if figure.value is not None and len(behind[one]) < k
    ]


def attack_concentration(random: Random) -> list[str]:
    """Which share of four weeks' events the most active tenth did, by who knows how many events there were: was it one
    member's, or had each of the others one?"""
    k = random.choice((3, 4, 5))
    members = random.randint(10 * (k - 1) + 1, 10 * k + 10)
    most, usual = random.choice((5, 60, 900)), random.choice((1, 3, 20))
    events = sorted(
        (random.randint(1, most if random.random() < 0.08 else usual) for _ in range(members)), reverse=True
    )
    week = WeekMeasures(FIRST, members=members, active_4w=members, definition=2, floor=k)
    segments = Segments(None, [week])
    for one in events:
        segments.did[0][one] = segments.did[0].get(one, 0) + 1
    segments.close()
    if published_people.publish_concentration(week, k).hidden:
        return []
    place, strangers = week.top[0], list(range(members))
    known = strangers[: k - 2] if random.random() < 0.7 else random.sample(strangers, k - 2)
    top = sorted((events[one] for one in strangers[:place] if one not in known), reverse=True)
    rest = [events[one] for one in strangers[place:] if one not in known]
    learned = ["one member's events, to a tenth"] if 10 * sum(top[1:]) < top[0] else []
    return [*learned, "that all others had one event"] if set(rest) == {1} else learned


def attack_spending(random: Random) -> list[str]:
    """What was spent, or has expired, in a week: how much of it was one member's, to a tenth?"""
    k, largest = random.choice((3, 4, 5)), random.choice((10, 300, 9000))
    own = [random.randint(1, random.choice((10, 10, largest))) for _ in range(random.randint(k, 2 * k))]
    known = sorted(own, reverse=True)[1 : k - 1] if random.random() < 0.5 else own[: k - 2]
    found = CurrencyWeek(*(sum(own), len(own)) * 2, 10**6, len(own), sum(own), len(own))
    priced = CurrencyWeek(sum(own), len(own), cheapest=1, dearest=1)
    week = WeekMeasures(
        FIRST,
        members=3 * k,
        activated=3 * k,
        definition=2,
        floor=k,
        standing=True,
        currencies={"points": found},
    )
    shown = published_people.publish_points(week, "points", k)
    strangers = sorted(own)
    for one in known:
        strangers.remove(one)
    learned = []
    value, step = shown.spent.value or 0, published_people.balance_step(sum(own))
    reach = step / 2 if value % step == 0 else 0
    bands = {
        "spent": (value - reach, value + reach),
        "spent on rewards of one cost": published_people.spent_band(priced, k),
        "lost": published_people.gone_band(sum(own), found),
    }
    for name, band in bands.items():
        low, high = (end - sum(known) for end in band)
        if max(high - strangers[-1], strangers[-1] - low) < strangers[-1] / 10:
            learned.append(f"one member's of what was {name}, to a tenth")
    return learned
