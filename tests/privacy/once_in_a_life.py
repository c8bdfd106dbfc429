"""What each member does once in a life: as it is measured, and what is told of it."""

from __future__ import annotations

from typing import Literal

from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.prices import Price
from engage.core.privacy import Figure
from engage.core.published import People, issued_band, publish_events, publish_feature_events
from engage.core.published_beginners import publish_features
from engage.core.published_people import publish_funnel, publish_organic
from engage.core.windows import between

Once = Literal["funnel", "feature", "rewarded", "unrewarded"]
"""The first step of a funnel; a key event; an event that is none, and the only one that earns points, or that does
not."""
NAME = "Onboarding completed"
PRICE = 100


def months_ago(once: Once | None) -> int:
    """Of whose doing a report tells."""
    return int(once == "funnel")


def measure_once(week: WeekMeasures, once: Once, active: int, did: int, k: int) -> None:
    """Every active member has three more events, of the other kind."""
    if once == "funnel":
        week.funnels, week.funnel_months, week.funnel_begins = {NAME: [did]}, {NAME: 1}, {NAME: (NAME, 0)}
        return
    week.active, week.events = active, 3 * active + did
    if once == "feature":
        week.features = {
            NAME: FeatureWeek(did, did, did, 0),
            "Export": FeatureWeek(active, active, active, often=k),
            "Print": FeatureWeek(active, active, 2 * active, often=k),
        }
        return
    week.organic_again, week.awards = 0, {"points": {NAME: Price(PRICE, PRICE)}}
    if once == "rewarded":
        week.incentivised, week.earners, week.unrewarded = did, did, active
        week.earners_often, week.unrewarded_often = 0, k
        week.receivers, week.issued = {"points": did}, {"points": PRICE * did}
    else:
        week.organic_4w, week.unrewarded = did, did
        week.incentivised, week.earners = 3 * active, active
        week.earners_often, week.unrewarded_often = k, 0


def told_once(week: WeekMeasures, people: People, once: Once, k: int) -> list[Figure]:
    """How many did it, as whoever knows that each does it once reads it."""
    if once == "funnel":
        return list(publish_funnel(week, people, NAME, k) or ())
    if once == "feature":
        return [
            publish_features(week, k, people.active_4w).members[NAME],
            publish_feature_events(week, k)[NAME],
        ]
    amounts = publish_events(week, k)
    if once == "unrewarded":
        return [publish_organic(week, people, k), amounts.organic]
    if amounts.issued["points"].hidden:
        return [amounts.incentivised]
    low, high = issued_band(week, "points", k)
    return [amounts.incentivised, between(-(-low // PRICE), high // PRICE, week.members)]
