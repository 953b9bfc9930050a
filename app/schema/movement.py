"""What stands beside retention and churn in the schema: who came only to go, who left and came back."""

from dataclasses import replace

import strawberry

from app.kpis.figure import NullReason
from app.schema.context import Info
from app.schema.describe import field, type_
from app.schema.weight import weighs
from app.services import movement
from app.services.kpi import Answer


@type_
class Movement:
    """What retention and churn of a period do not show."""

    answer: strawberry.Private[Answer]

    @field
    @weighs(1)
    async def intra_period_churn(self, info: Info) -> float | None:
        """Beside retention and churn: who joined in the period and had left at its end; null of other KPIs."""
        found = await _told(info, self.answer)
        return None if found is None else found.intra_period_churn

    @field
    @weighs(1)
    async def reactivated(self, info: Info) -> float | None:
        """Beside retention and churn: who left in the period and had come back at its end; null of other KPIs."""
        found = await _told(info, self.answer)
        return None if found is None else found.reactivated


async def _told(info: Info, answer: Answer) -> movement.Movement | None:
    is_silent = answer.figure.reason in (NullReason.PERIOD_NOT_STARTED, NullReason.INPUT_NOT_CONFIGURED)
    if answer.kpi.key not in movement.KPIS or is_silent:
        return None
    question = replace(answer.question, period=answer.span, grain=None, by=None)
    return await info.context.gather(movement.movements, question)
