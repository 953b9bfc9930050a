"""What Olist's files say, counted with the standard library alone.

Nothing is shared with the application or with the loader.
"""

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

# Where the files are: named in the environment, or a sibling folder shared/data of the project.
DATA = Path(os.environ.get("CUSTOGRAPH_OLIST_DATA") or Path(__file__).parents[3] / "shared" / "data")
FILES = next((path.parent for path in sorted(DATA.glob("**/olist_order_reviews_dataset.csv"))), None)
LEADS = next((path.parent for path in sorted(DATA.glob("**/olist_closed_deals_dataset.csv"))), None)
ZONE = ZoneInfo("America/Sao_Paulo")
NO_SALE = {"created", "unavailable", "canceled"}
REPEAT_DAYS = 90
CONVERSION_DAYS = 90


class Review(NamedTuple):
    """One answer: when, from a buyer of which state, and whether it satisfies."""

    at: datetime
    state: str
    satisfied: bool


class Order(NamedTuple):
    """One order: when, by whom, of which state, what was paid for it, and the status that the files give it."""

    at: datetime
    id: str
    person: str
    state: str
    paid: Decimal
    status: str


class Item(NamedTuple):
    """One thing that was ordered, with what it cost and its freight together."""

    product: str
    amount: Decimal


class Lead(NamedTuple):
    """One lead: its first contact, its origin, when it was won and by whom."""

    at: datetime
    origin: str
    won: datetime | None
    staff: str

    @property
    def took(self) -> float | None:
        """The seconds until it was won; None where it was not, or was before."""
        if self.won is None:
            return None
        seconds = (self.won - self.at).total_seconds()
        return seconds if seconds >= 0 else None

    @property
    def is_won_in_time(self) -> bool:
        """Whether it was won within 90 times 24 hours, or before it began."""
        return self.won is not None and (self.took or 0) <= CONVERSION_DAYS * 86_400


class Satisfied(NamedTuple):
    """The satisfied answers and all of them."""

    satisfied: int
    answers: int


class Sold(NamedTuple):
    """What was paid, and for how many orders."""

    revenue: Decimal
    orders: int


class Repeat(NamedTuple):
    """The people who bought again, in one sense of it, and those who could have."""

    again: int
    people: int


def rows(name: str, folder: Path | None = FILES) -> list[dict[str, str]]:
    """Read a file."""
    assert folder is not None
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def moment(text: str) -> datetime:
    """Read a local time."""
    return datetime.strptime(text, "%m/%d/%Y %H:%M").replace(tzinfo=ZONE)


def iso(text: str) -> datetime:
    """Read a local time or day as the files about leads write it; a time that the clocks passed over is moved on."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def month(event: Review | Order) -> str:
    """Give the first day of an event's month, as its time says it."""
    return f"{event.at:%Y-%m}-01"


def all_orders() -> list[Order]:
    """Read every order, with the state that its buyer's latest order went to."""
    paid = payments()
    buyers = {row["customer_id"]: row for row in rows("olist_customers_dataset.csv")}
    latest: dict[str, Order] = {}
    orders = []
    for row in rows("olist_orders_dataset.csv"):
        at, key, buyer = moment(row["order_purchase_timestamp"]), row["order_id"], buyers[row["customer_id"]]
        person, state = buyer["customer_unique_id"], buyer["customer_state"]
        order = Order(at, key, person, state, paid.get(key, Decimal("0.00")), row["order_status"])
        latest[person] = max(order, latest.get(person, order))
        orders.append(order)
    return [order._replace(state=latest[order.person].state) for order in orders]


def payments() -> dict[str, Decimal]:
    """Add up what was paid for each order, in whole cents."""
    total: Counter[str] = Counter()
    for row in rows("olist_order_payments_dataset.csv"):
        total[row["order_id"]] += cents(row["payment_value"])
    return {order: Decimal(paid).scaleb(-2) for order, paid in total.items()}


def items() -> dict[str, list[Item]]:
    """Read the items of each order."""
    found: dict[str, list[Item]] = defaultdict(list)
    for row in rows("olist_order_items_dataset.csv"):
        price = cents(row["price"]) + cents(row["freight_value"])
        found[row["order_id"]].append(Item(row["product_id"], Decimal(price).scaleb(-2)))
    return found


def cents(text: str) -> int:
    """Read an amount."""
    units, _, rest = text.partition(".")
    return int(units) * 100 + int(f"{rest:0<2}")


def all_reviews(orders: Iterable[Order]) -> list[Review]:
    """Read every review."""
    state_of = {order.id: order.state for order in orders}
    return [
        Review(moment(row["review_answer_timestamp"]), state_of[row["order_id"]], row["review_score"] in {"4", "5"})
        for row in rows("olist_order_reviews_dataset.csv")
    ]


def asked_and_answered() -> list[tuple[datetime, datetime]]:
    """Read when each review was asked for and when it was written, in UTC."""
    names = ("review_creation_date", "review_answer_timestamp")
    some = [
        tuple(moment(row[name]).astimezone(UTC) for name in names) for row in rows("olist_order_reviews_dataset.csv")
    ]
    return [(asked, answered) for asked, answered in some]


def sales(orders: Iterable[Order]) -> list[Order]:
    """Give the orders that were paid for and neither cancelled nor impossible to deliver."""
    paid = payments()
    return [order for order in orders if order.id in paid and order.status not in NO_SALE]


def satisfaction(reviews: Iterable[Review], key: Callable[[Review], str]) -> dict[str, Satisfied]:
    """Count the answers of each group."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for review in reviews:
        groups[key(review)].append(review.satisfied)
    return {name: Satisfied(sum(group), len(group)) for name, group in groups.items()}


def sold(orders: Iterable[Order], key: Callable[[Order], str]) -> dict[str, Sold]:
    """Add up the orders of each group."""
    groups: dict[str, list[Decimal]] = defaultdict(list)
    for order in orders:
        groups[key(order)].append(order.paid)
    return {name: Sold(sum(paid, Decimal()), len(paid)) for name, paid in groups.items()}


def repeats(orders: Iterable[Order], start: date, end: date) -> dict[str, Repeat]:
    """Count who bought again from `start` until the day before `end`, in each of the three senses."""
    days: dict[str, list[date]] = defaultdict(list)
    for order in sorted(orders):
        days[order.person].append(order.at.date())
    within = {person: [day for day in bought if start <= day < end] for person, bought in days.items()}
    buyers = {person for person, bought in within.items() if bought}
    new = {person for person in buyers if start <= days[person][0]}
    soon = {person for person in new if any((day - days[person][0]).days <= REPEAT_DAYS for day in days[person][1:])}
    return {
        "default": Repeat(sum(len(within[person]) > 1 for person in buyers), len(buyers)),
        "returning": Repeat(len(buyers - new), len(buyers)),
        "cohort": Repeat(len(soon), len(new)),
    }


def cohorts(orders: Iterable[Order]) -> dict[str, tuple[set[str], dict[int, list[Order]]]]:
    """Give the people who first bought in each month, and what they bought so many months later."""
    first: dict[str, datetime] = {}
    for order in sorted(orders):
        first.setdefault(order.person, order.at)
    found: dict[str, tuple[set[str], dict[int, list[Order]]]] = {}
    for order in orders:
        began = first[order.person]
        people, bought = found.setdefault(f"{began:%Y-%m}", (set(), defaultdict(list)))
        people.add(order.person)
        bought[12 * (order.at.year - began.year) + order.at.month - began.month].append(order)
    return found


def all_leads() -> list[Lead]:
    """Read every lead, with the deal that came of it."""
    deals = {row["mql_id"]: row for row in rows("olist_closed_deals_dataset.csv", LEADS)}
    leads = []
    for row in rows("olist_marketing_qualified_leads_dataset.csv", LEADS):
        deal = deals.get(row["mql_id"], {"won_date": "", "sr_id": ""})
        won = iso(deal["won_date"]) if deal["won_date"] else None
        leads.append(Lead(iso(row["first_contact_date"]), row["origin"], won, deal["sr_id"]))
    return leads


def by(leads: Iterable[Lead], key: Callable[[Lead], str]) -> dict[str, list[Lead]]:
    """The leads of each group."""
    groups: dict[str, list[Lead]] = defaultdict(list)
    for lead in leads:
        groups[key(lead)].append(lead)
    return groups
