"""A world that three partners share, and for each of them its twin: the world in which others' rows never were.

Rows are made by chance, once, as plain values. `put` writes them, all or those that somebody sees, into a workspace.
Who sees what is said here by itself, over the plain values.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.actor import Actor, Rows, Scope
from app.services import (
    channel,
    contract,
    cost,
    customer,
    engagement,
    feedback,
    interaction,
    invitation,
    lead,
    order,
    overdue,
    referral,
    refund,
    staff,
    survey,
    target,
    team,
    touchpoint,
)
from app.services.row import Options, Ref

CHANNELS = ("app", "shop", "web")
SOURCES = ("crm", "till")
SEGMENTS = ("large", "small")
SCOPES = {
    "channel": ("channels", frozenset({"web"})),
    "two channels": ("channels", frozenset({"app", "shop"})),
    "source": ("sources", frozenset({"till"})),
    "segment": ("segments", frozenset({"small"})),
}
"""What each partner is limited to: which of `Rows`, and its values (channels by their keys)."""
WRITES: dict[str, Callable[..., Any]] = {
    "customer": customer.upsert_batch,
    "invitation": invitation.record_batch,
    "feedback": feedback.record_batch,
    "order": order.record_batch,
    "refund": refund.record_batch,
    "cost": cost.record_batch,
    "interaction": interaction.record_batch,
    "lead": lead.record_batch,
    "referral": referral.record_batch,
    "engagement": engagement.record_batch,
    "contract": contract.record_batch,
    "touchpoint": touchpoint.record_batch,
}
"""The services that take the rows of each noun, in the order in which they are written."""
ALL = frozenset(Scope)


@dataclass
class One:
    """A row: its noun and source, what it says, its channel and whose it is, by keys."""

    noun: str
    source: str
    row: dict[str, Any]
    channel: str | None = None
    who: str | None = None
    whom: str | None = None
    of: "One | None" = None


@dataclass
class World:
    """People (key → acquisition channel, segment, source) and what happened."""

    people: dict[str, tuple[str | None, str | None, str]] = field(default_factory=dict)
    rows: list[One] = field(default_factory=list)

    def sees_person(self, limit: tuple[str, Any], key: str) -> bool:
        """Whether somebody with this limit sees the record of a person."""
        what, wanted = limit
        won_by, segment, source = self.people[key]
        return {"channels": won_by, "segments": segment, "sources": source}[what] in wanted

    def sees(self, limit: tuple[str, Any], one: One) -> bool:
        """Whether they see a row."""
        if one.noun == "customer":
            return self.sees_person(limit, one.row["external_id"])
        if one.noun == "refund":
            return self.sees(limit, one.of) if one.of else False
        what, wanted = limit
        if what == "segments":
            return one.noun != "cost" and one.who is not None and self.people[one.who][1] in wanted
        return {"channels": one.channel, "sources": one.source}[what] in wanted


class _Making:
    """Makes a world by chance."""

    def __init__(self, seed: int) -> None:
        self.chance, self.world = random.Random(seed), World()  # noqa: S311 - the same each time, and no secret
        self.pick = self.chance.choice

    def person(self, number: int) -> None:
        """A customer, who may have left."""
        key, pick, chance = f"c{number}", self.pick, self.chance
        self.world.people[key] = pick((*CHANNELS, None)), pick((*SEGMENTS, None)), pick(SOURCES)
        joined = date(2025, 9, 1) + timedelta(days=chance.randrange(270))
        left = joined + timedelta(days=chance.randrange(10, 200))
        row = {"external_id": key, "name": key.title(), "region": pick(("north", "south")), "kind": "PERSON"}
        row |= {"status": "ACTIVE", "joined_on": joined}
        if chance.random() < 0.4 and left < date(2026, 6, 10):
            row |= {"status": "CHURNED", "churned_on": left, "churn_reason": pick(("price", "moved"))}
        self.world.rows.append(One("customer", self.world.people[key][2], row, who=key))

    def happened(self, noun: str, number: int, *, always: bool = False, **more: Any) -> One:
        """Something that happened to somebody (`always`), or perhaps to nobody."""
        people = [*self.world.people] if always else [*self.world.people, None]
        minute = self.chance.randrange(155 * 24 * 60)
        row = {"external_id": f"{noun}{number}", "campaign": self.pick(("spring", None))} | more
        row |= {"occurred_at": datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(minutes=minute)}
        where = self.pick(CHANNELS if noun == "touchpoint" else (*CHANNELS, None))
        self.world.rows.append(One(noun, self.pick(SOURCES), row, where, self.pick(people)))
        return self.world.rows[-1]

    def said(self, number: int) -> None:
        """An answer of each kind."""
        for kind, worst, best in (("CSAT", 1, 5), ("NPS", 0, 10), ("CES", 1, 5), ("REVIEW", 1, 5)):
            row = {"external_id": f"{kind}{number}", "kind": kind, "score": self.chance.randint(worst, best)}
            row |= {"tags": self.pick(([], ["slow"], ["slow", "kind"])), "staff": self.pick(("ann", "ben", None))}
            self.happened("feedback", number, **row)

    def talked(self, number: int) -> None:
        """A conversation, perhaps without an answer."""
        talk = self.happened("interaction", number, kind=self.pick(("QUESTION", "COMPLAINT")), staff="ann")
        start, wait = talk.row["occurred_at"], timedelta(minutes=self.chance.randrange(5, 300))
        said = [("CUSTOMER_MESSAGE", start), ("STAFF_REPLY", start + wait), ("RESOLVED", start + 2 * wait)]
        talk.row["events"] = [{"kind": kind, "at": when} for kind, when in said[: self.chance.randrange(1, 4)]]

    def dealt(self, number: int) -> None:
        """What is bought, met, used and hoped for."""
        self.happened("order", number, amount=Decimal(self.chance.randrange(10, 90)), currency="EUR", staff="ann")
        came = self.happened("lead", number)
        came.row |= {"won_at": came.row["occurred_at"] + timedelta(days=3)} if self.chance.random() < 0.4 else {}
        self.happened("engagement", number, always=True, type=self.pick(("login", "view")))
        self.happened("touchpoint", number, always=True)

    def seldom(self, number: int) -> None:
        """What there is less of: invitations, referrals, refunds, costs and contracts."""
        pick, chance, rows = self.pick, self.chance, self.world.rows
        self.happened("invitation", number, survey="s1")
        referred = self.happened("referral", number, always=True)
        referred.whom = pick([key for key in self.world.people if key != referred.who])
        sold = pick([one for one in rows if one.noun == "order"])
        day = sold.row["occurred_at"] + timedelta(days=2)
        back = {"external_id": f"refund{number}", "amount": Decimal(1), "occurred_at": day}
        rows.append(One("refund", pick(SOURCES), back, of=sold))
        first = date(2026, chance.randint(1, 5), 1)
        spent = {"external_id": f"cost{number}", "category": pick(("MEDIA", "SERVICE")), "currency": "EUR"}
        spent |= {"amount": Decimal(chance.randrange(50, 500)), "from_": first, "before": first + timedelta(days=20)}
        rows.append(One("cost", pick(SOURCES), spent, pick((*CHANNELS, None))))
        terms = [
            {"from_": first + timedelta(days=days), "amount": Decimal(chance.randrange(5, 50))} for days in (0, 40)
        ]
        agreed = self.happened("contract", number, always=True, currency="EUR", from_=first, terms=terms)
        del agreed.row["occurred_at"]


def made(seed: int = 7, size: int = 16) -> World:
    """A world with so many rows of each noun."""
    making = _Making(seed)
    for number in range(24):
        making.person(number)
    for number in range(size):
        making.said(number)
        making.talked(number)
        making.dealt(number)
    for number in range(size // 4):
        making.seldom(number)
    return making.world


def put(people: Any, world: World, limit: tuple[str, Any] | None = None) -> None:
    """Write the world into a workspace: all of it, or what somebody with this limit sees."""
    shown = [one for one in world.rows if limit is None or world.sees(limit, one)]
    keys = CHANNELS if limit is None or limit[0] != "channels" else sorted(limit[1])
    for key in keys:
        paid = {"medium": "DISPLAY"} if key == "web" else {}
        people.write(channel.upsert, {"external_id": key, "name": key.title(), **paid})
    people.write(team.upsert, {"external_id": "red", "name": "Red"})
    people.write(staff.upsert, {"external_id": "ann", "name": "Ann", "teams": [{"team": Ref(external_id="red")}]})
    people.write(staff.upsert, {"external_id": "ben", "name": "Ben"})
    people.write(survey.upsert, {"external_id": "s1", "name": "Survey"})
    named = {who for one in shown for who in (one.who, one.whom, one.of.who if one.of else None) if who}
    seen = {one.row["external_id"] for one in shown if one.noun == "customer"}
    by: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for key in sorted(named - seen):  # somebody of whom rows are seen, but not the record: what these rows say of them
        (whole,) = (one.row for one in world.rows if one.noun == "customer" and one.row["external_id"] == key)
        shadow = {name: whole[name] for name in ("external_id", "region", "kind")}
        by["customer", world.people[key][2]].append(_told(world, shadow, key, keys))
    for one in shown:
        row = _told(world, one.row, one.who, keys) if one.noun == "customer" else _ready(world, one)
        by[one.noun, one.source].append(row)
    for noun, write in WRITES.items():
        for source in SOURCES:
            actor = Actor(people.id, "dana", ALL, source)
            results = people.write(write, by[noun, source], Options(), by=actor)
            assert not any(result.problems for result in results), (noun, [r.problems for r in results if r.problems])
    people.write(overdue.judge)
    if limit is None:  # which is set by all rows
        goal = {"external_id": "goal", "kpi": "CSAT", "kind": "ABSOLUTE", "value": 50}
        people.write(target.set_, goal | {"from_": date(2026, 1, 1), "before": date(2027, 1, 1)})


def _told(world: World, row: dict[str, Any], key: Any, channels: Iterable[str]) -> dict[str, Any]:
    won_by, segment, _ = world.people[key]
    return row | {
        "segment": segment,
        "acquisition_channel": Ref(external_id=won_by) if won_by in channels else None,
    }


def _ready(world: World, one: One) -> dict[str, Any]:
    row = {name: value for name, value in one.row.items() if value is not None}
    for name, key in (("customer", one.who), ("referred", one.whom)):
        if key is not None:
            row[name] = Ref(external_id=key, source=world.people[key][2])
    row |= {} if one.channel is None else {"channel": Ref(external_id=one.channel)}
    row |= {name: Ref(external_id=row[name]) for name in ("staff", "survey") if name in row}
    if one.of is not None:
        row["order"] = Ref(external_id=one.of.row["external_id"], source=one.of.source)
    return row


def rows_of(limit: tuple[str, Any], channel_ids: dict[str, UUID]) -> Rows:
    """The limit as an actor has it."""
    what, wanted = limit
    return Rows(**{what: frozenset(channel_ids[key] for key in wanted) if what == "channels" else wanted})
