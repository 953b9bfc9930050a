"""KPIs of who becomes a customer, who stays and who leaves, by the dated spells of the source systems."""

from sqlalchemy import and_
from sqlmodel import col

from app.kpis.atom import Closing, Lost, Opening
from app.kpis.dimension import Dimension
from app.kpis.kpi import Direction, KpiUnit, LifecycleStage, Variant, ratio
from app.kpis.measure import Cube, Measure
from app.models.base import FOREVER
from app.models.spell import Spell
from app.text import Text

_dimensions = {
    Dimension.ACQUISITION_CHANNEL: Spell.acquisition_channel_id,
    Dimension.SEGMENT: Spell.segment,
    Dimension.CUSTOMER_KIND: Spell.customer_kind,
    Dimension.REGION: Spell.region,
    Dimension.COHORT: Spell.cohort,
}
_counted = and_(col(Spell.is_test).is_(False), col(Spell.is_counted).is_(True))

_scanned = {Dimension.CUSTOMER: Spell.customer_id}

starts = Cube(
    "spell_start",
    "CUSTOMER_STATUS",
    Spell,
    Spell.starts_on,
    _dimensions,
    _counted,
    Spell.sign,
    scanned=_scanned,
    ahead=True,
)
ends = Cube(
    "spell_end",
    "CUSTOMER_STATUS",
    Spell,
    Spell.ends_on,
    {**_dimensions, Dimension.REASON: Spell.reason, Dimension.CHURN_KIND: Spell.churn_kind},
    and_(_counted, col(Spell.ends_on) < FOREVER),
    Spell.sign,
    scanned=_scanned,
    ahead=True,
)

started = Measure("started", starts)
new_customers = Measure("new_customers", starts, col(Spell.ordinal) == 1)
referred_customers = Measure(
    "referred_customers", starts, and_(col(Spell.ordinal) == 1, col(Spell.is_referred).is_(True))
)
ended = Measure("churned", ends)

_by_reason = frozenset({Dimension.REASON, Dimension.CHURN_KIND})
"""Departures have a reason and a kind, the base that they are held against has none."""
_settles_in = "departure_settles_in"

lost = Lost("lost", ends)
at_start = Opening(started) - Opening(ended)
at_end = Closing(started) - Closing(ended)
seen = (started, ended, Opening(started), Opening(ended))
"""What tells that somebody ever was a customer."""
active_base = at_start + new_customers
"""The customers at the start of a period and its newcomers."""

NEW_CUSTOMERS = ratio(
    "NEW_CUSTOMERS",
    Text("New customers", "新客户数"),
    Text(
        "Customers who became active for the first time; somebody who returns is not new.",
        "首次成为活跃客户的人数；回流客户不算新客户。",
    ),
    unit=KpiUnit.COUNT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.ACQUIRE,
    numerator=new_customers,
    additive=True,
    example=({"new_customers": 200}, 200),
)

CHURNED_CUSTOMERS = ratio(
    "CHURNED_CUSTOMERS",
    Text("Churned customers", "流失客户数"),
    Text(
        "Departures: times at which a customer ceased to be one. The day counted is the first day without.",
        "客户流失的次数；计入的日期是不再为客户的第一天。",
    ),
    unit=KpiUnit.COUNT,
    direction=Direction.LOWER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=ended,
    settles_in=_settles_in,
    additive=True,
    example=({"churned": 70}, 70),
)

ACTIVE_CUSTOMERS = ratio(
    "ACTIVE_CUSTOMERS",
    Text("Active customers", "活跃客户数"),
    Text("Customers who are active at the end of the period.", "期末处于活跃状态的客户数。"),
    unit=KpiUnit.COUNT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=at_end,
)

RETENTION_RATE = ratio(
    "RETENTION_RATE",
    Text("Customer retention rate", "客户留存率"),
    Text(
        "Of a hundred customers at the start of the period, how many are customers at its end: the same people.",
        "期初的每百名客户中，期末仍是客户的人数（同一批人）。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=at_start - lost,
    denominator=at_start,
    scale=100,
    evidence=seen,
    settles_in=_settles_in,
    compounds=True,
    others=(
        Variant(
            "net_count",
            Text("Customer retention rate, net of new", "客户留存率（净计法）"),
            Text(
                "The textbook (customers at the end − new customers) ÷ customers at the start; wrong once newcomers "
                "leave inside the period, and may be negative or pass 100.",
                "教科书算法：（期末客户 − 新客户）÷ 期初客户；新客户在期内流失时会失真，可能为负或超过 100。",
            ),
            at_end - new_customers,
            at_start,
            scale=100,
            evidence=seen,
            settles_in=_settles_in,
        ),
    ),
    bounds=(0, 100),
    cohort=True,
)

CHURN_RATE = ratio(
    "CHURN_RATE",
    Text("Customer churn rate", "客户流失率"),
    Text(
        "Of a hundred customers at the start of the period, how many are no longer at its end.",
        "期初的每百名客户中，期末已不再是客户的人数。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.LOWER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=lost,
    denominator=at_start,
    scale=100,
    evidence=seen,
    settles_in=_settles_in,
    compounds=True,
    others=(
        Variant(
            "churned_over_start",
            Text("Churn over the starting base", "流失率（按期初客户）"),
            Text(
                "All departures of the period, of newcomers too, per hundred customers at the start.",
                "期内全部流失（含新客户）与期初客户之比，以百分数计。",
            ),
            ended,
            at_start,
            scale=100,
            evidence=seen,
            settles_in=_settles_in,
            over_whole=_by_reason,
        ),
        Variant(
            "churned_over_start_plus_new",
            Text("Churn over all customers of the period", "流失率（按期内全部客户）"),
            Text(
                "All departures of the period per hundred customers at the start and newcomers, as in many handbooks.",
                "期内全部流失与期初客户加新客户之比，以百分数计，许多手册采用此算法。",
            ),
            ended,
            active_base,
            scale=100,
            evidence=seen,
            settles_in=_settles_in,
            over_whole=_by_reason,
        ),
    ),
    bounds=(0, 100),
    cohort=True,
    over_whole=_by_reason,
)

KPIS = (NEW_CUSTOMERS, CHURNED_CUSTOMERS, ACTIVE_CUSTOMERS, RETENTION_RATE, CHURN_RATE)
