"""What customers are worth, reckoned by hand; and that the growth equation gives the revenue there is."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core.book import Book
from engage.core.economics import ALL, OTHER, SEGMENTS_MAX, UNSAID, Customer, economics, last_months
from engage.core.outcomes import outcomes
from engage.core.terms import Term

DAY = date(2026, 6, 30).toordinal()
YEAR_AGO = DAY - 365
MONTHS = {f"2025-{month:02d}": 100_000 for month in range(7, 13)} | {
    f"2026-{month:02d}": 50_000 for month in range(1, 7)
}
BOOK = Book(gross_margin=0.8, acquisition_cents=MONTHS, gmv_trait="gmv", segment_trait="industry")


def customer(
    *terms: tuple[int, int, int | None], since: int = 1, segment: str = "", gmv: int | None = None
) -> Customer:
    return Customer([Term(start, end, cents) for start, end, cents in terms], since, segment, gmv)


OLD, NEW = YEAR_AGO - 100, DAY - 30
CUSTOMERS = [
    customer((OLD, DAY + 9, 10_000), segment="retail", gmv=700),
    customer((OLD, DAY + 9, 30_000), segment="health"),
    customer((OLD, DAY + 9, 20_000), segment="retail", gmv=300),
    customer((OLD, NEW, 40_000), segment="health"),  # left
    customer((NEW, DAY + 9, 12_000), since=NEW, segment="retail"),  # is new
    customer(since=NEW),  # is known, and has not bought
    customer(since=OLD),  # nor has this one, for years
]


def test_a_customer_is_worth_a_years_margin_by_the_share_that_leaves() -> None:
    now = economics(CUSTOMERS, BOOK, DAY)
    assert (now.start_companies, now.left_companies, now.churn_rate) == (4, 1, 0.25)
    assert now.ltv_cents == 18_000 * 12 * 0.8 / 0.25
    assert (now.months, now.acquisition_cents, now.won_companies) == ("2025-07 to 2026-06", 900_000, 1)
    assert (now.cac_cents, now.ltv_to_cac) == (900_000, 0.77)
    assert (now.gmv_cents, now.gmv_companies) == (1_000, 2)
    assert now.notes == ()


def test_what_is_not_known_is_said_and_never_zero() -> None:
    now = economics(CUSTOMERS, Book(), DAY)
    assert (now.ltv_cents, now.cac_cents, now.ltv_to_cac, now.acquisition_cents) == (None,) * 4
    assert economics([customer(since=1)], BOOK, DAY).gmv_cents is None
    assert [note.split(":")[0] for note in now.notes] == [
        "LTV is not known",
        "CAC is not known",
        "GMV is not known",
    ]
    gap = Book(acquisition_cents={month: cost for month, cost in MONTHS.items() if month != "2026-02"})
    assert "spent in 2026-02." in economics(CUSTOMERS, gap, DAY).notes[1]


def test_where_nobody_leaves_the_worth_has_no_bound() -> None:
    now = economics(CUSTOMERS[:3], BOOK, DAY)
    assert (now.churn_rate, now.ltv_cents) == (0.0, None)
    assert "no bound" in now.notes[0]


def test_a_month_counts_once_it_is_over() -> None:
    assert last_months(DAY)[-1] == "2026-06"
    assert last_months(DAY - 1)[-1] == "2026-05"
    assert len(last_months(DAY)) == 12


def test_the_growth_equation_by_segment() -> None:
    whole, *segments = economics(CUSTOMERS, BOOK, DAY).growth
    assert (whole.segment, whole.new, whole.conversion, whole.purchase_cents) == (ALL, 2, 0.5, 12_000)
    assert (whole.existing, whole.retention, whole.repurchase_cents, whole.mrr_cents) == (
        4,
        0.75,
        20_000,
        72_000,
    )
    assert [one.segment for one in segments] == ["retail", "health", UNSAID]
    assert [one.mrr_cents for one in segments] == [42_000, 30_000, 0]


def test_segments_beyond_the_largest_are_one() -> None:
    many = [customer((OLD, DAY + 9, 100), segment=f"s{index}") for index in range(SEGMENTS_MAX + 5)]
    rows = economics(many, BOOK, DAY).growth
    assert len(rows) == 1 + SEGMENTS_MAX + 1
    assert next(row.existing for row in rows if row.segment == OTHER) == 5


_TERM = st.tuples(
    st.integers(YEAR_AGO - 500, DAY + 50), st.integers(1, 900), st.none() | st.integers(0, 10_000)
).map(lambda t: (t[0], t[0] + t[1], t[2]))
_CUSTOMER = st.builds(
    lambda terms, since, segment: customer(*terms, since=since, segment=segment),
    st.lists(_TERM, max_size=3),
    st.integers(YEAR_AGO - 200, DAY),
    st.sampled_from(["", "retail", "health"]),
)


@settings(max_examples=50)
@given(st.lists(_CUSTOMER, max_size=12))
def test_the_equation_adds_up_to_the_monthly_revenue(customers: list[Customer]) -> None:
    whole, *segments = economics(customers, BOOK, DAY).growth
    mrr = outcomes({index: one.terms for index, one in enumerate(customers)}, DAY).mrr_cents
    assert whole.mrr_cents == mrr == sum(one.mrr_cents for one in segments)
    said = (whole.conversion or 0) * whole.new * (whole.purchase_cents or 0)
    said += (whole.retention or 0) * whole.existing * (whole.repurchase_cents or 0)
    assert abs(said - mrr) <= 0.001 * mrr + 2 * len(customers)
    assert sum(one.existing for one in segments) == whole.existing
