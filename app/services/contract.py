"""Recording contracts: from when until when they run, and what is paid for them again and again."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlmodel import col

from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.base import FOREVER, ChurnKind
from app.models.channel import Channel
from app.models.contract import BillingInterval, Contract, ContractStatus
from app.models.keyed import Keyed
from app.models.staff import Staff
from app.services import fact, recurring, tenure, tombstone
from app.services.joining import joins
from app.services.kind import Kind, Part, RecordRow
from app.services.listing import Listing
from app.services.money import LARGEST, Currency, in_minor, minor
from app.services.period import start_of_day
from app.services.row import Day, Options, Ref, Result, Row, Word
from app.text import Text
from app.uow import Uow, writes

LIST = Listing(
    Contract,
    Scope.CONTRACT_READ,
    present=col(Contract.deleted_at).is_(None),
    columns={"from": "day", "before": "ends_on"},
)


class TermRow(Row):
    """What is paid for each interval from a day on."""

    from_: Day
    amount: Decimal


class ContractRow(RecordRow):
    """One contract as it comes in."""

    customer: Ref
    status: ContractStatus = ContractStatus.ACTIVE
    from_: Day
    before: Day | None = None
    currency: Currency
    interval: BillingInterval = BillingInterval.MONTH
    terms: Annotated[list[TermRow], Field(max_length=500)] | None = None
    reason: Word | None = None
    churn_kind: ChurnKind | None = None
    channel: Ref | None = None
    staff: Ref | None = None
    product: Word | None = None
    campaign: Word | None = None


class Contracts(Kind):
    """What is particular to contracts."""

    noun = "Contract"
    model = Contract
    row = ContractRow
    plain = ("status", "currency", "interval", "reason", "churn_kind", "product", "campaign")
    references: Mapping[str, type[Keyed]] = {"channel": Channel, "staff": Staff}
    blank: Mapping[str, Any] = {"terms": []}

    def parts(self, uow: Uow, row: ContractRow) -> Iterable[Part]:
        """The days, why it ended, and the recurring amounts."""
        yield lambda: _days(uow, row)
        yield lambda: _ending(row)
        yield lambda: {"terms": _terms(row)}

    def settle(self, uow: Uow, ids: Sequence[UUID], concerned: Mapping[str, set[Any]]) -> None:
        """The recurring revenue, and when those were customers whose contracts they are or were."""
        recurring.restate(uow, ids)
        tenure.agreed(uow, concerned["customer_id"])


CONTRACTS = Contracts()


def _days(uow: Uow, row: ContractRow) -> dict[str, Any]:
    if row.before is not None and row.before <= row.from_:
        msg = Text(
            f"before ({row.before}) is the first day no longer meant and must be later than from ({row.from_}).",
            f"before（{row.before}）是不再包含的第一天，必须晚于 from（{row.from_}）。",
        )
        raise Invalid(msg, "before", code=Code.OUT_OF_RANGE)
    return {"day": row.from_, "ends_on": row.before or FOREVER, "occurred_at": start_of_day(row.from_, uow.zone)}


def _ending(row: ContractRow) -> dict[str, Any]:
    """Nothing of its own. Refuses a reason why something ended that has no end."""
    said = {"reason": row.reason, "churnKind": row.churn_kind}
    msg = Text("It has no end (before), so there is no reason for it.", "没有结束日（before），因此不存在结束的原因。")
    problems = [Problem(Code.INVALID, msg, (name,)) for name, value in said.items() if value is not None]
    if row.before is None and problems:
        raise Invalid(problems)
    return {}


def _terms(row: ContractRow) -> list[dict[str, Any]]:
    """The recurring amounts in minor units, by the day from which they hold."""
    terms: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for place, term in enumerate(row.terms or ()):
        path = ("terms", str(place))
        try:
            amount = in_minor(term.amount, row.currency, *path, "amount")
            _check_year(amount, row, *path, "amount")
            terms.append({"from": term.from_.isoformat(), "amount": amount})
        except Invalid as error:
            problems += error.problems
        if not row.from_ <= term.from_ < (row.before or FOREVER):
            msg = Text(
                f"A term begins while the contract runs: {term.from_} does not lie in it.",
                f"条款须在合同期内开始：{term.from_} 不在其中。",
            )
            problems.append(Problem(Code.OUT_OF_RANGE, msg, (*path, "from")))
    for place, (before, after) in enumerate(pairwise(row.terms or ()), start=1):
        if after.from_ <= before.from_:
            msg = Text(
                f"Terms are in order, each from a day of its own: {after.from_} is not later than {before.from_}.",
                f"条款须按日期排列，且日期各不相同：{after.from_} 不晚于 {before.from_}。",
            )
            problems.append(Problem(Code.CONFLICT, msg, ("terms", str(place), "from")))
    if problems:
        raise Invalid(problems)
    return terms


def _check_year(amount: int, row: ContractRow, *path: str) -> None:
    """Refuse what comes to more in a year than an amount may."""
    if amount * row.interval.per_year >= LARGEST:
        most = LARGEST // minor(row.currency)
        msg = Text(
            f"In a year it would come to {most} {row.currency} or more.",
            f"一年合计将达到或超过 {most} {row.currency}。",
        )
        raise Invalid(msg, *path, code=Code.OUT_OF_RANGE)


@joins
@writes(Scope.CONTRACT_WRITE, within_rows=True)
def record_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Record up to 500 contracts; what became of each, in order."""
    return fact.ingest(uow, CONTRACTS, rows, options)


@writes(Scope.CONTRACT_WRITE, within_rows=True)
def delete_batch(uow: Uow, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Result]:
    """Delete up to 500 contracts by their external ids; what became of each, in order."""
    return tombstone.delete(uow, CONTRACTS, rows, options)
