"""The Olist files in the words of the API: what is read, and what each column becomes."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Made = TypeVar("Made")

ZONE = ZoneInfo("America/Sao_Paulo")
LEADS_FILE = "olist_marketing_qualified_leads_dataset.csv"
DEALS_FILE = "olist_closed_deals_dataset.csv"

# Every enum value that is sent stands here.
CHANNEL: Row = {
    "externalId": "marketplace",
    "name": "Olist marketplace",
    "kind": "ONLINE",
    "medium": "MARKETPLACE",
}
CUSTOMER: Row = {"kind": "PERSON"}
ORDER: Row = {"currency": "BRL", "channel": {"externalId": CHANNEL["externalId"]}}
ORDER_STATUS = {
    "created": "PENDING",
    "approved": "COMPLETED",  # the payment was; from here on it is a sale
    "processing": "COMPLETED",
    "invoiced": "COMPLETED",
    "shipped": "COMPLETED",
    "delivered": "COMPLETED",
    "unavailable": "CANCELLED",
    "canceled": "CANCELLED",
}
ORIGINS: dict[str, Row] = {
    "direct traffic": {"kind": "ONLINE", "medium": "DIRECT"},
    "display": {"kind": "ONLINE", "medium": "DISPLAY"},
    "email": {"kind": "ONLINE", "medium": "EMAIL"},
    "organic search": {"kind": "ONLINE", "medium": "ORGANIC_SEARCH"},
    "other": {"medium": "OTHER"},
    "other publicities": {"medium": "OTHER"},
    "paid search": {"kind": "ONLINE", "medium": "PAID_SEARCH"},
    "referral": {"medium": "REFERRAL"},
    "social": {"kind": "SOCIAL", "medium": "SOCIAL"},
    "unknown": {},
}
INVITATION: Row = {"channel": {"externalId": CHANNEL["externalId"]}}
FEEDBACK: Row = {"kind": "CSAT", "origin": "SURVEY", "channel": {"externalId": CHANNEL["externalId"]}}


class DataError(Exception):
    """A file is missing, or something in it is not what it should be; the message says what and where."""


class Records(NamedTuple):
    """What is loaded, as the rows that the API takes."""

    channels: list[Row]
    customers: list[Row]
    orders: list[Row]
    invitations: list[Row]
    feedback: list[Row]
    staff: list[Row]
    leads: list[Row]


class Person(NamedTuple):
    """Someone who bought, with the state that one of their orders went to."""

    id: str
    state: str


class Deal(NamedTuple):
    """A lead that was won: when, and by whom."""

    at: datetime
    representative: str


class Order(NamedTuple):
    """An order; orders sort by time, and by their id where the time is the same."""

    at: datetime
    id: str
    buyer: Person
    status: str


def read(folder: Path) -> Records:
    """Read everything from the files in `folder`; those about leads may be missing."""
    buyers = dict(each(folder, "olist_customers_dataset.csv", to_buyer))
    orders = sorted(each(folder, "olist_orders_dataset.csv", lambda row: to_order(row, buyers)))
    known = {order.id: order for order in orders}
    payments = grouped(each(folder, "olist_order_payments_dataset.csv", lambda row: to_payment(row, known)))
    lines = grouped(each(folder, "olist_order_items_dataset.csv", lambda row: to_line(row, known)))
    # A later order overwrites an earlier one: a person's region is where the latest order went.
    states = {order.buyer.id: order.buyer.state for order in orders}
    reviews = list(each(folder, "olist_order_reviews_dataset.csv", lambda row: to_review(row, known)))
    deals: dict[str, Deal] = {}
    leads: list[Row] = []
    if found(folder, LEADS_FILE):
        deals = dict(each(folder, DEALS_FILE, to_deal))
        leads = list(each(folder, LEADS_FILE, lambda row: to_lead(row, deals)))
    origins = sorted({row["channel"]["externalId"] for row in leads if row["channel"]})
    return Records(
        channels=[CHANNEL, *({"externalId": key, "name": key.capitalize(), **ORIGINS[key]} for key in origins)],
        customers=[{**CUSTOMER, "externalId": person, "region": state} for person, state in states.items()],
        orders=[to_sale(order, payments[order.id], lines[order.id]) for order in orders],
        invitations=[invitation for invitation, _ in reviews],
        feedback=[feedback for _, feedback in reviews],
        staff=[{"externalId": key, "name": key} for key in sorted({deal.representative for deal in deals.values()})],
        leads=leads,
    )


def to_buyer(row: dict[str, str]) -> tuple[str, Person]:
    """Give the person behind a `customer_id`, of which the files have one for every order."""
    return row["customer_id"], Person(row["customer_unique_id"], row["customer_state"])


def to_order(row: dict[str, str], buyers: dict[str, Person]) -> Order:
    """Give an order with its buyer, and with its status in the words of the API."""
    at, buyer = instant(row["order_purchase_timestamp"]), buyers[row["customer_id"]]
    return Order(at, row["order_id"], buyer, ORDER_STATUS[row["order_status"]])


def to_payment(row: dict[str, str], orders: dict[str, Order]) -> tuple[str, Decimal]:
    """Give the id of an order, and what was paid for it at one time or in one way."""
    return orders[row["order_id"]].id, money(row["payment_value"])


def to_line(row: dict[str, str], orders: dict[str, Order]) -> tuple[str, Row]:
    """Give the id of an order, and an item of it as a line, with its freight."""
    amount = money(row["price"]) + money(row["freight_value"])
    return orders[row["order_id"]].id, {"product": row["product_id"], "amount": str(amount)}


def to_sale(order: Order, payments: list[Decimal], lines: list[Row]) -> Row:
    """Give an order as the API takes it: it is worth what was paid, and is no sale before something was."""
    amount = sum(payments, Decimal())
    products = {line["product"] for line in lines}
    adds_up = amount == sum(Decimal(line["amount"]) for line in lines)
    return {
        **ORDER,
        "externalId": order.id,
        "amount": str(amount),
        "status": order.status if payments or order.status == "CANCELLED" else "PENDING",
        "customer": {"externalId": order.buyer.id},
        "product": products.pop() if len(products) == 1 else None,
        "lines": lines if adds_up else [],
        "occurredAt": order.at.isoformat(),
    }


def to_review(row: dict[str, str], orders: dict[str, Order]) -> tuple[Row, Row]:
    """Give a review as the invitation that asked for it and the feedback that answers that.

    Their key is `review_pk`: an order can have several reviews.
    """
    key, buyer = row["review_pk"], {"externalId": orders[row["order_id"]].buyer.id}
    asked, answered = instant(row["review_creation_date"]), instant(row["review_answer_timestamp"])
    invitation = {**INVITATION, "externalId": key, "customer": buyer, "occurredAt": asked.isoformat()}
    feedback = {
        **FEEDBACK,
        "externalId": key,
        "score": int(row["review_score"]),
        "customer": buyer,
        "invitation": {"externalId": key},
        "occurredAt": answered.isoformat(),
    }
    return invitation, feedback


def to_deal(row: dict[str, str]) -> tuple[str, Deal]:
    """Give the id of a lead, and how it was won."""
    return row["mql_id"], Deal(instant(row["won_date"]), row["sr_id"])


def to_lead(row: dict[str, str], deals: dict[str, Deal]) -> Row:
    """Give a lead, and how it was won if it was. Marketing has qualified every one of them; when is not told."""
    at, deal = instant(row["first_contact_date"]).isoformat(), deals.get(row["mql_id"])
    if (origin := row["origin"]) and origin not in ORIGINS:
        raise KeyError(origin)
    return {
        "externalId": row["mql_id"],
        "channel": {"externalId": origin} if origin else None,
        "campaign": row["landing_page_id"],
        "staff": {"externalId": deal.representative} if deal else None,
        "qualifiedAt": at,
        "wonAt": deal.at.isoformat() if deal else None,
        "occurredAt": at,
    }


def money(text: str) -> Decimal:
    """Give an amount as it is written, to the cent: as a float, many would no longer add up."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount") from None


def instant(text: str) -> datetime:
    """Give the moment that a local time of São Paulo means, with its offset from UTC.

    Both ways of writing are read: `4/13/2017 16:42`, and ISO's `2017-04-13 16:42:00` or `2017-04-13`.
    When summer time begins, the clock passes over an hour: a time within it is moved on by that hour.
    When summer time ends, an hour comes twice: the first one is meant.
    """
    local = datetime.strptime(text, "%m/%d/%Y %H:%M") if "/" in text else datetime.fromisoformat(text)  # noqa: DTZ007 -- the zone follows
    # Through UTC and back, because a zone does not correct a time that its clocks never showed.
    return local.replace(tzinfo=ZONE, fold=0).astimezone(UTC).astimezone(ZONE)


def grouped(pairs: Iterable[tuple[str, Made]]) -> dict[str, list[Made]]:
    """Give the second members of the pairs by their first; what is not there has none."""
    groups: dict[str, list[Made]] = defaultdict(list)
    for key, member in pairs:
        groups[key].append(member)
    return groups


def found(folder: Path, name: str) -> Path | None:
    """Give the file `name`, which lies in `folder` or in a folder of it."""
    return next((path for path in (folder / name, *sorted(folder.glob(f"*/{name}"))) if path.is_file()), None)


def each(folder: Path, name: str, make: Callable[[dict[str, str]], Made]) -> Iterator[Made]:
    """Make something of each row of the file `name`."""
    path = found(folder, name)
    if path is None:
        raise DataError(f"there is no {name} in {folder}")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, restval="")
        for row in rows:
            try:
                yield make(row)
            except KeyError as error:
                raise DataError(f"{path}, line {rows.line_num}: {error} is not known") from error
            except ValueError as error:
                raise DataError(f"{path}, line {rows.line_num}: {error}") from error
