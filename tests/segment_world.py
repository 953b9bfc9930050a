"""Facts of every kind about customers, drawn at random and kept as rows, so that any part of them can be told anew."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from trading import CREATE, agreed, asked, back, brought, put, sold, used

from app.services import customer, feedback, interaction, invitation
from app.services.row import Ref

FIRST, LAST = date(2025, 11, 1), date(2026, 6, 14)


@dataclass(frozen=True)
class Told:
    """One fact: by which service, its row, whose it is and its day."""

    noun: str
    row: dict[str, Any]
    who: str
    day: date


class Facts:
    """What is told of so many customers, the first `inside` of whom are the group in question."""

    def __init__(self, rng: Any, size: int = 18, inside: int = 8) -> None:
        self.rng = rng
        self.names = [f"c{n:02}" for n in range(size)]
        self.inside = set(self.names[:inside])
        self.people = [self._person(name) for name in self.names]
        self.facts: list[Told] = []
        makers = (self._order, self._lead, self._answer, self._talk, self._referral, self._use, self._invitation)
        makers += (self._contract,)
        for number in range(22 * size):
            makers[number % len(makers)](number)

    def _day(self) -> date:
        return FIRST + timedelta(days=self.rng.randrange((LAST - FIRST).days))

    def _at(self, day: date) -> datetime:
        return datetime.combine(day, time(self.rng.randrange(8, 20), self.rng.randrange(60)), tzinfo=UTC)

    def _person(self, name: str) -> dict[str, Any]:
        row: dict[str, Any] = {"external_id": name, "attributes": {"plan": "gold" if name in self.inside else "tin"}}
        start = self._day() - timedelta(days=100)
        history = [{"from_": start, "before": start + timedelta(days=self.rng.randrange(20, 200)), "reason": "price"}]
        if self.rng.random() < 0.5:
            history.append({"from_": history[0]["before"] + timedelta(days=self.rng.randrange(3, 60)), "before": None})
        if self.rng.random() < 0.3:
            history = [{"from_": start, "before": None}]
        return row | {"history": history}

    def _tell(self, noun: str, row: dict[str, Any], who: str, day: date) -> None:
        self.facts.append(Told(noun, row, who, day))

    def _who(self) -> str:
        return self.rng.choice(self.names)

    def _order(self, number: int) -> None:
        who, day = self._who(), self._day()
        amount = Decimal(self.rng.randrange(100, 20_000)).scaleb(-2)
        cost = {"cost": "0.75"} if self.rng.random() < 0.5 else {}
        self._tell("order", sold(f"o{number:04}", str(amount), day, who, **cost), who, day)
        if self.rng.random() < 0.3:
            given = amount if self.rng.random() < 0.5 else Decimal("0.5")
            self._tell("refund", back(f"r{number:04}", f"o{number:04}", str(given), day), who, day)

    def _lead(self, number: int) -> None:
        who, day = self._who(), self._day()
        more: dict[str, Any] = {}
        if self.rng.random() < 0.5:
            more["won_at"] = self._at(day) + timedelta(hours=12)
        elif self.rng.random() < 0.5:
            more |= {"lost_at": self._at(day) + timedelta(hours=12), "lost_reason": "price"}
        self._tell("lead", asked(f"l{number:04}", datetime.combine(day, time(0, 5), tzinfo=UTC), who, **more), who, day)

    def _answer(self, number: int) -> None:
        who, day = self._who(), self._day()
        kind = self.rng.choice(("CSAT", "NPS", "CES", "REVIEW"))
        score = self.rng.randint(0, 10) if kind == "NPS" else self.rng.randint(1, 5)
        row = {"external_id": f"f{number:04}", "kind": kind, "score": score, "occurred_at": self._at(day)}
        self._tell("feedback", row | {"customer": Ref(external_id=who)}, who, day)

    def _talk(self, number: int) -> None:
        who, day = self._who(), self._day()
        at = datetime.combine(day, time(5), tzinfo=UTC)
        reply = {"kind": "STAFF_REPLY", "at": at + timedelta(minutes=self.rng.randrange(1, 400))}
        events = [{"kind": "CUSTOMER_MESSAGE", "at": at}, reply]
        if self.rng.random() < 0.7:
            events.append({"kind": "RESOLVED", "at": reply["at"] + timedelta(minutes=30)})
        row = {"external_id": f"i{number:04}", "kind": self.rng.choice(("COMPLAINT", "QUESTION")), "events": events}
        self._tell("interaction", row | {"occurred_at": at, "customer": Ref(external_id=who)}, who, day)

    def _referral(self, number: int) -> None:
        """Nobody brings anybody of the other group, which a part of the facts would not tell."""
        who, day = self._who(), self._day()
        others = [one for one in self.names if (one in self.inside) == (who in self.inside) and one > who]
        if others:
            self._tell("referral", brought(f"w{number:04}", who, self.rng.choice(others), day), who, day)

    def _use(self, number: int) -> None:
        who, day = self._who(), self._day()
        self._tell("engagement", used(f"u{number:04}", who, day), who, day)

    def _invitation(self, number: int) -> None:
        who, day = self._who(), self._day()
        name, at = f"v{number:04}", datetime.combine(day, time(1), tzinfo=UTC)
        row = {"external_id": name, "occurred_at": at, "customer": Ref(external_id=who)}
        self._tell("invitation", row, who, day)
        if self.rng.random() < 0.6:
            said = {"external_id": f"a{number:04}", "kind": "CSAT", "score": 4, "occurred_at": at + timedelta(hours=2)}
            self._tell("feedback", said | {"invitation": Ref(external_id=name)}, who, day)

    def _contract(self, number: int) -> None:
        who, day = self._who(), self._day()
        end = day + timedelta(days=self.rng.randrange(20, 200)) if self.rng.random() < 0.6 else None
        terms = [(day, self.rng.randrange(1, 99))]
        if self.rng.random() < 0.6:
            terms.append((day + timedelta(days=self.rng.randrange(1, 19)), self.rng.randrange(1, 99)))
        self._tell("contract", agreed(f"k{number:04}", who, day, end, *terms), who, day)

    def tell(self, workspace: Any, keep: Any = lambda who, day: True) -> None:
        """Record the customers, and the facts that `keep` says of whom and when."""
        people = [row for row in self.people if keep(row["external_id"], None)]
        assert not any(r.problems for r in workspace.write(customer.upsert_batch, people, CREATE))
        modules = {"feedback": feedback, "interaction": interaction, "invitation": invitation}
        for noun in (
            "order",
            "refund",
            "lead",
            "interaction",
            "invitation",
            "feedback",
            "referral",
            "engagement",
            "contract",
        ):
            rows = [one.row for one in self.facts if one.noun == noun and keep(one.who, one.day)]
            if noun in modules:
                found = workspace.write(modules[noun].record_batch, rows, CREATE)
                assert not any(one.problems for one in found), [one.problems for one in found if one.problems][:2]
            else:
                put(workspace, noun, *rows)
