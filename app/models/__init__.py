"""The tables, one file a noun. Importing this package fills the metadata."""

from app.models.change import Action, Change
from app.models.channel import Channel, ChannelKind, ChannelMedium
from app.models.customer import Customer, CustomerExternalId, CustomerStatus
from app.models.feedback import Feedback, FeedbackKind, FeedbackOrigin
from app.models.idempotency import Idempotency
from app.models.job import Job
from app.models.quota import Quota
from app.models.rollup import RollupState
from app.models.spell import Spell
from app.models.staff import Staff
from app.models.survey import Survey, SurveyOccasion
from app.models.target import Target, TargetKind, TargetRevision
from app.models.token import Token
from app.models.tombstone import Tombstone
from app.models.workspace import Workspace

__all__ = [
    "Action",
    "Change",
    "Channel",
    "ChannelKind",
    "ChannelMedium",
    "Customer",
    "CustomerExternalId",
    "CustomerStatus",
    "Feedback",
    "FeedbackKind",
    "FeedbackOrigin",
    "Idempotency",
    "Job",
    "Quota",
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
    "Workspace",
]
