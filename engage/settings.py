"""What an operator may choose: flags first, then `ENGAGE_*` in the environment, then the defaults here.

Owns the names, the defaults and what is refused. Must not know the database or the web: those are handed what
they need. A secret never appears in `repr`, so it cannot end in a log by accident.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engage.errors import InvalidRequest

DATABASE_URL_DEFAULT: Final = "sqlite:///engage.db"
HOST_DEFAULT: Final = "127.0.0.1"
PORT_DEFAULT: Final = 8000
K_MIN: Final = 3
"""Below three, a member of a group could tell the others' share from its own."""
K_MAX: Final = 100
SECRET_CHARS_MIN: Final = 32
"""HS256 needs a secret as long as its hash (RFC 7518, section 3.2)."""
METRICS_KEY_CHARS_MIN: Final = 16
POSTGRES_SCHEMES: Final = ("postgres://", "postgresql://")

ENVIRONMENT: Final = {
    "database_url": "ENGAGE_DATABASE_URL",
    "secret": "ENGAGE_SECRET",
    "host": "ENGAGE_HOST",
    "port": "ENGAGE_PORT",
    "workers": "ENGAGE_WORKERS",
    "k": "ENGAGE_K",
    "unknown_companies": "ENGAGE_UNKNOWN_COMPANIES",
    "webhook_networks": "ENGAGE_WEBHOOK_NETWORKS",
    "metrics_key": "ENGAGE_METRICS_KEY",
}
"""Setting -> the variable it is read from."""


@dataclass(frozen=True)
class Settings:
    database_url: str = field(default=DATABASE_URL_DEFAULT, repr=False)
    """May hold a password."""
    secret: str | None = field(default=None, repr=False)
    """Signs member tokens. None: one is made at the first start and kept in the database."""
    host: str = HOST_DEFAULT
    port: int = PORT_DEFAULT
    """0: any free port; the one found is printed."""
    workers: int = 1
    k: int | None = None
    """The smallest group of members a figure may be told about. None: what the database holds, at first 5."""
    unknown_companies: str | None = None
    """create or refuse: what becomes of a company that a call names. None: what the database holds, at first create."""

    webhook_networks: str = "public"
    """Where webhooks may be sent: public addresses only, or any, for trying things out on one's own machine."""
    metrics_key: str | None = field(default=None, repr=False)
    """What `/metrics` asks for. None: nothing."""

    def __post_init__(self) -> None:
        if self.secret is not None and len(self.secret) < SECRET_CHARS_MIN:
            raise InvalidRequest(f"ENGAGE_SECRET must have at least {SECRET_CHARS_MIN} characters")
        if self.metrics_key is not None and len(self.metrics_key) < METRICS_KEY_CHARS_MIN:
            raise InvalidRequest(f"ENGAGE_METRICS_KEY must have at least {METRICS_KEY_CHARS_MIN} characters")
        _within("port", self.port, 0, 65_535)
        _within("workers", self.workers, 1, 64)
        if self.k is not None:
            _within("k", self.k, K_MIN, K_MAX)
        if self.unknown_companies not in (None, "create", "refuse"):
            raise InvalidRequest(
                f"ENGAGE_UNKNOWN_COMPANIES must be create or refuse, not {self.unknown_companies!r}"
            )
        if self.webhook_networks not in ("public", "any"):
            raise InvalidRequest(
                f"ENGAGE_WEBHOOK_NETWORKS must be public or any, not {self.webhook_networks!r}"
            )
        if self.workers > 1 and not self.database_url.startswith(POSTGRES_SCHEMES):
            raise InvalidRequest("--workers above 1 needs PostgreSQL: SQLite has one writer, one process")


def read_settings(
    *,
    database_url: str | None = None,
    secret: str | None = None,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    k: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """The settings in force. None means "not given as a flag". Raises InvalidRequest naming the setting."""
    found = os.environ if environment is None else environment

    def text(flag: str | None, name: str) -> str | None:
        # An empty variable is one that a deployment file left blank, not a choice.
        return flag if flag is not None else found.get(ENVIRONMENT[name]) or None

    def number(flag: int | None, name: str) -> int | None:
        given = text(None, name)
        if flag is not None or given is None:
            return flag
        try:
            return int(given)
        except ValueError:
            raise InvalidRequest(f"{ENVIRONMENT[name]} must be a whole number, not {given!r}") from None

    found_port, found_workers = number(port, "port"), number(workers, "workers")
    return Settings(
        database_url=text(database_url, "database_url") or DATABASE_URL_DEFAULT,
        secret=text(secret, "secret"),
        host=text(host, "host") or HOST_DEFAULT,
        port=PORT_DEFAULT if found_port is None else found_port,
        workers=1 if found_workers is None else found_workers,
        k=number(k, "k"),
        unknown_companies=text(None, "unknown_companies"),
        webhook_networks=text(None, "webhook_networks") or "public",
        metrics_key=text(None, "metrics_key"),
    )


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise InvalidRequest(f"{name} must be from {least} to {most}, not {value}")
