"""Rates of staying and leaving per another length of time, in the schema."""

from typing import Annotated, Any

import strawberry

from app import ids
from app.kpis.figure import NullReason
from app.kpis.kpi import KpiUnit
from app.schema.context import Info
from app.schema.describe import arg, field, plain, type_
from app.schema.figure import shown_value
from app.schema.period import LocaleArgument
from app.services import compounding
from app.services.kpi import Answer
from app.services.period import Grain


@type_
class KpiCompounded:
    """A rate of staying or leaving as it would be over another length of time, if people went on like that."""

    id: strawberry.ID = plain("Names the rate, for clients' caches.")
    per: Grain = plain("The length of time.")
    value: float | None = plain("The rate, in percent, unrounded.")
    null_reason: NullReason | None = plain("Why there is none.")
    is_provisional: bool = plain(
        "Whether the period that was measured is not over; it then counts as long as it has run."
    )

    @field
    def display(self, info: Info, locale: LocaleArgument = None) -> str:
        """The rate for people; without one, why."""
        return shown_value(self.value, self.null_reason, KpiUnit.PERCENT, locale or info.context.locale, "")


def _compounded(
    self: Any,  # noqa: ANN401 - the result that is asked, whose module needs this one
    per: Annotated[Grain, arg("Per how long.")],
) -> KpiCompounded | None:
    """The rate of staying or leaving per another length of time, compounded; null of other values.

    5 % a month are 46.0 % a year. Periods of whole months are counted in months, others in days; of a running one
    counts what has passed.
    """
    answer: Answer = self.answer
    if not answer.variant.compounds:
        return None
    return KpiCompounded(
        id=strawberry.ID(ids.encode("KpiCompounded", self.id, per.value)),
        per=per,
        value=compounding.compounded(answer, per),
        null_reason=answer.figure.reason,
        is_provisional=answer.span.end > answer.today,
    )


COMPOUNDED = field(_compounded)
"""The field of a result that says it per another length of time."""
