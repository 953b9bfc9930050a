"""KPIs that a workspace defines, in the schema: how they are defined and deleted, and what formulas may say."""

from contextlib import suppress

import strawberry

from app import ids
from app.errors import Invalid
from app.kpis import vocabulary
from app.kpis.custom import internal
from app.kpis.dimension import Dimension
from app.kpis.glossary import GLOSSARY, MeasureUnit
from app.kpis.kpi import Direction, KpiUnit, LifecycleStage
from app.models.custom_kpi import CustomKpi
from app.schema.attempt import attempt
from app.schema.catalogue import KpiDefinition
from app.schema.context import Info
from app.schema.describe import absent, enum, field, input_, plain, type_
from app.schema.errors import UserError, mend
from app.schema.inputs import unwrapped
from app.schema.outcome import Outcome
from app.schema.period import LocaleArgument
from app.schema.weight import sized
from app.schema.writing import WRITTEN
from app.services import custom_kpi
from app.services.row import Options
from app.text import Text

enum(
    MeasureUnit,
    {
        "COUNT": "A plain number.",
        "MONEY": "Money, in units of the workspace's currency.",
        "SECONDS": "Seconds.",
        "DAYS": "Days.",
        "MONTHS": "Months.",
        "YEARS": "Years.",
    },
)


@input_
class KpiWordsInput:
    """Words in one language or in both; a language that is left out takes those of the other."""

    en: str | None = absent("In English.")
    zh: str | None = absent("In Chinese.")


@input_
class KpiDefineInput:
    """A KPI of the workspace's own. It replaces the whole of what was defined under its key before."""

    key: str = plain("Its key: capitals, digits and underscores; none that the catalogue has.")
    name: KpiWordsInput = plain("Its name.")
    about: KpiWordsInput | None = absent("What it says, in a sentence or two; its formula when absent.")
    formula: str = plain(
        "Its formula over measures, such as `100 * (promoters - detractors) / nps_answers`: + − × ÷ and brackets, "
        "`opening(m)`, `previous(m)`, KPIs by their keys, and what else `kpiMeasures` lists."
    )
    unit: KpiUnit = plain("In what it is given; the formula must come to it.")
    direction: Direction = plain("Which way is good.")
    stage: LifecycleStage = plain("The stage of the customer's lifecycle that it watches.")
    minimum: float | None = absent("The smallest value that it can have, with `maximum`.")
    maximum: float | None = absent("The greatest value that it can have, with `minimum`.")


@input_
class KpiDefinitionDeleteInput:
    """Which of the workspace's own KPIs to delete."""

    key: str = plain("Its key.")


@type_
class KpiDefinePayload:
    """What became of a definition."""

    definition: KpiDefinition | None = plain("The KPI as it is defined now.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was stored then.")


@type_
class KpiDefinitionDeletePayload:
    """What became of a deletion."""

    definition: KpiDefinition | None = plain("The KPI as it was defined; null for a retry.")
    outcome: Outcome = plain("What became of it.")
    user_errors: list[UserError] = mend("What to mend in the input; nothing was deleted then.")


@type_
class KpiMeasure:
    """A name that formulas may use."""

    id: strawberry.ID = plain("Names the measure, for clients' caches.")
    name: str = plain("How formulas write it.")
    unit: MeasureUnit | None = plain("In what it is given; null for what is said of measures and KPIs.")
    dimensions: list[Dimension] = plain("What it can be cut by; empty for what is said of measures and KPIs.")
    words: strawberry.Private[Text]

    @field
    def about(self, info: Info, locale: LocaleArgument = None) -> str:
        """What it adds up."""
        return self.words.in_(locale or info.context.locale)


def shown(row: CustomKpi) -> KpiDefinition:
    """What a workspace defines as the schema shows it. Raises Invalid where it can be read no more."""
    return KpiDefinition.own(custom_kpi.kpi(row), internal(row.key))


MEASURES = [
    *(
        (name, GLOSSARY[name].unit, list(vocabulary.dimensions(atom)), GLOSSARY[name].about)
        for name, atom in sorted(vocabulary.WORDS.items())
    ),
    *((name, None, [], about) for name, about in vocabulary.ABOUT.items()),
]


class KpiMeasureRoot:
    """What formulas may say."""

    @field
    @sized(len(MEASURES))
    async def kpi_measures(self) -> list[KpiMeasure]:
        """The measures that formulas of `kpiDefine` may name, and what may be said of them."""
        return [
            KpiMeasure(
                id=strawberry.ID(ids.encode("KpiMeasure", name)), name=name, unit=unit, dimensions=cuts, words=about
            )
            for name, unit, cuts, about in MEASURES
        ]


class CustomKpiRoots:
    """What can be done to the KPIs that a workspace defines."""

    @attempt(WRITTEN)
    async def kpi_define(self, info: Info, input: KpiDefineInput, once: Options) -> KpiDefinePayload:
        """Define a KPI of the workspace's own by a formula over measures, or define it anew."""
        row, outcome = await info.context.run(custom_kpi.define, unwrapped(input), options=once)
        return KpiDefinePayload(definition=row and shown(row), outcome=outcome)

    @attempt("What to delete.")
    async def kpi_definition_delete(
        self, info: Info, input: KpiDefinitionDeleteInput, once: Options
    ) -> KpiDefinitionDeletePayload:
        """Delete a KPI of the workspace's own; refused while a target is set for it."""
        row = await info.context.run(custom_kpi.delete, input.key, options=once)
        definition = None
        with suppress(Invalid):  # what could be read no more is gone all the same
            definition = row and shown(row)
        return KpiDefinitionDeletePayload(definition=definition, outcome=Outcome.DELETED)
