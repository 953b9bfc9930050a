"""The tables, one file a noun. Importing this package fills the metadata."""

from app.models.bulk_export import Export
from app.models.bulk_import import (
    BulkFormat,
    BulkType,
    Import,
    ImportEffect,
    ImportPart,
    ImportRejection,
    ImportState,
)
from app.models.business_calendar import BusinessCalendar
from app.models.buyer import Buyer
from app.models.change import Action, Change, ChangeHead, RecordType
from app.models.channel import Channel, ChannelKind, ChannelMedium
from app.models.contract import BillingInterval, Contract, ContractStatus, Recurrence
from app.models.cost import Accrual, Cost, CostCategory
from app.models.custom_kpi import CustomKpi
from app.models.customer import Customer, CustomerExternalId, CustomerStatus
from app.models.deployment import Deployment
from app.models.engagement import Engagement
from app.models.exchange_rate import ExchangeRate
from app.models.feedback import Feedback, FeedbackKind, FeedbackOrigin
from app.models.idempotency import Idempotency
from app.models.interaction import Interaction, InteractionEventKind, InteractionKind, InteractionStanding, Turn
from app.models.invitation import Invitation
from app.models.job import Job
from app.models.lead import Lead, LeadType
from app.models.lifecycle import StatedStage
from app.models.member import Member
from app.models.merge import Merge, Moved
from app.models.mirror import Mirror, MirrorSeen, MirrorState
from app.models.order import Order, OrderStatus
from app.models.prediction import ChurnBasis, FitOutcome, Prediction, PredictionFit
from app.models.quota import Quota
from app.models.referral import Referral
from app.models.refund import Refund
from app.models.rollup import RollupState
from app.models.segment import Segment, SegmentKind, SegmentMember
from app.models.spell import ActiveBasis, Lapse, Spell
from app.models.staff import Staff
from app.models.survey import Survey, SurveyEdition, SurveyOccasion
from app.models.target import Target, TargetKind, TargetRevision
from app.models.team import Membership, Team
from app.models.token import Token
from app.models.tombstone import Tombstone
from app.models.touchpoint import Credit, Touchpoint
from app.models.webhook import Webhook, WebhookDisabledReason
from app.models.webhook_delivery import WebhookDelivery, WebhookDeliveryState, WebhookError
from app.models.workspace import Workspace

__all__ = [
    "Accrual",
    "Action",
    "ActiveBasis",
    "BillingInterval",
    "BulkFormat",
    "BulkType",
    "BusinessCalendar",
    "Buyer",
    "Change",
    "ChangeHead",
    "Channel",
    "ChannelKind",
    "ChannelMedium",
    "ChurnBasis",
    "Contract",
    "ContractStatus",
    "Cost",
    "CostCategory",
    "Credit",
    "CustomKpi",
    "Customer",
    "CustomerExternalId",
    "CustomerStatus",
    "Deployment",
    "Engagement",
    "ExchangeRate",
    "Export",
    "Feedback",
    "FeedbackKind",
    "FeedbackOrigin",
    "FitOutcome",
    "Idempotency",
    "Import",
    "ImportEffect",
    "ImportPart",
    "ImportRejection",
    "ImportState",
    "Interaction",
    "InteractionEventKind",
    "InteractionKind",
    "InteractionStanding",
    "Invitation",
    "Job",
    "Lapse",
    "Lead",
    "LeadType",
    "Member",
    "Membership",
    "Merge",
    "Mirror",
    "MirrorSeen",
    "MirrorState",
    "Moved",
    "Order",
    "OrderStatus",
    "Prediction",
    "PredictionFit",
    "Quota",
    "RecordType",
    "Recurrence",
    "Referral",
    "Refund",
    "RollupState",
    "Segment",
    "SegmentKind",
    "SegmentMember",
    "Spell",
    "Staff",
    "StatedStage",
    "Survey",
    "SurveyEdition",
    "SurveyOccasion",
    "Target",
    "TargetKind",
    "TargetRevision",
    "Team",
    "Token",
    "Tombstone",
    "Touchpoint",
    "Turn",
    "Webhook",
    "WebhookDelivery",
    "WebhookDeliveryState",
    "WebhookDisabledReason",
    "WebhookError",
    "Workspace",
]
