"""Of which records webhooks tell, who may be told of them, and how the names of fields are told."""

from collections.abc import Iterable, Sequence

from sqlalchemy import inspect

from app.actor import Scope
from app.models.change import Change
from app.services.refusal import camel

TYPES = {
    "BusinessCalendar": Scope.CALENDAR_READ,
    "Channel": Scope.CHANNEL_READ,
    "Contract": Scope.CONTRACT_READ,
    "Cost": Scope.COST_READ,
    "Customer": Scope.CUSTOMER_READ,
    "Engagement": Scope.ENGAGEMENT_READ,
    "ExchangeRate": Scope.RATE_READ,
    "Feedback": Scope.FEEDBACK_READ,
    "Interaction": Scope.INTERACTION_READ,
    "Invitation": Scope.SURVEY_READ,
    "Lead": Scope.LEAD_READ,
    "Order": Scope.ORDER_READ,
    "PredictionFit": Scope.PREDICTION_READ,
    "Referral": Scope.REFERRAL_READ,
    "Refund": Scope.ORDER_READ,
    "Segment": Scope.SEGMENT_READ,
    "Staff": Scope.STAFF_READ,
    "Survey": Scope.SURVEY_READ,
    "Target": Scope.TARGET_READ,
    "Team": Scope.STAFF_READ,
    "Touchpoint": Scope.TOUCHPOINT_READ,
    "Webhook": Scope.WEBHOOK_READ,
    "Workspace": Scope.WORKSPACE_READ,
}
"""The types of records, and the scope that whoever is told of their changes must have."""

BESIDE = {"Segment": ("members",), "Staff": ("teams",), "Survey": ("questions",)}
"""What changes of a record without being a column of it."""


def allowed(types: Sequence[str], scopes: Iterable[str]) -> list[str]:
    """Of `types` (of all, where there are none) those that somebody with `scopes` may be told of."""
    held = frozenset(scopes)
    return [one for one, scope in TYPES.items() if scope.value in held and (one in types or not types)]


def told(columns: Iterable[str]) -> list[str]:
    """Names of columns as webhooks tell them: `channel_id` is `channel`, `occurred_at` is `occurredAt`."""
    return [camel(name.removesuffix("_id") if name != "external_id" else name) for name in columns]


def fields_of(types: Sequence[str]) -> frozenset[str]:
    """The names that changed fields of `types` can have; of all types where there are none."""
    found: set[str] = set()
    for mapper in inspect(Change).registry.mappers:
        if mapper.class_.__name__ in (types or TYPES):
            found.update(column.name for column in mapper.columns)
            found.update(BESIDE.get(mapper.class_.__name__, ()))
    return frozenset(told(found - {"tenant_id", "id"}))
