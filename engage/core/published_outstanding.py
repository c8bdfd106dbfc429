"""What of a new week counts in the balances that are told; a part of `engage.core.published`, with the same duty."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

from engage.core.eligible import NOT_TO_FEW
from engage.core.measures import WeekMeasures
from engage.core.outstanding import Told, remember_waiting
from engage.core.prices import NOTHING, Price, is_by_events
from engage.core.privacy import Figure
from engage.core.published import Amounts, issued_band, publish_events, publish_feature_events
from engage.core.state import AMOUNT_MAX


def remember_outstanding(week: WeekMeasures, before: WeekMeasures | None, k: int) -> None:
    """Write it into the week; `before`: the week before. Whom rules are for is known of a week's end, so what was for
    few at the end of that is taken to have been until somewhen in this."""
    for currency, earlier in before.currencies.items() if before is not None else ():
        if currency in week.currencies:
            found = week.currencies[currency]
            found.to_few = max(found.to_few, earlier.few_at_end)
    remember_waiting(week, before, _told_issued(week, k), k)


def _told_issued(week: WeekMeasures, k: int) -> dict[str, Told]:
    """By currency; nothing of what is issued is told where it is hidden. It is no more than events can bring, by what
    is told of them."""
    if not week.currencies:
        return {}
    amounts, events = publish_events(week, k), publish_feature_events(week, k)
    shown = amounts.issued
    found = {}
    for currency, one in week.currencies.items():
        prices = week.awards.get(currency, {})
        is_endless = not is_by_events(prices) or any(price.is_endless for price in prices.values())
        most = max((price.most for price in prices.values() if not price.is_endless), default=0)
        is_told = currency in shown and shown[currency].value is not None
        hidden = not is_told or any(events[name].value is None for name in prices if name in events)
        least, highest = issued_band(week, currency, k) if is_told else (0, AMOUNT_MAX)
        can_be = _can_be_issued(week, prices, amounts, events, k)
        if not is_told and can_be.least <= week.issued.get(currency, 0):
            least = can_be.least
        if is_endless or can_be.most < least:  # some was issued by rules that are no longer
            of_many = highest
        elif (
            can_be.of_many < can_be.most
        ):  # what is told of each week is no end of many: quests may bring it later
            highest, of_many = min(highest, can_be.most), max(least, can_be.of_many)
        else:
            highest = of_many = min(highest, can_be.most)
        width = max(1, 2 * k * most) if one.to_few == NOT_TO_FEW else AMOUNT_MAX
        dear = 2 * k + (0 if is_told else _of_known(week))
        completed = any(price.of_many for price in prices.values())
        found[currency] = Told(least, highest, width, hidden, dear * most, of_many, completed)
    return found


class _Issued(NamedTuple):
    """What the events of a week bring at least and at most; and at most where other weeks count as well."""

    least: int
    most: int
    of_many: int


def _can_be_issued(
    week: WeekMeasures, prices: Mapping[str, Price], amounts: Amounts, events: Mapping[str, Figure], k: int
) -> _Issued:
    """By those that are told by name; and of the others no more than are left of all, and of those that earned
    something. Where all are hidden, they are taken to be no more than a power of two, which leaves room beside those of
    the members with most: what is told must neither count them nor tell that nobody else had any.
    """
    told = {name: int(one.value) for name, one in events.items() if one.value is not None}
    brought = [(prices[name], times) for name, times in told.items() if name in prices]
    others = [price for name, price in prices.items() if name not in told] or [NOTHING]
    each = {name for name, price in prices.items() if price.least}
    can_be = _of_known(week) + max(4 * k, week.events - _of_known(week))
    left = int(amounts.events.value or 1 << (can_be - 1).bit_length()) - sum(told.values())
    all_earn = amounts.events.value is not None and week.features.keys() == each == prices.keys()
    if amounts.incentivised.value is not None:
        left = min(
            left, int(amounts.incentivised.value) - sum(times for price, times in brought if price.least)
        )
    left = max(0, left)
    least = sum(price.least * times for price, times in brought)
    most = sum(price.most * times for price, times in brought) + left * max(price.most for price in others)
    mean = sum(price.mean * times for price, times in brought) + left * max(price.mean for price in others)
    return _Issued(
        least + left * min(price.least for price in others) if all_earn else least, most, ceil(mean)
    )


def _of_known(week: WeekMeasures) -> int:
    """The most events that the k - 2 members have whom one may know: what is dear among them may be cheap."""
    _, last, others = week.leading
    return max(0, week.events - last - others)
