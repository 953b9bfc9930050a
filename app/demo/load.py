"""Puts the demonstrations into a database, by the same write path that everybody takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.actor import Actor, system
from app.demo.bank import BANK
from app.demo.company import Company, Goal, Promise
from app.demo.records import Records, records
from app.demo.shop import SHOP
from app.demo.timeline import Timeline
from app.kpis.dimension import Dimension
from app.models.workspace import Workspace
from app.services import (
    channel,
    cost,
    customer,
    engagement,
    exchange_rate,
    feedback,
    interaction,
    invitation,
    lead,
    order,
    prediction_fit,
    referral,
    refund,
    rollup,
    staff,
    survey,
    target,
    team,
    touchpoint,
    workspace,
)
from app.services.period import Calendar, Span
from app.services.row import MAX_ROWS, Options, Ref, Result
from app.services.slices import Filter
from app.uow import Door
from app.worker import Worker

COMPANIES = (SHOP, BANK)
CLOSING = "closing-1"
"""The external id of what is recorded last of all: where it is, everything is."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A demonstration workspace: its id and name, the two ranges, and what KPIs answer for each of them.

    Growth is promised for the second range alone, which it compares with the first: nothing was sold before that.
    """

    workspace_id: UUID
    name: str
    ranges: tuple[Span, Span]
    promised: Mapping[Promise, tuple[tuple[Span, float], ...]]


def make(door: Door) -> list[Demonstration]:
    """Make the demonstration workspaces, or what an interrupted run has left to make; what they promise.

    They play in the two years before they were first begun, whenever they are completed. Making them again changes
    nothing.
    """
    return [_make(door, company) for company in COMPANIES]


def ensure(door: Door) -> list[Demonstration]:
    """The demonstration workspaces, made where they are not complete; what they promise."""
    return [_found(door, company) or _make(door, company) for company in COMPANIES]


def _found(door: Door, company: Company) -> Demonstration | None:
    begun_at = _begun_at(door, company)
    if begun_at is None or not door.read(_actor(company), feedback.LIST.find, Ref(external_id=CLOSING)):
        return None
    return _demonstration(company, timeline(company, begun_at))


def timeline(company: Company, begun_at: datetime) -> Timeline:
    """When the demonstration of `company` plays that was begun at that time."""
    return Timeline(begun_at, ZoneInfo(company.workspace["time_zone"]), company.rhythm)


def _actor(company: Company) -> Actor:
    return system(company.id, "demonstration")


def _begun_at(door: Door, company: Company) -> datetime | None:
    """When the making of the workspace was begun; None where it was not."""
    with door.snapshot(_actor(company)) as uow:
        row = uow.session.get(Workspace, (company.id, company.id))
        return row.created_at if row else None


def _demonstration(company: Company, when: Timeline) -> Demonstration:
    promised = {
        key: tuple((span, value) for span, value in zip(when.ranges, values, strict=True) if value is not None)
        for key, values in company.promised.items()
    }
    return Demonstration(company.id, company.workspace["name"], when.ranges, promised)


def _make(door: Door, company: Company) -> Demonstration:
    actor = _actor(company)
    begun_at = _begun_at(door, company)
    if begun_at is None:
        begun_at = door.write(actor, workspace.create, company.workspace).created_at
        door.write(actor, prediction_fit.request, None)  # waits until all is there
    when = timeline(company, begun_at)
    rows = records(company, when)
    _furnish(door, company)
    for function, batch in _calls(rows):
        _each_batch(door, actor, function, batch)
    _together(door, actor, [(target.set_, _target(goal, when)) for goal in company.goals])
    closing = {"external_id": CLOSING, "kind": "COMMENT", "comment": company.closing, "occurred_at": when.now}
    _each_batch(door, actor, feedback.record_batch, [closing])
    Worker(door).drain()
    door.write(actor, rollup.compact)
    return _demonstration(company, when)


def _calls(rows: Records) -> list[tuple[Any, list[dict[str, Any]]]]:
    """What is written, each kind after what it names."""
    return [
        (customer.upsert_batch, rows.population.rows()),
        (referral.record_batch, rows.referrals),
        (lead.record_batch, rows.leads),
        (invitation.record_batch, rows.invitations),
        (feedback.record_batch, rows.feedback.first),
        (feedback.record_batch, rows.feedback.corrections),
        (feedback.delete_batch, rows.feedback.deletions),
        (exchange_rate.record_batch, rows.rates),
        (order.record_batch, rows.orders.first),
        (order.record_batch, rows.orders.corrections),
        (order.delete_batch, rows.orders.deletions),
        (refund.record_batch, rows.refunds),
        (cost.record_batch, rows.costs),
        (touchpoint.record_batch, rows.touchpoints),
        (engagement.record_batch, rows.engagements),
        (interaction.record_batch, rows.talks.first),
        (interaction.record_batch, rows.talks.corrections),
        (interaction.delete_batch, rows.talks.deletions),
        (customer.upsert_batch, rows.population.moves()),
    ]


def _furnish(door: Door, company: Company) -> None:
    """Channels, teams with their staff, and surveys."""
    calls: list[tuple[Any, dict[str, Any]]] = []
    for place in company.channels:
        row = {"external_id": place.key, "name": place.name, "kind": place.kind, "medium": place.medium}
        parent = {"parent": Ref(external_id=place.parent)} if place.parent else {}
        calls.append((channel.upsert, row | parent))
    calls += [(team.upsert, {"external_id": key, "name": name}) for key, (name, _) in company.teams.items()]
    team_of = {member: key for key, (_, members) in company.teams.items() for member in members}
    for key, (name, _) in company.staff.items():
        belongs = [{"team": Ref(external_id=team_of[key])}]
        calls.append((staff.upsert, {"external_id": key, "name": name, "teams": belongs}))
    for key, (name, occasion) in company.surveys.items():
        calls.append((survey.upsert, {"external_id": key, "name": name, "occasion": occasion}))
    _together(door, _actor(company), calls)


def _together(door: Door, actor: Actor, calls: Sequence[tuple[Any, Mapping[str, Any]]]) -> None:
    """Write small things in order, many in one transaction."""
    for future in [door.submit(actor, function, row) for function, row in calls]:
        future.result()


def _each_batch(door: Door, actor: Actor, function: Any, rows: Sequence[Mapping[str, Any]]) -> None:  # noqa: ANN401 - one of several services
    for start in range(0, len(rows), MAX_ROWS):
        results: list[Result] = door.write(actor, function, rows[start : start + MAX_ROWS], Options())
        if problems := [problem for result in results for problem in result.problems]:
            msg = f"The demonstration could not be made: {problems[0].message.en}"
            raise RuntimeError(msg)


def _target(goal: Goal, when: Timeline) -> dict[str, Any]:
    span = Calendar(when.today).named(goal.period)
    row = {"external_id": goal.key, "kpi": goal.kpi, "kind": goal.kind, "value": goal.value, "stretch": goal.stretch}
    row |= {"from_": span.start, "before": span.end, "owner": goal.owner, "rationale": goal.rationale}
    return row | {"scope": [Filter(Dimension.CHANNEL, goal.channels)] if goal.channels else []}
