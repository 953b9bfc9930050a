"""KPIs of what customers have agreed to pay again and again, and how much of it stays."""

from sqlalchemy import true
from sqlmodel import col

from app.kpis.atom import Closing, Opening, Shift
from app.kpis.dimension import Dimension
from app.kpis.kpi import Direction, KpiUnit, LifecycleStage, Variant, ratio
from app.kpis.measure import Cube, money
from app.models.contract import Recurrence
from app.text import Text

contracts = Cube(
    "recurrence",
    "CONTRACT",
    Recurrence,
    Recurrence.day,
    {
        Dimension.CHANNEL: Recurrence.channel_id,
        Dimension.ACQUISITION_CHANNEL: Recurrence.acquisition_channel_id,
        Dimension.SEGMENT: Recurrence.segment,
        Dimension.CUSTOMER_KIND: Recurrence.customer_kind,
        Dimension.REGION: Recurrence.region,
        Dimension.STAFF: Recurrence.staff_id,
        Dimension.TEAM: Recurrence.team_id,
        Dimension.PRODUCT: Recurrence.product,
        Dimension.CAMPAIGN: Recurrence.campaign,
    },
    col(Recurrence.is_test).is_(False),
    Recurrence.sign,
    scanned={Dimension.CUSTOMER: Recurrence.customer_id},
    ahead=True,
)

yearly = money("recurring_per_year", contracts, true(), col(Recurrence.value))

MONTHS_OF_A_YEAR = 12
_start, _end = Opening(yearly), Closing(yearly)
_less, _more = Shift(yearly), Shift(yearly, is_more=True)

MRR = ratio(
    "MRR",
    Text("Monthly recurring revenue", "月度经常性收入"),
    Text(
        "What the contracts that run at the end of the period come to in a month: a twelfth of a yearly amount, a "
        "third of a quarterly one. Amounts are added up by the year, in whole minor units, and divided once.",
        "期末有效合同折合每月的金额：年付金额的十二分之一，季付金额的三分之一。金额按年以最小货币单位汇总后一次相除。",
    ),
    unit=KpiUnit.MONEY,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.EXPAND,
    numerator=_end / MONTHS_OF_A_YEAR,
    others=(
        Variant(
            "annual",
            Text("Annual recurring revenue", "年度经常性收入"),
            Text("The same by the year.", "同上，按年计。"),
            _end,
        ),
    ),
    example=({"closing(recurring_per_year)": 100_000}, 1000 / 12),
)

GROSS_REVENUE_RETENTION = ratio(
    "GROSS_REVENUE_RETENTION",
    Text("Gross revenue retention", "收入总留存率"),
    Text(
        "Of a hundred that the customers at the start paid again and again, how much they still pay at the end, each "
        "over all of their contracts and none for more than at the start: what others pay more makes up for nothing.",
        "期初客户的每一百元经常性收入中，期末仍在支付的金额；每位客户合并其全部合同计算，且不超过其期初金额，"
        "增购不抵消流失。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=(_start - _less) / MONTHS_OF_A_YEAR,
    denominator=_start / MONTHS_OF_A_YEAR,
    scale=100,
    evidence=(_start, _end),
    bounds=(0, 100),
    cohort=True,
    example=({"opening(recurring_per_year)": 1_000_000, "contraction(recurring_per_year)": 150_000}, 85),
)

NET_REVENUE_RETENTION = ratio(
    "NET_REVENUE_RETENTION",
    Text("Net revenue retention", "收入净留存率"),
    Text(
        "What the customers at the start pay again and again at the end, per hundred that they paid at the start; new "
        "customers are left out, and it passes 100 where those who stay pay more than is lost.",
        "期初客户在期末的经常性收入与其期初经常性收入之比，以百分数计；不含新客户，增购多于流失时超过 100。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.EXPAND,
    numerator=(_start - _less + _more) / MONTHS_OF_A_YEAR,
    denominator=_start / MONTHS_OF_A_YEAR,
    scale=100,
    evidence=(_start, _end),
    example=(
        {
            "opening(recurring_per_year)": 1_000_000,
            "contraction(recurring_per_year)": 150_000,
            "expansion(recurring_per_year)": 250_000,
        },
        110,
    ),
)

KPIS = (MRR, GROSS_REVENUE_RETENTION, NET_REVENUE_RETENTION)
