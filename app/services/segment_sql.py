"""Rules of segments as conditions on customers: each part one subquery over all of its facts, never one a customer.

Subqueries name the workspace themselves, because a refresh runs them inside a statement that nothing else scopes.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

from sqlalchemy import ColumnElement, Double, Select, Subquery, and_, case, cast, func, not_, or_, select, true
from sqlmodel import col

from app.kpis import engagement, referral
from app.kpis import feedback as said
from app.kpis.interaction import complaints
from app.kpis.measure import Cube
from app.models.channel import Channel
from app.models.customer import Customer
from app.models.engagement import Engagement
from app.models.feedback import Feedback
from app.models.interaction import Interaction
from app.models.order import Order
from app.models.referral import Referral
from app.services import rfv
from app.services.money import minor
from app.services.segment_rule import Rule, SegmentValue
from app.uow import Uow

Condition = ColumnElement[bool]


def everybody(uow: Uow) -> list[Condition]:
    """What holds of a customer whom a rule may take in: no test customer, none that is part of another or deleted."""
    return [
        col(Customer.tenant_id) == uow.tenant_id,
        col(Customer.merged_into_id).is_(None),
        col(Customer.deleted_at).is_(None),
        col(Customer.is_test).is_(False),
    ]


def met(uow: Uow, rule: Rule) -> Condition:
    """Whether a customer meets `rule`."""
    ((name, value),) = rule.items()
    if name == "all":
        return and_(true(), *(met(uow, one) for one in value))
    if name == "any":
        return or_(*(met(uow, one) for one in value))
    if name == "not_":
        return not_(met(uow, value))
    if name in _COLUMNS:
        return _text(uow, _COLUMNS[name](uow), value)
    if name in _CHOICES:
        # what is not known is none of them, and not nothing: `not` of that would be nothing too
        return and_(_CHOICES[name].is_not(None), uow.db.is_any(_CHOICES[name], value))
    return _PARTS[name](uow, value)


# what is said of a customer


def _channel(uow: Uow) -> ColumnElement[Any]:
    chosen = (col(Channel.id) == col(Customer.acquisition_channel_id), col(Channel.tenant_id) == uow.tenant_id)
    return select(col(Channel.key)).where(*chosen).correlate(Customer).scalar_subquery()


_COLUMNS: Mapping[str, Callable[[Uow], Any]] = {
    "name": lambda _uow: col(Customer.name),
    "region": lambda _uow: col(Customer.region),
    "segment": lambda _uow: col(Customer.segment),
    "acquisition_channel": _channel,
}
_CHOICES: Mapping[str, Any] = {"kind": col(Customer.customer_kind), "status": col(Customer.status)}


def _text(uow: Uow, column: ColumnElement[Any], part: Mapping[str, Any]) -> Condition:
    text = func.coalesce(column, "")
    found: list[Condition] = [true()]
    if "any_of" in part:
        found.append(uow.db.is_any(text, part["any_of"]))
    if "none_of" in part:
        found.append(not_(uow.db.is_any(text, part["none_of"])))
    if "contains" in part:
        found.append(text.icontains(part["contains"], autoescape=True))
    return and_(*found)


def _attribute(uow: Uow, part: Mapping[str, Any]) -> Condition:
    text = _text(uow, uow.db.member(col(Customer.attributes), part["name"]), part)
    number = uow.db.number(col(Customer.attributes), part["name"])
    bounds = _between(number, part)
    return and_(text, *(func.coalesce(one, False) for one in bounds))


def _between(value: Any, part: Mapping[str, Any]) -> list[Condition]:  # noqa: ANN401 - an expression
    found = []
    if "at_least" in part:
        found.append(value >= part["at_least"])
    if "at_most" in part:
        found.append(value <= part["at_most"])
    return found


# what a customer did


def _since(uow: Uow, day: Any, part: Mapping[str, Any]) -> list[Condition]:  # noqa: ANN401 - a column
    """The last so many days, today among them; none says ever."""
    return [day > uow.today - timedelta(days=part["last_days"])] if "last_days" in part else []


def _is_in(chosen: Select[Any]) -> Condition:
    return col(Customer.id).in_(chosen)


def _counted(uow: Uow, model: Any, cube: Cube, *where: Condition) -> list[Condition]:  # noqa: ANN401 - a table
    """What holds of the facts of a cube that are of known customers."""
    return [model.tenant_id == uow.tenant_id, cube.counted, model.customer_id.is_not(None), *where]


def _facts(name: str) -> Callable[[Uow], tuple[Any, list[Condition]]]:
    """Whose, when and which the facts are that a part counts: the model, and what holds of them."""
    return {
        "orders": lambda uow: (Order, rfv.purchases(uow)),
        "uses": lambda uow: (Engagement, _counted(uow, Engagement, engagement.crowd)),
        "complaints": lambda uow: (Interaction, _counted(uow, Interaction, complaints.cube, complaints.where)),
        "referrals": lambda uow: (Referral, _counted(uow, Referral, referral.referrals.cube)),
    }[name]


def _times(name: str) -> Callable[[Uow, Mapping[str, Any]], Condition]:
    def times(uow: Uow, part: Mapping[str, Any]) -> Condition:
        model, holds = _facts(name)(uow)
        each = select(model.customer_id).where(*holds, *_since(uow, col(model.day), part)).group_by(model.customer_id)
        if part.get("at_least"):
            return _is_in(each.having(*_between(func.count(), part)))
        # whoever did nothing did it often enough
        return not_(_is_in(each.having(func.count() > part["at_most"]))) if "at_most" in part else true()

    return times


def _last(name: str) -> Callable[[Uow, Mapping[str, Any]], Condition]:
    def last(uow: Uow, part: Mapping[str, Any]) -> Condition:
        model, holds = _facts(name)(uow)
        latest = func.max(col(model.day))
        bounds: list[Condition] = [true()]
        if "at_least" in part:
            bounds.append(latest <= _ago(uow, part["at_least"]))
        if "at_most" in part:
            bounds.append(latest >= _ago(uow, part["at_most"]))
        return _is_in(select(model.customer_id).where(*holds).group_by(model.customer_id).having(and_(*bounds)))

    return last


def _ago(uow: Uow, days: int) -> date:
    return uow.today - timedelta(days=min(days, (uow.today - date.min).days))


def _score(uow: Uow, part: Mapping[str, Any]) -> Condition:
    holds = _counted(uow, Feedback, said.cube, col(Feedback.kind) == part["kind"], col(Feedback.score).is_not(None))
    order = (col(Feedback.occurred_at).desc(), col(Feedback.id).desc())
    place = func.row_number().over(partition_by=col(Feedback.customer_id), order_by=order).label("place")
    each = select(col(Feedback.customer_id), col(Feedback.score), place)
    latest = each.where(*holds, *_since(uow, col(Feedback.day), part)).subquery()
    return _is_in(select(latest.c.customer_id).where(latest.c.place == 1, *_between(latest.c.score, part)))


# what a customer is worth


def _minor(uow: Uow, part: Mapping[str, Any]) -> dict[str, Fraction]:
    """The bounds in minor units of the workspace's currency, which may have fewer decimals than they."""
    units = minor(uow.workspace.currency)
    return {name: Fraction(part[name]) * units for name in ("at_least", "at_most") if name in part}


def _unpriced() -> ColumnElement[int]:
    return func.sum(case((col(Order.net).is_(None), 1), else_=0))


def _revenue(uow: Uow, part: Mapping[str, Any]) -> Condition:
    """What is not known for want of an exchange rate meets no bound."""
    bounds, net = _minor(uow, part), func.sum(col(Order.net))
    each = select(col(Order.customer_id)).where(*rfv.takings(uow), *_since(uow, col(Order.day), part))
    each = each.group_by(col(Order.customer_id))
    beyond = [net > floor(bounds["at_most"])] if "at_most" in bounds else []
    if bounds.get("at_least"):
        enough = net >= ceil(bounds["at_least"])
        return _is_in(each.having(and_(_unpriced() == 0, enough, *map(not_, beyond))))
    return not_(_is_in(each.having(or_(_unpriced() > 0, *beyond))))


def _average(uow: Uow, part: Mapping[str, Any]) -> Condition:
    bounds, net, many = _minor(uow, part), func.sum(col(Order.net)), func.count()
    met_: list[Condition] = [_unpriced() == 0]
    if (least := bounds.get("at_least")) is not None:
        met_.append(net * least.denominator >= least.numerator * many)
    if (most := bounds.get("at_most")) is not None:
        met_.append(net * most.denominator <= most.numerator * many)
    each = select(col(Order.customer_id)).where(*rfv.purchases(uow), *_since(uow, col(Order.day), part))
    return _is_in(each.group_by(col(Order.customer_id)).having(and_(*met_)))


def _rank(uow: Uow, part: Mapping[str, Any]) -> Condition:
    """Those who are alike at the border are in together."""
    each = _values(uow, part)
    place, of = func.rank().over(order_by=each.c.value.desc()), func.count().over()
    # what those bring who bring more
    before = func.sum(each.c.value).over(order_by=each.c.value.desc(), groups=(None, -1))
    whole = func.sum(each.c.value).over()
    columns = (place.label("place"), of.label("of"), func.coalesce(before, 0).label("before"), whole.label("whole"))
    ranked = select(each.c.customer_id, *columns).subquery()
    if "top" in part:
        within = ranked.c.place <= part["top"]
    elif "top_percent" in part:
        within = (ranked.c.place - 1) * _PARTS_OF_A_HUNDRED * 100 < ranked.c.of * _scaled(part["top_percent"])
    else:
        share = part["top_share"] / 100
        within = cast(ranked.c.before, Double) < cast(ranked.c.whole, Double) * share
    return _is_in(select(ranked.c.customer_id).where(within))


_PARTS_OF_A_HUNDRED = 10_000


def _scaled(percent: float) -> int:
    return round(percent * _PARTS_OF_A_HUNDRED)


def _values(uow: Uow, part: Mapping[str, Any]) -> Subquery:
    """Everybody who bought, and by what they are ranked."""
    net, many = func.sum(col(Order.net)), func.count()
    value: Any = {
        SegmentValue.REVENUE: net,
        SegmentValue.ORDERS: many,
        SegmentValue.AVERAGE_ORDER: cast(net, Double) / cast(many, Double),
    }[SegmentValue(part["by"])]
    known = true() if part["by"] == SegmentValue.ORDERS else _unpriced() == 0
    each = select(col(Order.customer_id).label("customer_id"), value.label("value"))
    holds = (*rfv.purchases(uow), *_since(uow, col(Order.day), part))
    return each.where(*holds).group_by(col(Order.customer_id)).having(known).subquery()


def _rfv(uow: Uow, part: Mapping[str, Any]) -> Condition:
    each = rfv.graded(uow)
    bounds: list[Condition] = [true()]
    for name in ("recency", "frequency", "value"):
        bounds += _between(each.c[name], part.get(name, {}))
    if "classes" in part:
        bounds.append(uow.db.is_any(rfv.class_of(each.c), part["classes"]))
    return _is_in(select(each.c.customer_id).where(*bounds))


_PARTS: Mapping[str, Callable[[Uow, Mapping[str, Any]], Condition]] = {
    "attribute": _attribute,
    "orders": _times("orders"),
    "uses": _times("uses"),
    "complaints": _times("complaints"),
    "referrals": _times("referrals"),
    "days_since_purchase": _last("orders"),
    "days_since_use": _last("uses"),
    "score": _score,
    "revenue": _revenue,
    "average_order": _average,
    "rank": _rank,
    "rfv": _rfv,
}
