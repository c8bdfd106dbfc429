"""What `FakeEngage` keeps of each message, and how a test finds it again."""

from __future__ import annotations

from collections.abc import Mapping
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
