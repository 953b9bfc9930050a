"""Feedback in the schema."""

from datetime import date
from typing import Self

import strawberry

from app import ids
from app.models.feedback import Feedback as Row
from app.models.feedback import FeedbackKind, FeedbackOrigin
from app.schema import channel as channels
from app.schema import customer as customers
from app.schema import staff as staffs
from app.schema import survey as surveys
from app.schema.channel import Channel
from app.schema.context import Info
from app.schema.customer import Customer
from app.schema.describe import enum, field, plain, type_
from app.schema.node import Node, rows_found_by
from app.schema.scalars import Moment
from app.schema.staff import Staff
from app.schema.survey import Survey
from app.services import feedback
from app.uow import Scope

enum(
    FeedbackKind,
    {
        "CSAT": "An answer to a satisfaction question.",
        "NPS": "An answer to the recommendation question, from 0 to 10.",
        "CES": "An answer to an effort question.",
        "REVIEW": "A public review.",
        "COMMENT": "Words without a question: an interview, a mention, a remark.",
        "COMPLAINT": "A complaint.",
        "SUGGESTION": "A suggestion.",
        "COMPLIMENT": "A compliment.",
    },
)
enum(
    FeedbackOrigin,
    {
        "SURVEY": "From a survey.",
        "REVIEW_SITE": "From a review site.",
        "INTERVIEW": "From an interview.",
        "SOCIAL_LISTENING": "Found on social media.",
        "SUPPORT_CONTACT": "From a contact with support.",
        "COMPLAINT": "From complaint handling.",
        "WIDGET": "From a widget in a page or app.",
        "OTHER": "From anywhere else.",
    },
)


@type_
class Feedback(Node):
    """What a customer said, whatever the source."""

    source: str = plain("The source that brought it.")
    external_id: str = plain("Its id in that source.")
    kind: FeedbackKind = plain("What sort of feedback it is.")
    score: float | None = plain("The score on its own scale; null when skipped or dismissed.")
    scale_worst: float | None = plain("The scale's worst end.")
    scale_best: float | None = plain("The scale's best end.")
    position: float | None = plain("Where the score lies from the scale's worst (0) to its best (100).")
    product: str | None = plain("The product that it is about.")
    campaign: str | None = plain("The campaign that it belongs to.")
    journey_stage: str | None = plain("The stage of the customer's journey that it is about.")
    origin: FeedbackOrigin | None = plain("How it was collected.")
    comment: str | None = plain("What was said. Null without the scope personal:read.")
    tags: list[str] = plain("Its tags.")
    segment: str | None = plain("The customer's segment at the time.")
    region: str | None = plain("The customer's region at the time.")
    occurred_at: Moment = plain("When it was said.")
    day: date = plain("The day on which it counts, in the workspace's time zone.")
    recorded_at: Moment = plain("When it was first recorded here.")
    source_updated_at: Moment | None = plain("When this version was made in its source.")
    version: int = plain("Rises with each change.")
    row: strawberry.Private[Row]

    @field
    async def customer(self, info: Info) -> Customer | None:
        """Who said it."""
        return await customers.related(info, self.row.customer_id)

    @field
    async def channel(self, info: Info) -> Channel | None:
        """Where it was said."""
        return await channels.related(info, self.row.channel_id)

    @field
    async def acquisition_channel(self, info: Info) -> Channel | None:
        """The channel that the customer came through, as known at the time."""
        return await channels.related(info, self.row.acquisition_channel_id)

    @field
    async def staff(self, info: Info) -> Staff | None:
        """Whom it is about."""
        return await staffs.related(info, self.row.staff_id)

    @field
    async def survey(self, info: Info) -> Survey | None:
        """The survey that it answers."""
        return await surveys.related(info, self.row.survey_id)

    @classmethod
    def of(cls, row: Row, *, personal: bool) -> Self:
        """The row as the schema shows it to somebody who may (or may not) see personal data."""
        return cls(
            id=strawberry.ID(ids.encode("Feedback", row.id)),
            source=row.source,
            external_id=row.external_id,
            kind=row.kind,
            score=row.score,
            scale_worst=row.scale_worst,
            scale_best=row.scale_best,
            position=None if row.position is None else row.position / 10_000,
            product=row.product,
            campaign=row.campaign,
            journey_stage=row.journey_stage,
            origin=row.origin,
            comment=row.comment if personal else None,
            tags=row.tags,
            segment=row.segment,
            region=row.region,
            occurred_at=Moment(row.occurred_at),
            day=row.day,
            recorded_at=Moment(row.recorded_at),
            source_updated_at=Moment(row.source_updated_at) if row.source_updated_at else None,
            version=row.version,
            row=row,
        )


def shown(info: Info, row: Row) -> Feedback:
    """The row as this caller may see it."""
    return Feedback.of(row, personal=info.context.may(Scope.PERSONAL_READ))


rows_found_by(
    "Feedback", feedback.by_ids, lambda context, row: Feedback.of(row, personal=context.may(Scope.PERSONAL_READ))
)
