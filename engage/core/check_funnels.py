"""Funnels, from the document."""

from __future__ import annotations

import typing as t

from engage.core.check_names import Names, label_of
from engage.core.problems import Path, Problems, shown
from engage.core.program import Funnel

FUNNELS_MAX = 10
STEPS_LEAST = 2
STEPS_MAX = 8
WEEKS_DEFAULT = 4
WEEKS_MAX = 12


def read_funnels(problems: Problems, names: Names, value: t.Any) -> tuple[Funnel, ...]:
    funnels: list[Funnel] = []
    first_use: dict[str, int] = {}
    for index, item in enumerate(problems.items(value, ("funnels",), FUNNELS_MAX) or ()):
        at: Path = ("funnels", index)
        entries = problems.fields(item, at, ("id", "steps"), ("name", "weeks")) or {}
        funnel_id = problems.identifier(entries["id"], (*at, "id")) if "id" in entries else None
        if funnel_id is not None and first_use.setdefault(funnel_id, index) != index:
            problems.add((*at, "id"), f"duplicate funnel id '{funnel_id}'")
        name: str | None = label_of(funnel_id or "")
        if "name" in entries:
            name = problems.text(entries["name"], (*at, "name"))
        weeks = problems.integer(entries.get("weeks", WEEKS_DEFAULT), (*at, "weeks"), 0, WEEKS_MAX)
        steps = _read_steps(problems, names, entries["steps"], (*at, "steps")) if "steps" in entries else None
        if funnel_id and name and weeks is not None and steps is not None:
            funnels.append(Funnel(funnel_id, name, steps, weeks))
    return tuple(funnels)


def _read_steps(problems: Problems, names: Names, value: t.Any, path: Path) -> tuple[str, ...] | None:
    """Declared events, each once: an event that is two steps would take both at once, or none."""
    items = problems.items(value, path, STEPS_MAX, least=STEPS_LEAST)
    if items is None:
        return None
    steps: list[str] = []
    for index, item in enumerate(items):
        step = problems.known(item, (*path, index), names.events, "event")
        if step is not None and step in steps:
            problems.add((*path, index), f"{shown(step)} is a step of this funnel already")
        elif step is not None:
            steps.append(step)
    return tuple(steps) if len(steps) == len(items) else None
