"""Recording costs, and how they accrue: each day its whole part, what is left over to the earliest days."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import col, delete, insert, select
from uuid_utils.compat import uuid7

from app.actor import Scope
from app.errors import Code, Invalid
from app.models.channel import Channel
from app.models.cost import Accrual, Cost, CostCategory
from app.models.customer import Customer
from app.models.keyed import Keyed
from app.services import fact, tombstone
from app.services.exchange import Rates
from app.services.joining import joins
from app.services.kind import Derive, Kind, Part, RecordRow
from app.services.listing import Listing
from app.services.money import Currency, in_minor, shares
from app.services.period import EARLIEST, LATEST, start_of_day
from app.services.restating import restated
from app.services.row import Day, Options, Ref, Result, Word
from app.text import Text
from app.uow import Uow, writes

LIST = Listing(
    Cost,
    Scope.COST_READ,
    present=col(Cost.deleted_at).is_(None),
    columns={"from": "starts_on", "before": "ends_on"},
)

LONGEST = 1_100
"""Days over which one cost may accrue."""
MOST_DAYS = 50_000
"""Days over which the costs of one batch may accrue together."""


class CostRow(RecordRow):
    """One cost as it comes in."""

    category: CostCategory
    amount: Decimal
    currency: Currency
    from_: Day
    before: Day
    channel: Ref | None = None
    campaign: Word | None = None
    customer: Ref | None = None


class Costs(Kind):
    """What is particular to costs."""

    noun = "Cost"
    model = Cost
    row = CostRow
    plain = ("category", "currency", "campaign")
    references: Mapping[str, type[Keyed]] = {"channel": Channel}
    derived = frozenset({"value", "occurred_at"})

    def parts(self, uow: Uow, row: CostRow) -> Iterable[Part]:
        """The amount and the days."""
        yield lambda: {"amount": in_minor(row.amount, row.currency, "amount")}
        yield lambda: _days(uow, row)

    def deriving(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> Derive:
        """What the costs are worth. Refuses those that accrue over too many days together."""
        rates = Rates(uow, {row["currency"] for row in rows}, {row["starts_on"] for row in rows})
        left = MOST_DAYS

        def derive(columns: Mapping[str, Any], _present: Cost | None) -> dict[str, Any]:
            nonlocal left
            left -= (columns["ends_on"] - columns["starts_on"]).days
            if left < 0:
                msg = Text(
                    f"The costs of one batch accrue over at most {MOST_DAYS} days; send it in parts.",
                    f"一个批次的成本合计最多分摊 {MOST_DAYS} 天；请分批发送。",
                )
                raise Invalid(msg, "before", code=Code.TOO_MANY)
            return {"value": rates.convert(columns["amount"], columns["currency"], columns["starts_on"])}

        return derive

    def settle(self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]) -> None:
        """The shares of each day."""
        del concerned
        accrue(uow, ids)


COSTS = Costs()


def _days(uow: Uow, row: CostRow) -> dict[str, Any]:
    start, end = row.from_, row.before
    if end <= start:
        msg = Text(
            f"before ({end}) is the first day no longer meant and must be later than from ({start}).",
            f"before（{end}）是不再包含的第一天，必须晚于 from（{start}）。",
        )
        raise Invalid(msg, "before", code=Code.OUT_OF_RANGE)
    if start < EARLIEST or end > LATEST:
        msg = Text(f"Days must lie between {EARLIEST} and {LATEST}.", f"日期必须在 {EARLIEST} 与 {LATEST} 之间。")
        raise Invalid(msg, "from" if start < EARLIEST else "before", code=Code.OUT_OF_RANGE)
    if (end - start).days > LONGEST:
        msg = Text(
            f"A cost accrues over at most {LONGEST} days; record it in parts.",
            f"一笔成本最多分摊 {LONGEST} 天；请分段记录。",
        )
        raise Invalid(msg, "before", code=Code.OUT_OF_RANGE)
    return {"starts_on": start, "ends_on": end, "occurred_at": start_of_day(start, uow.zone)}


def accrue(uow: Uow, ids: Sequence[UUID]) -> None:
    """Make the shares of costs, day by day, what they are to be now."""
    statement = select(Cost).where(uow.db.is_any(Cost.id, list(ids)), col(Cost.deleted_at).is_(None))
    costs = uow.session.scalars(statement.execution_options(populate_existing=True)).all()
    tests = _tests(uow, {cost.customer_id for cost in costs if cost.customer_id})
    rows = [row for cost in costs for row in _shares(uow, cost, is_test=cost.customer_id in tests)]
    old = list(uow.session.scalars(select(Accrual.id).where(uow.db.is_any(Accrual.cost_id, list(ids)))))
    with restated(uow, Accrual, old, [row["id"] for row in rows], set()):
        if old:
            uow.session.execute(delete(Accrual).where(uow.db.is_any(Accrual.id, old)))
        if rows:
            uow.session.execute(insert(Accrual), rows)


def _tests(uow: Uow, customer_ids: AbstractSet[UUID]) -> set[UUID]:
    """Which of these customers are test customers."""
    statement = select(Customer.id).where(uow.db.is_any(Customer.id, sorted(customer_ids)), col(Customer.is_test))
    return set(uow.session.scalars(statement)) if customer_ids else set()


def _shares(uow: Uow, cost: Cost, *, is_test: bool) -> Iterable[dict[str, Any]]:
    days = (cost.ends_on - cost.starts_on).days
    values: Sequence[int | None] = [None] * days if cost.value is None else shares(cost.value, [1] * days)
    for place, value in enumerate(values):
        yield {
            "id": uuid7(),
            "tenant_id": uow.tenant_id,
            "cost_id": cost.id,
            "day": cost.starts_on + timedelta(days=place),
            "category": cost.category,
            "channel_id": cost.channel_id,
            "customer_id": cost.customer_id,
            "value": value,
            "is_test": is_test,
            "known_on": uow.today,
        }


def follow(uow: Uow, customer_ids: AbstractSet[UUID]) -> None:
    """Bring the shares of what was spent on these customers up to date with whether they are tests."""
    statement = select(Cost.id).where(uow.db.is_any(Cost.customer_id, sorted(customer_ids)))
    if ids := list(uow.session.scalars(statement)):
        accrue(uow, ids)


@joins
@writes(Scope.COST_WRITE, within_rows=True)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 costs; what became of each, in order."""
    return fact.ingest(uow, COSTS, rows, options)


@writes(Scope.COST_WRITE, within_rows=True)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 costs by their external ids; what became of each, in order."""
    return tombstone.delete(uow, COSTS, rows, options)
