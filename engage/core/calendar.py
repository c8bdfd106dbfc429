"""Local days, weeks and months of a company. Times are microseconds UTC, days proleptic ordinals (`date.toordinal`).

The time-zone data can change under us, so a decision never asks twice: the local day and hour are computed once,
when an event is accepted, and stored with its entry; replay reads them from there.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_UTC = _EPOCH.replace(tzinfo=None)  # without a zone to look up, twice as quick to write out


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=512)
def is_time_zone(name: str) -> bool:
    """Whether `name` is an IANA zone this machine knows."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _offset_at(zone: str, at: int) -> int:
    offset = to_datetime(at).astimezone(_zone(zone)).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


@lru_cache(maxsize=65_536)
def _offset(zone: str, utc_day: int) -> int | None:
    """Offset from UTC in microseconds during a day of UTC (counted from 1970); None when it changes inside."""
    start = utc_day * DAY
    offset = _offset_at(zone, start)
    return offset if _offset_at(zone, start + DAY - 1) == offset else None


def local_day_hour(at: int, zone: str) -> tuple[int, int]:
    """The local day (ordinal) and hour (0-23) of a moment."""
    offset = _offset(zone, at // DAY)
    local = at + (_offset_at(zone, at) if offset is None else offset)
    return _EPOCH_DAY + local // DAY, local % DAY // HOUR


def utc_day(at: int) -> int:
    return _EPOCH_DAY + at // DAY


def start_of_day(day: int) -> int:
    """Midnight UTC of a day, microseconds."""
    return (day - _EPOCH_DAY) * DAY


def week_of(day: int) -> int:
    """The Monday (ordinal) of the ISO week of a day."""
    return day - (day - 1) % 7


@lru_cache(maxsize=4096)
def month_of(day: int) -> int:
    """The first day (ordinal) of the month of a day."""
    return date.fromordinal(day).replace(day=1).toordinal()


@lru_cache(maxsize=4096)
def quarter_of(day: int) -> int:
    """The first day (ordinal) of the quarter of a day."""
    found = date.fromordinal(day)
    return found.replace(month=(found.month - 1) // 3 * 3 + 1, day=1).toordinal()


@lru_cache(maxsize=4096)
def year_of(day: int) -> int:
    """The first day (ordinal) of the year of a day."""
    return date.fromordinal(day).replace(month=1, day=1).toordinal()


def days_in_month(year: int, month: int) -> int:
    return monthrange(year, month)[1]


@lru_cache(maxsize=4096)
def months_later(day: int, months: int) -> int:
    """The same day of the month so many months later, or the last of a shorter one."""
    today = date.fromordinal(day)
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return date(year, month + 1, min(today.day, days_in_month(year, month + 1))).toordinal()


def midnight(day: int, zone: str) -> int:
    """When a local day begins, microseconds UTC: the first moment its clock shows 00:00, or skips it."""
    local = datetime.combine(date.fromordinal(day), time.min, _zone(zone))
    return from_datetime(local.astimezone(UTC))


def weekday_of(day: int) -> int:
    """0 = Monday ... 6 = Sunday."""
    return (day - 1) % 7


def from_datetime(moment: datetime) -> int:
    """Microseconds UTC of an aware datetime, exactly."""
    since = moment - _EPOCH
    return since.days * DAY + since.seconds * SECOND + since.microseconds


def to_datetime(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def to_rfc3339(at: int) -> str:
    return (_EPOCH_UTC + timedelta(microseconds=at)).isoformat() + "Z"


def month_end(monday: int) -> int:
    """The Monday of the last week of the four-week month that is over when the week of `monday` is.

    Months of four weeks follow one another without regard to years, so that no two of them overlap.
    """
    return monday - 7 * (((monday - 1) // 7 + 1) % 4)
