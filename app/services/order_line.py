"""The lines of an order: what was bought, and whether it adds up. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Protocol

from pydantic import Field

from app.errors import Code, Invalid, Problem
from app.services.money import digits, in_minor, major
from app.services.row import Row, Word
from app.text import Text


class OrderLineRow(Row):
    """One line of an order as it comes in."""

    product: Word | None = None
    quantity: Annotated[Decimal, Field(gt=0, lt=10**9)] = Decimal(1)
    unit_price: Decimal | None = None
    discount: Decimal | None = None
    amount: Decimal
    cost: Decimal | None = None


class Bought(Protocol):
    """What lines are held against: the order that they are of."""

    amount: Decimal
    cost: Decimal | None
    currency: str
    product: str | None


def added_up(lines: Sequence[OrderLineRow], order: Bought) -> dict[str, Any]:
    """The order's lines, cost and product. Raises Invalid with the path of each line that does not add up."""
    cost = None if order.cost is None else in_minor(order.cost, order.currency, "cost")
    if not lines:
        return {"lines": [], "cost": cost, "product": order.product}
    problems: list[Problem] = []
    found = []
    for place, line in enumerate(lines):
        try:
            found.append(_line(line, order.currency, str(place)))
        except Invalid as error:
            problems += error.problems
    if problems:
        raise Invalid(problems)
    total, currency = sum(line["amount"] for line in found), order.currency
    if total != in_minor(order.amount, currency, "amount"):
        msg = Text(
            f"The lines add up to {major(total, currency)}, the order to {order.amount}; "
            "give shipping, taxes and discounts lines of their own.",
            f"各行合计 {major(total, currency)}，而订单金额为 {order.amount}；运费、税费和折扣请单列一行。",
        )
        raise Invalid(msg, "lines")
    costs = [line["cost"] for line in found]
    if None not in costs:
        if cost is not None and cost != sum(costs):
            msg = Text(
                f"The costs of the lines add up to {major(sum(costs), currency)}, not to {order.cost}.",
                f"各行成本合计 {major(sum(costs), currency)}，而不是 {order.cost}。",
            )
            raise Invalid(msg, "cost")
        cost = sum(costs)
    products = {line["product"] for line in found}
    one = products.pop() if len(products) == 1 else None
    return {"lines": found, "cost": cost, "product": order.product or one}


def _line(line: OrderLineRow, currency: str, place: str) -> dict[str, Any]:
    """The line as it is stored: amounts in minor units."""

    def units(name: str) -> int | None:
        value = getattr(line, name)
        return None if value is None else in_minor(value, currency, "lines", place, name)

    amount, cost, discount = units("amount"), units("cost"), units("discount")
    if line.unit_price is not None:
        price = _price(line.unit_price, place)
        due = round(line.quantity * price - (line.discount or 0), digits(currency))
        if due != line.amount:
            msg = Text(
                f"{line.quantity} × {line.unit_price} − {line.discount or 0} is {due}, not {line.amount}.",
                f"{line.quantity} × {line.unit_price} − {line.discount or 0} 等于 {due}，而不是 {line.amount}。",
            )
            raise Invalid(msg, "lines", place, "amount")
    return {
        "product": line.product,
        "quantity": str(line.quantity),
        "unit_price": None if line.unit_price is None else str(line.unit_price),
        "discount": discount,
        "amount": amount,
        "cost": cost,
    }


def _price(price: Decimal, place: str) -> Decimal:
    """A unit price may be finer than the currency, but not negative."""
    if not 0 <= price < 10**15:
        msg = Text("unitPrice must be 0 or more.", "unitPrice 必须大于或等于 0。")
        raise Invalid(msg, "lines", place, "unitPrice", code=Code.OUT_OF_RANGE)
    return price
