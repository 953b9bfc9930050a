"""KPIs of what customers cost and are worth: acquisition cost, lifetime value, cost to serve."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.formula import AtMost, Formula, Otherwise, atoms
from app.kpis.atom import Opening, Paid
from app.kpis.dimension import Dimension
from app.kpis.given import EXPECTED_LIFESPAN, LIFESPAN_CAP, MONTHS, YEARS
from app.kpis.kpi import Direction, Kpi, KpiUnit, LifecycleStage, Variant, ratio
from app.kpis.measure import Cube, Measure, money
from app.kpis.order import (
    buyers,
    buyers_ever,
    cost_of_customer_orders,
    cost_of_orders,
    costed_customer_orders,
    costed_customer_revenue,
    costed_orders,
    costed_revenue,
    customer_orders,
    customer_revenue,
    firsts,
    orders,
    placed,
    purchases,
    revenue,
)
from app.kpis.prediction import predicted_customers, predicted_value
from app.kpis.retention import at_end, at_start, ends, lost, new_customers, starts
from app.models.cost import ACQUISITION, SERVING, Accrual, CostCategory
from app.text import Text

costs = Cube(
    "accrual",
    "COST",
    Accrual,
    Accrual.day,
    {Dimension.ACQUISITION_CHANNEL: Accrual.channel_id},
    col(Accrual.is_test).is_(False),
)


def _spent_on(categories: frozenset[CostCategory]) -> ColumnElement[bool]:
    return col(Accrual.category).in_(sorted(categories))


acquisition_cost = money("acquisition_cost", costs, _spent_on(ACQUISITION), col(Accrual.value))
media_cost = money("media_cost", costs, _spent_on(frozenset({CostCategory.MEDIA})), col(Accrual.value))
serving_cost = money("serving_cost", costs, _spent_on(SERVING), col(Accrual.value))

cost_per_new_customer = acquisition_cost / new_customers


def _to_date(measure: Measure) -> Formula:
    return Opening(measure) + measure


revenue_to_date = _to_date(customer_revenue)
lifespan = Otherwise(EXPECTED_LIFESPAN, AtMost(YEARS * at_start, lost, LIFESPAN_CAP))
margin = costed_revenue - cost_of_orders
frequency = customer_orders / buyers / YEARS

SIMPLE = revenue / purchases * frequency * lifespan
RETENTION = customer_revenue / buyers * AtMost(at_start, lost, LIFESPAN_CAP / YEARS)

CAC = ratio(
    "CAC",
    Text("Customer acquisition cost", "获客成本"),
    Text(
        "What was spent on marketing and sales (media, salaries, tools, agencies, incentives) per new customer; lump "
        "costs accrue day by day. By acquisition channel: the channel's cost over the customers who came through it.",
        "每获得一名新客户所花费的营销与销售成本（媒体、薪资、工具、代理、激励）；一次性成本按日分摊。"
        "按获客渠道细分时，为该渠道的成本除以经由它到来的客户数。",
    ),
    unit=KpiUnit.MONEY,
    direction=Direction.LOWER_IS_BETTER,
    stage=LifecycleStage.ACQUIRE,
    numerator=acquisition_cost,
    denominator=new_customers,
    others=(
        Variant(
            "paid",
            Text("Paid acquisition cost", "付费获客成本"),
            Text(
                "Media cost per new customer who came through a paid channel (paid search, display, affiliate).",
                "媒体费用除以经由付费渠道（付费搜索、展示广告、联盟）到来的新客户数。",
            ),
            media_cost,
            Paid(new_customers),
        ),
    ),
    example=({"acquisition_cost": 5_000_000, "new_customers": 100}, 500),
)


def _worth(key: str, name: Text, about: Text, formula: Formula, *, needs_churn: bool = False) -> Variant:
    """A reading of what a customer is worth: one figure, without parts to show."""
    sold = tuple(one for one in atoms(formula) if isinstance(one, Opening) and one.measure.cube in (orders, firsts))
    return Variant(
        key,
        name,
        about,
        formula,
        evidence=(*sold, *(one.measure for one in sold)) or (placed,),
        is_composite=True,
        endless=(lost, at_start) if needs_churn else None,
        optional=(starts, ends) if needs_churn else (),
        settles_in="departure_settles_in" if needs_churn else None,
    )


_SIMPLE = Text(
    "Revenue: average order value × orders per buyer and year × expected lifespan in years. The lifespan is the "
    "workspace's, or follows from the churn of the period, up to the workspace's cap; without churn and cap it has no "
    "bound.",
    "按收入：客单价 × 每位购买客户每年的订单数 × 预期客户年限。年限取工作区设定值，否则由期内流失率推算，"
    "不超过工作区上限；既无流失又无上限时无界。",
)

_SOLD = {
    "revenue": 144_000,
    "orders": 18,
    "customer_orders": 18,
    "buyers": 3,
    "lost": 1,
    "opening(started)": 3,
    "years": 1,
    "placed_orders": 18,
}

CLV = Kpi(
    "CLV",
    Text("Customer lifetime value", "客户终身价值"),
    _SIMPLE,
    KpiUnit.MONEY,
    Direction.HIGHER_IS_BETTER,
    LifecycleStage.EXPAND,
    (
        _worth("simple", Text("Customer lifetime value", "客户终身价值"), _SIMPLE, SIMPLE, needs_churn=True),
        Variant(
            "historic",
            Text("Revenue to date per customer", "客户历史价值"),
            Text(
                "Net revenue up to the end of the period per customer who has bought by then.",
                "截至期末的净收入除以截至期末有过购买的客户数。",
            ),
            revenue_to_date,
            buyers_ever,
        ),
        _worth(
            "retention",
            Text("Lifetime value by retention", "客户终身价值（按留存）"),
            Text(
                "Revenue per buyer of the period ÷ (1 − retention of the period), on one time base.",
                "期内每位购买客户的收入 ÷（1 − 期内留存率），时间口径一致。",
            ),
            RETENTION,
            needs_churn=True,
        ),
        _worth(
            "simple_margin",
            Text("Lifetime margin", "客户终身毛利"),
            Text(
                "As the default, but of margin (revenue less cost) instead of revenue, over the orders with a cost.",
                "同默认算法，但以毛利（收入减成本）代替收入，只计有成本的订单。",
            ),
            margin / costed_orders * frequency * lifespan,
            needs_churn=True,
        ),
        _worth(
            "historic_margin",
            Text("Margin to date per customer", "客户历史毛利"),
            Text(
                "Margin per order with a cost × orders to date per customer who has bought, of known customers.",
                "有成本订单的单均毛利 × 截至期末每位购买客户的订单数，仅计已知客户。",
            ),
            (_to_date(costed_customer_revenue) - _to_date(cost_of_customer_orders))
            / _to_date(costed_customer_orders)
            * (_to_date(customer_orders) / buyers_ever),
        ),
        Variant(
            "predictive",
            Text("Predicted value per customer", "客户预测价值"),
            Text(
                "What the latest fit of BG/NBD with Gamma-Gamma expects a customer to bring from its day on, over the "
                "workspace's horizon: the mean of all who had bought by the end of the period and do not object to "
                "profiles. Revenue, not discounted. Cutting it needs the scope personal:read.",
                "最近一次模型拟合（购买频次与单次金额）所预期的、自拟合日起在工作区预测期内每位客户带来的收入："
                "取截至期末已有购买且未拒绝画像的全部客户的平均值，未折现。细分需要可查看个人数据的权限。",
            ),
            _to_date(predicted_value),
            _to_date(predicted_customers),
            is_profile=True,
        ),
    ),
    example=(_SOLD, 1440),
)

LTV_CAC_RATIO = Kpi(
    "LTV_CAC_RATIO",
    Text("Lifetime value to acquisition cost", "LTV/CAC 比率"),
    Text(
        "How many times its acquisition cost a customer is worth over its lifetime.",
        "客户终身价值是其获客成本的多少倍。",
    ),
    KpiUnit.RATIO,
    Direction.HIGHER_IS_BETTER,
    LifecycleStage.EXPAND,
    (
        _worth(
            "simple",
            Text("Lifetime value to acquisition cost", "LTV/CAC 比率"),
            Text("Of the simple lifetime value.", "按简单终身价值。"),
            SIMPLE / cost_per_new_customer,
            needs_churn=True,
        ),
        _worth(
            "retention",
            Text("Lifetime value by retention to acquisition cost", "LTV/CAC 比率（按留存）"),
            Text("Of the lifetime value by retention.", "按留存法终身价值。"),
            RETENTION / cost_per_new_customer,
            needs_churn=True,
        ),
        _worth(
            "historic",
            Text("Revenue to date to acquisition cost", "LTV/CAC 比率（历史）"),
            Text("Of the revenue to date per customer.", "按客户历史价值。"),
            revenue_to_date / buyers_ever / cost_per_new_customer,
        ),
    ),
    example=(_SOLD | {"acquisition_cost": 36_000, "new_customers": 1}, 4),
)

CAC_PAYBACK_MONTHS = Kpi(
    "CAC_PAYBACK_MONTHS",
    Text("Payback of acquisition cost", "获客成本回收期"),
    Text(
        "In how many months the revenue per buyer covers the acquisition cost of a customer.",
        "每位购买客户的月收入需要多少个月才能收回获客成本。",
    ),
    KpiUnit.MONTHS,
    Direction.LOWER_IS_BETTER,
    LifecycleStage.ACQUIRE,
    (
        _worth(
            "default",
            Text("Payback of acquisition cost", "获客成本回收期"),
            Text("By revenue.", "按收入计算。"),
            cost_per_new_customer / (customer_revenue / buyers / MONTHS),
        ),
    ),
    example=(
        {
            "acquisition_cost": 50_000,
            "new_customers": 1,
            "customer_revenue": 360_000,
            "buyers": 3,
            "months": 12,
            "placed_orders": 9,
        },
        5,
    ),
)

COST_TO_SERVE = ratio(
    "COST_TO_SERVE",
    Text("Cost to serve", "客户服务成本"),
    Text(
        "What was spent on service and on keeping customers, per customer active at the end of the period.",
        "服务与客户保留方面的成本，除以期末活跃客户数。",
    ),
    unit=KpiUnit.MONEY,
    direction=Direction.LOWER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=serving_cost,
    denominator=at_end,
    example=({"serving_cost": 100_000, "closing(started)": 50}, 20),
)

KPIS = (CAC, CLV, LTV_CAC_RATIO, CAC_PAYBACK_MONTHS, COST_TO_SERVE)
