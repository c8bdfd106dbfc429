"""The host's definition of the score, from the book to a checked one: `score: {profiles: [...]}`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, cast

from engage.core.drivers import ENDS, SHARE, Bounds
from engage.core.health import LABELS
from engage.core.problems import Path, Problems, shown
from engage.core.profiles import (
    AGE_DAYS_MAX,
    ALWAYS_KNOWN,
    PROFILES_MAX,
    STAGES,
    Profile,
    ScoreDefinition,
)
from engage.core.scored_as import STANDARD_ID
from engage.core.stage_words import Stage

DRIVERS: Final = tuple(LABELS)
CHURNED: Final = "churned"
_WHOLE: Final = Decimal(1)
_PERCENT: Final = Decimal("0.01")


def read_score(problems: Problems, value: Any, path: Path) -> ScoreDefinition:
    """The definition; of what was reported, nothing."""
    fields = problems.fields(value, path, (), ("profiles",)) or {}
    at = (*path, "profiles")
    items = problems.items(fields.get("profiles"), at, PROFILES_MAX) or []
    profiles: list[Profile] = []
    for index, item in enumerate(items):
        one = _read_profile(problems, item, (*at, index))
        if one is None:
            continue
        if one.id and any(one.id == other.id for other in profiles):
            problems.add((*at, index, "id"), f"{shown(one.id)} is the id of another profile")
        before = next((other for other in profiles if _covers(other, one)), None)
        if before is not None:
            problems.add(
                (*at, index),
                f"fits no company that {shown(before.id)} does not fit, which is before it: put the narrower first",
            )
        profiles.append(one)
    return ScoreDefinition(tuple(profiles))


def _read_profile(problems: Problems, value: Any, path: Path) -> Profile | None:
    fields = problems.fields(value, path, ("id", "weights"), ("name", "stages", "days", "bounds"))
    if fields is None:
        return None
    id = problems.identifier(fields["id"], (*path, "id")) if "id" in fields else None
    if id == STANDARD_ID:
        problems.add((*path, "id"), "'standard' is what is said where no profile fits: give it another id")
    name = problems.text(fields["name"], (*path, "name")) if "name" in fields else id
    first, below = _read_days(problems, fields.get("days"), (*path, "days"))
    return Profile(
        id or "",
        name or "",
        _read_weights(problems, fields["weights"], (*path, "weights")) if "weights" in fields else {},
        _read_bounds(problems, fields.get("bounds"), (*path, "bounds")),
        _read_stages(problems, fields.get("stages"), (*path, "stages")),
        first,
        below,
    )


def _read_weights(problems: Problems, value: Any, path: Path) -> dict[str, float]:
    """Of whole percents, so that what is printed adds up."""
    entries = problems.fields(value, path, (), DRIVERS)
    found: dict[str, Decimal] = {}
    whole = entries is not None
    for driver, share in (entries or {}).items():
        weight = _number(problems, share, (*path, driver))
        if weight is None:
            whole = False
        elif not 0 <= weight <= 1 or weight % _PERCENT:
            problems.add(
                (*path, driver),
                f"must be a share from 0 to 1 in whole percents, such as 0.15, not {shown(share)}",
            )
            whole = False
        else:
            found[driver] = weight
    if not whole or (isinstance(value, dict) and set(value) - set(DRIVERS)):
        return {}
    total = sum(found.values(), Decimal(0))
    if total != _WHOLE:
        missing = _WHOLE - total
        words = f"{missing.normalize():f} is missing" if missing > 0 else f"{-missing.normalize():f} too much"
        problems.add(path, f"must add up to 1, and add up to {total.normalize():f}: {words}")
    elif not any(found.get(driver) for driver in ALWAYS_KNOWN):
        problems.add(
            path,
            "must weigh activity or tenure: every other driver may be missing, and then there would be no score",
        )
    return {driver: float(weight) for driver, weight in found.items()}


def _read_bounds(problems: Problems, value: Any, path: Path) -> dict[str, Bounds]:
    """In the units of each driver."""
    found = {}
    for driver, item in (problems.fields(value, path, (), DRIVERS) or {}).items():
        at = (*path, driver)
        fields = problems.fields(item, at, ("from", "to")) or {}
        low, high = (
            _number(problems, fields[end], (*at, end)) if end in fields else None for end in ("from", "to")
        )
        if low is None or high is None:
            continue
        least, most = ENDS.get(driver, SHARE)
        for end, number in (("from", low), ("to", high)):
            if not least <= number <= most:
                problems.add((*at, end), f"must be from {least:g} to {most:g}, not {shown(fields[end])}")
        if low >= high:
            problems.add(at, "'from' must be below 'to': a score may not fall because a company does better")
        found[driver] = Bounds(float(low), float(high))
    return found


def _read_stages(problems: Problems, value: Any, path: Path) -> tuple[Stage, ...]:
    if value is None:
        return ()
    items = problems.items(value, path, len(STAGES), least=1) or []
    found: list[Stage] = []
    for index, item in enumerate(items):
        at = (*path, index)
        if item == CHURNED:
            problems.add(at, "who has churned keeps the score of the end: no profile is for that stage")
            continue
        stage = problems.choice(item, at, STAGES)
        if stage is None:
            continue
        if stage in found:
            problems.add(at, f"{shown(stage)} stands here twice")
        found.append(cast("Stage", stage))
    return tuple(found)


def _read_days(problems: Problems, value: Any, path: Path) -> tuple[int, int | None]:
    """(from, below)"""
    if value is None:
        return 0, None
    reported = len(problems.found)
    fields = problems.fields(value, path, (), ("from", "below"))
    if fields is None:
        return 0, None
    if not fields and len(problems.found) == reported:
        problems.add(path, "asks for nothing: name from or below, or leave it out")
    first = problems.integer(fields["from"], (*path, "from"), 0, AGE_DAYS_MAX) if "from" in fields else 0
    below = (
        problems.integer(fields["below"], (*path, "below"), 1, AGE_DAYS_MAX) if "below" in fields else None
    )
    if first is not None and below is not None and first >= below:
        problems.add(path, f"'from', {first}, must be less than 'below', {below}")
    return first or 0, below


def _number(problems: Problems, value: Any, path: Path) -> Decimal | None:
    if problems.passed_over(value):
        return None
    number = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = Decimal(str(value))
    if number is None or not number.is_finite():
        problems.add(path, f"must be a number, not {shown(value)}")
        return None
    return number


def _covers(one: Profile, other: Profile) -> bool:
    """Whether a profile fits every company that the other one fits."""
    stages = not one.stages or (bool(other.stages) and set(other.stages) <= set(one.stages))
    below = one.below_days is None or (other.below_days is not None and other.below_days <= one.below_days)
    aged = other.asks_age or not one.asks_age
    return stages and aged and one.from_days <= other.from_days and below
