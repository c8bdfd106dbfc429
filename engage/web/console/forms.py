"""What a person tells on a page: forms, read and checked.

Owns the limits of a form. Must not know what becomes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from hashlib import blake2b
from math import isfinite
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request

from engage.actions.sessions import NAME_CHARS_MAX, SHARED_NAME, SignedIn
from engage.core.call import clean_text
from engage.core.language import say
from engage.core.plans import MEASURES, NAMES
from engage.days import read_day
from engage.errors import InvalidRequest, TooLarge
from engage.web.bodies import Room, read_body

FORM_BYTES_MAX: Final = 16 * 1024
FIELDS_MAX: Final = 10
WORDS_CHARS_MAX: Final = 500
ID_BYTES: Final = 8
STAGE_DIGITS: Final = 3
_LABELS: Final = {measure: NAMES[measure] for measure in MEASURES}


class CareForms(NamedTuple):
    """The forms as they are shown."""

    today: str
    name: str
    """Whose link it was; empty for one that names nobody, who says by whom something was done."""
    measures: Mapping[str, str] = _LABELS
    """What a goal can be set for, with its label."""


class Done(NamedTuple):
    """Something that was done for a company. The id follows from the rest: sent twice, it is logged once."""

    id: str
    what: str
    day: str
    actor: str


class Agreed(NamedTuple):
    """A goal that was agreed on with a company. Its id, too, follows from the rest."""

    id: str
    name: str
    measure: str
    target: float
    by: str
    owner: str
    actor: str


class Adjusted(NamedTuple):
    """What a goal is from now on. `seen`: the time of its last change when the page was opened, empty for none."""

    goal: str
    seen: str
    name: str
    target: float
    by: str
    owner: str
    dropped: bool
    reason: str
    actor: str


class Accepted(NamedTuple):
    """A stage of a goal, by its place among them and its day, and what was seen."""

    goal: str
    stage: int
    by: str
    note: str
    actor: str


def care_forms(session: SignedIn, today: date) -> CareForms:
    return CareForms(today.isoformat(), "" if session.name == SHARED_NAME else session.name)


async def read_told(
    request: Request, session: SignedIn, company: str, today: date
) -> Done | Agreed | Adjusted | Accepted:
    """What was told on a company's page. InvalidRequest says what is missing. Raises TooLarge."""
    fields = await _fields(request)
    if "stage" in fields:
        return _accepted(fields, session)
    if "goal" in fields:
        return _adjusted(fields, session)
    said = _agreed if "measure" in fields else _done
    return said(fields, session, company, today)


def _agreed(fields: dict[str, str], session: SignedIn, company: str, today: date) -> Agreed:
    measure = fields["measure"]
    if measure not in MEASURES:
        raise InvalidRequest(say("Choose what the goal is measured by."))
    name, target, by, owner = _goal(fields)
    if by <= today:
        raise InvalidRequest(say("Say a day to come by which the target is to be reached."))
    actor = owner if session.name == SHARED_NAME else session.name
    said = Agreed("", name, measure, target, by.isoformat(), owner, actor)
    return said._replace(id=_id(company, *map(str, said)))


def _adjusted(fields: dict[str, str], session: SignedIn) -> Adjusted:
    name, target, by, owner = _goal(fields)
    reason = _words(fields, "reason")
    if not 0 < len(reason) <= WORDS_CHARS_MAX:
        raise InvalidRequest(
            say("Say why the goal is adjusted, in {most:d} characters at most.", most=WORDS_CHARS_MAX)
        )
    dropped = fields.get("do") == "drop"
    actor = _actor(fields, session)
    seen = fields.get("seen", "")
    return Adjusted(fields["goal"], seen, name, target, by.isoformat(), owner, dropped, reason, actor)


def _accepted(fields: dict[str, str], session: SignedIn) -> Accepted:
    note, stage = _words(fields, "note"), fields["stage"]
    if len(note) > WORDS_CHARS_MAX or not (stage.isascii() and stage.isdigit()) or len(stage) > STAGE_DIGITS:
        raise InvalidRequest(say("The form cannot be read."))
    actor = _actor(fields, session)
    return Accepted(fields.get("goal", ""), int(stage), fields.get("by", ""), note, actor)


def _goal(fields: dict[str, str]) -> tuple[str, float, date, str]:
    """Its name, target, day and owner."""
    name, owner = _words(fields, "name"), _words(fields, "owner")
    if not 0 < len(name) <= WORDS_CHARS_MAX:
        raise InvalidRequest(
            say("Say what the goal is, in {most:d} characters at most.", most=WORDS_CHARS_MAX)
        )
    if not 0 < len(owner) <= NAME_CHARS_MAX:
        raise InvalidRequest(
            say("Say whose goal it is, in {most:d} characters at most.", most=NAME_CHARS_MAX)
        )
    target = _number(fields.get("target", ""))
    if target is None:
        raise InvalidRequest(say("Say the target as a number."))
    return name, target, told_day("by", fields.get("by", "")), owner


def _actor(fields: dict[str, str], session: SignedIn) -> str:
    """Whose link it was, or who they say they are."""
    actor = session.name if session.name != SHARED_NAME else _words(fields, "actor")
    if not 0 < len(actor) <= NAME_CHARS_MAX:
        raise InvalidRequest(say("Say who did it, in {most:d} characters at most.", most=NAME_CHARS_MAX))
    return actor


def told_day(name: str, text: str) -> date:
    """Refused in the reader's language."""
    try:
        return read_day(name, text)
    except InvalidRequest:
        raise InvalidRequest(
            say("{field_name}: must be a day such as {example}", field_name=name, example="2026-11-22")
        ) from None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _done(fields: dict[str, str], session: SignedIn, company: str, today: date) -> Done:
    what = _words(fields, "what")
    if not 0 < len(what) <= WORDS_CHARS_MAX:
        raise InvalidRequest(say("Say what was done, in {most:d} characters at most.", most=WORDS_CHARS_MAX))
    actor = _actor(fields, session)
    on = told_day("day", fields.get("day", ""))
    if on > today + timedelta(1):  # it may be tomorrow already where they are
        raise InvalidRequest(say("Say a day that has come: on {day_name} nothing is done yet.", day_name=on))
    day = on.isoformat()
    return Done(_id(company, day, actor, what), what, day, actor)


def _id(*said: str) -> str:
    return blake2b("\n".join(said).encode(), digest_size=ID_BYTES).hexdigest()


def _words(fields: dict[str, str], name: str) -> str:
    return " ".join(clean_text(fields.get(name, "")).split())


async def _fields(request: Request) -> dict[str, str]:
    try:
        # A form is small enough to need no part of the room that larger bodies share.
        body = await read_body(request, FORM_BYTES_MAX, Room().share())
    except TooLarge:
        raise TooLarge(say("The form is too long.")) from None
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        raise InvalidRequest(say("The form cannot be read.")) from None
