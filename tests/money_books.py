"""What a workspace was told of its money, in plain records: orders, refunds, costs, rates; sharing no code with `app`.

`Books` is a `World` that says of each new row what becomes of it. The figures are counted in `money_oracle`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oracle import FROZEN, Person, Said, Stay, World

MINOR = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
"""How many decimals a currency has."""

MOVING = ("amount", "currency", "customer", "channel", "product", "campaign", "occurred_at")
ORDER = (*MOVING, "cost", "status", "staff", "lines")
REFUND = (*MOVING, "order", "reason")
COST = ("category", "amount", "currency", "from_", "before", "channel", "campaign", "customer")
RATE = ("from_", "to", "date", "rate")
"""What a caller says of each; two rows that agree in all of it are the same."""


@dataclass
class Entry(Said):
    """One record as it is known now; a stub is only named by others."""

    is_stub: bool = False


@dataclass
class Shelf:
    """The records of one kind, by what their source calls them."""

    entries: dict[str, Entry] = field(default_factory=dict)
    graves: dict[str, datetime] = field(default_factory=dict)

    @property
    def living(self) -> Iterator[Entry]:
        """Those that are not deleted."""
        return (entry for entry in self.entries.values() if entry.alive)

    def whole(self, name: str) -> Entry | None:
        """The record itself, where more than its name is known."""
        entry = self.entries.get(name)
        return entry if entry and not entry.is_stub else None

    def is_stale(self, name: str, updated: datetime | None) -> bool:
        """Whether something newer is known; of two with one stamp the deletion holds."""
        old = self.entries.get(name)
        stamp = old.updated if old else self.graves.get(name)
        if updated is None or stamp is None:
            return False
        return updated < stamp or (updated == stamp and not (old and old.alive and not old.is_stub))

    def put(
        self, name: str, row: dict[str, Any], updated: datetime | None, id_: str, frozen: dict[str, str | None]
    ) -> str:
        """Take a row in that nothing speaks against; what became of it. A stub becomes whole."""
        old = self.entries.get(name)
        if old and old.alive and not old.is_stub and old.row == row:
            old.updated = updated or old.updated
            return "UNCHANGED"
        self.entries[name] = Entry(name, (old and old.id) or id_, row, frozen, updated)
        return "UPDATED" if old and old.alive else "CREATED"

    def delete(self, name: str, updated: datetime | None) -> str:
        """Take a record back; what became of that."""
        old = self.entries.get(name)
        if old is None:
            if updated is None:
                return "REJECTED"
            self.graves[name] = max(updated, self.graves.get(name, updated))
            return "DELETED"
        if not old.alive:
            old.updated = max(filter(None, (updated, old.updated)), default=None)
            return "UNCHANGED"
        if updated and old.updated and updated < old.updated:
            return "STALE"
        old.alive, old.is_stub, old.updated = False, False, updated or old.updated
        return "DELETED"


@dataclass
class Books(World):
    """A workspace that keeps accounts. The settings are those of the workspace, by its names."""

    currency: str = "EUR"
    settings: dict[str, int | None] = field(default_factory=dict)
    media: dict[str, str | None] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    orders: Shelf = field(default_factory=Shelf)
    refunds: Shelf = field(default_factory=Shelf)
    costs: Shelf = field(default_factory=Shelf)
    rates: Shelf = field(default_factory=Shelf)

    def setting(self, name: str) -> int | None:
        """A setting as it is now."""
        return self.settings.get(name, {"repeat_window_days": 90, "rate_carry_days": 0}.get(name))

    def known_as(self, customer: str | None) -> str | None:
        """The name of a customer that another may have become part of."""
        while customer in self.aliases:
            customer = self.aliases[customer]
        return customer

    # what becomes of a row

    def order(self, name: str, row: dict[str, Any], updated: datetime | None, id_: str) -> str:
        """Take an order in."""
        told = _derived(row | {"customer": self.known_as(row["customer"])})
        given = [refund.row for refund in self.of_order(name)]
        if told is None:
            return "REJECTED"
        if self.orders.is_stale(name, updated):
            return "STALE"
        if any(r["currency"] != told["currency"] for r in given) or sum(r["amount"] for r in given) > told["amount"]:
            return "REJECTED"
        for refund in self.of_order(name):
            refund.row["customer"] = None
        return self.orders.put(name, told, updated, id_, self._freeze(self.orders.whole(name), told["customer"]))

    def refund(
        self, name: str, row: dict[str, Any], updated: datetime | None, id_: str, *, create_missing: bool = True
    ) -> str:
        """Take a refund in; of an order that is not known yet, a stub is made."""
        order = self.orders.entries.get(row["order"])
        currency = row["currency"] or (order.row["currency"] if order else None)
        if currency is None or (order is None and not create_missing) or not _fits(row["amount"], currency):
            return "REJECTED"
        if order and currency != order.row["currency"]:
            return "REJECTED"
        if order and not order.is_stub and self.known_as(row["customer"]) not in (None, order.row["customer"]):
            return "REJECTED"
        if self.refunds.is_stale(name, updated):
            return "STALE"
        others = sum(refund.row["amount"] for refund in self.of_order(row["order"]) if refund.name != name)
        if order and not order.is_stub and others + row["amount"] > order.row["amount"]:
            return "REJECTED"
        if order is None:
            self._make_stub(row["order"], currency)
        # whose it is, is the order's to say as soon as that is known
        known = order is not None and not order.is_stub
        told = row | {"currency": currency, "customer": None if known else self.known_as(row["customer"])}
        return self.refunds.put(name, told, updated, id_, dict.fromkeys(FROZEN.values()))

    def _make_stub(self, name: str, currency: str) -> None:
        """An order of which only a refund is known, and perhaps that it was deleted at some time."""
        blank = dict.fromkeys(ORDER) | {"currency": currency, "status": "PENDING", "amount": Decimal(0)}
        grave = self.orders.graves.get(name)
        self.orders.entries[name] = Entry(name, "", blank, dict.fromkeys(FROZEN.values()), grave, is_stub=True)

    def cost(self, name: str, row: dict[str, Any], updated: datetime | None, id_: str) -> str:
        """Take a cost in."""
        if row["before"] <= row["from_"] or not _fits(row["amount"], row["currency"]):
            return "REJECTED"
        if self.costs.is_stale(name, updated):
            return "STALE"
        told = row | {"customer": self.known_as(row["customer"])}
        return self.costs.put(name, told, updated, id_, self._freeze(self.costs.whole(name), told["customer"]))

    def rate(self, name: str, row: dict[str, Any], updated: datetime | None, id_: str) -> str:
        """Take an exchange rate in; there is one for each pair and day."""
        told = row | {"to": row["to"] or self.currency}
        if told["rate"] <= 0 or told["from_"] == told["to"]:
            return "REJECTED"
        if self.rates.is_stale(name, updated):
            return "STALE"
        place = [told[part] for part in ("from_", "to", "date")]
        if any(o.name != name and [o.row[p] for p in ("from_", "to", "date")] == place for o in self.rates.living):
            return "REJECTED"
        return self.rates.put(name, told, updated, id_, dict.fromkeys(FROZEN.values()))

    def merge(self, from_: str, into: str) -> str:
        """Make one customer part of another, with all that it froze; a stub froze nothing."""
        gone, kept = self.known_as(from_) or "", self.known_as(into) or ""
        one, other = self.people[gone], self.people[kept]
        if gone == kept:
            return "UNCHANGED"
        if one.is_test != other.is_test:
            return "REJECTED"
        other.traits = {name: value or one.traits[name] for name, value in other.traits.items()}
        other.stays = _united(other.stays, one.stays)
        unknown = [name for name in (gone, kept) if self.people[name].is_stub]
        other.is_stub = one.is_stub and other.is_stub
        for entry in (*self.said.values(), *self.orders.entries.values(), *self.costs.entries.values()):
            if entry.row["customer"] in unknown:
                entry.frozen = dict(other.traits)
            if entry.row["customer"] == gone:
                entry.row = entry.row | {"customer": kept}
        for refund in self.refunds.entries.values():
            if refund.row["customer"] == gone:
                refund.row["customer"] = kept
        self.aliases[gone] = kept
        del self.people[gone]
        return "UPDATED"

    def restate(self, name: str) -> None:
        """A stub has become whole: what its orders and costs froze was not known then, and is now."""
        super().restate(name)
        for shelf in (self.orders, self.costs):
            for entry in shelf.living:
                if entry.row["customer"] == name:
                    entry.frozen = dict(self.people[name].traits)

    def _freeze(self, old: Entry | None, customer: str | None) -> dict[str, str | None]:
        if customer is None:
            return dict.fromkeys(FROZEN.values())
        if customer not in self.people:
            self.people[customer] = Person(is_stub=True)
        if old and old.alive and old.row["customer"] == customer:
            return old.frozen
        return dict(self.people[customer].traits)

    # what there is

    def of_order(self, name: str) -> list[Entry]:
        """The living refunds of an order."""
        return [refund for refund in self.refunds.living if refund.row["order"] == name]

    def is_counted(self, entry: Entry) -> bool:
        """Whether it is alive and of nobody who only tests."""
        customer = entry.row["customer"]
        return entry.alive and not entry.is_stub and not (customer and self.people[customer].is_test)

    def rate_on(self, currency: str, day: date) -> Fraction | None:
        """What one unit was worth in the workspace's currency, if that is known."""
        if currency == self.currency:
            return Fraction(1)
        for age in range((self.setting("rate_carry_days") or 0) + 1):
            on = [rate.row for rate in self.rates.living if rate.row["date"] == day - timedelta(days=age)]
            direct = [r for r in on if (r["from_"], r["to"]) == (currency, self.currency)]
            inverse = [r for r in on if (r["to"], r["from_"]) == (currency, self.currency)]
            if direct:
                return Fraction(direct[0]["rate"])
            if inverse:
                return 1 / Fraction(inverse[0]["rate"])
        return None

    def converted(self, amount: Decimal, currency: str, day: date) -> Fraction | None:
        """An amount in the workspace's currency, rounded once to its minor units, halves to even."""
        rate, minor = self.rate_on(currency, day), 10 ** MINOR[self.currency]
        return None if rate is None else Fraction(round(Fraction(amount) * rate * minor), minor)


def _united(kept: list[Stay], gone: list[Stay]) -> list[Stay]:
    """The times of two customers as those of one: what overlaps or touches is one, under what the first one froze."""
    found: list[Stay] = []
    for stay in sorted((*kept, *gone), key=lambda s: (s.start, s.end or date.max)):
        last = found[-1] if found else None
        if last is None or (last.end is not None and stay.start > last.end):
            found.append(Stay(stay.start, stay.end, stay.reason, stay.frozen))
        elif last.end is not None and (stay.end is None or stay.end > last.end):
            last.end, last.reason = stay.end, stay.reason
    for stay in found:
        mine = [s for s in kept if s.start < (stay.end or date.max) and stay.start < (s.end or date.max)]
        mine.sort(key=lambda s: (s.start != stay.start, s.start))
        stay.frozen = mine[0].frozen if mine else stay.frozen
    return found


def _fits(amount: Decimal, currency: str) -> bool:
    return amount >= 0 and (Fraction(amount) * 10 ** MINOR[currency]).denominator == 1


def _derived(row: dict[str, Any]) -> dict[str, Any] | None:
    """The order with what its lines say of it; None where something does not add up."""
    lines, told = row["lines"] or [], dict(row)
    for line in lines:
        price, discount = line.get("unit_price"), line.get("discount") or 0
        if price is not None and line.get("quantity", 1) * price - discount != line["amount"]:
            return None
    costs = [line.get("cost") for line in lines]
    if lines and None not in costs:
        if told["cost"] not in (None, sum(costs)):
            return None
        told["cost"] = sum(costs)
    if lines and sum(line["amount"] for line in lines) != told["amount"]:
        return None
    named = {line.get("product") for line in lines}
    if told["product"] is None and len(named) == 1:
        (told["product"],) = named
    money = [told["amount"], told["cost"] or Decimal(0), *(line["amount"] for line in lines)]
    return told if all(_fits(amount, told["currency"]) for amount in money) else None
