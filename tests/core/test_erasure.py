"""What stays of a member's entries, kind by kind, and that a name of who was erased is nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from engage.core.call import Call, read_call
from engage.core.erasure import Person, is_erased, name_of, redacted, without_colleague
from engage.core.event import KIND_NAMES, Body, Kind, decode_body, encode_body

BY = {"actor": "jane", "reason": "jane asked"}
STEP = {"step": "invite", "channel": "chat", "code": "x7", "to": 4}
KEPT: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {
    Kind.TRACK: ({"title": "jane's"}, {}),
    Kind.PAGE: ({"url": "/jane"}, {}),
    Kind.SCREEN: ({"reason": "jane's"}, {}),
    Kind.IDENTIFY: ({"name": "jane"}, {}),
    Kind.ALIAS: ({"name": "jane"}, {}),
    Kind.GROUP: ({"reason": "growth", "code": "A"}, {"reason": "growth", "code": "A"}),
    Kind.ADJUSTMENT: ({"amount": 5, **BY}, {"amount": 5, "actor": "", "reason": ""}),
    Kind.REVERSAL: (
        {"seq": 7, "message_id": "jane-1", "key": "jane-2", **BY, "actor": "robin"},
        {"seq": 7, "message_id": "", "key": "", "actor": "robin", "reason": ""},
    ),
    Kind.LEAVE: ({"from": "2026-06-08", **BY}, {"from": "2026-06-08", "actor": "", "reason": ""}),
    Kind.TICK: ({}, {}),
    Kind.REDEMPTION: ({"reward": "mug", **BY}, {"reward": "mug", "actor": "", "reason": ""}),
    Kind.GIFT: ({"to": 4, "message": "jane says", "actor": "app"}, {"to": 4, "message": "", "actor": "app"}),
    Kind.PREFERENCES: (
        {"preferences": {"leaderboard": True}, "actor": "jane"},
        {"preferences": {}, "actor": ""},
    ),
    Kind.REFERRAL: (STEP | {"actor": "event jane-1"}, STEP | {"actor": "", "code": " erased:9"}),
    Kind.NUDGE: ({"opened": "hello", "actor": "jane"}, {"opened": "hello", "actor": ""}),
    Kind.HISTORY: ({"counted": {}, "after": 3}, {"counted": {}, "after": 3}),
    Kind.ERASURE: ({"actor": "dpo", "members": 1}, {"actor": "dpo", "members": 1}),
}
OF_THE_COMPANY = {Kind.PROGRAM, Kind.SETTING, Kind.CHECKPOINT, Kind.CAMPAIGN}


def test_every_kind_is_looked_at() -> None:
    assert KEPT.keys() | OF_THE_COMPANY == KIND_NAMES.keys()


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize("trusted", [True, False])
def test_what_stays_of_an_entry_is_not_the_members(kind: int, trusted: bool) -> None:
    said, kept = KEPT[kind]
    body = Body("jane-message", dict(said), 1_780_488_000_000_000, trusted)
    assert left_of(kind, 3, body) == Body("", kept, None, trusted)


@pytest.mark.parametrize(
    "kind, said, lost",
    [
        (
            Kind.GIFT,
            {"step": "receive", "from": 3, "message": "jane says", "actor": "jane"},
            ("message", "actor"),
        ),
        (Kind.GIFT, {"step": "give", "to": 3, "message": "well done, jane", "actor": "bob"}, ("message",)),
        (Kind.GIFT, {"step": "give", "to": 5, "message": "jane says", "actor": "bob"}, ()),
        (Kind.REFERRAL, {"step": "offer", "by": 3, "actor": "event jane-1"}, ("actor",)),
        (Kind.REFERRAL, {"step": "offer", "by": 5, "actor": "bob"}, ()),
        (Kind.REFERRAL, {"step": "seen", "actor": "bob"}, ()),
        (Kind.TRACK, {"title": "jane"}, ()),
        (Kind.ADJUSTMENT, {"reason": "like jane", "actor": "jane"}, ()),
    ],
)
def test_of_a_colleagues_entry_only_what_is_between_them_goes(
    kind: int, said: dict[str, Any], lost: tuple[str, ...]
) -> None:
    body = Body("bob-message", said, 5)
    assert left_of(kind, 4, body) == Body("bob-message", said | dict.fromkeys(lost, ""), 5)


def left_of(kind: int, member: int, body: Body) -> Body:
    row = (9, kind, member, 0, 0, 0, 0, 0, 0, "Invited", encode_body(body), b"")
    return decode_body(redacted(Person(3, "jane", "Invited", "colleague"), row))


def test_no_call_can_name_who_was_erased() -> None:
    raw = {"userId": name_of(3), "event": "Report Exported", "messageId": "m"}
    call = read_call(raw, verb="track", received_at=1, sent_at=None, trusted=True, new_id=str)
    assert isinstance(call, Call)
    assert is_erased(name_of(3))
    assert not is_erased(call.member)


def test_a_colleagues_event_loses_the_name_alone() -> None:
    said = {"colleague": "jane", "title": "jane"}
    assert without_colleague(said, "jane", "colleague") == {"title": "jane"}
    assert without_colleague(said, "bob", "colleague") is None
    assert without_colleague(said, "jane", "") is None
