"""The tables, one file a noun. Importing this package fills the metadata."""

from app.models.buyer import Buyer
from app.models.change import Action, Change
from app.models.channel import Channel, ChannelKind, ChannelMedium
from app.models.cost import Accrual, Cost, CostCategory
from app.models.customer import Customer, CustomerExternalId, CustomerStatus
from app.models.exchange_rate import ExchangeRate
from app.models.feedback import Feedback, FeedbackKind, FeedbackOrigin
from app.models.idempotency import Idempotency
from app.models.job import Job
from app.models.order import Order, OrderStatus
from app.models.quota import Quota
from app.models.refund import Refund
from app.models.rollup import RollupState
from app.models.spell import Spell
from app.models.staff import Staff
from app.models.survey import Survey, SurveyOccasion
from app.models.target import Target, TargetKind, TargetRevision
from app.models.token import Token
from app.models.tombstone import Tombstone
from app.models.touchpoint import Credit, Touchpoint
from app.models.workspace import Workspace

__all__ = [
    "Accrual",
    "Action",
    "Buyer",
    "Change",
    "Channel",
    "ChannelKind",
    "ChannelMedium",
    "Cost",
    "CostCategory",
    "Credit",
    "Customer",
    "CustomerExternalId",
    "CustomerStatus",
    "ExchangeRate",
    "Feedback",
    "FeedbackKind",
    "FeedbackOrigin",
    "Idempotency",
    "Job",
    "Order",
    "OrderStatus",
    "Quota",
    "Refund",
    "RollupState",
    "Spell",
    "Staff",
    "Survey",
    "SurveyOccasion",
    "Target",
    "TargetKind",
    "TargetRevision",
    "Token",
    "Tombstone",
    "Touchpoint",
    "Workspace",
]
