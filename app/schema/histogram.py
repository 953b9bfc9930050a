"""The distribution behind a KPI that is a median or another percentile."""

import strawberry

from app.errors import Code, Invalid
from app.kpis.atom import Percentile
from app.kpis.spread import Histogram
from app.schema.describe import plain, type_
from app.services.kpi import Answer
from app.text import Text

MOST_BARS = 20
HIGHEST = 100


@type_
class KpiHistogramBar:
    """How many values lie between two bounds."""

    id: strawberry.ID = plain("Names the bar by its bounds, for clients' caches.")
    from_: float = plain("The lower bound, in the KPI's unit; values on it are inside.", name="from")
    before: float = plain("The upper bound, in the KPI's unit; values on it are not inside.")
    count: float = plain("How many values.")


def bars(answer: Answer, most: int) -> list[KpiHistogramBar] | None:
    """The distribution behind an answer in `most` bars at the most; None where it is no percentile, or hidden.

    Raises Invalid for a number of bars that cannot be.
    """
    if not 1 <= most <= HIGHEST:
        msg = Text(f"`most` must be between 1 and {HIGHEST}.", f"`most` 必须在 1 与 {HIGHEST} 之间。")
        raise Invalid(msg, "most", code=Code.OUT_OF_RANGE)
    amounts = answer.amounts.get("", [{}])[0]
    atom = answer.variant.numerator
    histogram = amounts.get(atom) if isinstance(atom, Percentile) else None
    if not isinstance(atom, Percentile) or answer.figure.value is None or not isinstance(histogram, Histogram):
        return None
    return [
        KpiHistogramBar(
            id=strawberry.ID(f"{low}/{high}/{count}"),
            from_=low / atom.scale,
            before=high / atom.scale,
            count=float(count),
        )
        for low, high, count in histogram.bars(most)
    ]
