"""The loyalty index: what customers buy again, whom they bring and what they say, in one figure."""

from app.formula import Formula, Mean
from app.kpis import feedback, order, retention
from app.kpis.kpi import Component, Direction, Kpi, KpiUnit, LifecycleStage, Variant
from app.kpis.promoter import NPS
from app.kpis.referral import REFERRAL_RATE
from app.kpis.revenue import REPEAT_PURCHASE_RATE
from app.text import Text


def _value(kpi: Kpi) -> Formula:
    """The value of a KPI's default reading."""
    first = kpi.variants[0]
    assert first.denominator is not None  # noqa: S101 - each of them is a ratio
    return first.scale * (first.numerator / first.denominator)


_COMPONENTS = (
    Component("REPEAT_PURCHASE_RATE", REPEAT_PURCHASE_RATE.name, _value(REPEAT_PURCHASE_RATE)),
    Component("REFERRAL_RATE", REFERRAL_RATE.name, _value(REFERRAL_RATE), needs=REFERRAL_RATE.variants[0].needs),
    Component(
        "NPS",
        Text("Net promoter score, from 0 to 100", "净推荐值（折算为 0 至 100）"),
        (_value(NPS) + 100) / 2,
    ),
)
_ABOUT = Text(
    "The mean of repeat purchase rate, referral rate and (net promoter score + 100) ÷ 2, each from 0 to 100. What has "
    "no value in the period is left out, and the mean is of the rest; the result says which.",
    "复购率、转介绍率与（净推荐值 + 100）÷ 2 的平均值，三者均为 0 至 100。期内无值的部分不计入，"
    "取其余部分的平均；结果会说明缺少哪些。",
)

LOYALTY_INDEX = Kpi(
    "LOYALTY_INDEX",
    Text("Loyalty index", "忠诚度指数"),
    _ABOUT,
    KpiUnit.POINTS,
    Direction.HIGHER_IS_BETTER,
    LifecycleStage.EXPAND,
    (
        Variant(
            "default",
            Text("Loyalty index", "忠诚度指数"),
            _ABOUT,
            Mean(tuple(one.formula for one in _COMPONENTS)),
            is_composite=True,
            # any one of them is enough
            optional=(order.purchasers, retention.starts, *REFERRAL_RATE.variants[0].needs, feedback.cube),
            components=_COMPONENTS,
        ),
    ),
    bounds=(0, 100),
    example=(
        {
            "repeat_buyers": 3,
            "buyers": 12,
            "referred_customers": 30,
            "new_customers": 200,
            "promoters": 32,
            "detractors": 12,
            "nps_answers": 50,
        },
        (25 + 15 + 70) / 3,
    ),
)

KPIS = (LOYALTY_INDEX,)
