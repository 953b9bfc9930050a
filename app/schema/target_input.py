"""How targets come in and are listed."""

from datetime import date
from enum import StrEnum

import strawberry

from app.models.target import TargetKind
from app.schema.catalogue import KpiKey
from app.schema.context import Info
from app.schema.describe import absent, enum, field, input_, one_of, plain, type_
from app.schema.errors import UserError, mend
from app.schema.filters import KpiFilterInput
from app.schema.inputs import ExternalRefInput
from app.schema.noun import Noun
from app.schema.outcome import Outcome
from app.schema.period import PeriodInput
from app.schema.target import Target
from app.services import target
from app.text import Text


@one_of
class BaselineInput:
    """What the KPI was before, in one of two ways."""

    value: float | None = absent("This value.")
    period: PeriodInput | None = absent("What it was in this period.")


@input_
class TargetSetInput:
    """A target. One per KPI, variant, scope and dates: setting it again replaces it."""

    external_id: str = plain("Its id in the caller's source.")
    kpi: KpiKey = plain("The KPI.")
    variant: str | None = absent("The variant; the KPI's default when absent.")
    scope: list[KpiFilterInput] | None = absent("To what it is narrowed.")
    kind: TargetKind = plain("How the value is meant.")
    value: float = plain("The goal, the points or the fraction, as `kind` says.")
    stretch: float | None = absent("A value that would be even better, meant in the same way.")
    baseline: BaselineInput | None = absent(
        "What the KPI was before; when absent it is measured over the last complete period of equal length."
    )
    from_: date = plain("The first day.", name="from")
    before: date = plain("The first day no longer meant.")
    owner: str | None = absent("Who answers for it.")
    rationale: str | None = absent("Why it matters.")
    custom: str | None = absent("The key of a KPI of the workspace's own, with CUSTOM.")


class SmartCriterion(StrEnum):
    """What makes a target SMART."""

    SPECIFIC = "SPECIFIC"
    MEASURABLE = "MEASURABLE"
    ACHIEVABLE = "ACHIEVABLE"
    RELEVANT = "RELEVANT"
    TIME_BOUND = "TIME_BOUND"


enum(
    SmartCriterion,
    {
        "SPECIFIC": "It says which KPI of what.",
        "MEASURABLE": "It has a unit and a baseline.",
        "ACHIEVABLE": "It lies within what history supports.",
        "RELEVANT": "Somebody owns it and says why it matters.",
        "TIME_BOUND": "It has dates.",
    },
)


@type_
class TargetAdvice:
    """Something about a target that is not SMART; the target was set all the same."""

    criterion: SmartCriterion = plain("Which criterion it falls short of.")
    text: strawberry.Private[Text]

    @field
    def message(self, info: Info) -> str:
        """Why, with the figures, in the reader's language."""
        return self.text.in_(info.context.locale)


@type_
class TargetSetPayload:
    """What became of the target."""

    target: Target | None = plain("The target as it stands now.")
    outcome: Outcome = plain("What became of it.")
    advice: list[TargetAdvice] = plain("What about it is not SMART.", default_factory=list)
    user_errors: list[UserError] = mend("What to mend in the input; nothing was stored then.")


@one_of
class TargetDeleteInput:
    """Which target to delete, named in one of three ways."""

    id: strawberry.ID | None = absent("By global id.")
    external_id: str | None = absent("By the id in the caller's own source.")
    external: ExternalRefInput | None = absent("By the id in a named source.")


@type_
class TargetDeletePayload:
    """What became of the target."""

    target: Target | None = plain("The target as it stood; null for a retry.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was deleted then.")


TARGET = Noun(
    Target,
    target.LIST,
    one="target",
    many="targets",
    words=("a target", "targets"),
    filters=("kpi", "variant", "source", "external_id", "kind", "owner", "from", "before", "created_at"),
    orders=("-before", "from", "created_at"),
)
