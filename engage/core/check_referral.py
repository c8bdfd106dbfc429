"""The referral of a program, from the document: who may invite, what counts as active, and what both get."""

from __future__ import annotations

import typing as t

from engage.core.check_conditions import read_condition, read_field_type
from engage.core.check_limits import read_limits
from engage.core.check_names import Names
from engage.core.check_rewards import read_counts
from engage.core.check_rules import fields_of, read_audience, read_effects
from engage.core.conditions import INTEGER_MAX, PROPERTY
from engage.core.occasions import ACTIVE, BROUGHT, REFERRAL, Occasion
from engage.core.problems import Mapping, Path, Problems, shown
from engage.core.program import Referral, Side

DAYS_MAX = 366
DAYS_DEFAULT = 30
CHANNELS_MAX = 20
CHANNELS_DEFAULT = ["link"]
LINK_CHARS_MAX = 1000
PLACE_OF_CODE = "{code}"
OPTIONAL = (
    "invites",
    "window",
    "invited",
    "inviter",
    "invitations",
    "channels",
    "audience",
    "campaign",
    "link",
)


def read_referral(problems: Problems, names: Names, value: t.Any) -> Referral | None:
    if value is None:
        return None
    path: Path = (REFERRAL,)
    entries = problems.fields(value, path, ("active",), OPTIONAL)
    if entries is None:
        return None
    active = None
    if "active" in entries:
        active = problems.fields(
            entries["active"], (*path, "active"), ("event",), ("count", "within", "conditions")
        )
    event, condition = None, None
    count = within = None
    if active is not None:
        at = (*path, "active")
        if "event" in active:
            event = problems.known(active["event"], (*at, "event"), names.events, "event")
        count = problems.integer(active.get("count", 1), (*at, "count"), 1, INTEGER_MAX)
        within = problems.integer(active["within"], (*at, "within"), 1, DAYS_MAX) if "within" in active else 0
        if "conditions" in active:
            fields = fields_of(names, event, None)
            condition = read_condition(problems, fields, active["conditions"], (*at, "conditions"))
    days = problems.integer(entries.get("window", DAYS_DEFAULT), (*path, "window"), 1, DAYS_MAX)
    invited = _read_side(problems, names, entries, "invited", ACTIVE)
    inviter = _read_side(problems, names, entries, "inviter", BROUGHT)
    channels = _read_channels(problems, entries.get("channels", CHANNELS_DEFAULT), (*path, "channels"))
    campaign = ""
    if "campaign" in entries:
        campaign = problems.known(entries["campaign"], (*path, "campaign"), names.campaigns, "campaign") or ""
    limits = read_counts(problems, entries.get("invitations"), (*path, "invitations"))
    invites, to = _read_invites(problems, names, entries.get("invites"), (*path, "invites"))
    audience, link = read_audience(problems, names, entries, path), _read_link(problems, entries, path)
    if event is None or count is None or within is None or days is None:
        return None
    return Referral(
        event,
        count,
        days,
        within,
        condition,
        invited,
        inviter,
        limits,
        channels,
        audience,
        campaign,
        link,
        invites,
        to,
    )


def _read_invites(problems: Problems, names: Names, value: t.Any, path: Path) -> tuple[str, str]:
    """The event that tells of an invitation, and the name of its property that says to whom."""
    if value is None:
        return "", ""
    entries = problems.fields(value, path, ("event", "to")) or {}
    if "event" not in entries or "to" not in entries:
        return "", ""
    event = problems.known(entries["event"], (*path, "event"), names.events, "event")
    at, field = (*path, "to"), entries["to"]
    declared = read_field_type(problems, fields_of(names, event, None), field, at)
    if declared is None or event is None:
        return "", ""
    if not field.startswith(PROPERTY) or declared != "string":
        problems.add(at, f"must be a property of the event, of type string, as in {PROPERTY}colleague")
    return event, field.removeprefix(PROPERTY)


def _read_side(problems: Problems, names: Names, entries: Mapping, whose: str, on: str) -> Side:
    path: Path = (REFERRAL, whose)
    if whose not in entries:
        return Side()
    found = problems.fields(entries[whose], path, ("effects",), ("limits",))
    if found is None or "effects" not in found:
        return Side()
    fields = fields_of(names, "", Occasion(REFERRAL, on))
    effects = read_effects(problems, names, fields, found["effects"], (*path, "effects"))
    rule = f"{REFERRAL}:{whose}"
    limits = read_limits(problems, names, found.get("limits"), (*path, "limits"), rule, effects)
    return Side(effects or (), limits)


def _read_channels(problems: Problems, value: t.Any, path: Path) -> tuple[str, ...]:
    found: list[str] = []
    for index, item in enumerate(problems.items(value, path, CHANNELS_MAX, least=1) or ()):
        channel = problems.identifier(item, (*path, index))
        if channel is None:
            continue
        if channel in found:
            problems.add((*path, index), f"channel {shown(channel)} is there already")
        found.append(channel)
    return tuple(found)


def _read_link(problems: Problems, entries: Mapping, path: Path) -> str:
    """Where invitations lead: an address of the host's, with the place for the code."""
    if "link" not in entries:
        return ""
    at = (*path, "link")
    link = problems.text(entries["link"], at, LINK_CHARS_MAX)
    if link is None:
        return ""
    if not link.startswith(("https://", "http://")) or link.count(PLACE_OF_CODE) != 1:
        problems.add(at, f"must be an address such as https://app.example.com/join?code={PLACE_OF_CODE}")
    return link
