"""Converting money: the rate of a business day, direct or inverse, and one rounding."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

from sqlalchemy import or_, select
from sqlmodel import col

from app.models.exchange_rate import ExchangeRate
from app.services.money import LARGEST, minor
from app.uow import Uow


class Rates:
    """What currencies are worth in the workspace's, on the days that were asked for."""

    def __init__(self, uow: Uow, currencies: Iterable[str], days: Iterable[date]) -> None:
        self.own = uow.workspace.currency
        self.carry = uow.workspace.rate_carry_days
        self.known: dict[str, dict[date, Fraction]] = defaultdict(dict)
        foreign, days = set(currencies) - {self.own}, set(days)
        if foreign and days:
            self._load(uow, foreign, min(days) - timedelta(days=self.carry), max(days))
        self.days = {currency: sorted(rates) for currency, rates in self.known.items()}

    def _load(self, uow: Uow, foreign: set[str], first: date, last: date) -> None:
        rate = ExchangeRate
        names = sorted(foreign)
        pair = or_(
            (col(rate.quote) == self.own) & uow.db.is_any(rate.base, names),
            (col(rate.base) == self.own) & uow.db.is_any(rate.quote, names),
        )
        statement = select(col(rate.base), col(rate.quote), col(rate.day), col(rate.rate)).where(
            pair, col(rate.day) >= first, col(rate.day) <= last, col(rate.deleted_at).is_(None)
        )
        # the inverse ones first, so that a direct one takes their place
        rows = sorted(uow.session.execute(statement), key=lambda row: row.quote == self.own)
        for base, quote, day, text in rows:
            is_direct = quote == self.own
            value = Fraction(text)
            self.known[base if is_direct else quote][day] = value if is_direct else 1 / value

    def of(self, currency: str, day: date) -> Fraction | None:
        """What one unit of `currency` is worth on `day`; None without a rate."""
        if currency == self.own:
            return Fraction(1)
        days = self.days.get(currency, [])
        place = bisect_right(days, day) - 1
        if place < 0 or (day - days[place]).days > self.carry:
            return None
        return self.known[currency][days[place]]

    def convert(self, amount: int | None, currency: str, day: date) -> int | None:
        """Minor units of `currency` as minor units of the workspace's, rounded half to even.

        None without a rate, and where the rate makes an amount of it that cannot be.
        """
        if currency == self.own:
            return amount
        rate = self.of(currency, day)
        if amount is None or rate is None:
            return None
        worth = round(amount * rate * minor(self.own) / minor(currency))
        return worth if abs(worth) < LARGEST else None
