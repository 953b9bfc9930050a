"""The Olist files in the words of the API: what is read, and what each column becomes."""

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

Row = dict[str, Any]
Made = TypeVar("Made")

ZONE = ZoneInfo("America/Sao_Paulo")

# Every enum value that is sent stands here.
CHANNEL: Row = {
    "externalId": "marketplace",
    "name": "Olist marketplace",
    "kind": "ONLINE",
    "medium": "MARKETPLACE",
}
CUSTOMER: Row = {"kind": "PERSON"}
FEEDBACK: Row = {"kind": "CSAT", "origin": "SURVEY", "channel": {"externalId": CHANNEL["externalId"]}}


class DataError(Exception):
    """A file is missing, or something in it is not what it should be; the message says what and where."""


class Records(NamedTuple):
    """What is loaded, as the rows that the API takes."""

    customers: list[Row]
    feedback: list[Row]


class Person(NamedTuple):
    """Someone who bought, with the state that one of their orders went to."""

    id: str
    state: str


class Order(NamedTuple):
    """An order; orders sort by time, and by their id where the time is the same."""

    at: datetime
    id: str
    buyer: Person


def read(folder: Path) -> Records:
    """Read customers and feedback from the files in `folder`."""
    buyers = dict(each(folder, "olist_customers_dataset.csv", to_buyer))
    orders = sorted(each(folder, "olist_orders_dataset.csv", lambda row: to_order(row, buyers)))
    buyer_of = {order.id: order.buyer.id for order in orders}
    # A later order overwrites an earlier one: a person's region is where the latest order went.
    states = {order.buyer.id: order.buyer.state for order in orders}
    return Records(
        customers=[{**CUSTOMER, "externalId": person, "region": state} for person, state in states.items()],
        feedback=list(each(folder, "olist_order_reviews_dataset.csv", lambda row: to_feedback(row, buyer_of))),
    )


def to_buyer(row: dict[str, str]) -> tuple[str, Person]:
    """Give the person behind a `customer_id`, of which the files have one for every order."""
    return row["customer_id"], Person(row["customer_unique_id"], row["customer_state"])


def to_order(row: dict[str, str], buyers: dict[str, Person]) -> Order:
    """Give an order with its buyer."""
    return Order(instant(row["order_purchase_timestamp"]), row["order_id"], buyers[row["customer_id"]])


def to_feedback(row: dict[str, str], buyer_of: dict[str, str]) -> Row:
    """Give a review as feedback. Its key is `review_pk`: an order can have several reviews."""
    return {
        **FEEDBACK,
        "externalId": row["review_pk"],
        "score": int(row["review_score"]),
        "customer": {"externalId": buyer_of[row["order_id"]]},
        "occurredAt": instant(row["review_answer_timestamp"]).isoformat(),
    }


def instant(text: str) -> datetime:
    """Give the moment that a local time of São Paulo means, with its offset from UTC.

    Both ways of writing are read: `4/13/2017 16:42`, and ISO's `2017-04-13 16:42:00` or `2017-04-13`.
    When summer time begins, the clock passes over an hour: a time within it is moved on by that hour.
    When summer time ends, an hour comes twice: the first one is meant.
    """
    local = datetime.strptime(text, "%m/%d/%Y %H:%M") if "/" in text else datetime.fromisoformat(text)  # noqa: DTZ007 -- the zone follows
    # Through UTC and back, because a zone does not correct a time that its clocks never showed.
    return local.replace(tzinfo=ZONE, fold=0).astimezone(UTC).astimezone(ZONE)


def each(folder: Path, name: str, make: Callable[[dict[str, str]], Made]) -> Iterator[Made]:
    """Make something of each row of the file `name`, which lies in `folder` or in a folder of it."""
    path = next((path for path in (folder / name, *sorted(folder.glob(f"*/{name}"))) if path.is_file()), None)
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
