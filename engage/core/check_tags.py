"""Tags that rules put on members, and nudges that rules send them, from the document."""

from __future__ import annotations

import typing as t

import msgspec

from engage.core.check_names import Names, label_of
from engage.core.problems import Problems
from engage.core.program import Nudge, Tag

TAGS_MAX = 200
NUDGES_MAX = 200
NUDGE_CHARS_MAX = 500


def read_tags(problems: Problems, value: t.Any) -> dict[str, Tag | None] | None:
    """The tags by id, None for one that was reported."""
    declared = problems.named(value, ("tags",), TAGS_MAX, ids=True)
    if declared is None:
        return None
    tags: dict[str, Tag | None] = {}
    for key, item in declared.items():
        entries = problems.fields(item, ("tags", key), (), ("name",)) or {}
        name = problems.text(entries["name"], ("tags", key, "name")) if "name" in entries else label_of(key)
        tags[key] = None if name is None else Tag(name)
    return tags


def read_nudges(problems: Problems, value: t.Any) -> dict[str, Nudge | None] | None:
    """The nudges by id, None for one that was reported."""
    declared = problems.named(value, ("nudges",), NUDGES_MAX, ids=True)
    if declared is None:
        return None
    nudges: dict[str, Nudge | None] = {}
    for key, item in declared.items():
        entries = problems.fields(item, ("nudges", key), ("text",)) or {}
        text = None
        if "text" in entries:
            text = problems.text(entries["text"], ("nudges", key, "text"), NUDGE_CHARS_MAX)
        nudges[key] = None if text is None else Nudge(text)
    return nudges


def with_tags(names: Names, tags: t.Collection[str] | None, nudges: t.Collection[str] | None) -> Names:
    """The names with those of tags and nudges."""
    return msgspec.structs.replace(
        names,
        tags=None if tags is None else tuple(tags),
        nudges=None if nudges is None else tuple(nudges),
    )
