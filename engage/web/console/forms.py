"""What a person tells on a page: forms, read and checked.

Owns the limits of a form. Must not know what becomes of it.
"""

from __future__ import annotations

from datetime import date
from hashlib import blake2b
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request

from engage.actions.sessions import NAME_CHARS_MAX, SHARED_NAME, SignedIn
from engage.core.call import clean_text
from engage.core.language import say
from engage.days import read_day
from engage.errors import InvalidRequest, TooLarge
from engage.web.bodies import Room, read_body

FORM_BYTES_MAX: Final = 16 * 1024
FIELDS_MAX: Final = 10
WORDS_CHARS_MAX: Final = 500
ID_BYTES: Final = 8


class DoneForm(NamedTuple):
    """The form as it is shown."""

    today: str
    asks_name: bool
    """Who came by a link that names nobody says who did it."""


class Done(NamedTuple):
    """Something that was done for a company. The id follows from the rest: sent twice, it is logged once."""

    id: str
    what: str
    day: str
    actor: str


def done_form(session: SignedIn, today: date) -> DoneForm:
    return DoneForm(today.isoformat(), session.name == SHARED_NAME)


async def read_done(request: Request, session: SignedIn, company: str) -> Done:
    """InvalidRequest says what is missing. Raises TooLarge."""
    fields = await _fields(request)
    what = _words(fields, "what")
    if not 0 < len(what) <= WORDS_CHARS_MAX:
        raise InvalidRequest(say("Say what was done, in {most:d} characters at most.", most=WORDS_CHARS_MAX))
    actor = session.name
    if actor == SHARED_NAME:
        actor = _words(fields, "actor")
    if not 0 < len(actor) <= NAME_CHARS_MAX:
        raise InvalidRequest(say("Say who did it, in {most:d} characters at most.", most=NAME_CHARS_MAX))
    day = read_day("day", fields.get("day", "")).isoformat()
    said = "\n".join((company, day, actor, what))
    return Done(blake2b(said.encode(), digest_size=ID_BYTES).hexdigest(), what, day, actor)


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
