"""Leaderboards, from the document."""

from __future__ import annotations

import typing as t

from engage.core.check_names import Names, label_of
from engage.core.problems import Path, Problems
from engage.core.program import BoardBy, BoardOf, BoardPeriod, Leaderboard

LEADERBOARDS_MAX = 10
LEAST_MEMBERS = 5
LEAST_MEMBERS_MAX = 1000
BY = ("member", "department")
OF = ("currency", "event", "quests")
PERIODS = ("day", "week", "month", "quarter", "year", "lifetime")


def read_leaderboards(problems: Problems, names: Names, value: t.Any) -> tuple[Leaderboard, ...]:
    boards: list[Leaderboard] = []
    first_use: dict[str, int] = {}
    for index, item in enumerate(problems.items(value, ("leaderboards",), LEADERBOARDS_MAX) or ()):
        at: Path = ("leaderboards", index)
        entries = problems.fields(item, at, ("id", "of", "period"), ("name", "by", "least")) or {}
        board_id = problems.identifier(entries["id"], (*at, "id")) if "id" in entries else None
        if board_id is not None and first_use.setdefault(board_id, index) != index:
            problems.add((*at, "id"), f"duplicate leaderboard id '{board_id}'")
        name: str | None = label_of(board_id or "")
        if "name" in entries:
            name = problems.text(entries["name"], (*at, "name"))
        by = problems.choice(entries.get("by", "member"), (*at, "by"), BY)
        if by == "department" and names.department == "":
            problems.add((*at, "by"), "the program does not say which trait is the 'department'")
        least = problems.integer(
            entries.get("least", LEAST_MEMBERS), (*at, "least"), LEAST_MEMBERS, LEAST_MEMBERS_MAX
        )
        period = problems.choice(entries["period"], (*at, "period"), PERIODS) if "period" in entries else None
        counted = _read_of(problems, names, entries["of"], (*at, "of")) if "of" in entries else None
        if board_id and name and by and least and period and counted is not None:
            key = (t.cast(BoardBy, by), *counted, t.cast(BoardPeriod, period))
            trait = names.department or "" if by == "department" else ""
            boards.append(Leaderboard(board_id, name, *key, least, trait))
    return tuple(boards)


def _read_of(problems: Problems, names: Names, value: t.Any, path: Path) -> tuple[BoardOf, str] | None:
    """What is counted: `{currency: points}`, `{event: Deal Won}` or `{quests: completed}`."""
    example = f"; one of {', '.join(OF)}, as in 'of: {{currency: points}}'"
    entries = problems.mapping(value, path, keys=example)
    if entries is None:
        return None
    if len(entries) != 1:
        problems.add(path, f"must name one thing{example}")
        return None
    ((kind, item),) = entries.items()
    at = (*path, kind)
    if kind == "currency":
        what = problems.known(item, at, names.currencies, "currency")
    elif kind == "event":
        what = problems.known(item, at, names.events, "event")
    elif kind == "quests":
        what = problems.choice(item, at, ("completed",))
    else:
        near = problems.nearest(kind, OF)
        problems.add(at, f"unknown key '{kind[:60]}'{'' if near else example}", suggestion=near, at_key=True)
        return None
    return None if what is None else (t.cast(BoardOf, kind), what)
