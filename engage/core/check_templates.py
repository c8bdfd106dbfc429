"""A template's document, checked: a program of its own, what it is for, and what of it a company may say otherwise."""

from __future__ import annotations

import typing as t

import msgspec

from engage.core.check import OPTIONAL as SECTIONS_OPTIONAL
from engage.core.check import REQUIRED as SECTIONS_REQUIRED
from engage.core.check import check
from engage.core.problems import Mapping, Path, Problem, Problems, pointer, shown
from engage.core.templates import ANY_NAME, Template, find, named, split

OPEN_MAX = 500
DESCRIPTION_CHARS_MAX = 2000


def check_template(document: t.Any) -> tuple[Template | None, list[Problem]]:
    """The template, or None and everything that is wrong with the document."""
    problems = Problems()
    entries = problems.fields(
        document, (), ("id", "name", "program"), ("industry", "scene", "description", "open")
    )
    if entries is None:
        return None, problems.found
    id = problems.identifier(entries["id"], ("id",)) if "id" in entries else None
    name = problems.text(entries["name"], ("name",)) if "name" in entries else None
    industry = problems.identifier(entries["industry"], ("industry",)) if "industry" in entries else ""
    scene = problems.identifier(entries["scene"], ("scene",)) if "scene" in entries else ""
    description = ""
    if "description" in entries:
        description = problems.text(entries["description"], ("description",), DESCRIPTION_CHARS_MAX) or ""
    program = entries.get("program")
    if program is not None:
        checked, found = check(program)
        problems.found += [msgspec.structs.replace(one, pointer=f"/program{one.pointer}") for one in found]
        problems.incomplete |= checked is None and not found
    opened = _read_open(problems, entries, program)
    if problems.found or problems.incomplete or id is None or name is None or program is None:
        return None, problems.found
    return Template(id, name, program, industry or "", scene or "", description, opened), []


def _read_open(problems: Problems, entries: Mapping, program: t.Any) -> tuple[str, ...]:
    opened: list[str] = []
    for index, item in enumerate(problems.items(entries.get("open"), ("open",), OPEN_MAX) or ()):
        at: Path = ("open", index)
        text = problems.text(item, at)
        if text is None:
            continue
        if not text.startswith("/") or text.endswith("/"):
            problems.add(
                at,
                f"must be a JSON pointer into the program, as in /rules/deal-won/effects, not {shown(text)}",
            )
        elif isinstance(program, dict) and _leads_nowhere(problems, at, program, split(text)):
            continue
        opened.append(text)
    return tuple(opened)


def _leads_nowhere(problems: Problems, at: Path, program: Mapping, path: tuple[str, ...]) -> bool:
    """Whether the template has no such place. The last part may be missing: that is for the company to add."""
    sections = (*SECTIONS_REQUIRED, *SECTIONS_OPTIONAL)
    if path[0] not in (ANY_NAME, *sections):
        near = problems.nearest(path[0], sections)
        problems.add(at, f"a program has no section {shown(path[0])}", suggestion=near)
        return True
    for length in range(1, len(path)):
        if ANY_NAME in path[:length]:
            return False
        holder = find(program, path[:length])
        if not isinstance(holder, dict) and named(holder) is None:
            problems.add(
                at, f"the template has nothing at {pointer(path[:length])} that has parts with names"
            )
            return True
    return False
