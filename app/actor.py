"""Who acts in a workspace, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Scope(StrEnum):
    """What a token may do. Everything but `WORKSPACE_ADMIN` is given when none is named."""

    KPI_READ = "kpi:read"
    KPI_WRITE = "kpi:write"
    WORKSPACE_READ = "workspace:read"
    WORKSPACE_ADMIN = "workspace:admin"
    CHANNEL_READ = "channel:read"
    CHANNEL_WRITE = "channel:write"
    STAFF_READ = "staff:read"
    STAFF_WRITE = "staff:write"
    SURVEY_READ = "survey:read"
    SURVEY_WRITE = "survey:write"
    CUSTOMER_READ = "customer:read"
    CUSTOMER_WRITE = "customer:write"
    FEEDBACK_READ = "feedback:read"
    FEEDBACK_WRITE = "feedback:write"
    ORDER_READ = "order:read"
    ORDER_WRITE = "order:write"
    COST_READ = "cost:read"
    COST_WRITE = "cost:write"
    TOUCHPOINT_READ = "touchpoint:read"
    TOUCHPOINT_WRITE = "touchpoint:write"
    RATE_READ = "rate:read"
    RATE_WRITE = "rate:write"
    INTERACTION_READ = "interaction:read"
    INTERACTION_WRITE = "interaction:write"
    LEAD_READ = "lead:read"
    LEAD_WRITE = "lead:write"
    REFERRAL_READ = "referral:read"
    REFERRAL_WRITE = "referral:write"
    ENGAGEMENT_READ = "engagement:read"
    ENGAGEMENT_WRITE = "engagement:write"
    CONTRACT_READ = "contract:read"
    CONTRACT_WRITE = "contract:write"
    CALENDAR_READ = "calendar:read"
    CALENDAR_WRITE = "calendar:write"
    PREDICTION_READ = "prediction:read"
    PREDICTION_WRITE = "prediction:write"
    SEGMENT_READ = "segment:read"
    SEGMENT_WRITE = "segment:write"
    TARGET_READ = "target:read"
    TARGET_WRITE = "target:write"
    WEBHOOK_READ = "webhook:read"
    WEBHOOK_WRITE = "webhook:write"
    PERSONAL_READ = "personal:read"


ORDINARY = frozenset(Scope) - {Scope.WORKSPACE_ADMIN}
"""What a token may do that names no scope."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a token of one workspace, or the program itself with every scope."""

    tenant_id: UUID
    name: str
    scopes: frozenset[Scope] = ORDINARY
    source: str = "default"
    token_id: UUID | None = None
    request_id: str | None = None


def system(tenant_id: UUID, name: str = "system") -> Actor:
    """The program itself, at work in one workspace."""
    return Actor(tenant_id, name, frozenset(Scope))
