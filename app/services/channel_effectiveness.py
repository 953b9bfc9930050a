"""Channel effectiveness: what each channel costs and brings, by any attribution of the customers it helped to win."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlmodel import col

from app.actor import Scope
from app.errors import AppError
from app.formula import Number
from app.kpis.dimension import Dimension
from app.kpis.figure import Figure, NullReason, nothing
from app.kpis.lead import created
from app.kpis.order import customer_revenue, orders, revenue
from app.kpis.retention import new_customers, starts
from app.kpis.value import acquisition_cost
from app.models.buyer import Buyer
from app.models.channel import Channel
from app.models.order import Order
from app.models.spell import Spell
from app.models.touchpoint import WHOLE, Credit
from app.services import kpi as kpis
from app.services.attribution import Attribution
from app.services.days import Period, calendar
from app.services.kpi import Answer, Question
from app.services.money import minor
from app.services.period import Span
from app.services.scan import bound
from app.uow import Uow, reads

METRICS = (
    "spend",
    "leads",
    "conversion",
    "customers",
    "cac",
    "revenue",
    "clv",
    "ltv_cac",
    "return_on_spend",
    "csat",
    "nps",
    "response_time",
)
_SAID = ("csat", "nps", "response_time")
"""What is asked as it is of the channel on which it was said."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One channel, or what no channel can be credited with (None), and its figure for each of `METRICS`."""

    channel: Channel | None
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Effects:
    """The rows, in no order, and what they are about; for how many days after it each metric is provisional."""

    rows: list[Effect]
    span: Span
    currency: str
    today: date
    settles_in: Mapping[str, int]


class _Sum:
    """Amounts by channel ("" for none) in units; those that lack an exchange rate have none."""

    def __init__(self, status: NullReason | None) -> None:
        self.status = status
        self.amounts: dict[str, Number] = defaultdict(int)
        self.unpriced: set[str] = set()

    def figure(self, channel: str) -> Figure:
        """The amount of one channel."""
        if self.status is not None:
            return nothing(self.status)
        return nothing(NullReason.MISSING_FX) if channel in self.unpriced else _figure(self.amounts.get(channel, 0))


@reads(Scope.KPI_READ)
def effects(uow: Uow, period: Period, attribution: Attribution) -> Effects:
    """What each channel cost and brought over `period`.

    Customers and revenue are those of the period, by the credits of `attribution`; customers without touchpoints are
    credited to the channel they are recorded to have come through. The lifetime value is the revenue to date of the
    customers won in the period. Leads are those whose first contact was on the channel in the period, and conversion
    is of them. CSAT, NPS and response time are of what was said on the channel. Raises Invalid or Limited.
    """
    told = _ask(uow, period)
    span = told["customers"].span
    # whoever is to join later is not won yet
    won = calendar(uow).elapsed(span)
    units = minor(uow.workspace.currency)
    share: Any = getattr(Credit, attribution.value.lower())
    bound(uow, orders, [span])
    bound(uow, starts, [won])
    spend = _rolled(told, "spend", acquisition_cost, units)
    customers = _rolled(told, "customers", new_customers, 1)
    income = _rolled(told, "revenue", revenue, units)
    contacts = _rolled(told, "leads", created, 1)
    _credit(uow, customers, _won(won), share, 1)
    _credit(uow, income, _sold(span), share, units)
    worth = _worth(uow, told, _won(won), share, units)
    found = uow.session.scalars(select(Channel).order_by(col(Channel.key))).all()
    named: list[tuple[str, Channel | None]] = [(one.id.hex, one) for one in found]
    rows = []
    for key, channel in (*named, ("", None)):
        sums = {"spend": spend.figure(key), "customers": customers.figure(key), "revenue": income.figure(key)}
        met = {"leads": contacts.figure(key), "conversion": _converted(told["conversion"], contacts, key)}
        said = {name: _said(told[name], key) for name in _SAID}
        rows.append(Effect(channel, sums | met | _derived(sums, worth.figure(key)) | said))
    settles_in = {name: told[name].settles_in for name in ("conversion",)}
    return Effects(rows, span, uow.workspace.currency, uow.today, settles_in)


def _ask(uow: Uow, period: Period) -> dict[str, Answer]:
    """The figures that rollups hold: whole, and by channel as "… by"."""
    keys = {"spend": "CAC", "customers": "NEW_CUSTOMERS", "revenue": "REVENUE"}
    asked = {name: Question(key, period) for name, key in keys.items()}
    asked |= {f"{name} by": Question(key, period, by=Dimension.ACQUISITION_CHANNEL) for name, key in keys.items()}
    asked |= {name: Question(name.upper(), period, by=Dimension.CHANNEL) for name in _SAID}
    asked |= {"leads": Question("LEADS", period), "leads by": Question("LEADS", period, by=Dimension.CHANNEL)}
    asked["conversion"] = Question("CONVERSION_RATE", period, by=Dimension.CHANNEL)
    told: dict[str, Answer] = {}
    for name, answer in zip(asked, kpis.answers(uow, list(asked.values())), strict=True):
        if isinstance(answer, AppError):
            raise answer
        told[name] = answer
    return told


_STATES = {NullReason.PREPARING, NullReason.INPUT_NOT_CONFIGURED, NullReason.PERIOD_NOT_STARTED}


def _rolled(told: Mapping[str, Answer], name: str, measure: Any, units: int) -> _Sum:  # noqa: ANN401 - a measure
    reason = told[name].figure.reason
    found = _Sum(reason if reason in _STATES else None)
    for key, (amounts,) in told[f"{name} by"].amounts.items():
        found.amounts[key] += Fraction(amounts[measure] or 0, units)
        if measure.unpriced is not None and amounts[measure.unpriced]:
            found.unpriced.add(key)
    return found


def _credit(uow: Uow, sums: _Sum, rows: Select[Any], share: ColumnElement[int], units: int) -> None:
    """Move amounts of customers with touchpoints from the channel they are recorded with to those with the credit.

    `rows` gives a customer, a channel and an amount in 1/`units`, null for want of an exchange rate.
    """
    each = rows.subquery()
    amount = each.c.amount
    # in two parts, so that no product leaves 64 bits
    wholes, parts = func.sum(amount // WHOLE * share), func.sum(amount % WHOLE * share)
    unpriced = func.sum(case((amount.is_(None), 1), else_=0))
    statement = (
        select(each.c.channel, col(Credit.channel_id), wholes, parts, unpriced)
        .join(Credit, col(Credit.customer_id) == each.c.customer)
        .group_by(each.c.channel, col(Credit.channel_id))
    )
    for source, target, whole, part, missing in uow.session.execute(statement):
        moved = (int(whole or 0) + Fraction(int(part or 0), WHOLE)) / units
        sums.amounts[_key(source)] -= moved
        sums.amounts[_key(target)] += moved
        if missing:
            sums.unpriced |= {_key(source), _key(target)}


def _won(span: Span) -> Select[Any]:
    """Customers won in `span`."""
    inside = (col(Spell.starts_on) >= span.start, col(Spell.starts_on) < span.end)
    columns: tuple[Any, ...] = (
        col(Spell.customer_id).label("customer"),
        col(Spell.acquisition_channel_id).label("channel"),
        col(Spell.sign).label("amount"),
    )
    return select(*columns).where(new_customers.where, starts.counted, *inside)


def _sold(span: Span) -> Select[Any]:
    """Revenue in `span` from customers that are known."""
    inside = (col(Order.day) >= span.start, col(Order.day) < span.end)
    columns: tuple[Any, ...] = (
        col(Order.customer_id).label("customer"),
        col(Order.acquisition_channel_id).label("channel"),
        col(Order.net).label("amount"),
    )
    return select(*columns).where(orders.counted, customer_revenue.where, *inside)


def _worth(uow: Uow, told: Mapping[str, Answer], joined: Select[Any], share: ColumnElement[int], units: int) -> _Sum:
    """The revenue to date of the customers who `joined`, by channel."""
    reason = told["revenue"].figure.reason
    found = _Sum(reason if reason in _STATES else None)
    won = joined.subquery()
    value = case((col(Buyer.unpriced) > 0, None), else_=won.c.amount * Buyer.value)
    rows = select(won.c.customer, won.c.channel, value.label("amount")).join(
        Buyer, col(Buyer.customer_id) == won.c.customer
    )
    each = rows.subquery()
    missing = func.sum(case((each.c.amount.is_(None), 1), else_=0))
    whole = select(each.c.channel, func.sum(each.c.amount), missing).group_by(each.c.channel)
    for channel, amount, unpriced in uow.session.execute(whole):
        found.amounts[_key(channel)] += Fraction(int(amount or 0), units)
        found.unpriced |= {_key(channel)} if unpriced else set()
    _credit(uow, found, rows, share, units)
    return found


def _key(channel: UUID | None) -> str:
    return channel.hex if channel else ""


def _figure(amount: Number) -> Figure:
    return Figure(float(amount), None, float(amount), exact=amount)


def _ratio(above: Figure, below: Figure) -> Figure:
    """One figure over another; of a part without value the reason."""
    for part in (above, below):
        if part.reason is not None:
            return nothing(part.reason)
    assert above.exact is not None  # noqa: S101 - there is a value
    if not below.exact:
        return Figure(None, NullReason.ZERO_DENOMINATOR, above.value, below.value)
    exact = Fraction(above.exact) / Fraction(below.exact)
    return Figure(float(exact), None, above.value, below.value, below.value, exact=exact)


def _derived(sums: Mapping[str, Figure], worth: Figure) -> dict[str, Figure]:
    cac, clv = _ratio(sums["spend"], sums["customers"]), _ratio(worth, sums["customers"])
    return {
        "cac": cac,
        "clv": clv,
        "ltv_cac": _ratio(clv, cac),
        "return_on_spend": _ratio(sums["revenue"], sums["spend"]),
    }


def _converted(answer: Answer, contacts: _Sum, key: str) -> Figure:
    """What part of the channel's leads was won in time."""
    return nothing(contacts.status) if contacts.status is not None else _said(answer, key)


def _said(answer: Answer, key: str) -> Figure:
    """What a KPI says of the channel, which may have no facts."""
    if key in answer.figures:
        return answer.figures[key][0]
    return nothing(NullReason.NO_DATA)
