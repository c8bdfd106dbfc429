"""The six calls that report what members do, the same in both clients.

They run in the host's own threads, often on its hottest path, so they only check what is cheap, copy the
outer dict and queue. Owns the promise that they never block on I/O and never raise.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from . import _message
from ._message import Id, Message
from ._outbox import Outbox, Put
from ._wire import Report
from .errors import DeliveryError, MessageInvalid, NotDelivered

# On the host's hot path: each name is looked up once, here.
_TAKEN = Put.TAKEN
# The tracking API wants somebody in each call, also where a company alone is meant.
_NOBODY = "host"
_new_draft, _new_id, _identifier = _message.new_draft, _message.new_id, _message.identifier


class Ingest:
    """Queues messages. The subclass delivers them."""

    _outbox: Outbox
    _disabled: bool

    def _wake(self) -> None:
        raise NotImplementedError

    def track(
        self,
        member: Id,
        event: str,
        *,
        company: Id | None = None,
        properties: Mapping[str, Any] | None = None,
        timestamp: datetime | str | None = None,
        message_id: str | None = None,
    ) -> str | None:
        """Reports that a member did something.

        Never blocks, never raises. Returns the message's id, by which `events.reverse` can undo it, or None
        where it was not queued; `on_error` says why. `properties` is copied at its outer level only: do not
        change nested lists and dicts afterwards. A naive `timestamp` is taken as UTC.
        """
        try:
            fields = {"event": _required(event, "event"), "properties": _copy(properties, "properties")}
        except Exception as error:  # noqa: BLE001 - a Mapping of the host's may raise anything
            return self._refuse("track", error, {"userId": member, "event": event, "properties": properties})
        return self._submit("track", member, company, fields, timestamp, message_id)

    def identify(
        self,
        member: Id,
        *,
        company: Id | None = None,
        traits: Mapping[str, Any] | None = None,
        anonymous_id: str | None = None,
        timestamp: datetime | str | None = None,
        message_id: str | None = None,
    ) -> str | None:
        """Tells who a member is. A trait of None clears it; traits left out stay.

        With `anonymous_id`, what was reported under that id becomes the member's.
        """
        try:
            fields: dict[str, Any] = {"traits": _copy(traits, "traits")}
            if anonymous_id is not None:
                fields["anonymousId"] = _message.identifier(anonymous_id, "anonymous_id")
        except Exception as error:  # noqa: BLE001
            return self._refuse("identify", error, {"userId": member, "traits": traits})
        return self._submit("identify", member, company, fields, timestamp, message_id)

    def group(
        self,
        member: Id | None,
        company: Id,
        *,
        traits: Mapping[str, Any] | None = None,
        timestamp: datetime | str | None = None,
        message_id: str | None = None,
    ) -> str | None:
        """Puts a member into a company and tells the company's traits: these alone where `member` is None.

        `name`, `timezone` and `seats` are the company's own; a trait of None clears it, traits left out stay.
        """
        try:
            fields = {"groupId": _message.identifier(company, "company"), "traits": _copy(traits, "traits")}
            if member is None:
                fields["anonymousId"] = _NOBODY
        except Exception as error:  # noqa: BLE001
            return self._refuse("group", error, {"userId": member, "groupId": company, "traits": traits})
        return self._submit("group", member, None, fields, timestamp, message_id)

    def page(
        self,
        member: Id,
        name: str | None = None,
        *,
        company: Id | None = None,
        properties: Mapping[str, Any] | None = None,
        timestamp: datetime | str | None = None,
        message_id: str | None = None,
    ) -> str | None:
        """Reports that a member looked at a page of the host's product."""
        return self._view("page", member, name, company, properties, timestamp, message_id)

    def screen(
        self,
        member: Id,
        name: str | None = None,
        *,
        company: Id | None = None,
        properties: Mapping[str, Any] | None = None,
        timestamp: datetime | str | None = None,
        message_id: str | None = None,
    ) -> str | None:
        """Reports that a member looked at a screen of the host's app."""
        return self._view("screen", member, name, company, properties, timestamp, message_id)

    def alias(
        self,
        member: Id,
        previous_id: Id,
        *,
        company: Id | None = None,
        timestamp: datetime | str | None = None,
        message_id: str | None = None,
    ) -> str | None:
        """Tells that what was reported under `previous_id` is the member's."""
        try:
            fields = {"previousId": _message.identifier(previous_id, "previous_id")}
        except Exception as error:  # noqa: BLE001
            return self._refuse("alias", error, {"userId": member, "previousId": previous_id})
        return self._submit("alias", member, company, fields, timestamp, message_id)

    def _view(
        self,
        kind: str,
        member: Id,
        name: str | None,
        company: Id | None,
        properties: Mapping[str, Any] | None,
        timestamp: datetime | str | None,
        message_id: str | None,
    ) -> str | None:
        try:
            fields: dict[str, Any] = {"properties": _copy(properties, "properties")}
            if name is not None:
                fields["name"] = _required(name, "name")
        except Exception as error:  # noqa: BLE001
            return self._refuse(kind, error, {"userId": member, "name": name, "properties": properties})
        return self._submit(kind, member, company, fields, timestamp, message_id)

    def _submit(
        self,
        kind: str,
        member: Id | None,
        company: Id | None,
        fields: dict[str, Any],
        timestamp: datetime | str | None,
        message_id: str | None,
    ) -> str | None:
        if self._disabled:
            return None
        try:
            draft = _new_draft(
                (
                    kind,
                    _new_id() if message_id is None else _message.message_identifier(message_id),
                    time.time_ns() if timestamp is None else timestamp,
                    "" if member is None and kind == "group" else _identifier(member, "member"),
                    None if company is None else _identifier(company, "company"),
                    fields,
                )
            )
            put = self._outbox.put(draft)
            if put is _TAKEN:
                return draft.message_id
            if put is Put.CLOSED:
                return self._refuse(kind, NotDelivered("the client is closed"), {"userId": member, **fields})
            self._wake()
            return None if put is Put.DROPPED else draft.message_id
        except Exception as error:  # noqa: BLE001
            return self._refuse(kind, error, {"userId": member, **fields})

    def _refuse(self, kind: str, error: Exception, fields: Message) -> str | None:
        if self._disabled:
            return None
        if not isinstance(error, DeliveryError):
            cause = error
            error = MessageInvalid(f"the message could not be read ({type(cause).__name__})")
            error.__cause__ = cause
        self._outbox.note(Report(error, [{"type": kind, **fields}]))
        with contextlib.suppress(Exception):  # for instance, no memory for a thread: the report waits
            self._wake()
        return None


def _required(value: object, what: str) -> str:
    if isinstance(value, str) and value:
        return value
    raise MessageInvalid(f"{what} must be a non-empty string")


def _copy(values: object, what: str) -> dict[Any, Any]:
    if values is None:
        return {}
    # A dict first: asking the abstract class costs more than the copy.
    if type(values) is dict or isinstance(values, Mapping):
        return dict(values)
    raise MessageInvalid(f"{what} must be a mapping, not {type(values).__name__}")
