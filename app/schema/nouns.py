"""Every noun of the schema, in the order in which the roots show them."""

from typing import Any

from app.schema.bulk_export import EXPORT
from app.schema.bulk_import import IMPORT
from app.schema.business_calendar import BUSINESS_CALENDAR
from app.schema.channel import CHANNEL
from app.schema.contract import CONTRACT
from app.schema.cost import COST
from app.schema.customer import CUSTOMER
from app.schema.engagement import ENGAGEMENT
from app.schema.event import EVENTS
from app.schema.exchange_rate import EXCHANGE_RATE
from app.schema.feedback import FEEDBACK
from app.schema.interaction import INTERACTION
from app.schema.invitation import INVITATION
from app.schema.lead import LEAD
from app.schema.member import MEMBER
from app.schema.noun import Noun
from app.schema.order import ORDER
from app.schema.prediction import PREDICTION
from app.schema.prediction_fit import PREDICTION_FIT
from app.schema.referral import REFERRAL
from app.schema.refund import REFUND
from app.schema.segment import SEGMENT
from app.schema.staff import STAFF
from app.schema.survey import SURVEY
from app.schema.target_input import TARGET
from app.schema.team import TEAM
from app.schema.touchpoint import TOUCHPOINT
from app.schema.webhook import WEBHOOK
from app.schema.webhook_delivery import WEBHOOK_DELIVERY
from app.services.timeline import CustomerEventKind

EVENTS |= {
    CustomerEventKind.FEEDBACK: FEEDBACK,
    CustomerEventKind.ORDER: ORDER,
    CustomerEventKind.REFUND: REFUND,
    CustomerEventKind.TOUCHPOINT: TOUCHPOINT,
    CustomerEventKind.INTERACTION: INTERACTION,
    CustomerEventKind.COST: COST,
    CustomerEventKind.LEAD: LEAD,
    CustomerEventKind.REFERRAL: REFERRAL,
    CustomerEventKind.ENGAGEMENT: ENGAGEMENT,
    CustomerEventKind.INVITATION: INVITATION,
    CustomerEventKind.CONTRACT: CONTRACT,
}

NOUNS: tuple[Noun[Any], ...] = (
    CHANNEL,
    STAFF,
    TEAM,
    SURVEY,
    BUSINESS_CALENDAR,
    CUSTOMER,
    INVITATION,
    FEEDBACK,
    ORDER,
    REFUND,
    COST,
    TOUCHPOINT,
    INTERACTION,
    LEAD,
    REFERRAL,
    ENGAGEMENT,
    CONTRACT,
    EXCHANGE_RATE,
    PREDICTION,
    PREDICTION_FIT,
    MEMBER,
    SEGMENT,
    TARGET,
    IMPORT,
    EXPORT,
    WEBHOOK,
    WEBHOOK_DELIVERY,
)
