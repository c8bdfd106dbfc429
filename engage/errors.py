"""Every mistake a caller can make, as one tree with a code and a status. Rendered once, in web and in the cli.

What the domain expects (a limit reached, an event too late) is not here: those are values with a reason.
"""

from __future__ import annotations

from typing import Any


class EngageError(Exception):
    """`code` is for programs and never changes; `message` is for people and names what is wrong and where."""

    code = "internal"
    status = 500

    def __init__(
        self, message: str, *, code: str | None = None, errors: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.errors = errors or []
        if code is not None:
            self.code = code


class InvalidRequest(EngageError):
    code = "invalid_request"
    status = 400


class Unauthorized(EngageError):
    code = "unauthorized"
    status = 401


class Forbidden(EngageError):
    code = "forbidden"
    status = 403


class NotFound(EngageError):
    code = "not_found"
    status = 404


class TooSlow(EngageError):
    """The rest of a request did not come in time. Nothing of it was kept."""

    code = "too_slow"
    status = 408


class Conflict(EngageError):
    code = "conflict"
    status = 409


class Archived(Conflict):
    """It needs entries that were archived and dropped."""

    code = "archived"


class Lacking(Conflict):
    """A member lacks something for a reward. `errors` has each thing, with what is missing in figures and words."""

    code = "lacking"


class WrongStep(Conflict):
    """Not the next step of this redemption. `errors` has its status and what can be done with it."""

    code = "wrong_step"


class TooLarge(EngageError):
    code = "body_too_large"
    status = 413


class Unprocessable(EngageError):
    """Well-formed, but not acceptable: a program with errors. `errors` lists every one."""

    code = "unprocessable"
    status = 422


class TooManyRequests(EngageError):
    """The queue is full. Nothing of the request was kept; the same request may be sent again."""

    code = "too_many_requests"
    status = 429

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotInstalled(EngageError):
    """It needs an optional part of Engage that is not installed here. The message says which."""

    code = "not_installed"
    status = 501


class Unavailable(EngageError):
    """The database cannot be reached or written now. Nothing was kept; try again after `retry_after` seconds."""

    code = "unavailable"
    status = 503

    def __init__(self, message: str, *, retry_after: int = 2) -> None:
        super().__init__(message)
        self.retry_after = retry_after
