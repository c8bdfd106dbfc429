"""Creating a company, or changing its name, time zone or seats, by the host."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import available_timezones

from engage.actions.turns import Turns
from engage.core.calendar import is_time_zone
from engage.core.call import ID_CHARS_MAX, clean_text
from engage.core.event import Body, Kind
from engage.core.fold import SEATS_MAX, is_seats
from engage.core.problems import nearest
from engage.errors import InvalidRequest
from engage.store.companies import create_companies, load_company_ids
from engage.store.database import Database
from engage.store.statements import Transaction

ZONE_CHARS_MAX: Final = 64
ZONES_ALIKE: Final = 0.8
"""Of many names for places all over the world some are somewhat alike."""


def check_company_id(company: str) -> None:
    """Raises InvalidRequest for an id that no call could name, since calls are cleaned when they are read."""
    if not 0 < len(company) <= ID_CHARS_MAX or clean_text(company).strip() != company:
        raise InvalidRequest(
            f"a company's id has 1 to {ID_CHARS_MAX} characters, no blank at its ends and no NUL"
        )


async def set_company(
    database: Database,
    company: str,
    *,
    name: str | None = None,
    timezone: str | None = None,
    seats: int | None = None,
    now: int,
) -> bool:
    """Create the company if it is not known, and record what is given. True when it was created.

    Raises InvalidRequest for an unknown time zone or an impossible number of seats. What is as it was leaves no entry.
    """
    check_company_id(company)
    if timezone is not None and not is_time_zone(timezone):
        raise InvalidRequest(
            f"{timezone!r} is not an IANA time zone such as Europe/Berlin{_zone_meant(timezone)}"
        )
    if seats is not None and not is_seats(seats):
        raise InvalidRequest(f"seats must be a whole number from 0 to {SEATS_MAX}")

    async def work(tx: Transaction) -> bool:
        created = company not in await load_company_ids(tx, [company])
        id = (await create_companies(tx, [company], now))[company]
        turns = Turns(tx)
        await turns.take([id])
        state = turns[id].head.state
        given: dict[str, Any] = {"name": name, "timezone": timezone, "seats": seats}
        changes = {
            key: value for key, value in given.items() if value is not None and getattr(state, key) != value
        }
        if changes or created:
            turns[id].append("", Kind.SETTING, now, now, "", Body("", changes))
            await turns.save()
        return created

    return await database.write(work)


def _zone_meant(name: str) -> str:
    """The zone whose city, or else whose spelling, is the name's."""
    cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(available_timezones())}
    zones = {zone.lower(): zone for zone in cities.values()}
    plain = name[:ZONE_CHARS_MAX].strip().lower().replace(" ", "_")
    known = zones | cities
    near = plain if plain in known else nearest(plain, known, ZONES_ALIKE)
    return f"; did you mean {known[near]!r}?" if near else ""
