"""What orders, refunds and buyers add up to."""

from sqlalchemy import and_, true
from sqlmodel import col

from app.kpis.atom import Distinct
from app.kpis.dimension import Dimension
from app.kpis.measure import Among, Crowd, Cube, Measure, money
from app.models.buyer import Buyer
from app.models.order import Order, OrderStatus
from app.models.refund import Refund

TRAITS = (Dimension.ACQUISITION_CHANNEL, Dimension.SEGMENT, Dimension.CUSTOMER_KIND, Dimension.REGION)
"""What customers are cut by."""

_sold = {
    Dimension.CHANNEL: "channel_id",
    Dimension.ACQUISITION_CHANNEL: "acquisition_channel_id",
    Dimension.SEGMENT: "segment",
    Dimension.CUSTOMER_KIND: "customer_kind",
    Dimension.REGION: "region",
    Dimension.STAFF: "staff_id",
    Dimension.TEAM: "team_id",
    Dimension.PRODUCT: "product",
    Dimension.CAMPAIGN: "campaign",
    Dimension.PURCHASE_COHORT: "cohort",
}
_present = and_(col(Order.is_test).is_(False), col(Order.deleted_at).is_(None))
_placed = and_(col(Order.status) == OrderStatus.COMPLETED, col(Order.is_stub).is_(False))
_purchase = and_(_placed, (col(Order.refunded) == 0) | (col(Order.refunded) < col(Order.amount)))
_known = col(Order.customer_id).is_not(None)
_costed = and_(_purchase, col(Order.cost).is_not(None))

orders = Cube(
    "order",
    "ORDER",
    Order,
    Order.day,
    {dimension: getattr(Order, name) for dimension, name in _sold.items()},
    _present,
    scanned={Dimension.CUSTOMER: Order.customer_id},
)
returns = Cube(
    "order_return",
    "ORDER",
    Order,
    Order.refunded_on,
    orders.dimensions,
    and_(_present, _placed, col(Order.refunded_on).is_not(None)),
    scanned=orders.scanned,
)
refunds = Cube(
    "refund",
    "REFUND",
    Refund,
    Refund.day,
    {dimension: getattr(Refund, f"sold_{name}", None) or getattr(Refund, name) for dimension, name in _sold.items()},
    and_(col(Refund.is_test).is_(False), col(Refund.deleted_at).is_(None), col(Refund.is_counted)),
    scanned={Dimension.CUSTOMER: Refund.customer_id},
    optional=True,
)
purchasers = Crowd(
    "purchaser",
    "ORDER",
    Order,
    Order.day,
    orders.dimensions,
    and_(_present, _purchase, _known),
    scanned=orders.scanned,
    person=Order.customer_id,
)
firsts = Cube(
    "buyer",
    "ORDER",
    Buyer,
    Buyer.day,
    {dimension: getattr(Buyer, _sold[dimension]) for dimension in (*TRAITS, Dimension.PURCHASE_COHORT)},
    col(Buyer.is_test).is_(False),
    scanned={Dimension.CUSTOMER: Buyer.customer_id},
)

purchases = Measure("orders", orders, _purchase)
placed = Measure("placed_orders", orders, _placed)
returned = Measure("returned_orders", orders, and_(_placed, col(Order.refunded_on).is_not(None)))
revenue = money("revenue", orders, _placed, col(Order.net))
gross_revenue = money("gross_revenue", orders, _placed, col(Order.gross), revenue.unpriced)
customer_orders = Measure("customer_orders", orders, and_(_purchase, _known))
customer_revenue = money("customer_revenue", orders, and_(_placed, _known), col(Order.net))
costed_orders = Measure("costed_orders", orders, _costed)
costed_revenue = money("costed_revenue", orders, _costed, col(Order.net))
cost_of_orders = money("cost_of_orders", orders, _costed, col(Order.outlay), costed_revenue.unpriced)

costed_customer_orders = Measure("costed_customer_orders", orders, and_(_costed, _known))
costed_customer_revenue = money("costed_customer_revenue", orders, and_(_costed, _known), col(Order.net))
cost_of_customer_orders = money(
    "cost_of_customer_orders", orders, and_(_costed, _known), col(Order.outlay), costed_customer_revenue.unpriced
)

newly_returned = Measure("newly_returned_orders", returns)
refunded = money("refunds", refunds, true(), col(Refund.value))

buyers = Distinct("buyers", purchasers)
repeat_buyers = Distinct("repeat_buyers", purchasers, Among.REPEATED)
buyers_ever = Distinct("buyers_ever", purchasers, is_ever=True)
new_buyers = Distinct("new_buyers", purchasers, Among.NEW)
first_buyers = Measure("first_time_buyers", firsts)
returned_soon = Measure("bought_again_in_time", firsts, col(Buyer.is_repeat).is_(True))
