"""What sources say of customers, as it comes in."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from app.models.base import ChurnKind, CustomerKind
from app.models.customer import CustomerStatus
from app.services import lifecycle
from app.services.kind import RecordRow
from app.services.row import Day, Email, Ref, Row, Word


class SpellRow(Row):
    """One time as a customer, of a history that is given whole."""

    from_: Day
    before: Day | None = None
    reason: Word | None = None
    churn_kind: ChurnKind | None = None


class CustomerRow(lifecycle.StageRow, RecordRow):
    """What a source says of one customer. Absent keeps, null clears."""

    name: Word | None = None
    kind: CustomerKind | None = None
    parent: Ref | None = None
    segment: Word | None = None
    region: Word | None = None
    status: CustomerStatus | None = None
    acquisition_channel: Ref | None = None
    first_contact_at: datetime | date | None = None
    joined_on: Day | None = None
    churned_on: Day | None = None
    churn_reason: Word | None = None
    churn_kind: ChurnKind | None = None
    history: Annotated[list[SpellRow], Field(max_length=100)] | None = None
    email: Email | None = None
    phone: Annotated[str, Field(max_length=50)] | None = None
    is_test: bool | None = None
    is_key_contact: bool | None = None
    profiling_opt_out: bool | None = None
    attributes: Annotated[dict[str, Any], Field(max_length=100)] | None = None
