"""Exchange rates in the schema."""

import datetime as dt
from decimal import Decimal
from typing import Self

import strawberry

from app.models.exchange_rate import ExchangeRate as Row
from app.schema.describe import absent, plain, type_
from app.schema.inputs import record_input
from app.schema.node import Node, node_of
from app.schema.noun import Noun
from app.schema.scalars import CurrencyCode, Moment
from app.schema.writing import Deletes, records
from app.services import exchange_rate


@record_input
class ExchangeRateRecordInput:
    """The rate of a pair of currencies on a day. It replaces what was recorded under its id before."""

    external_id: str = plain("Its id in the caller's source.")
    from_: CurrencyCode = plain("The currency of which one unit is priced.", name="from")
    to: CurrencyCode | None = absent("The currency in which it is priced; the workspace's when absent.")
    date: dt.date = plain("The business day on which it holds.")
    rate: Decimal = plain("How many units of `to` one unit of `from` is; at most 18 decimals.")


@type_
class ExchangeRate(Node):
    """What one unit of a currency is worth in another on a day. It serves in both directions."""

    source: str = plain("The source that brought it.")
    external_id: str = plain("Its id in that source.")
    from_: CurrencyCode = plain("The currency of which one unit is priced.", name="from")
    to: CurrencyCode = plain("The currency in which it is priced.")
    date: dt.date = plain("The business day on which it holds.")
    rate: Decimal = plain("How many units of `to` one unit of `from` is.")
    recorded_at: Moment = plain("When it was first recorded here.")
    source_updated_at: Moment | None = plain("When this version was made in its source.")
    version: int = plain("Rises with each change.")
    row: strawberry.Private[Row]

    @classmethod
    def of(cls, row: Row) -> Self:
        """The row as the schema shows it."""
        return node_of(
            cls,
            row,
            from_=row.base,
            to=row.quote,
            date=row.day,
            rate=Decimal(row.rate),
        )


EXCHANGE_RATE = Noun(
    ExchangeRate,
    exchange_rate.LIST,
    one="exchange_rate",
    many="exchange_rates",
    words=("an exchange rate", "exchange rates"),
    filters=("from", "to", "date", "source", "external_id", "recorded_at"),
    orders=("-date", "recorded_at"),
    writes=(records(exchange_rate.record_batch, ExchangeRateRecordInput), Deletes(exchange_rate.delete_batch)),
)
