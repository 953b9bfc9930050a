"""What a row-scoped actor reaches: for each table by what its rows are told apart, declared once.

The wall narrows every statement of such an actor by it. A table that is not declared is out of reach.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import with_loader_criteria

from app.actor import Rows
from app.errors import Forbidden
from app.models.base import Tenanted
from app.models.bulk_export import Export
from app.models.bulk_import import Import, ImportEffect, ImportPart, ImportRejection
from app.models.business_calendar import BusinessCalendar
from app.models.buyer import Buyer
from app.models.change import Change, ChangeHead
from app.models.channel import Channel
from app.models.contract import Contract, Recurrence
from app.models.cost import Accrual, Cost
from app.models.custom_kpi import CustomKpi
from app.models.customer import Customer, CustomerExternalId
from app.models.engagement import Engagement
from app.models.exchange_rate import ExchangeRate
from app.models.feedback import Feedback
from app.models.idempotency import Idempotency
from app.models.interaction import Interaction, Turn
from app.models.invitation import Invitation
from app.models.lead import Lead
from app.models.lifecycle import StatedStage
from app.models.member import Member
from app.models.merge import Merge, Moved
from app.models.mirror import Mirror, MirrorSeen
from app.models.order import Order
from app.models.prediction import Prediction, PredictionFit
from app.models.quota import Quota
from app.models.referral import Referral
from app.models.refund import Refund
from app.models.rollup import RollupState
from app.models.segment import Segment, SegmentKind, SegmentMember
from app.models.spell import ActiveBasis, Lapse, Spell
from app.models.staff import Staff
from app.models.survey import Survey, SurveyEdition
from app.models.target import Target, TargetRevision
from app.models.team import Membership, Team
from app.models.tombstone import Tombstone
from app.models.touchpoint import Credit, Touchpoint
from app.models.webhook import Webhook
from app.models.webhook_delivery import WebhookDelivery
from app.models.workspace import Workspace
from app.text import Text

ANY = "any"
"""The rows are not told apart by this: it narrows nothing."""
NONE = "none"
"""No row can be said to be of any: there are none then."""


@dataclass(frozen=True, slots=True)
class Reach:
    """By which column the rows of a table are of a source, a channel or a segment; or `ANY`, or `NONE`.

    `through` names tables, by the columns that refer to them, of which the row must refer to one in reach; `only` the
    values that a column may have.
    """

    sources: str = NONE
    channels: str = NONE
    segments: str = NONE
    through: Mapping[str, type[Tenanted]] = field(default_factory=dict)
    only: Mapping[str, Sequence[Any]] = field(default_factory=dict)


FACT = Reach("source", "channel_id", "segment")
OPEN = Reach(ANY, ANY, ANY)
"""How the company is set up: their scope alone guards it."""
HIDDEN = Reach()
"""Set for the whole workspace: for somebody who sees some rows only there are none."""
SHUT = None
"""Reckoned from rows of every source and channel, or about all of them: to read them is refused."""


def along(column: str, model: type[Tenanted]) -> Reach:
    """The rows that refer by `column` to one of `model` that is in reach."""
    return Reach(ANY, ANY, ANY, through={column: model})


REACH: Mapping[type[Tenanted], Reach | None] = {
    # what happened: by its own source, its own channel, and the segment that its source named of the customer then
    Contract: FACT,
    Engagement: FACT,
    Feedback: FACT,
    Interaction: FACT,
    Invitation: FACT,
    Lead: FACT,
    Order: FACT,
    Referral: FACT,
    Touchpoint: FACT,
    Cost: Reach("source", "channel_id"),
    # what goes with something else
    Accrual: along("cost_id", Cost),
    Recurrence: along("contract_id", Contract),
    Refund: along("order_id", Order),
    Turn: along("interaction_id", Interaction),
    # people: those whom the source knows, whom the channel won, whose segment it is now
    Customer: Reach("id", "acquisition_channel_id", "segment"),
    CustomerExternalId: Reach("source", ANY, ANY, through={"customer_id": Customer}),
    SegmentMember: Reach(ANY, ANY, ANY, through={"customer_id": Customer, "segment_id": Segment}),
    # by contracts or activity they would follow from what customers did anywhere
    Spell: Reach(ANY, ANY, ANY, through={"customer_id": Customer}, only={"basis": [ActiveBasis.STATUS]}),
    StatedStage: along("customer_id", Customer),
    # a rule looks at everybody, so whom it finds tells of others
    Segment: Reach(ANY, ANY, "key", only={"kind": [SegmentKind.MANUAL]}),
    Channel: Reach(ANY, "id", ANY),
    BusinessCalendar: OPEN,
    CustomKpi: OPEN,
    ExchangeRate: OPEN,
    Membership: OPEN,
    Quota: OPEN,
    RollupState: OPEN,
    Staff: OPEN,
    Survey: OPEN,
    SurveyEdition: OPEN,
    Team: OPEN,
    Workspace: OPEN,
    Buyer: SHUT,
    Change: SHUT,
    ChangeHead: SHUT,
    Credit: SHUT,
    Export: SHUT,
    Idempotency: SHUT,
    Import: SHUT,
    ImportEffect: SHUT,
    ImportPart: SHUT,
    ImportRejection: SHUT,
    Lapse: SHUT,
    Member: SHUT,
    Merge: SHUT,
    Mirror: SHUT,
    MirrorSeen: SHUT,
    Moved: SHUT,
    Prediction: SHUT,
    PredictionFit: SHUT,
    Target: HIDDEN,
    TargetRevision: HIDDEN,
    Tombstone: SHUT,
    Webhook: SHUT,
    WebhookDelivery: SHUT,
}

BORROWED: Mapping[type[Tenanted], frozenset[str]] = {
    Invitation: frozenset({"answered_at", "answered_on", "answer_seconds"}),
    Order: frozenset({"cohort"}),
    Referral: frozenset({"converted_on", "is_counted"}),
    Refund: frozenset({"cohort"}),
    Spell: frozenset({"is_referred"}),
}
"""The columns of rows that tell of others, which may be out of reach: they cannot be counted or asked by, and read as
empty where they may be."""


def borrowed(rows: Rows | None, model: type[Tenanted]) -> frozenset[str]:
    """The columns of `model` that would tell of others than `rows` somebody who sees these alone."""
    return frozenset() if rows is None else BORROWED.get(model, frozenset())


Operand = list[Any] | Select[Any]


def beyond() -> Forbidden:
    """What is said where an answer would rest on rows out of reach."""
    return Forbidden(
        Text(
            "This rests on records that cannot be narrowed to the rows that you may see; it takes a token for the "
            "whole workspace.",
            "此结果所依据的记录无法限定到您可见的数据范围；需要可查看整个工作区的令牌。",
        )
    )


def is_borrowed(table: str, column: str) -> bool:
    """Whether a column tells of other rows than its own."""
    return (table, column) in _BORROWED


def is_shut(model: type[Tenanted]) -> bool:
    """Whether nothing of a table can be seen by those who see some rows only."""
    return REACH.get(model) in (SHUT, HIDDEN)


_BORROWED = frozenset((str(model.__tablename__), column) for model, columns in BORROWED.items() for column in columns)


def narrowing(model: type[Tenanted], rows: Rows, tenant_id: UUID) -> list[Any]:
    """The criteria under which an actor sees the rows of `model`, for a statement's options. Raises Forbidden."""
    return [
        with_loader_criteria(
            model, (_FOUND if isinstance(some, Select) else _AMONG)[column](some), include_aliases=True
        )
        for column, some in _parts(model, rows, tenant_id)
    ]


def _parts(model: type[Tenanted], rows: Rows, tenant_id: UUID) -> Iterator[tuple[str, Operand]]:
    """The columns of `model` and among what the value of each must be."""
    reach = REACH.get(model)
    if reach is None:
        raise beyond()
    for name, wanted in (("sources", rows.sources), ("channels", rows.channels), ("segments", rows.segments)):
        column = getattr(reach, name)
        if wanted is None or column is ANY:
            continue
        if column is NONE:
            yield "id", []
        elif model is Customer and name == "sources":
            known = (CustomerExternalId.tenant_id == tenant_id, CustomerExternalId.source.in_(sorted(wanted)))  # type: ignore[attr-defined]  # SQLModel types columns as their values
            yield column, select(CustomerExternalId.customer_id).where(*known)  # type: ignore[call-overload]  # as above
        else:
            yield column, sorted(wanted)
    for column, other in reach.through.items():
        if (met := _met(other, rows, tenant_id)) is not None:
            mine: Any = other.tenant_id == tenant_id
            yield column, select(other.id).where(mine, met)  # type: ignore[attr-defined]  # as above
    for column, values in reach.only.items():
        yield column, list(values)


def _met(model: type[Tenanted], rows: Rows, tenant_id: UUID) -> ColumnElement[bool] | None:
    """The condition under which a row of `model` is in reach; None where every row is."""
    parts = [getattr(model, column).in_(some) for column, some in _parts(model, rows, tenant_id)]
    return and_(*parts) if parts else None


# A criterion is told of the class that it is for, an alias of the model perhaps. SQLAlchemy knows functions by their
# code, so each column has one of its own for values and one for statements.
_AMONG: Mapping[str, Callable[[Any], Any]] = {
    "acquisition_channel_id": lambda some: lambda cls: cls.acquisition_channel_id.in_(some),
    "basis": lambda some: lambda cls: cls.basis.in_(some),
    "channel_id": lambda some: lambda cls: cls.channel_id.in_(some),
    "id": lambda some: lambda cls: cls.id.in_(some),
    "key": lambda some: lambda cls: cls.key.in_(some),
    "kind": lambda some: lambda cls: cls.kind.in_(some),
    "segment": lambda some: lambda cls: cls.segment.in_(some),
    "source": lambda some: lambda cls: cls.source.in_(some),
}
_FOUND: Mapping[str, Callable[[Any], Any]] = {
    "contract_id": lambda some: lambda cls: cls.contract_id.in_(some),
    "cost_id": lambda some: lambda cls: cls.cost_id.in_(some),
    "customer_id": lambda some: lambda cls: cls.customer_id.in_(some),
    "id": lambda some: lambda cls: cls.id.in_(some),
    "interaction_id": lambda some: lambda cls: cls.interaction_id.in_(some),
    "order_id": lambda some: lambda cls: cls.order_id.in_(some),
    "segment_id": lambda some: lambda cls: cls.segment_id.in_(some),
}
