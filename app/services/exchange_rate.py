"""Recording exchange rates, and what was waiting for them or was worth something else before."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import select
from sqlmodel import col

from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.exchange_rate import ExchangeRate
from app.services import fact, pricing, tombstone
from app.services.joining import joins
from app.services.kind import Derive, Kind, Part, RecordRow
from app.services.listing import Listing
from app.services.money import Currency
from app.services.row import Day, Options, Result
from app.text import Text
from app.uow import Uow, writes

LIST = Listing(
    ExchangeRate,
    Scope.RATE_READ,
    present=col(ExchangeRate.deleted_at).is_(None),
    columns={"from": "base", "to": "quote", "date": "day"},
)


Name = tuple[str, str]
"""A source, and what it calls a rate."""
Place = tuple[str, str, date]
"""The pair and the day, of which there is one rate."""


class ExchangeRateRow(RecordRow):
    """One exchange rate as it comes in."""

    from_: Currency
    to: Currency | None = None
    date: Day
    rate: Annotated[Decimal, Field(gt=0, max_digits=30, decimal_places=18)]


class ExchangeRates(Kind):
    """What is particular to exchange rates."""

    noun = "ExchangeRate"
    model = ExchangeRate
    row = ExchangeRateRow
    keys = ()

    def parts(self, uow: Uow, row: ExchangeRateRow) -> Iterable[Part]:
        """The pair, the day, the rate as it is written in short."""
        yield lambda: _pair(row.from_, row.to or uow.workspace.currency)
        yield lambda: {"day": row.date, "rate": _short(row.rate)}

    def deriving(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Derive:
        """Nothing. Refuses a second rate of one pair for one day."""
        source = uow.actor.source
        names = {(source, row["external_id"]): _place(row) for row in rows}
        blocked = _blocked(names, _known(uow, rows))

        def derive(columns: Mapping[str, Any], _present: ExchangeRate | None) -> dict[str, Any]:
            if other := blocked.get((source, columns["external_id"])):
                base, quote, day = _place(columns)
                msg = Text(
                    f"The rate of {base} in {quote} on {day} is recorded already as {other[1]!r}.",
                    f"{day} 的 {base} 兑 {quote} 汇率已记录为 {other[1]!r}。",
                )
                raise Invalid([Problem(Code.CONFLICT, msg, ("date",))])
            return {}

        return derive

    def concerned(self, before: Iterable[Any], after: Iterable[Mapping[str, Any]]) -> dict[str, set[Any]]:
        """The pairs and days that had or have a rate."""
        rows = [(row.base, row.quote, row.day) for row in before]
        return {"pairs": {*rows, *((columns["base"], columns["quote"], columns["day"]) for columns in after)}}

    def settle(self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]) -> None:
        """What these rates price."""
        del ids
        own = uow.workspace.currency
        pairs = concerned["pairs"]
        pricing.reprice(
            uow, {(base if quote == own else quote, day) for base, quote, day in pairs if own in (base, quote)}
        )


EXCHANGE_RATES = ExchangeRates()


def _short(rate: Decimal) -> str:
    """The rate as it is written, without zeros at its end."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _pair(base: str, quote: str) -> dict[str, Any]:
    if base == quote:
        msg = Text(f"{base} in {quote} is always 1.", f"{base} 兑 {quote} 恒为 1。")
        raise Invalid(msg, "to")
    return {"base": base, "quote": quote}


def _place(row: Mapping[str, Any]) -> Place:
    return row["base"], row["quote"], row["day"]


def _blocked(wanted: Mapping[Name, Place], known: Mapping[Name, Place]) -> dict[Name, Name]:
    """Which rates cannot have the place that they want, and whose it is. One that cannot move keeps its own. Pure."""
    blocked: dict[Name, Name] = {}
    while True:
        taken = {place: name for name, place in known.items() if name not in wanted or name in blocked}
        for name, place in wanted.items():
            if name not in blocked and taken.setdefault(place, name) != name:
                blocked[name] = taken[place]
                break
        else:
            return blocked


def _known(uow: Uow, rows: Sequence[Mapping[str, Any]]) -> dict[Name, Place]:
    """The rates that there are on the days of `rows`, by source and id."""
    rate = ExchangeRate
    days = [row["day"] for row in rows]
    statement = select(col(rate.source), col(rate.external_id), col(rate.base), col(rate.quote), col(rate.day)).where(
        uow.db.is_any(rate.base, sorted({row["base"] for row in rows})),
        col(rate.day) >= min(days),
        col(rate.day) <= max(days),
        col(rate.deleted_at).is_(None),
    )
    return {(source, name): (base, quote, day) for source, name, base, quote, day in uow.session.execute(statement)}


@joins
@writes(Scope.RATE_WRITE)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 exchange rates; what became of each, in order."""
    return fact.ingest(uow, EXCHANGE_RATES, rows, options)


@writes(Scope.RATE_WRITE)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 exchange rates by their external ids; what became of each, in order."""
    return tombstone.delete(uow, EXCHANGE_RATES, rows, options)
