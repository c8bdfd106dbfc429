"""What changed a score: against four weeks before driver by driver, against thirteen as one number.

Owns what may be compared, when another profile came into use, and that the changes of the rows add up to the change of
the score. Scores of other versions, or by another definition of the host's, are not compared: the difference would be
the definition's. Scores by two profiles of one definition are: what the earlier score would have been by the profile of
now tells the company's share of the change from the profile's, which has a row of its own. Reads scores alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from engage.core.care import LOWERED, no_longer_lowered
from engage.core.health import LABELS, VERSION, contributions_by
from engage.core.language import mark, say
from engage.core.measures import WEEK
from engage.core.reports import Driver, Health
from engage.core.scored_as import STANDARD_ID, ScoredAs, definition_of, is_same

MONTH_WEEKS: Final = 4
QUARTER_WEEKS: Final = 13
HALF_A_BAND: Final = 10
"""Points lost in four weeks, or more slowly in thirteen: a fall that somebody should ask about, whatever the band. A
company that fades does so over a season, a few points a month."""
PROFILE: Final = "profile"
PROFILE_LABEL: Final = mark("Profile")
MISSING: Final = "missing"
MISSING_LABEL: Final = mark("No longer known")


def compared(health: Health, earlier: Mapping[int, Health], age_days: int | None) -> Health:
    """With its changes. `earlier`: weeks before -> the score then, of both spans; `age_days`: of the company now."""
    if health.score is None:
        return health
    scored = {weeks: one for weeks, one in earlier.items() if one.score is not None}
    known = {weeks: one for weeks, one in scored.items() if not _other_definition(health, one)}
    notes = [_not_compared(one) for one in scored.values() if _other_definition(health, one)][-1:]
    drivers, slid = health.drivers, ""
    for weeks, then in sorted(known.items()):
        alike = is_same(health.profile, then.profile)
        ago = None if age_days is None else age_days - WEEK * weeks
        own = _own(then) if alike else contributions_by(health.profile, then, ago)
        moved = round(sum(own.values()) - sum(_own(then).values()), 1)
        if not alike:
            notes.append(_of_profile(then.profile, weeks, moved))
        if weeks == QUARTER_WEEKS:
            slid = _slid(health, then, own, moved)
        if weeks == MONTH_WEEKS:
            drivers = (*_since(health, then, own), *_profile_row(health.profile, then.profile, moved))
    return replace(
        health,
        change_4w=_change(health, known.get(MONTH_WEEKS)),
        change_13w=_change(health, known.get(QUARTER_WEEKS)),
        drivers=drivers,
        notes=(*health.notes, *notes),
        slid=slid,
    )


def _slid(health: Health, then: Health, own: Mapping[str, float], moved: float) -> str:
    """What was seen of the driver that lost most, where the company's own fall is half a band. `moved`: by the profile
    alone."""
    change = _change(health, then)
    if change is None or change - moved > -HALF_A_BAND:
        return ""
    rows = (one for one in _since(health, then, own) if one.name != MISSING)
    most = min(rows, key=lambda driver: driver.change, default=None)
    return most.text if most is not None and most.change < 0 else ""


def _change(health: Health, then: Health | None) -> int | None:
    if then is None or then.score is None or health.score is None:
        return None
    return health.score - then.score


def _own(then: Health) -> dict[str, float]:
    return {one.name: one.contribution for one in then.drivers if one.name in LABELS}


def _since(health: Health, then: Health, own: Mapping[str, float]) -> tuple[Driver, ...]:
    """The drivers with the change of each, and what was there and is not any more. `own`: what those of then would
    contribute by the profile of now."""
    lowered = next((one.contribution for one in then.drivers if one.name == LOWERED), None)
    before = own if lowered is None else {**own, LOWERED: lowered}
    drivers = [
        replace(one, change=round(one.contribution - before.get(one.name, 0.0), 2)) for one in health.drivers
    ]
    names = {one.name for one in drivers}
    if lowered is not None and LOWERED not in names:
        drivers.append(no_longer_lowered(lowered))
    gone = [name for name in LABELS if name in own and name not in names]
    if any(own[name] for name in gone):
        words = say(
            "{driver_list}: known four weeks before, and not now",
            driver_list=", ".join(LABELS[name] for name in gone),
        )
        change = -round(sum(own[name] for name in gone), 2)
        drivers.append(Driver(MISSING, MISSING_LABEL, None, 0.0, 0.0, 0.0, words, change=change))
    return tuple(drivers)


def _profile_row(now: ScoredAs | None, then: ScoredAs | None, moved: float) -> tuple[Driver, ...]:
    if is_same(now, then):
        return ()
    words = say("scored {how}, four weeks before {other}", how=_how(now), other=_how(then))
    return (Driver(PROFILE, PROFILE_LABEL, None, 0.0, 0.0, 0.0, words, change=moved),)


def _of_profile(then: ScoredAs | None, weeks: int, moved: float) -> str:
    return say(
        "{weeks:d} weeks before, the company was scored {how}: of the change since, {points:+.1f} points are due to "
        "the profile alone.",
        weeks=weeks,
        how=_how(then),
        points=moved,
    )


def _how(by: ScoredAs | None) -> str:
    if by is None or by.id == STANDARD_ID:
        return say("by the standard weights")
    return say("as {profile_name}", profile_name=by.name)


def profile_notes(scores: Iterable[Health]) -> tuple[str, ...]:
    """When another profile or definition came into use, of scores week by week, the oldest first."""
    found = []
    before: Health | None = None
    for one in scores:
        if one.score is None:
            continue
        if before is not None:
            found += _note(one, before)
        before = one
    return tuple(found)


def _note(now: Health, before: Health) -> list[str]:
    if now.version != before.version:
        words = say("From {day} on scored by version {version:d}.", day=now.as_of, version=now.version)
    elif not definition_of(now.profile) and definition_of(before.profile):
        words = say("From {day} on scored by the built-in definition.", day=now.as_of)
    elif _other_definition(now, before):
        words = say(
            "From {day} on scored by another definition, {how}.", day=now.as_of, how=_how(now.profile)
        )
    elif not is_same(now.profile, before.profile):
        words = say(
            "From {day} on scored {how}, before {other}.",
            day=now.as_of,
            how=_how(now.profile),
            other=_how(before.profile),
        )
    else:
        return []
    return [words]


def _other_definition(health: Health, then: Health) -> bool:
    return (health.version, definition_of(health.profile)) != (then.version, definition_of(then.profile))


def _not_compared(then: Health) -> str:
    """Why a change is not shown."""
    if then.version != VERSION:
        return say(
            "Changes are not shown since scores of version {before:d}, which were reckoned in another way; version "
            "{now:d} can score past weeks anew (engage score --again).",
            before=then.version,
            now=VERSION,
        )
    return say(
        "Changes are not shown since scores by another definition of the host's; engage score --again scores past "
        "weeks anew."
    )
