"""Random rows of orders, refunds, costs and rates: new ones, corrections, repetitions, and some that cannot be."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from history import History
from money_books import MINOR, Books, Entry, Shelf

CATEGORIES = ("MARKETING", "SALES", "MEDIA", "MEDIA", "SALARIES", "SERVICE", "RETENTION", "OTHER")
CURRENCIES = ("EUR", "EUR", "EUR", "USD", "JPY", "KWD")
WORTH = ("0.5", "1.25", "1.1", "2", "0.0065", "3.217", "0.125")
BEGIN = date(2025, 2, 1)
"""No order is earlier."""

Told = tuple[str, dict[str, Any], datetime | None]
"""A name, what is said of it, and the time of that version."""


class MoneyRows(History):
    """What may be told next, after what is in the books."""

    world: Books
    numbers: dict[str, int]

    def _stamp(self, name: str) -> datetime | None:
        """Half of what is told comes from a source that numbers its versions."""
        return self._version() if int(name[1:]) % 2 else None

    def _new(self, kind: str) -> str:
        self.numbers[kind] += 1
        return f"{kind}{self.numbers[kind]}"

    def _old(self, shelf: Shelf, share: float = 0.4) -> Entry | None:
        known = [entry for entry in shelf.entries.values() if not entry.is_stub]
        return self.rng.choice(known) if known and self.rng.random() < share else None

    def _mixed(self, old: Entry, fresh: dict[str, Any], *together: str) -> dict[str, Any]:
        """What was told before, with a part of it told anew; `together` belongs together."""
        row = dict(old.row)
        for part in self.rng.sample(list(fresh), self.rng.choice((0, 1, 1, 2))):
            row |= {name: fresh[name] for name in (together if part in together else (part,))}
        return row

    # orders

    def _order(self) -> Told:
        orders = self.world.orders
        stubs = [name for name, entry in orders.entries.items() if entry.is_stub]
        buried = [name for name in orders.graves if name not in orders.entries]
        if (stubs or buried) and self.rng.random() < 0.3:
            name = self.rng.choice(stubs + buried)
            fresh = self._order_content(orders.entries[name].row["currency"] if name in stubs else None)
            covered = sum(r.row["amount"] for r in self.world.of_order(name))
            if self.rng.random() < 0.7 and covered > fresh["amount"]:
                fresh |= {"amount": covered, "lines": None}
            return name, fresh, self._stamp(name)
        old = self._old(orders)
        if old is None:
            name = self._new("o")
            return name, self._order_content(), self._stamp(name)
        fresh = self._order_content(old.row["currency"] if self.rng.random() < 0.7 else None)
        return old.name, self._mixed(old, fresh, "amount", "currency", "cost", "lines"), self._stamp(old.name)

    def _order_content(self, currency: str | None = None) -> dict[str, Any]:
        rng, currency = self.rng, currency or self.rng.choice(CURRENCIES)
        amount = self._amount(currency)
        own = rng.choice((None, None, (amount * rng.randint(0, 10) / 10).quantize(Decimal(1).scaleb(-MINOR[currency]))))
        return {
            "amount": amount,
            "cost": own,
            "currency": currency,
            "status": rng.choice(("COMPLETED",) * 6 + ("CANCELLED", "PENDING")),
            "customer": rng.choice((None, *(f"c{n}" for n in range(1, 13)), "stub1", "stub2", self._stranger())),
            **{name: self._pick(name) for name in ("channel", "staff", "product", "campaign")},
            "lines": self._lines(amount) if own is None and rng.random() < 0.3 else None,
            "occurred_at": self._instant(),
        }

    def _stranger(self) -> str:
        """Somebody who may never have been named before."""
        return f"new{self.rng.randint(1, 30)}"

    def _lines(self, amount: Decimal) -> list[dict[str, Any]]:
        """Lines that come to the amount, and now and then do not."""
        rng = self.rng
        first = min(amount, Decimal(rng.randint(0, 50)))
        lines: list[dict[str, Any]] = [
            {"product": "tea", "quantity": 2, "unit_price": first, "discount": first, "amount": first},
            {"product": rng.choice(("tea", "7")), "amount": amount - first + (rng.random() < 0.05)},
        ]
        if rng.random() < 0.6:
            for line in lines:
                line["cost"] = Decimal(int(line["amount"] / 2))
        return lines

    def _amount(self, currency: str) -> Decimal:
        """An amount, mostly of as many decimals as the currency has."""
        decimals = MINOR[currency] + (self.rng.random() < 0.01)
        most = self.rng.choice((3, 200, 200))
        return Decimal(self.rng.randrange(most * 10**decimals)).scaleb(-decimals)

    def _instant(self) -> datetime:
        """Some time up to now, more often of late, sometimes close to midnight somewhere."""
        rng, days = self.rng, (self.today - BEGIN).days
        if self.world.orders.entries and rng.random() < 0.05:
            known: datetime | None = rng.choice(list(self.world.orders.entries.values())).row["occurred_at"]
            return known or self.clock.now
        at: datetime = self.clock.now - timedelta(days=rng.randrange(rng.choice((days, 120))))
        at -= timedelta(seconds=rng.randrange(86_400))
        if rng.random() < 0.3:
            at = at.replace(hour=rng.choice((0, 4, 5, 12, 16, 22, 23)), minute=rng.choice((0, 59)), second=0)
        return at.replace(microsecond=0)

    # refunds

    def _refund(self) -> Told:
        old = self._old(self.world.refunds, 0.3)
        if old and self._is_open(old.row["order"]):
            return old.name, self._mixed(old, self._refund_content()), self._stamp(old.name)
        name = self._new("r")
        return name, self._refund_content(), self._stamp(name)

    def _is_open(self, name: str) -> bool:
        """Whether nothing is known against refunds of an order: a deleted one has none."""
        entry = self.world.orders.entries.get(name)
        return entry is None or entry.alive

    def _refund_content(self) -> dict[str, Any]:
        rng = self.rng
        known = list(self.world.orders.living)
        of = rng.choice(known) if known and rng.random() < 0.85 else None
        currency = of.row["currency"] if of else rng.choice(CURRENCIES)
        left = of.row["amount"] - sum(r.row["amount"] for r in self.world.of_order(of.name)) if of else Decimal(0)
        amounts = (left, left, Decimal(int(left / 3)), Decimal(0), self._amount(currency))
        amount = max(Decimal(0), rng.choice(amounts)) if of and not of.is_stub else self._amount(currency)
        customer = of.row["customer"] if of and rng.random() < 0.2 else None
        return {
            "order": of.name if of else self._unknown_order(),
            "amount": amount,
            "currency": rng.choice((currency,) * 8 + (None,) * 8 + CURRENCIES[-3:]),
            "reason": rng.choice((None, "broken")),
            "customer": "c1" if rng.random() < 0.03 else customer,
            "channel": self._pick("channel"),
            "product": self._pick("product"),
            "campaign": self._pick("campaign"),
            "occurred_at": self._instant(),
        }

    def _unknown_order(self) -> str:
        """An order to come, that others of the batch may be about too, or one whose deletion came first."""
        buried = [name for name in self.world.orders.graves if name not in self.world.orders.entries]
        if buried and self.rng.random() < 0.5:
            return self.rng.choice(buried)
        latest = f"o{self.numbers['o']}"
        if latest not in self.world.orders.entries and self.rng.random() < 0.5:
            return latest
        return self._new("o")

    # costs and rates

    def _cost(self) -> Told:
        currency, start = self.rng.choice(CURRENCIES), self._some_day(date(2025, 9, 1), date(2026, 7, 1))
        fresh = {
            "category": self.rng.choice(CATEGORIES),
            "amount": self._amount(currency),
            "currency": currency,
            "from_": start,
            "before": start + timedelta(days=self.rng.choice((0, 1, 7, 30, 61, 90, 365))),
            "channel": self._pick("acquisition_channel"),
            "campaign": self._pick("campaign"),
            "customer": self.rng.choice((None, None, "c1", "c2", "c3", "stub4")),
        }
        old = self._old(self.world.costs)
        name = old.name if old else self._new("k")
        row = self._mixed(old, fresh, "amount", "currency") if old else fresh
        return name, row, self._stamp(name)

    def missing(self) -> set[tuple[str, date]]:
        """Which currency's rate is missing on which day."""
        books = self.world
        dated = [e for e in (*books.orders.living, *books.refunds.living) if not e.is_stub]
        wanted = {(entry.row["currency"], books.day(entry)) for entry in dated}
        wanted |= {(e.row["currency"], e.row["from_"]) for e in books.costs.living}
        return {(currency, day) for currency, day in wanted if books.rate_on(currency, day) is None}

    def _rate(self, currency: str, day: date) -> Told:
        pair: tuple[str, str | None] = (currency, self.rng.choice((None, self.world.currency)))
        if self.rng.random() < 0.3:
            pair = (self.world.currency, currency)
        name = self._new("x")
        return (
            name,
            {"from_": pair[0], "to": pair[1], "date": day, "rate": Decimal(self.rng.choice(WORTH))},
            self._stamp(name),
        )

    def _other_rate(self) -> Told:
        """Another worth, another day, or the same under another name."""
        rng = self.rng
        old = rng.choice(list(self.world.rates.entries.values()))
        row = old.row | {"rate": Decimal(rng.choice(WORTH))}
        if rng.random() < 0.3:
            row["date"] += timedelta(days=rng.choice((-1, 1, 2)))
        name = self._new("x") if rng.random() < 0.2 else old.name
        return name, row, self._stamp(name)
