"""Survey figures by account, counted in plain Python over what was told; it shares no code with the program."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

TODAY = date(2026, 6, 15)


@dataclass
class Party:
    """A person or an organisation, as known now."""

    kind: str | None = None
    parent: str | None = None
    is_key: bool = False
    is_test: bool = False


@dataclass
class World:
    """What was told, by names; whoever was merged has the name of who is kept."""

    parties: dict[str, Party] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)

    def who(self, name: str | None) -> str | None:
        while name in self.called:
            name = self.called[name]
        return name

    def ancestors(self, name: str | None) -> Iterable[str]:
        while name is not None:
            yield name
            name = self.parties[name].parent

    def account(self, name: str) -> str:
        """An account is one by itself; a person belongs to who is named above, if anybody is."""
        party = self.parties[name]
        return name if party.kind == "ACCOUNT" or party.parent is None else party.parent

    def merge(self, gone: str, kept: str) -> None:
        one, other = self.parties[gone], self.parties[kept]
        for party in self.parties.values():
            if party.parent == gone:
                party.parent = kept
        if other.parent == kept or (other.parent is None and one.parent != kept):
            other.parent = one.parent
        other.kind, other.is_key = other.kind or one.kind, other.is_key or one.is_key
        self.called[gone] = kept
        del self.parties[gone]

    def said(self, kind: str, span: tuple[date, date], channel: str | None = None) -> list[tuple[str, str | None, int]]:
        """The answers of a period: their names, who gave them, and the score."""
        found = []
        for name, row in self.answers.items():
            who = self.who(row["customer"])
            if row["kind"] != kind or row["score"] is None or (who and self.parties[who].is_test):
                continue
            if span[0] <= row["day"] < span[1] and (channel is None or (row["channel"] or "") == channel):
                found.append((name, who, row["score"]))
        return found

    def bought(self, end: date) -> dict[str, Fraction]:
        """What each account and its people bought, less refunds, in the twelve months before a day, or up to today."""
        end = min(end, TODAY + timedelta(days=1))
        start = end.replace(year=end.year - 1)
        back: dict[str, Any] = {}
        for row in self.refunds.values():
            back[row["order"]] = back.get(row["order"], 0) + row["amount"]
        found: dict[str, Fraction] = {}
        for name, row in self.orders.items():
            who = self.who(row["customer"])
            counts = row["status"] == "COMPLETED" and who is not None and not self.parties[who].is_test
            if counts and start <= row["day"] < end:
                account = self.account(who)
                found[account] = found.get(account, Fraction(0)) + Fraction(row["amount"] - back.get(name, 0))
        return found


def scores(world: World, kind: str, span: tuple[date, date], channel: str | None) -> dict[str, Fraction]:
    """The mean of what the people of each account say: −1, 0 or 1 of a recommendation, 0 or 1 of satisfaction."""
    found: dict[str, list[int]] = {}
    for name, who, score in world.said(kind, span, channel):
        account = f"anonymous {name}" if who is None else world.account(who)
        found.setdefault(account, []).append(_worth(kind, score))
    return {account: Fraction(sum(worths), len(worths)) for account, worths in found.items()}


def _worth(kind: str, score: int) -> int:
    if kind == "NPS":
        return (score >= 9) - (score <= 6)
    return int(score >= 4)


Told = tuple[Fraction, Fraction | int, int, int | None, bool]
"""Numerator, denominator, how many it rests on, how many accounts are left out, and whether surveys are mixed."""


def _mixed(world: World, kind: str, names: Iterable[str]) -> bool:
    """Whether answers to the recommendation question are to surveys of both sorts."""
    surveys = {world.answers[name]["survey"] for name in names}
    return kind == "NPS" and surveys >= {"yearly", "purchase"}


def _average(kind: str) -> Callable[..., Told]:
    def count(world: World, span: tuple[date, date], channel: str | None = None) -> Told:
        found = scores(world, kind, span, channel)
        mixed = _mixed(world, kind, (name for name, _, _ in world.said(kind, span, channel)))
        return sum(found.values(), Fraction(0)), len(found), len(found), None, mixed

    return count


def _weighted(kind: str) -> Callable[..., Told]:
    def count(world: World, span: tuple[date, date], channel: str | None = None) -> Told:
        found = scores(world, kind, span, channel)
        weights = world.bought(span[1])
        heavy = [account for account in found if weights.get(account, 0) > 0]
        top = sum((found[account] * weights[account] for account in heavy), Fraction(0))
        heard = [name for name, who, _ in world.said(kind, span, channel) if who and world.account(who) in heavy]
        weight = sum((weights[one] for one in heavy), Fraction(0))
        return top, weight, len(heavy), len(found) - len(heavy), _mixed(world, kind, heard)

    return count


def _key_contact(kind: str) -> Callable[..., Told]:
    def count(world: World, span: tuple[date, date], channel: str | None = None) -> Told:
        some = [one for one in world.said(kind, span, channel) if one[1] and world.parties[one[1]].is_key]
        mixed = _mixed(world, kind, (name for name, _, _ in some))
        return Fraction(sum(_worth(kind, score) for _, _, score in some)), len(some), len(some), None, mixed

    return count


KPIS: dict[tuple[str, str], Callable[..., Told]] = {
    (kind, variant): count(kind)
    for kind in ("NPS", "CSAT")
    for variant, count in (
        ("account_average", _average),
        ("revenue_weighted", _weighted),
        ("key_contact", _key_contact),
    )
}
