"""What referrals and use come to, counted in plain Python; it shares no code with the program."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

TODAY = date(2026, 6, 15)


@dataclass
class Merged:
    """A merge that can be taken back: what was of whom before, and which times came of it."""

    gone: str
    kept: str
    owned: set[tuple[int, str, str]]
    stays: dict[str, list[tuple[date, date | None]] | None]
    was_test: bool
    made: list[tuple[date, date | None]] = field(default_factory=list)


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

    def merge(self, gone, kept):
        """Has a name mean somebody else; what it takes to take that back."""
        owned = {(n, name, part) for n, name, part, row in self.named() if self.who(row[part]) == gone}
        stays = {name: self.stays.get(name) and list(self.stays[name]) for name in (gone, kept)}
        self.called[gone] = kept
        return Merged(gone, kept, owned, stays, gone in self.tests)

    def part(self, last):
        """Takes a merge back: what came since stays with whom it came to, and so does a time that was changed since."""
        for n, name, part, row in self.named():
            if self.who(row[part]) == last.kept:
                row[part] = last.gone if (n, name, part) in last.owned else last.kept
        del self.called[last.gone]
        before = last.stays[last.kept] or []
        now = []
        for stay in self.stays.pop(last.kept, []):
            end = stay[1] or date.max
            now += [one for one in before if stay[0] <= one[0] < end] if stay in last.made else [stay]
        for name, stays in ((last.gone, last.stays[last.gone]), (last.kept, now)):
            if stays is not None:
                self.stays[name] = stays
        (self.tests.add if last.was_test else self.tests.discard)(last.gone)

    def named(self):
        """Every record with each part of it that names somebody."""
        for n, told in enumerate((self.referrals, self.events)):
            for name, row in told.items():
                for part in ("customer", "referred") if n == 0 else ("customer",):
                    yield n, name, part, row

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
