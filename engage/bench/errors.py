"""How a round of the benchmark can fail, and how a case says that it cannot run here."""

from __future__ import annotations

from engage.errors import EngageError


class RoundFailed(EngageError):
    """What was measured was not what should have been: an answer that is not a success, a service that ended."""

    code = "round_failed"


class CannotRun(EngageError):
    """This machine lacks what the case needs; the message names it."""

    code = "cannot_run"
