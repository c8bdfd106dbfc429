"""Erasing a person: what is left of a member's state and entries once nobody may tell any more who it was.

The member's number stays, with all that is counted by it: transfers, balances, levels, active days. So nothing that was
told of the company changes, and the member goes on as one who has left. What goes is what a host said of them or
somebody wrote about them. The chain covers none of that.

Must not know how either is stored, nor which tables name somebody beside them.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from engage.core.event import ACTIVITY, Body, Kind, Row, decode_body, encode_body
from engage.core.referral import OFFER
from engage.core.state import MemberState, Quested

_NAME: Final = " erased:"
"""Ids lose the spaces around them when they arrive, so no call can name somebody who is called like this."""
NAMES: Final = (_NAME, _NAME[:-1] + ";")
"""From the first of them on, and below the second, lie the names of all who were erased."""
_SAID: Final = ACTIVITY | {Kind.IDENTIFY, Kind.ALIAS}
"""Entries of which nothing stays: what a host said of the member."""
_SHARED: Final = {Kind.GIFT, Kind.REFERRAL}
"""Entries that may have another side, a colleague's."""
_WORDS: Final = ("reason", "message", "message_id", "key")
"""What somebody wrote, and ids that a host chose; of entries that Engage itself worded."""


def name_of(number: int) -> str:
    """What stands in place of the external id of member `number`, and of the code of an invitation."""
    return f"{_NAME}{number}"


def is_erased(name: str) -> bool:
    return name.startswith(_NAME)


def fold_erasure(member: MemberState, day: int) -> None:
    """Forget what was said of a member, who has left by the local day `day` at the latest."""
    member.left = member.left or day
    member.traits, member.preferences = {}, {}
    # Both keep hashes of properties, by which a guess could be proved.
    member.quests = {id: Quested({}, one.times) for id, one in member.quests.items() if one.times}
    for wallet in member.wallets.values():
        wallet.pending = tuple(replace(one, key=b"") for one in wallet.pending)


class Person(Struct, frozen=True):
    """Who is erased, and how events say that somebody was invited: of which name, in which property."""

    number: int
    name: str
    """The external id."""
    invites: str = ""
    to: str = ""


def redacted(person: Person, row: Row) -> bytes:
    """The body that is left of an entry of the company: the person's own, or a colleague's that has to do with them."""
    kind, member, name = row[1], row[2], row[9]
    own, invited = member == person.number, kind == Kind.TRACK and name == person.invites
    if not (own or invited or kind in _SHARED):
        return row[10]
    body = decode_body(row[10])
    left = _own(person, kind, row[0], body) if own else _colleagues(person, kind, body)
    return row[10] if left == body else encode_body(left)


def _own(person: Person, kind: int, seq: int, body: Body) -> Body:
    """Numbers, ids of the program, and who else acted."""
    data: dict[str, Any] = {} if kind in _SAID else dict(body.data)
    if kind not in _SAID and kind != Kind.GROUP:  # a company's traits are not the member's
        data |= dict.fromkeys(data.keys() & set(_WORDS), "")
        if data.get("actor") == person.name or kind == Kind.REFERRAL:  # which may say by which message
            data["actor"] = ""
        if "code" in data:
            data["code"] = name_of(seq)
        if kind == Kind.PREFERENCES:
            data["preferences"] = {}
    return Body("", data, None, body.trusted)


def _colleagues(person: Person, kind: int, body: Body) -> Body:
    """All but the words of a gift between the two, who sent the invitation, or whom an event says was invited."""
    data = body.data
    if kind == Kind.GIFT and person.number in (data.get("to"), data.get("from")):
        actor = "" if data["actor"] == person.name else data["actor"]
        return replace(body, data=data | {"message": "", "actor": actor})
    if kind == Kind.REFERRAL and data["step"] == OFFER and data["by"] == person.number:
        return replace(body, data=data | {"actor": ""})
    left = without_colleague(data, person.name, person.to) if kind == Kind.TRACK else None
    return body if left is None else replace(body, data=left)


def told_of(call: dict[str, Any], name: str, to: str) -> bool:
    """Whether a call that was refused is the member's, or says in its property `to` that somebody invited them."""
    own = any(call.get(field) == name for field in ("member", "userId", "previous_id"))
    return own or without_colleague(call.get("data"), name, to) is not None


def without_colleague(properties: Any, name: str, to: str) -> dict[str, Any] | None:
    """The properties of a colleague's event, without the property `to` that names the member; None where none does."""
    if not to or not isinstance(properties, dict) or properties.get(to) != name:
        return None
    return {key: value for key, value in properties.items() if key != to}
