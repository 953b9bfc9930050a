"""What referrals and use come to, counted in plain Python; it shares no code with the program."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

TODAY = date(2026, 6, 15)


@dataclass
class World:
    """What was told, by names; whoever was merged has the name of who is kept."""

    stays: dict[str, list[tuple[date, date | None]]] = field(default_factory=dict)
    tests: set[str] = field(default_factory=set)
    called: dict[str, str] = field(default_factory=dict)
    referrals: dict[str, dict] = field(default_factory=dict)
    events: dict[str, dict] = field(default_factory=dict)
    types: tuple[str, ...] | None = None

    def who(self, name):
        while name in self.called:
            name = self.called[name]
        return name

    # referrals

    def closes(self, name, who, whom):
        """Whether a referral leads back to who made it."""
        links = [
            (self.who(row["customer"]), self.who(row["referred"])) for n, row in self.referrals.items() if n != name
        ]
        reached, size = {self.who(whom)}, 0
        while size != len(reached):
            size = len(reached)
            reached |= {end for start, end in links if start in reached}
        return self.who(who) in reached

    def counted(self):
        """The first referral of each two people, who they are, and whether it was converted."""
        pairs = {}
        for name, row in self.referrals.items():
            who, whom = self.who(row["customer"]), self.who(row["referred"])
            if who != whom and not {who, whom} & self.tests:
                pairs.setdefault((who, whom), []).append((row["occurred_at"], row["number"], name, row))
        for (who, whom), some in pairs.items():
            first = min(some)[3]
            joined = self.joined(whom)
            told = any(row.get("converted_at") for *_, row in some)
            came = joined is not None and first["occurred_at"].date() <= joined <= TODAY
            yield who, whom, first, told or came

    def joined(self, name):
        return min((start for start, _ in self.stays.get(name, ())), default=None)

    # customers

    def real(self):
        return [name for name in self.stays if name not in self.tests]

    def at_start(self, day):
        return {n for n in self.real() if any(s < day and (e is None or e >= day) for s, e in self.stays[n])}

    def newcomers(self, span):
        return {n for n in self.real() if self.stays[n] and span.start <= self.joined(n) < span.end}

    def referred(self, span):
        since = {}
        for row in self.referrals.values():
            who, whom = self.who(row["customer"]), self.who(row["referred"])
            if who != whom and who not in self.tests:
                since[whom] = min(since.get(whom, date.max), row["occurred_at"].date())
        return {n for n in self.newcomers(span) if n in since and since[n] <= self.joined(n)}

    # use

    def uses(self, span, channel=None):
        """Who used it on which day."""
        found = set()
        for row in self.events.values():
            who, day = self.who(row["customer"]), row["occurred_at"].date()
            counts = self.types is None or row["type"] in self.types
            if counts and who not in self.tests and channel in (None, row["channel"]) and span.start <= day < span.end:
                found.add((who, day))
        return found


def _made(world: World, span: Any) -> list[Any]:
    """The referrals that count and were made in a period."""
    return [one for one in world.counted() if span.start <= one[2]["occurred_at"].date() < span.end]


def _base(world: World, span: Any) -> int:
    """The customers at the start of a period and its newcomers."""
    return len(world.at_start(span.start)) + len(world.newcomers(span))


def _users(world: World, span: Any) -> int:
    return len({who for who, _ in world.uses(span)})


KPIS: dict[tuple[str, str], Callable[[World, Any], tuple[Any, Any]]] = {
    ("REFERRAL_RATE", "default"): lambda w, s: (len(w.referred(s)), len(w.newcomers(s))),
    ("REFERRAL_RATE", "per_base"): lambda w, s: (len(w.referred(s)), len(w.at_start(s.start))),
    ("REFERRAL_RATE", "referrers"): lambda w, s: (len({who for who, *_ in _made(w, s)}), _base(w, s)),
    ("REFERRAL_RATE", "invitations_converted"): lambda w, s: (
        sum(came for *_, came in _made(w, s)),
        len(_made(w, s)),
    ),
    ("ENGAGEMENT_RATE", "default"): lambda w, s: (_users(w, s), _base(w, s)),
    ("ENGAGEMENT_RATE", "stickiness"): lambda w, s: (len(w.uses(s)) / s.days, _users(w, s)),
    ("ACTIVE_USERS", "default"): lambda w, s: (_users(w, s), None),
}
"""Numerator and denominator of each KPI and variant."""
