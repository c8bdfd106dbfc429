"""The JSON shapes of budgets. They only grow, as those of `engage.web.shapes` do."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from engage.web.shapes import Amount


class Budget(Struct, omit_defaults=True):
    """A budget of the program in force, and its window of today. `used` may be more than `amount` lately made less."""

    currency: str
    window: str
    amount: Amount
    used: Amount
    left: Amount
    percent: Annotated[int, Meta(description="Of `amount`, rounded down.")]
    over: Literal["cut", "refuse"]
    alerts: Annotated[list[int], Meta(description="Per cent that are told when they are reached.")]
    told: Annotated[int, Meta(description="The most that was told of this window; 0 for nothing.")]
    from_: str | UnsetType = field(name="from", default=UNSET)
    until: Annotated[str, Meta(description="The last day.")] | UnsetType = UNSET


class Budgets(Struct):
    data: list[Budget]
