"""Audiences, and which member traits say who somebody is, from the document.

Owns what an audience may say: it is about members, so it reads no event.
"""

from __future__ import annotations

import typing as t

import msgspec

from engage.core.check_conditions import CLAUSE_KEYS, GROUPS, Fields, Roles, read_condition
from engage.core.check_names import Names, label_of
from engage.core.conditions import LIST_ITEMS_MAX, LITERAL_CHARS_MAX, MEMBER_TRAIT, ROLES, fold_name
from engage.core.problems import Mapping, Path, Problems, shown
from engage.core.program import Audience, RoleTrait

AUDIENCES_MAX = 200


def read_department(problems: Problems, names: Names, value: t.Any) -> str | None:
    """The trait that says which department a member is in, folded; empty when none does."""
    if value is None:
        return ""
    field = read_trait(problems, names, value, ("department",))
    return None if field is None else fold_name(field.removeprefix(MEMBER_TRAIT))


def read_roles(problems: Problems, names: Names, value: t.Any) -> Roles | None:
    """Which trait says a member's role, and which of its values are which role: by default the role's own name."""
    if value is None:
        return None
    path: Path = ("role",)
    if not isinstance(value, dict):
        field = read_trait(problems, names, value, path)
        return None if field is None else Roles(field, {role: (role,) for role in ROLES})
    entries = problems.fields(value, path, ("trait",), ROLES)
    if entries is None:
        return None
    trait = read_trait(problems, names, entries["trait"], (*path, "trait")) if "trait" in entries else None
    values: dict[str, tuple[str, ...]] = {}
    first_use: dict[str, str] = {}
    for role in ROLES:
        items = problems.items(entries.get(role), (*path, role), LIST_ITEMS_MAX // len(ROLES)) or []
        read = [problems.text(item, (*path, role, n), LITERAL_CHARS_MAX) for n, item in enumerate(items)]
        values[role] = tuple(item for item in read if item is not None)
        for index, item in enumerate(values[role]):
            if first_use.setdefault(item, role) != role:
                problems.add((*path, role, index), f"{shown(item)} is {first_use[item]} already")
    return None if trait is None else Roles(trait, values)


def role_trait(roles: Roles | None) -> RoleTrait | None:
    """What the program keeps of it."""
    if roles is None:
        return None
    return RoleTrait(fold_name(roles.trait.removeprefix(MEMBER_TRAIT)), dict(sorted(roles.values.items())))


def read_trait(problems: Problems, names: Names, value: t.Any, path: Path) -> str | None:
    """A field `member.traits.NAME` that is text and may be read."""
    if problems.passed_over(value) or names.member_traits is None:
        return None
    fields = [MEMBER_TRAIT + name for name, kind in names.member_traits.items() if kind == "string"]
    if not isinstance(value, str) or not value.startswith(MEMBER_TRAIT):
        near = None
        if isinstance(value, str):
            last = fold_name(value.rpartition(".")[2])
            named = [field for field in fields if fold_name(field.removeprefix(MEMBER_TRAIT)) == last]
            near = named[0] if named else problems.nearest(value, fields)
        problems.add(path, f"must be a field member.traits.NAME, not {shown(value)}", suggestion=near)
        return None
    folded = fold_name(value[len(MEMBER_TRAIT) :])
    if MEMBER_TRAIT + folded in names.personal:
        problems.add(path, f"{shown(value)} is personal: it is never stored, so nothing can read it")
        return None
    for name, kind in names.member_traits.items():
        if fold_name(name) == folded:
            if kind not in ("string", ""):
                problems.add(path, f"{shown(value)} is of type {kind}; it must be a string")
            return value if kind == "string" else None
    near = problems.nearest(value, fields)
    problems.add(path, f"unknown field {shown(value)}", suggestion=near)
    return None


def read_audiences(problems: Problems, names: Names, value: t.Any) -> dict[str, Audience | None] | None:
    """The audiences by id, None for one that was reported."""
    declared = problems.named(value, ("audiences",), AUDIENCES_MAX, ids=True)
    if declared is None:
        return None
    fields = member_fields(names)
    return {key: _read_audience(problems, fields, item, key) for key, item in declared.items()}


def member_fields(names: Names) -> Fields:
    """What a condition about members may read."""
    return Fields(
        event="",
        properties={},
        member_traits=names.member_traits,
        company_traits=names.company_traits,
        personal=names.personal,
        levels=names.levels,
        department=names.department,
        roles=names.roles,
        tags=names.tags,
        about_members=True,
    )


def _read_audience(problems: Problems, fields: Fields, value: t.Any, key: str) -> Audience | None:
    path: Path = ("audiences", key)
    if isinstance(value, dict) and "conditions" not in value and value.keys() & {*CLAUSE_KEYS, *GROUPS}:
        problems.add(path, "a condition stands under 'conditions:'")
        return None
    entries: Mapping | None = problems.fields(value, path, ("conditions",), ("name",))
    if entries is None:
        return None
    name = problems.text(entries["name"], (*path, "name")) if "name" in entries else label_of(key)
    if "conditions" not in entries:
        return None
    conditions = read_condition(problems, fields, entries["conditions"], (*path, "conditions"))
    return None if name is None or conditions is None else Audience(name, conditions)


def with_members(names: Names, department: str | None, roles: Roles | None) -> Names:
    """The names with what says who a member is."""
    return msgspec.structs.replace(names, department=department, roles=roles)
