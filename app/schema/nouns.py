"""Every noun of the schema, in the order in which the roots show them."""

from typing import Any

from app.schema.channel import CHANNEL
from app.schema.cost import COST
from app.schema.customer import CUSTOMER
from app.schema.event import EVENTS
from app.schema.exchange_rate import EXCHANGE_RATE
from app.schema.feedback import FEEDBACK
from app.schema.invitation import INVITATION
from app.schema.noun import Noun
from app.schema.order import ORDER
from app.schema.refund import REFUND
from app.schema.staff import STAFF
from app.schema.survey import SURVEY
from app.schema.target_input import TARGET
from app.schema.touchpoint import TOUCHPOINT
from app.services.timeline import CustomerEventKind

EVENTS |= {
    CustomerEventKind.FEEDBACK: FEEDBACK,
    CustomerEventKind.ORDER: ORDER,
    CustomerEventKind.REFUND: REFUND,
    CustomerEventKind.TOUCHPOINT: TOUCHPOINT,
    CustomerEventKind.COST: COST,
    CustomerEventKind.INVITATION: INVITATION,
}

NOUNS: tuple[Noun[Any], ...] = (
    CHANNEL,
    STAFF,
    SURVEY,
    CUSTOMER,
    INVITATION,
    FEEDBACK,
    ORDER,
    REFUND,
    COST,
    TOUCHPOINT,
    EXCHANGE_RATE,
    TARGET,
)
