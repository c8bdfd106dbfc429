"""The cast: every company of the demo, its character and the numbers that give it that character.

Owns facts only. How a fact becomes events is `activity`'s business, and how it becomes a contract
`contracts`'. Weeks count from the start of the recorded history, 0 to 26; a curve is a list of (week, factor)
points joined by straight lines and flat beyond its ends.
"""

from __future__ import annotations

from dataclasses import dataclass

WEEKS = 26

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Crew:
    """Shares of people by how often they turn up on a working day; they need not add up to 1."""

    regular: float = 0.30
    frequent: float = 0.30
    occasional: float = 0.28
    rare: float = 0.12


@dataclass(frozen=True, slots=True)
class Campaign:
    """What a company's own program runs beside the default's, over whole weeks of the half year.

    It holds a share of the members out, so that what it moves can be told; the others turn up on a working day with
    `chance` at least for as long as it runs.
    """

    id: str
    name: str
    first_week: int
    weeks: int
    holdout: int
    chance: float


@dataclass(frozen=True, slots=True)
class Company:
    """One client company of the host.

    `number` is the thousand its people's ids count from. `joined` is the share of `people` with an account
    by a week. `rhythm` scales how likely anybody is to turn up. `champion` is how many times as much as a
    regular person the first person of the company does. `renewal_days` runs from the day after the last
    recorded one; below zero the company has already left, that many days ago. `before` has the seats and the monthly
    revenue of the terms before the last, where they were others. Without `departments` its host names none: then its
    report tells of roles instead.
    """

    number: int
    id: str
    name: str
    character: str
    story: str
    industry: str
    timezone: str
    culture: str
    plan: str
    seats: int
    people: int
    monthly_revenue: int
    renewal_days: int
    term_months: int = 12
    customer_weeks: int = 120
    rhythm: Curve = ((0, 1.0),)
    joined: Curve = ((0, 1.0),)
    crew: Crew = Crew()
    actions: float = 1.1
    habit: str = "full"
    weekend: float = 0.06
    champion: float = 1.0
    departments: tuple[str, ...] = ("Operations", "Quality", "Safety", "Maintenance")
    idle_departments: tuple[str, ...] = ()
    discount: float = 0.0
    before: tuple[int, int] | None = None
    campaign: Campaign | None = None


COMPANIES: tuple[Company, ...] = (
    Company(
        number=1,
        id="nordhafen",
        name="Nordhafen Logistik",
        character="thriving",
        story="Grows every month, uses everything, most seats taken.",
        industry="logistics",
        timezone="Europe/Berlin",
        culture="german",
        plan="enterprise",
        seats=70,
        people=64,
        monthly_revenue=4900,
        renewal_days=212,
        rhythm=((0, 0.72), (26, 1.12)),
        joined=((0, 0.65), (24, 1.0)),
        crew=Crew(regular=0.45, frequent=0.35, occasional=0.15, rare=0.05),
        before=(50, 3600),
    ),
    Company(
        number=2,
        id="ashby",
        name="Ashby & Cole Property",
        character="steady",
        story="The same people do the same work every week, year after year.",
        industry="real estate",
        timezone="America/New_York",
        culture="english",
        plan="business",
        seats=55,
        people=46,
        monthly_revenue=2300,
        renewal_days=143,
        departments=("Facilities", "Leasing", "Safety"),
    ),
    Company(
        number=3,
        id="kestrel",
        name="Kestrel Freight",
        character="fading",
        story="A little less every week since a change of management.",
        industry="logistics",
        timezone="America/Chicago",
        culture="english",
        plan="business",
        seats=80,
        people=56,
        monthly_revenue=3600,
        renewal_days=88,
        rhythm=((0, 1.05), (6, 1.0), (26, 0.30)),
        before=(95, 4300),
    ),
    Company(
        number=4,
        id="alpenblick",
        name="Alpenblick Resorts",
        character="seasonal",
        story="Busy in season, quiet between seasons, and always comes back.",
        industry="hospitality",
        timezone="Europe/Zurich",
        culture="german",
        plan="business",
        seats=50,
        people=44,
        monthly_revenue=2100,
        renewal_days=181,
        rhythm=((0, 1.1), (5, 1.05), (8, 0.22), (15, 0.20), (19, 0.95), (26, 1.1)),
        weekend=0.6,
        departments=("Front of House", "Kitchens", "Grounds", "Safety"),
    ),
    Company(
        number=5,
        id="okafor",
        name="Studio Okafor",
        character="tiny",
        story="Three people: too few for an aggregate, so customer success sees the contract only.",
        industry="architecture",
        timezone="Africa/Lagos",
        culture="nigerian",
        plan="team",
        seats=3,
        people=3,
        monthly_revenue=90,
        renewal_days=19,
        term_months=1,
        crew=Crew(regular=1.0, frequent=0.0, occasional=0.0, rare=0.0),
        departments=("Studio",),
    ),
    Company(
        number=6,
        id="brightwell",
        name="Brightwell Dairy",
        character="new",
        story="Six weeks old, onboarding goes well.",
        industry="food",
        timezone="Europe/Dublin",
        culture="irish",
        plan="business",
        seats=40,
        people=27,
        monthly_revenue=1750,
        renewal_days=323,
        customer_weeks=6,
        joined=((20, 0.12), (22, 0.45), (26, 1.0)),
        crew=Crew(regular=0.40, frequent=0.35, occasional=0.20, rare=0.05),
        departments=("Quality", "Production", "Maintenance"),
        discount=0.15,
    ),
    Company(
        number=7,
        id="merlion",
        name="Merlion Hospitality",
        character="champion-dependent",
        story="One enthusiast does most of the work; without her little would be left.",
        industry="hospitality",
        timezone="Asia/Singapore",
        culture="singaporean",
        plan="business",
        seats=40,
        people=28,
        monthly_revenue=1700,
        renewal_days=127,
        crew=Crew(regular=0.0, frequent=0.08, occasional=0.42, rare=0.50),
        champion=11.0,
        departments=("Front of House", "Kitchens", "Safety"),
    ),
    Company(
        number=8,
        id="corvus",
        name="Corvus Aviation Services",
        character="stalled onboarding",
        story="Bought ninety seats three months ago; a pilot group tried it and nobody followed.",
        industry="aviation",
        timezone="Europe/Paris",
        culture="french",
        plan="enterprise",
        seats=90,
        people=16,
        monthly_revenue=5400,
        renewal_days=274,
        customer_weeks=13,
        joined=((13, 0.4), (15, 0.9), (18, 1.0)),
        rhythm=((13, 0.8), (16, 0.7), (19, 0.30), (26, 0.25)),
        crew=Crew(regular=0.10, frequent=0.35, occasional=0.35, rare=0.20),
        departments=("Line Maintenance", "Safety", "Stores"),
        discount=0.10,
    ),
    Company(
        number=9,
        id="tianhe",
        name="Tianhe Components",
        character="recovering",
        story="Nearly stopped in mid-period, then a new quality manager brought it back.",
        industry="manufacturing",
        timezone="Asia/Shanghai",
        culture="chinese",
        plan="enterprise",
        seats=60,
        people=52,
        monthly_revenue=3900,
        renewal_days=109,
        rhythm=((0, 0.85), (5, 0.55), (11, 0.22), (15, 0.30), (21, 0.85), (26, 1.05)),
        departments=("Quality", "Production", "Maintenance", "Safety"),
    ),
    Company(
        number=10,
        id="northgate",
        name="Northgate Retail Group",
        character="big but shallow",
        story="Pays most: many people sign in, look at a dashboard and leave.",
        industry="retail",
        timezone="America/Los_Angeles",
        culture="english",
        plan="enterprise",
        seats=260,
        people=190,
        monthly_revenue=9800,
        renewal_days=164,
        crew=Crew(regular=0.12, frequent=0.30, occasional=0.38, rare=0.20),
        actions=0.6,
        habit="shallow",
        weekend=0.45,
        departments=(),
    ),
    Company(
        number=11,
        id="papaya",
        name="Papaya Foods",
        character="spiky",
        story="A two-week campaign filled the charts; afterwards everything went back to before.",
        industry="food",
        timezone="Asia/Kolkata",
        culture="indian",
        plan="business",
        seats=50,
        people=40,
        monthly_revenue=1650,
        renewal_days=97,
        rhythm=(
            (0, 0.50),
            (17, 0.50),
            (17.9, 0.55),
            (18, 1.55),
            (20, 1.55),
            (20.5, 0.8),
            (22, 0.5),
            (26, 0.45),
        ),
        weekend=0.25,
        departments=("Production", "Quality", "Warehouse"),
    ),
    Company(
        number=12,
        id="halvorsen",
        name="Halvorsen Marine",
        character="quiet before renewal",
        story="A good customer until six weeks ago, and the renewal is next month.",
        industry="shipping",
        timezone="Europe/Oslo",
        culture="norwegian",
        plan="business",
        seats=45,
        people=38,
        monthly_revenue=2450,
        renewal_days=34,
        rhythm=((0, 0.95), (20, 0.95), (23, 0.45), (26, 0.16)),
        departments=("Fleet", "Yard", "Safety"),
    ),
    Company(
        number=13,
        id="ito",
        name="Ito Precision",
        character="small and diligent",
        story="Eleven people, all of them here every day.",
        industry="manufacturing",
        timezone="Asia/Tokyo",
        culture="japanese",
        plan="team",
        seats=12,
        people=11,
        monthly_revenue=420,
        renewal_days=61,
        crew=Crew(regular=0.9, frequent=0.1, occasional=0.0, rare=0.0),
        actions=1.8,
        departments=("Quality", "Production"),
    ),
    Company(
        number=14,
        id="redgum",
        name="Redgum Mining Services",
        character="silent",
        story="Not one event for five weeks, and eleven days left on the contract.",
        industry="mining",
        timezone="Australia/Perth",
        culture="english",
        plan="business",
        seats=50,
        people=34,
        monthly_revenue=2900,
        renewal_days=11,
        rhythm=((0, 0.7), (14, 0.6), (20.9, 0.35), (21, 0.0)),
        weekend=0.35,
        departments=("Pit", "Plant", "Safety"),
    ),
    Company(
        number=15,
        id="saolucas",
        name="Hospital São Lucas",
        character="rolling out",
        story="A new wing is added every two months, and each one stays.",
        industry="healthcare",
        timezone="America/Sao_Paulo",
        culture="brazilian",
        plan="enterprise",
        seats=120,
        people=72,
        monthly_revenue=5100,
        renewal_days=127,
        customer_weeks=34,
        joined=((0, 0.22), (7.9, 0.25), (8, 0.55), (16.9, 0.58), (17, 0.95), (26, 1.0)),
        weekend=0.4,
        departments=("Surgery", "Emergency", "Laboratory", "Facilities"),
    ),
    Company(
        number=16,
        id="danube",
        name="Danube Rail",
        character="one department only",
        story="Track inspection lives in the product; the other departments have accounts and no habit.",
        industry="rail",
        timezone="Europe/Vienna",
        culture="german",
        plan="enterprise",
        seats=100,
        people=58,
        monthly_revenue=4400,
        renewal_days=196,
        crew=Crew(regular=0.5, frequent=0.35, occasional=0.15, rare=0.0),
        departments=("Track", "Rolling Stock", "Stations", "Signals"),
        idle_departments=("Rolling Stock", "Stations", "Signals"),
        before=(85, 3800),
    ),
    Company(
        number=17,
        id="aurora",
        name="Aurora Care Homes",
        character="every day of the week",
        story="Care does not stop on Saturdays: seven even days, shifts from early to late.",
        industry="healthcare",
        timezone="Europe/London",
        culture="english",
        plan="business",
        seats=45,
        people=40,
        monthly_revenue=1950,
        renewal_days=256,
        weekend=0.95,
        crew=Crew(regular=0.25, frequent=0.45, occasional=0.25, rare=0.05),
        departments=("Care", "Kitchens", "Facilities"),
        before=(45, 1850),
    ),
    Company(
        number=18,
        id="zephyr",
        name="Zephyr Wind",
        character="outgrowing its seats",
        story="More people than seats: somebody to sell to.",
        industry="energy",
        timezone="Europe/Copenhagen",
        culture="danish",
        plan="business",
        seats=24,
        people=29,
        monthly_revenue=1150,
        renewal_days=52,
        joined=((0, 0.6), (26, 1.0)),
        rhythm=((0, 0.9), (26, 1.05)),
        crew=Crew(regular=0.5, frequent=0.3, occasional=0.2, rare=0.0),
        departments=("Blades", "Towers", "Safety"),
    ),
    Company(
        number=19,
        id="pinecrest",
        name="Pinecrest Foods",
        character="left",
        story="Faded all summer and did not renew seven weeks ago.",
        industry="food",
        timezone="America/Toronto",
        culture="english",
        plan="team",
        seats=30,
        people=24,
        monthly_revenue=860,
        renewal_days=-49,
        rhythm=((0, 0.7), (8, 0.45), (16, 0.15), (18.9, 0.08), (19, 0.0)),
        departments=("Production", "Quality"),
    ),
    Company(
        number=20,
        id="thornbury",
        name="Thornbury Water",
        character="large enough to measure",
        story="Four hundred people, most of them in the field, come in week by week; a campaign held a fifth out.",
        industry="utilities",
        timezone="Europe/London",
        culture="english",
        plan="enterprise",
        seats=430,
        people=400,
        monthly_revenue=7200,
        renewal_days=118,
        customer_weeks=35,
        joined=((0, 0.1), (25, 1.0)),
        crew=Crew(regular=0.05, frequent=0.08, occasional=0.22, rare=0.65),
        actions=0.9,
        departments=("Networks", "Treatment", "Metering", "Laboratory"),
        discount=0.25,
        campaign=Campaign("every-valve", "Every valve seen", first_week=16, weeks=8, holdout=20, chance=0.15),
    ),
)


def find_company(company_id: str) -> Company:
    return next(company for company in COMPANIES if company.id == company_id)


def at(curve: Curve, week: float) -> float:
    """The value of a curve at a week: straight lines between its points, flat outside them."""
    before = curve[0]
    for point in curve:
        if week < point[0]:
            if point is before:
                return point[1]
            share = (week - before[0]) / (point[0] - before[0])
            return before[1] + share * (point[1] - before[1])
        before = point
    return before[1]
