"""Templates: what a company says otherwise than its host's template, and what becomes of it when that changes.

Owns the comparison and the merge of documents as plain data. A place is a path of names: where every item of a list has
an `id`, items are known by it and never by position. Must not know what a program may say, YAML, or who publishes.

Stored shape: `Template` is kept as JSON with each published version; a field may be added with a default.
"""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Collection, Iterable
from hashlib import blake2b

import msgspec

from engage.core.explain import shown
from engage.core.problems import Path, Problem, nearest, pointer

Names = tuple[str, ...]
Data = t.Any
ANY_NAME: t.Final = "*"


class Template(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    name: str
    program: dict[str, t.Any]
    """The program's document, which is one by itself."""
    industry: str = ""
    scene: str = ""
    description: str = ""
    open: tuple[str, ...] = ()
    """JSON pointers to what a company may say otherwise, all below them included; a part may be `*`."""


class Override(msgspec.Struct, frozen=True):
    """What a company's document says otherwise, at one place."""

    path: Names
    place: Path
    """Where the company's document says it: by position, or the nearest that is there."""
    kind: t.Literal["set", "removed", "order"]
    value: Data = None
    """What is said there; of an order the ids."""
    after: str = ""
    """The id of the item before one that is added to a list."""


class Conflict(msgspec.Struct, frozen=True):
    """Where a company's own choice and the template's change meet: `both` changed it, the template leaves it open no
    more (`closed`), or it has no place any longer (`gone`)."""

    pointer: str
    why: t.Literal["both", "closed", "gone"]
    kept: t.Literal["company", "template"]
    text: str


class Proposal(msgspec.Struct, frozen=True):
    document: Data
    conflicts: tuple[Conflict, ...]


_encode = msgspec.json.Encoder(order="sorted").encode
_MISSING: t.Final = object()


def template_hash(template: Template) -> bytes:
    """16 bytes that name what a template says, whatever the order of its keys."""
    return blake2b(_encode(template), digest_size=16).digest()


def same(one: Data, other: Data) -> bool:
    """Whether two pieces of a document say the same; `1` and `true` do not."""
    if one is _MISSING or other is _MISSING:
        return one is other
    return _encode(one) == _encode(other)


def named(items: Data) -> dict[str, int] | None:
    """id -> position in a list whose items all have one of their own; None for any other value."""
    if not isinstance(items, list):
        return None
    ids = [item.get("id") if isinstance(item, dict) else None for item in items]
    if not all(isinstance(id, str) for id in ids) or len(set(ids)) < len(ids):
        return None
    return {str(id): index for index, id in enumerate(ids)}


def find(document: Data, path: Names) -> Data:
    """What stands at a place; `_MISSING` when nothing does."""
    for name in path:
        if isinstance(document, dict):
            document = document.get(name, _MISSING)
        else:
            at = (named(document) or {}).get(name)
            document = _MISSING if at is None else document[at]
    return document


def names_of(document: Data, place: Path) -> Names:
    """The path of names of a place given by positions."""
    path: Names = ()
    for part in place:
        if isinstance(document, list) and isinstance(part, int) and part < len(document):
            path += (document[part]["id"] if named(document) else str(part),)
            document = document[part]
        else:
            path += (str(part),)
            document = document.get(part) if isinstance(document, dict) else None
    return path


def split(json_pointer: str) -> Names:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in json_pointer.split("/")[1:])


def is_open(template: Template, path: Names) -> bool:
    """Whether a company may say something else there."""
    return any(
        len(parts) <= len(path)
        and all(part in (ANY_NAME, name) for part, name in zip(parts, path, strict=False))
        for parts in map(split, template.open)
    )


# --- what a company says otherwise --------------------------------------------------------------------------


def overrides(base: Data, ours: Data) -> list[Override]:
    """In the order of the company's document. Applied to the base they make it what the company says."""
    found: list[Override] = []
    _compare(base, ours, (), (), found)
    return found


def _compare(base: Data, ours: Data, path: Names, place: Path, found: list[Override]) -> None:
    if same(base, ours):
        return
    if isinstance(base, dict) and isinstance(ours, dict):
        for name, value in ours.items():
            here, there = (*path, name), (*place, name)
            if name in base:
                _compare(base[name], value, here, there, found)
            else:
                found.append(Override(here, there, "set", value))
        found += [Override((*path, name), place, "removed") for name in base if name not in ours]
        return
    before, after = named(base), named(ours)
    if before is None or after is None:
        found.append(Override(path, place, "set", ours))
        return
    last = ""
    for id, index in after.items():
        here, there = (*path, id), (*place, index)
        if id in before:
            _compare(base[before[id]], ours[index], here, there, found)
        else:
            found.append(Override(here, there, "set", ours[index], last))
        last = id
    found += [Override((*path, id), place, "removed") for id in before if id not in after]
    if [id for id in before if id in after] != [id for id in after if id in before]:
        found.append(Override(path, place, "order", list(after)))


def closed(template: Template, document: Data) -> list[Problem]:
    """What a company's document says otherwise where the template does not leave it open."""
    return [
        Problem(
            pointer(one.place), f"{_what(template, one)}, which template '{template.id}' does not leave open"
        )
        for one in overrides(template.program, document)
        if not is_open(template, one.path)
    ]


def _what(template: Template, one: Override) -> str:
    if one.kind == "order":
        return f"changes the order of {pointer(one.path)}"
    if one.kind == "removed":
        return f"leaves out {pointer(one.path)}"
    standing = find(template.program, one.path)
    if standing is _MISSING:
        return f"adds {pointer(one.path)}"
    if isinstance(standing, dict | list):
        return f"changes {pointer(one.path)}"
    return f"changes {pointer(one.path)} from {shown(standing)}"


# --- saying it of another document ----------------------------------------------------------------------------


def apply(document: Data, one: Override) -> bool:
    """Change the document in place; False when it has no such place."""
    if one.kind == "order":
        return _reorder(find(document, one.path), one.value)
    if not one.path:
        return False
    holder, name = find(document, one.path[:-1]), one.path[-1]
    if isinstance(holder, dict):
        if one.kind == "set":
            holder[name] = copy.deepcopy(one.value)
            return True
        return holder.pop(name, _MISSING) is not _MISSING
    at = named(holder)
    if at is None:
        return False
    if one.kind == "removed":
        if name in at:
            del holder[at[name]]
        return name in at
    value = copy.deepcopy(one.value)
    if name in at:
        holder[at[name]] = value
    else:
        holder.insert(at.get(one.after, len(holder) - 1 if one.after else -1) + 1, value)
    return True


def _reorder(items: Data, order: list[str]) -> bool:
    """Put those that the order names into their places in that order; others stay where they are."""
    at = named(items)
    if at is None:
        return False
    wanted = [items[at[id]] for id in order if id in at]
    for slot, item in zip(sorted(at[id] for id in order if id in at), wanted, strict=True):
        items[slot] = item
    return True


def started(template: Template, given: t.Mapping[str, Data]) -> tuple[Data, list[Problem]]:
    """The document of a company that starts from a template and says otherwise by pointer (null leaves out), and what
    is wrong with that: each at `/overrides/POINTER`."""
    document = copy.deepcopy(template.program)
    problems: list[Problem] = []
    for where, value in given.items():
        path, message = split(where), ""
        kind: t.Literal["set", "removed"] = "removed" if value is None else "set"
        last = list(named(find(document, path[:-1])) or {"": 0})[-1] if path else ""
        if not where.startswith("/"):
            message = "is a JSON pointer into the program, as in /rules/deal-won/effects"
        elif not is_open(template, path):
            message = f"template '{template.id}' does not leave {where} open"
        elif not apply(document, Override(path, (), kind, value, last)):
            message = f"template '{template.id}' has no such place"
        if message:
            problems.append(Problem(pointer(("overrides", where)), message, at_key=True))
    return document, problems


def blamed(document: Data, problem: Problem, given: Iterable[str]) -> str:
    """Which override a mistake of the document made from it lies in, as a pointer; else the mistake's own."""
    place = tuple(int(part) if part.isdigit() else part for part in split(problem.pointer))
    path = names_of(document, place)
    for where in given:
        parts = split(where)
        if path[: len(parts)] == parts:
            return pointer(("overrides", where)) + pointer(place[len(parts) :])
    return problem.pointer


# --- when the template changes ----------------------------------------------------------------------------------


def propose(base: Template, newer: Template, ours: Data, take: Collection[str] = ()) -> Proposal:
    """The newer template with what the company says otherwise than the one it started from.

    The company's choice stays where both changed, as long as the newer template leaves it open, unless it is to
    `take` the template's there.
    """
    document = copy.deepcopy(newer.program)
    conflicts: list[Conflict] = []
    for one in overrides(base.program, ours):
        was, standing = _standing(base.program, one), _standing(newer.program, one)
        if same(standing, _MISSING if one.kind == "removed" else one.value) or _under(one.path, take):
            continue
        if not is_open(newer, one.path):
            conflicts.append(_conflict(one, "closed", was, standing))
        elif not apply(document, one):
            conflicts.append(_conflict(one, "gone", was, standing))
        elif not same(was, standing):
            conflicts.append(_conflict(one, "both", was, standing))
    return Proposal(document, tuple(conflicts))


def untaken(base: Template, ours: Data, take: Collection[str]) -> list[str]:
    """Of the places to `take`, those where the company says nothing of its own, each with the nearest where it does."""
    own = {pointer(one.path): one.path for one in overrides(base.program, ours)}
    missed = [where for where in take if not any(_under(path, [where]) for path in own.values())]
    near = {where: nearest(where, own) for where in missed}
    return [where + (f"; did you mean {found}?" if found else "") for where, found in near.items()]


def _under(path: Names, pointers: Collection[str]) -> bool:
    return any(path[: len(parts)] == parts for parts in map(split, pointers))


def _standing(document: Data, one: Override) -> Data:
    """What a document has at the place of an override; of an order, the ids that both have."""
    found = find(document, one.path)
    if one.kind == "order":
        return [id for id in named(found) or {} if id in one.value]
    return found


_WHY: t.Final = {
    "both": "the template changed it too; what the company says stays",
    "closed": "the template leaves it open no more; what the template says holds",
    "gone": "the template has no place for it any more; what the company said is left out",
}


def _conflict(one: Override, why: t.Literal["both", "closed", "gone"], was: Data, standing: Data) -> Conflict:
    ours = _side(one.value) if one.kind != "removed" else "left out"
    text = (
        f"{pointer(one.path)}: {_WHY[why]} (template was {_side(was)}, is {_side(standing)}; company {ours})"
    )
    return Conflict(pointer(one.path), why, "company" if why == "both" else "template", text)


def _side(value: Data) -> str:
    if value is _MISSING:
        return "missing"
    return shown(value) if not isinstance(value, dict | list) else _encode(value).decode()[:200]
