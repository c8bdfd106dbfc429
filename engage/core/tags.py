"""Tags: words that rules put on members and take off again, for clauses to read.

Owns whose word was the last one on each tag, so that an undo takes back its own and no later one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engage.core.state import MemberState

Change = tuple[str, int, int]
"""(tag, what it is now, what it was): the seq of the entry that put it on, minus that of one that took it off, 0."""


def standing(member: MemberState, tag: str) -> int:
    return member.tags.get(tag) or -member.untagged.get(tag, 0)


def worn(member: MemberState, said: Iterable[tuple[str, bool]]) -> set[str]:
    """The tags a member has once these are put on or taken off, in order."""
    tags = set(member.tags)
    for tag, on in said:
        if on:
            tags.add(tag)
        else:
            tags.discard(tag)
    return tags


def changes(member: MemberState, said: Iterable[tuple[str, bool]], seq: int) -> Iterator[Change]:
    """What an entry changes by what its rules said, the last word on each tag; saying what is so changes nothing."""
    for tag, on in dict(said).items():
        if on != (tag in member.tags):
            yield tag, seq if on else -seq, standing(member, tag)


def taken_back(member: MemberState, made: Iterable[Change]) -> Iterator[Change]:
    """The opposite of what an entry changed, where nobody has had a word since."""
    for tag, now, before in made:
        if standing(member, tag) == now:
            yield tag, before, now


def change(member: MemberState, made: Iterable[Change]) -> None:
    for tag, now, _ in made:
        member.tags.pop(tag, None)
        member.untagged.pop(tag, None)
        if now > 0:
            member.tags[tag] = now
        elif now < 0:
            member.untagged[tag] = -now
