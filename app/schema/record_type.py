"""The types of records in the schema, by which changes are told apart."""

from app.models.change import RecordType
from app.schema.describe import enum

__all__ = ["RecordType"]  # taken from here, so that it is described by then

enum(
    RecordType,
    {
        "WORKSPACE": "The workspace and its settings.",
        "CHANNEL": "A channel.",
        "STAFF": "A member of staff.",
        "TEAM": "A team.",
        "SURVEY": "A survey.",
        "BUSINESS_CALENDAR": "A business calendar.",
        "CUSTOMER": "A customer.",
        "INVITATION": "An invitation.",
        "FEEDBACK": "A feedback.",
        "ORDER": "An order.",
        "REFUND": "A refund.",
        "COST": "A cost.",
        "TOUCHPOINT": "A touchpoint.",
        "INTERACTION": "An interaction.",
        "LEAD": "A lead.",
        "REFERRAL": "A referral.",
        "ENGAGEMENT": "An event of use.",
        "CONTRACT": "A contract.",
        "EXCHANGE_RATE": "An exchange rate.",
        "PREDICTION_FIT": "A fit of the models that predict.",
        "SEGMENT": "A segment.",
        "TARGET": "A target.",
        "KPI_DEFINITION": "A KPI that the workspace defines.",
        "WEBHOOK": "A webhook.",
        "IMPORT": "An import.",
        "EXPORT": "An export.",
        "MIRROR": "A mirror.",
        "MEMBER": "A member of the workspace.",
        "TOKEN": "A token or a publishable key.",
    },
)
