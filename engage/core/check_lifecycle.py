"""The definitions of stages, from the document to checked ones: `lifecycle: {member: ..., company: ...}`."""

from __future__ import annotations

from engage.core.check_audiences import read_trait
from engage.core.check_names import Names
from engage.core.conditions import MEMBER_TRAIT, fold_name
from engage.core.lifecycle import HABIT_WEEKS_MAX, STANDARD, Gone, Lifecycle
from engage.core.problems import Mapping, Path, Problems

DAYS_MAX = 365
LEFT_VALUES_MAX = 20
MEMBER = ("new", "habitual", "slipping", "dormant", "left")
PATH: Path = ("lifecycle",)


def read_lifecycle(problems: Problems, names: Names, top: Mapping) -> Lifecycle:
    """The definitions; of what was reported, and of what is not said, the standard ones."""
    sections = problems.fields(top.get("lifecycle"), PATH, (), ("member",)) or {}
    path = (*PATH, "member")
    entries = problems.fields(sections.get("member"), path, (), MEMBER) or {}
    weeks, of = _read_habit(problems, entries, (*path, "habitual"))
    slipping = _read_days(problems, entries, path, "slipping", STANDARD.slipping_days)
    dormant = _read_days(problems, entries, path, "dormant", STANDARD.dormant_days)
    if slipping >= dormant:
        problems.add(
            (*path, "slipping" if "slipping" in entries else "dormant"),
            f"slipping, after {slipping} days, must come before dormant, after {dormant}",
        )
    return Lifecycle(
        new_days=_read_days(problems, entries, path, "new", STANDARD.new_days),
        habit_weeks=weeks,
        habit_of=of,
        slipping_days=slipping,
        dormant_days=dormant,
        left=_read_left(problems, names, entries, (*path, "left")),
    )


def _read_days(problems: Problems, entries: Mapping, path: Path, name: str, otherwise: int) -> int:
    at = (*path, name)
    fields = problems.fields(entries[name], at, ("days",)) if name in entries else None
    if not fields or "days" not in fields:
        return otherwise
    return problems.integer(fields["days"], (*at, "days"), 1, DAYS_MAX) or otherwise


def _read_habit(problems: Problems, entries: Mapping, path: Path) -> tuple[int, int]:
    """(weeks, of how many)"""
    standard = STANDARD.habit_weeks, STANDARD.habit_of
    fields = problems.fields(entries["habitual"], path, ("weeks", "of")) if "habitual" in entries else None
    if not fields or not {"weeks", "of"} <= set(fields):
        return standard
    of = problems.integer(fields["of"], (*path, "of"), 1, HABIT_WEEKS_MAX)
    weeks = problems.integer(fields["weeks"], (*path, "weeks"), 1, of or HABIT_WEEKS_MAX)
    return (weeks, of) if weeks and of else standard


def _read_left(problems: Problems, names: Names, entries: Mapping, path: Path) -> Gone | None:
    fields = problems.fields(entries["left"], path, ("trait",), ("values",)) if "left" in entries else None
    if not fields or "trait" not in fields:
        return None
    trait = read_trait(problems, names, fields["trait"], (*path, "trait"))
    values: tuple[str, ...] = ("left",)
    if "values" in fields:
        items = problems.items(fields["values"], (*path, "values"), LEFT_VALUES_MAX, least=1) or ()
        read = [problems.text(item, (*path, "values", index)) for index, item in enumerate(items)]
        values = tuple(sorted({item for item in read if item is not None}))
    return None if trait is None else Gone(fold_name(trait.removeprefix(MEMBER_TRAIT)), values)
