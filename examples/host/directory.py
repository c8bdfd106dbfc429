"""The people who can sign in to Fieldnote, and the companies they work for: the host's own user table.

A real product reads these from its database. The demo's history generator gives exactly these people a past,
so that signing in as one of them shows a member with points and a level. Nothing here knows about Engage.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works at a customer of Fieldnote. `id` is what the host calls `userId`."""

    id: str
    company: str
    name: str
    role: str
    department: str
    note: str

    @property
    def initials(self) -> str:
        words = self.name.split()
        return (words[0][0] + words[-1][0]).upper()


COMPANIES: dict[str, str] = {
    "nordhafen": "Nordhafen Logistik",
    "ashby": "Ashby & Cole Property",
    "brightwell": "Brightwell Dairy",
    "okafor": "Studio Okafor",
}

PEOPLE: tuple[Person, ...] = (
    Person("u-1001", "nordhafen", "Jana Petersen", "inspector", "Operations", "Uses Fieldnote every day"),
    Person(
        "u-1002", "nordhafen", "Lena Brandt", "inspector", "Safety", "Started this week, close to a new level"
    ),
    Person(
        "u-1003", "nordhafen", "Malte Friedrichs", "manager", "Operations", "Reads reports, rarely inspects"
    ),
    Person("u-2001", "ashby", "Daniel Cho", "supervisor", "Facilities", "A steady user for years"),
    Person("u-2900", "ashby", "Tess Hale", "inspector", "Facilities", "First day: nothing recorded yet"),
    Person(
        "u-6001", "brightwell", "Aoife Byrne", "supervisor", "Quality", "Her company joined six weeks ago"
    ),
    Person("u-5001", "okafor", "Ngozi Okafor", "admin", "Studio", "A company of three"),
)


def find_person(person_id: str) -> Person | None:
    """The person with this id, or None: an unknown id is a signed-out visitor, not an error."""
    return next((person for person in PEOPLE if person.id == person_id), None)


def colleagues_of(person: Person) -> list[Person]:
    return [other for other in PEOPLE if other.company == person.company]
