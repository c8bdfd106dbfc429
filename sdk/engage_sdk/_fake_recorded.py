"""What `FakeEngage` keeps of each message, and how a test finds it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message as the service received it."""

    type: str
    member: str | None
    company: str | None
    message_id: str
    timestamp: str | None
    event: str | None = None
    name: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


def matches(one: Recorded, wanted: Mapping[str, str | None], properties: Mapping[str, Any] | None) -> bool:
    absent = object()
    same = all(value is None or getattr(one, name) == value for name, value in wanted.items())
    return same and all(one.properties.get(key, absent) == value for key, value in (properties or {}).items())


def line(one: Recorded) -> str:
    return f"  {one.event!r} company={one.company!r} member={one.member!r} {dict(one.properties)!r}"


def not_tracked(
    event: str,
    wanted: Mapping[str, str | None],
    properties: Mapping[str, Any] | None,
    times: int | None,
    found: int,
    events: Sequence[Recorded],
) -> list[str]:
    """What was expected, and the newest that arrived instead, line by line."""
    details = "".join(f", {name}={value!r}" for name, value in wanted.items() if value is not None)
    details += "" if properties is None else f", properties={dict(properties)!r}"
    count = "" if times is None else f" {times} times, found {found}"
    arrived = [line(one) for one in events]
    expected = f"expected {event!r}{details}{count}"
    return [expected, "what arrived:" if arrived else "nothing arrived", *arrived[-20:]]
