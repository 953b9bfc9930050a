"""KPIs of what is sold: revenue and its growth, the size of orders, who buys again, what comes back."""

from typing import Any

from app.kpis.atom import Earlier
from app.kpis.kpi import Direction, KpiUnit, LifecycleStage, Variant, ratio
from app.kpis.order import (
    buyers,
    first_buyers,
    gross_revenue,
    new_buyers,
    newly_returned,
    placed,
    purchases,
    refunded,
    repeat_buyers,
    returned,
    returned_soon,
    revenue,
)
from app.text import Text

REVENUE = ratio(
    "REVENUE",
    Text("Revenue", "销售收入"),
    Text(
        "What completed orders came to, less what was refunded of them; a refund restates the day of its order.",
        "已完成订单的金额减去其退款；退款会重述其订单当日的数字。",
    ),
    unit=KpiUnit.MONEY,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.EXPAND,
    numerator=revenue,
    others=(
        Variant(
            "refund_date",
            Text("Revenue, refunds on their own day", "销售收入（退款计入退款日）"),
            Text(
                "The same, but a refund counts on the day on which it was made.",
                "同上，但退款计入其发生之日。",
            ),
            gross_revenue - refunded,
        ),
    ),
    additive=True,
    example=({"revenue": 1999900}, 19999),
)


def _growth(*, is_year: bool) -> dict[str, Any]:
    last = Earlier(revenue, is_year)
    return {
        "numerator": revenue - last,
        "denominator": last,
        "scale": 100,
        "evidence": (placed, Earlier(placed, is_year)),
    }


REVENUE_GROWTH = ratio(
    "REVENUE_GROWTH",
    Text("Revenue growth", "销售收入增长率"),
    Text(
        "By how many percent revenue has changed from the period before, of equal length; a running period is compared "
        "with the part of the one before that corresponds to what has passed.",
        "销售收入相对于上一个等长期间变化的百分比；进行中的期间与上期对应的已过部分相比。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.EXPAND,
    others=(
        Variant(
            "year_over_year",
            Text("Revenue growth over last year", "销售收入同比增长率"),
            Text("The same, against the same period of last year.", "同上，与去年同期相比。"),
            **_growth(is_year=True),
        ),
    ),
    **_growth(is_year=False),
    example=({"revenue": 12000, "previous(revenue)": 10000, "placed_orders": 1, "previous(placed_orders)": 1}, 20),
)

AVERAGE_ORDER_VALUE = ratio(
    "AVERAGE_ORDER_VALUE",
    Text("Average order value", "客单价"),
    Text(
        "Revenue per order. Cancelled and fully refunded orders are none.",
        "每笔订单的平均收入；已取消和全额退款的订单不计。",
    ),
    unit=KpiUnit.MONEY,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.CONVERT,
    numerator=revenue,
    denominator=purchases,
    evidence=(placed,),
    example=({"revenue": 48000, "orders": 6, "placed_orders": 6}, 80),
)

REPEAT_PURCHASE_RATE = ratio(
    "REPEAT_PURCHASE_RATE",
    Text("Repeat purchase rate", "复购率"),
    Text(
        "Of a hundred customers who bought in the period, how many bought twice or more in it.",
        "期内每百名购买客户中，购买两次及以上的人数。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.HIGHER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=repeat_buyers,
    denominator=buyers,
    scale=100,
    evidence=(placed,),
    others=(
        Variant(
            "returning",
            Text("Returning buyers", "回头客比例"),
            Text(
                "Of a hundred customers who bought in the period, how many had bought before it.",
                "期内每百名购买客户中，此前曾购买过的人数。",
            ),
            buyers - new_buyers,
            buyers,
            scale=100,
            evidence=(placed,),
        ),
        Variant(
            "cohort",
            Text("Repeat purchase of first-time buyers", "首购客户复购率"),
            Text(
                "Of a hundred customers whose first purchase lies in the period, how many bought again within the "
                "workspace's window of days; provisional until the window of the last one is over.",
                "期内首次购买的每百名客户中，在工作区设定的天数内再次购买的人数；窗口期结束前为暂定值。",
            ),
            returned_soon,
            first_buyers,
            scale=100,
            evidence=(placed,),
            settles_in="repeat_window_days",
        ),
    ),
    bounds=(0, 100),
    example=({"repeat_buyers": 3, "buyers": 12, "placed_orders": 17}, 25),
)

RETURN_RATE = ratio(
    "RETURN_RATE",
    Text("Return rate", "退货率"),
    Text(
        "Of a hundred completed orders of the period, of how many something was returned or refunded, whenever.",
        "期内每百笔已完成订单中，发生退货或退款的笔数（不论何时发生）。",
    ),
    unit=KpiUnit.PERCENT,
    direction=Direction.LOWER_IS_BETTER,
    stage=LifecycleStage.RETAIN,
    numerator=returned,
    denominator=placed,
    scale=100,
    others=(
        Variant(
            "refund_date",
            Text("Return rate, returns on their own day", "退货率（计入退货日）"),
            Text(
                "Orders whose first return or refund lies in the period, per hundred completed orders of the period; "
                "may pass 100.",
                "首次退货或退款发生在期内的订单数与期内已完成订单数之比；可能超过 100。",
            ),
            newly_returned,
            placed,
            scale=100,
        ),
    ),
    example=({"returned_orders": 3, "placed_orders": 60}, 5),
)

KPIS = (REVENUE, REVENUE_GROWTH, AVERAGE_ORDER_VALUE, REPEAT_PURCHASE_RATE, RETURN_RATE)
