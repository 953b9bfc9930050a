"""A second opinion on the money KPIs: the canon over plain lists and fractions, sharing no code with `app`.

`ask` answers a KPI by walking over everything that some `money_books.Books` were told.
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from money_counts import Count, Sale, Sum, View, bought, total
from oracle import FROZEN, Figure, Filter

ACQUISITION = ("MARKETING", "SALES", "MEDIA", "SALARIES", "TOOLS", "AGENCIES", "INCENTIVES")
SERVING = ("SERVICE", "RETENTION")
PAID = ("PAID_SEARCH", "DISPLAY", "AFFILIATE")
REASONS = ("MISSING_FX", "NO_DATA", "ZERO_DENOMINATOR", "UNBOUNDED")
"""Why a figure has no value, the first that holds."""

ORDER_DIMENSIONS = ("CHANNEL", "STAFF", "TEAM", "PRODUCT", "CAMPAIGN", "PURCHASE_COHORT", *FROZEN)
BY_ACQUISITION = ("CAC", "LTV_CAC_RATIO", "CAC_PAYBACK_MONTHS", "COST_TO_SERVE")
"""KPIs of which only the acquisition channel is known on both sides."""

SO_FAR = ("CAC", "CLV", "LTV_CAC_RATIO", "CAC_PAYBACK_MONTHS", "COST_TO_SERVE")
"""KPIs that count, in a running period, to the end of today."""


@dataclass(frozen=True)
class Answer:
    """What a figure came to: a value, or every reason against one; and its two parts, where they are told."""

    value: Sum
    reasons: frozenset[str] = frozenset()
    parts: tuple[Sum, Sum] | None = None

    @property
    def reason(self) -> str | None:
        """The first reason in the order that the canon gives."""
        return next((reason for reason in REASONS if reason in self.reasons), None)

    @property
    def figure(self) -> Figure:
        """As callers are answered."""
        top, bottom = (None if part is None else float(part) for part in self.parts or (None, None))
        return Figure(None if self.reason or self.value is None else float(self.value), self.reason, top, bottom)


def plain(amount: Sum) -> Answer:
    """A sum by itself: of nothing a true 0."""
    return Answer(amount, frozenset() if amount is not None else frozenset({"MISSING_FX"}), (amount, None))


def ratio(top: Sum | int, bottom: Sum | int, *, seen: object, scale: int = 1) -> Answer:
    """A quotient, or why there is none."""
    reasons = {"MISSING_FX"} if top is None or bottom is None else set()
    reasons |= set() if seen else {"NO_DATA"}
    reasons |= {"ZERO_DENOMINATOR"} if bottom == 0 else set()
    above, below = (None if part is None else Fraction(part) for part in (top, bottom))
    value = None if reasons or above is None or not below else scale * above / below
    return Answer(value, frozenset(reasons), (above, below))


def times(one: Answer, other: Answer) -> Answer:
    """Two answers multiplied."""
    value = None if one.value is None or other.value is None else one.value * other.value
    return Answer(value, one.reasons | other.reasons)


def over(one: Answer, other: Answer) -> Answer:
    """One answer divided by another."""
    reasons = one.reasons | other.reasons | ({"ZERO_DENOMINATOR"} if other.value == 0 else set())
    value = None if one.value is None or not other.value else one.value / other.value
    return Answer(value, frozenset(reasons))


# revenue and orders


def _revenue(view: View) -> Answer:
    return plain(total(sale.net for sale in view.placed))


def _revenue_as_refunded(view: View) -> Answer:
    came = total(sale.gross for sale in view.placed)
    went = total(amount for sale in view.matching for day, amount in sale.backs if view.holds(day))
    return plain(None if came is None or went is None else came - went)


def _growth(view: View, before: tuple[date, date]) -> Answer:
    now, then = view.over(elapsed(view.span, view.count.today)), view.over(before)
    new, old = (total(sale.net for sale in each.placed) for each in (now, then))
    change = None if new is None or old is None else new - old
    return ratio(change, old, seen=now.placed or then.placed, scale=100)


def _average_order(view: View) -> Answer:
    return ratio(total(sale.net for sale in view.placed), len(view.purchases), seen=view.placed)


def _repeat(view: View) -> Answer:
    again = sum(len(purchases) > 1 for purchases in view.buyers.values())
    return ratio(again, len(view.buyers), seen=view.placed, scale=100)


def _returning(view: View) -> Answer:
    old = sum(view.count.bought[name][0].day < view.span[0] for name in view.buyers)
    return ratio(old, len(view.buyers), seen=view.placed, scale=100)


def _repeat_cohort(view: View) -> Answer:
    window = timedelta(days=view.count.books.setting("repeat_window_days") or 0)
    cohort = [all_ for all_ in view.count.bought.values() if all_[0] in view.purchases]
    again = sum(len(all_) > 1 and all_[1].day - all_[0].day <= window for all_ in cohort)
    return ratio(again, len(cohort), seen=view.placed, scale=100)


def _returned(view: View) -> Answer:
    return ratio(sum(bool(sale.backs) for sale in view.placed), len(view.placed), seen=view.placed, scale=100)


def _returned_then(view: View) -> Answer:
    returned = sum(bool(s.backs) and view.holds(min(day for day, _ in s.backs)) for s in view.matching)
    return ratio(returned, len(view.placed), seen=view.placed or returned, scale=100)


# costs


def _cac(view: View) -> Answer:
    spent, new = view.spent(ACQUISITION), view.newcomers()
    return ratio(spent, new, seen=spent or new)


def _cost_of_one(view: View) -> Answer:
    """What a new customer cost, beside orders: whether there is data is for the orders to say."""
    spent, new = view.spent(ACQUISITION), view.newcomers()
    return ratio(spent, new, seen=True)


def _cac_paid(view: View) -> Answer:
    spent, new = view.spent(("MEDIA",)), view.newcomers(PAID)
    return ratio(spent, new, seen=spent or new)


def _cost_to_serve(view: View) -> Answer:
    spent, active = view.spent(SERVING), len(view.crowd.end)
    return ratio(spent, active, seen=spent or view.crowd.seen)


# what a customer is worth


def _lifetime(view: View, *, of_one: bool = False) -> Answer:
    """The expected lifespan in years, or with `of_one` in periods like this one, from churn alone."""
    setting = view.count.books.setting
    expected, cap = setting("expected_lifespan_months"), setting("lifespan_cap_months")
    if expected and not of_one:
        return Answer(Fraction(expected, 12))
    unit = Fraction(1) if of_one else view.years
    most = None if cap is None else Fraction(cap, 12) * unit / view.years
    if view.churn is None:
        return Answer(None, frozenset({"ZERO_DENOMINATOR"}))
    if view.churn == 0:
        return Answer(most, frozenset() if most is not None else frozenset({"UNBOUNDED"}))
    return Answer(unit / view.churn if most is None else min(unit / view.churn, most))


def _often(buyers: dict[str, list[Sale]], periods: Fraction | int, seen: object) -> Answer:
    return ratio(sum(map(len, buyers.values())), len(buyers) * periods, seen=seen)


def _margin(sales: list[Sale], seen: object) -> Answer:
    """What is left of an average purchase, of those that carry a cost."""
    costed = [sale for sale in sales if sale.is_purchase and sale.has_cost]
    return ratio(total(sale.margin for sale in costed), len(costed), seen=seen)


def _clv(view: View) -> Answer:
    often = _often(view.buyers, view.years, view.placed)
    return times(times(_average_order(view), often), _lifetime(view))


def _clv_margin(view: View) -> Answer:
    often = _often(view.buyers, view.years, view.placed)
    return times(times(_margin(view.placed, view.placed), often), _lifetime(view))


def _clv_historic(view: View) -> Answer:
    known = [sale for sale in view.until if sale.customer]
    return ratio(total(sale.net for sale in known), len(bought(known)), seen=bought(known))


def _clv_historic_margin(view: View) -> Answer:
    known = [sale for sale in view.until if sale.customer]
    return times(_margin(known, bought(known)), _often(bought(known), 1, bought(known)))


def _clv_retention(view: View) -> Answer:
    each = ratio(view.known_revenue, len(view.buyers), seen=view.placed)
    return times(each, _lifetime(view, of_one=True))


def _payback(view: View) -> Answer:
    monthly = ratio(view.known_revenue, len(view.buyers) * view.months, seen=view.placed)
    return over(_cost_of_one(view), monthly)


KPIS: dict[tuple[str, str], Callable[[View], Answer]] = {
    ("REVENUE", "default"): _revenue,
    ("REVENUE", "refund_date"): _revenue_as_refunded,
    ("REVENUE_GROWTH", "default"): lambda v: _growth(v, previous(v.span, v.count.today)),
    ("REVENUE_GROWTH", "year_over_year"): lambda v: _growth(v, last_year(v.span, v.count.today)),
    ("AVERAGE_ORDER_VALUE", "default"): _average_order,
    ("REPEAT_PURCHASE_RATE", "default"): _repeat,
    ("REPEAT_PURCHASE_RATE", "returning"): _returning,
    ("REPEAT_PURCHASE_RATE", "cohort"): _repeat_cohort,
    ("RETURN_RATE", "default"): _returned,
    ("RETURN_RATE", "refund_date"): _returned_then,
    ("CAC", "default"): _cac,
    ("CAC", "paid"): _cac_paid,
    ("CLV", "simple"): _clv,
    ("CLV", "simple_margin"): _clv_margin,
    ("CLV", "historic"): _clv_historic,
    ("CLV", "historic_margin"): _clv_historic_margin,
    ("CLV", "retention"): _clv_retention,
    ("LTV_CAC_RATIO", "simple"): lambda v: over(_clv(v), _cost_of_one(v)),
    ("LTV_CAC_RATIO", "historic"): lambda v: over(_clv_historic(v), _cost_of_one(v)),
    ("LTV_CAC_RATIO", "retention"): lambda v: over(_clv_retention(v), _cost_of_one(v)),
    ("CAC_PAYBACK_MONTHS", "default"): _payback,
    ("COST_TO_SERVE", "default"): _cost_to_serve,
}
"""How each KPI and variant is counted."""


def dimensions(key: str, variant: str = "default") -> tuple[str, ...]:
    """What a KPI is cut by here."""
    if key == "CLV" and variant.startswith("historic"):
        return ORDER_DIMENSIONS
    if variant == "cohort":
        return (*FROZEN, "PURCHASE_COHORT")
    if key == "CLV":
        return tuple(FROZEN)
    return ("ACQUISITION_CHANNEL",) if key in BY_ACQUISITION else ORDER_DIMENSIONS


def ask(
    count: Count,
    name: tuple[str, str],
    spans: Sequence[tuple[date, date]],
    filters: Sequence[Filter] = (),
    by: str | None = None,
    *,
    keys: Iterable[str] = (),
) -> dict[str, list[Figure]]:
    """The figures of a KPI: by key of the breakdown, of those that are named ("" without one), one per span."""
    found = {}
    for key in keys if by else [""]:
        narrowed = (*filters, *([Filter(by, (key,))] if by else ()))
        cut = [elapsed(span, count.today) if name[0] in SO_FAR else span for span in spans]
        found[key] = [KPIS[name](View(count, span, narrowed)).figure for span in cut]
    return found


# the calendar


def elapsed(span: tuple[date, date], today: date) -> tuple[date, date]:
    """Of a running period what has begun, today included."""
    return (span[0], today + timedelta(days=1)) if span[0] <= today < span[1] else span


def shifted(day: date, months: int) -> date:
    """The same day some months later; where that month is shorter, its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def previous(span: tuple[date, date], today: date) -> tuple[date, date]:
    """The period of equal length before; of a running one, the part like what has elapsed."""
    (start, end), length = span, span[1] - span[0]
    if start.day == end.day == 1:
        months = 12 * (end.year - start.year) + end.month - start.month
        return _like(span, (shifted(start, -months), start), today, months)
    so_far = elapsed(span, today)
    return start - length, start - length + (so_far[1] - start)


def last_year(span: tuple[date, date], today: date) -> tuple[date, date]:
    """The same days of the year before; of a running period, up to the same day."""
    return _like(span, (shifted(span[0], -12), shifted(span[1], -12)), today, 12)


def _like(span: tuple[date, date], whole: tuple[date, date], today: date, months: int) -> tuple[date, date]:
    """Of `whole`, so many months before `span`, the part that ends on the same day of its month as today."""
    if elapsed(span, today) == span:
        return whole
    same = shifted(today, -months) + timedelta(days=1)
    return whole[0], min(same, whole[1])
