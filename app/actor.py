"""Who acts in a workspace, and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
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
    PERSONAL_READ = "personal:read"


ORDINARY = frozenset(Scope) - {Scope.WORKSPACE_ADMIN}
"""What a token may do that names no scope."""


class Role(StrEnum):
    """What a member of a workspace is there; `ROLES` says what that lets them do."""

    OWNER = "OWNER"
    ADMIN = "ADMIN"
    ANALYST = "ANALYST"
    CONTRIBUTOR = "CONTRIBUTOR"
    VIEWER = "VIEWER"


_RECORDS = frozenset(
    {
        Scope.CUSTOMER_WRITE,
        Scope.FEEDBACK_WRITE,
        Scope.ORDER_WRITE,
        Scope.COST_WRITE,
        Scope.TOUCHPOINT_WRITE,
        Scope.INTERACTION_WRITE,
        Scope.LEAD_WRITE,
        Scope.REFERRAL_WRITE,
        Scope.ENGAGEMENT_WRITE,
        Scope.CONTRACT_WRITE,
    }
)
_VIEWS = frozenset(scope for scope in Scope if scope.value.endswith(":read")) - {Scope.PERSONAL_READ}
_ANALYSES = frozenset({Scope.KPI_WRITE, Scope.SEGMENT_WRITE, Scope.TARGET_WRITE, Scope.PREDICTION_WRITE})

ROLES: Mapping[Role, frozenset[Scope]] = MappingProxyType(
    {
        Role.OWNER: ORDINARY | {Scope.WORKSPACE_ADMIN},
        Role.ADMIN: (ORDINARY | {Scope.WORKSPACE_ADMIN}) - {Scope.PERSONAL_READ},
        Role.ANALYST: _VIEWS | _ANALYSES,
        Role.CONTRIBUTOR: _VIEWS | _RECORDS | {Scope.PERSONAL_READ},
        Role.VIEWER: _VIEWS,
    }
)
"""What each role lets a member do; more may be granted to one of them."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows an actor sees: those of these sources, channels and segments. None: of all; several given: all hold.

    `app/reach.py` says for each table what that means.
    """

    sources: frozenset[str] | None = None
    channels: frozenset[UUID] | None = None
    segments: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a token or a member of one workspace, or the program itself with every scope.

    `rows` are those that they see and may write; None for all.
    """

    tenant_id: UUID
    name: str
    scopes: frozenset[Scope] = ORDINARY
    source: str = "default"
    token_id: UUID | None = None
    request_id: str | None = None
    rows: Rows | None = None
    member_id: UUID | None = None

    @property
    def caller(self) -> UUID | None:
        """Whose quota it is; None for the program itself."""
        return self.token_id or self.member_id


def system(tenant_id: UUID, name: str = "system") -> Actor:
    """The program itself, at work in one workspace."""
    return Actor(tenant_id, name, frozenset(Scope))
