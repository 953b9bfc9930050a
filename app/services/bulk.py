"""What can be imported and exported: for each type of file the rows, the service that takes them, and the scopes.

What is named stands before what names it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.actor import Scope
from app.errors import Forbidden
from app.models.bulk_import import BulkType
from app.models.business_calendar import BusinessCalendar
from app.models.channel import Channel
from app.models.custom_kpi import CustomKpi
from app.models.segment import Segment, SegmentMember
from app.models.staff import Staff
from app.models.survey import Survey, SurveyEdition
from app.models.target import Target
from app.models.team import Membership, Team
from app.services import (
    bulk_segment,
    bulk_target,
    business_calendar,
    channel,
    contract,
    cost,
    custom_kpi,
    customer,
    engagement,
    exchange_rate,
    feedback,
    interaction,
    invitation,
    keyed,
    lead,
    order,
    referral,
    refund,
    segment,
    segment_stay,
    staff,
    survey,
    target,
    team,
    touchpoint,
)
from app.services.bulk_own import KeyedOwn, KpiOwn, Own, SegmentOwn, StayOwn, TargetOwn
from app.services.customer_row import CustomerRow
from app.services.each import One, each
from app.services.kind import Kind
from app.services.listing import Listing
from app.services.row import MAX_ROWS, Row
from app.text import Text
from app.uow import Uow

MOST_COSTS = 13
"""Costs in one batch: as many as may accrue over ten years each."""
FEW = 50
"""Records in one batch of which each is written by itself."""
FEWER = 10
"""The same where each takes a look at all customers, or counts anew."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """One type of file.

    `noun` is the type of its records in the schema, `rows` how they are read and `write` the service that takes up to
    `batch` of them. Facts are of a `kind`, and `delete` takes them back; `own` does what is kept under names of the
    workspace's own. Customers have neither. `reads` and `needs` are scopes that an export and an import take beside
    those of the services.
    """

    noun: str
    row: type[Row]
    rows: Listing[Any]
    write: Callable[..., Any]
    delete: Callable[..., Any] | None = None
    kind: Kind | None = None
    batch: int = MAX_ROWS
    own: Own | None = None
    reads: tuple[Scope, ...] = ()
    needs: tuple[Scope, ...] = ()

    @property
    def read_scopes(self) -> tuple[Scope, ...]:
        """What an export of it needs."""
        return (self.rows.scope, *self.reads)

    @property
    def write_scopes(self) -> tuple[Scope, ...]:
        """What an import of it needs."""
        return (self.write.scope, *self.needs)  # type: ignore[attr-defined]  # it is marked


def _facts(module: Any, kind: Kind, batch: int = MAX_ROWS) -> Bulk:  # noqa: ANN401 - a service of facts
    return Bulk(kind.noun, kind.row, module.LIST, module.record_batch, module.delete_batch, kind=kind, batch=batch)


def _one(noun: str, row: type[Row], rows: Listing[Any], put: One, own: Own, batch: int = FEW, **more: Any) -> Bulk:  # noqa: ANN401, PLR0913 - what a noun has
    """A noun whose records are written one by one, by those who may write it."""
    scope: Scope = more.pop("scope", None) or put.scope  # type: ignore[attr-defined]  # a service is marked
    return Bulk(noun, row, rows, each(scope, put), batch=batch, own=own, **more)


BULK: Mapping[BulkType, Bulk] = {
    BulkType.CHANNELS: _one("Channel", channel.ChannelRow, channel.LIST, channel.upsert, KeyedOwn(Channel)),
    BulkType.TEAMS: _one("Team", keyed.KeyedRow, team.LIST, team.upsert, KeyedOwn(Team)),
    BulkType.STAFF: _one(
        "Staff", staff.StaffRow, staff.LIST, staff.upsert, KeyedOwn(Staff, (Membership.staff_id,)), FEWER
    ),
    BulkType.SURVEYS: _one(
        "Survey", survey.SurveyRow, survey.LIST, survey.upsert, KeyedOwn(Survey, (SurveyEdition.survey_id,))
    ),
    BulkType.BUSINESS_CALENDARS: _one(
        "BusinessCalendar",
        business_calendar.BusinessCalendarRow,
        business_calendar.LIST,
        business_calendar.upsert,
        KeyedOwn(BusinessCalendar, stubs=False),
    ),
    BulkType.KPI_DEFINITIONS: _one(
        "KpiDefinition", custom_kpi.CustomKpiRow, custom_kpi.LIST, custom_kpi.define, KpiOwn(CustomKpi)
    ),
    BulkType.SEGMENTS: _one(
        "Segment",
        bulk_segment.SegmentFileRow,
        segment.LIST,
        bulk_segment.put,
        SegmentOwn(Segment),
        FEWER,
        scope=Scope.SEGMENT_WRITE,
    ),
    BulkType.CUSTOMERS: Bulk("Customer", CustomerRow, customer.LIST, customer.upsert_batch),
    BulkType.INVITATIONS: _facts(invitation, invitation.INVITATIONS),
    BulkType.FEEDBACK: _facts(feedback, feedback.FACTS),
    BulkType.ORDERS: _facts(order, order.ORDERS),
    BulkType.REFUNDS: _facts(refund, refund.REFUNDS),
    BulkType.COSTS: _facts(cost, cost.COSTS, MOST_COSTS),
    BulkType.TOUCHPOINTS: _facts(touchpoint, touchpoint.TOUCHPOINTS),
    BulkType.INTERACTIONS: _facts(interaction, interaction.INTERACTIONS),
    BulkType.LEADS: _facts(lead, lead.LEADS),
    BulkType.REFERRALS: _facts(referral, referral.REFERRALS),
    BulkType.ENGAGEMENTS: _facts(engagement, engagement.ENGAGEMENTS),
    BulkType.CONTRACTS: _facts(contract, contract.CONTRACTS),
    BulkType.EXCHANGE_RATES: _facts(exchange_rate, exchange_rate.EXCHANGE_RATES),
    BulkType.SEGMENT_MEMBERS: Bulk(
        "SegmentMember",
        segment_stay.SegmentStayRow,
        segment_stay.LIST,
        segment_stay.put_batch,
        own=StayOwn(SegmentMember),
        reads=(Scope.CUSTOMER_READ,),
    ),
    BulkType.TARGETS: _one(
        "Target",
        bulk_target.TargetFileRow,
        target.LIST,
        bulk_target.put,
        TargetOwn(Target),
        FEWER,
        scope=Scope.TARGET_WRITE,
        needs=(Scope.KPI_READ,),  # a target tells what one was
    ),
}
"""Every type of file."""


def require(uow: Uow, *scopes: Scope) -> None:
    """Refuse an actor without the scopes that the records of a file need. Raises Forbidden."""
    for scope in scopes:
        if not uow.may(scope):
            text = Text(
                f"This needs the scope {scope.value}, which the token does not have.",
                f"这需要权限范围 {scope.value}，而此令牌没有。",
            )
            raise Forbidden(text)
