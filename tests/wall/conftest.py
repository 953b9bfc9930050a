"""Two full workspaces in one database of each engine, and a look at them from outside the wall."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import predicting
import pytest
from databases import at_ease
from sqlalchemy import Connection, Engine, Table, event, func, inspect, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel
from uuid_utils.compat import uuid7

from app import ids, migrate
from app.actor import system
from app.bus import Bus
from app.db import Database
from app.models.base import Tenanted
from app.models.bulk_import import BulkFormat, BulkType
from app.models.feedback import FeedbackKind
from app.models.target import TargetKind
from app.services import (
    bulk_export,
    bulk_import,
    bulk_step,
    business_calendar,
    change,
    channel,
    contract,
    cost,
    custom_kpi,
    customer,
    engagement,
    exchange_rate,
    feedback,
    interaction,
    invitation,
    lead,
    member,
    merge,
    mirror,
    order,
    quota,
    referral,
    refund,
    rollup,
    segment,
    staff,
    survey,
    target,
    team,
    token,
    touchpoint,
    webhook,
    webhook_delivery,
    workspace,
)
from app.services.row import Options, Ref
from app.settings import Settings
from app.uow import Door
from app.wall import WalledSession

NOW = datetime(2026, 6, 15, 9, 30, tzinfo=UTC)
GLOBAL = {"token", "job", "deployment"}
"""The tables of no workspace."""

MODELS = sorted(
    (mapper.class_ for mapper in SQLModel._sa_registry.mappers if issubclass(mapper.class_, Tenanted)),
    key=lambda model: model.__name__,
)
"""Every mapped class whose rows belong to a workspace."""
TABLES = sorted(set(SQLModel.metadata.tables) - GLOBAL)
"""Every table whose rows belong to a workspace, mapped or not."""


def fill(door: Door, tenant_id: UUID) -> None:
    """Put something into every table of a workspace."""
    actor, options = system(tenant_id), Options(create_missing=True, idempotency_key="once")

    def write(function: Callable[..., Any], *args: Any) -> Any:
        return door.write(actor, function, *args)

    write(workspace.create, {"name": "Workshop", "time_zone": "Europe/Berlin", "currency": "EUR"})
    write(mirror.MIRRORS["Lead"].start)
    write(channel.upsert, {"external_id": "web", "name": "Web"})
    write(channel.upsert, {"external_id": "shop", "name": "Shop", "parent": Ref(external_id="web")})
    write(team.upsert, {"external_id": "red", "name": "Red"})
    write(staff.upsert, {"external_id": "ann", "name": "Ann", "teams": [{"team": Ref(external_id="red")}]})
    write(survey.upsert, {"external_id": "s1", "name": "Survey"})
    nine_to_five = {"weekdays": [1, 2, 3, 4, 5], "from_": "09:00", "before": "17:00"}
    office = {"time_zone": "Europe/Berlin", "country": "DE", "weekly_hours": [nine_to_five]}
    write(business_calendar.upsert, {"external_id": "office", "name": "Office", "versions": [office]})
    write(workspace.update, {"business_calendar": Ref(external_id="office"), "active_by": "ACTIVITY"})
    write(staff.upsert, {"external_id": "ann", "name": "Ann"})
    write(survey.upsert, {"external_id": "s1", "name": "Survey", "questions": [{"key": "q", "kind": "CSAT"}]})
    people = (
        {"external_id": "c0"},
        {
            "external_id": "c1",
            "name": "Cara",
            "parent": Ref(external_id="c0"),
            "acquisition_channel": Ref(external_id="web"),
            "joined_on": date(2026, 1, 1),
            "churned_on": date(2026, 5, 1),
            "churn_reason": "price",
            "lifecycle_stage": "RETAIN",
        },
    )
    write(customer.upsert_batch, people, options)
    said = {
        "kind": FeedbackKind.CSAT,
        "score": 5,
        "occurred_at": NOW,
        "customer": Ref(external_id="c1"),
        "channel": Ref(external_id="web"),
        "staff": Ref(external_id="ann"),
        "survey": Ref(external_id="s1"),
        "question": "q",
    }
    asked = {"external_id": "i1", "occurred_at": NOW, "customer": Ref(external_id="c1")}
    write(invitation.record_batch, [asked], Options())
    write(feedback.record_batch, [{"external_id": "f1", "invitation": Ref(external_id="i1"), **said}], Options())
    for tell in (_trade, _talk, _merge):
        tell(write)
    write(feedback.delete_batch, [{"external_id": "f0", "source_updated_at": NOW}], Options())
    own = {"key": "MINE", "name": {"en": "Mine"}, "formula": "orders", "unit": "COUNT"}
    write(custom_kpi.define, own | {"direction": "HIGHER_IS_BETTER", "stage": "RETAIN"})
    bought = {"external_id": "bought", "name": "Bought", "rule": {"orders": {"at_least": 1}}}
    write(segment.upsert, bought | {"members_from": date(2026, 1, 1)})
    aim = {"external_id": "t1", "kpi": "CSAT", "kind": TargetKind.ABSOLUTE}
    for value in (90, 92):
        write(target.set_, aim | {"value": value, "from_": date(2026, 7, 1), "before": date(2026, 10, 1)})
    write(rollup.compact)
    write(quota.lease, uuid7(), 10)
    write(feedback.record_batch, [{"external_id": "f2", **said}], Options())
    write(predicting.put, "c1")
    _files(door, actor)
    _tell(write)
    write(change.seal)
    token.create(door, tenant_id, "Somebody")


def _merge(write: Callable[..., Any]) -> None:
    """Two customers who are one, of whom the one had a record."""
    write(customer.upsert_batch, [{"external_id": "c2"}, {"external_id": "c3"}], Options())
    write(lead.record_batch, [{"external_id": "l0", "occurred_at": NOW, "customer": Ref(external_id="c2")}], Options())
    write(merge.merge, Ref(external_id="c2"), Ref(external_id="c3"))


def _files(door: Door, actor: Any) -> None:
    """What is read from files and written to them; of one import the file is still there."""
    asked = {"type": BulkType.CUSTOMERS, "format": BulkFormat.JSONL}
    for data in (b'{"externalId":"c8"}\n{"externalId":""}\n', b"{}\n"):
        row, _ = door.write(actor, bulk_import.start, asked)
        door.write(actor, bulk_import.put_part, row.id, 1, data)
        if len(data) > 3:
            door.write(actor, bulk_import.run, ids.encode("Import", row.id))
            assert bulk_step.work(door, actor.tenant_id, row.id, budget_s=60)
    door.write(actor, bulk_export.start, asked, None)


def _trade(write: Callable[..., Any]) -> None:
    """What is bought, given back and spent, and what led there: with it come a buyer, shares of a cost, and credits."""
    who = {"customer": Ref(external_id="c1"), "channel": Ref(external_id="web"), "campaign": "spring"}
    met = {"external_id": "m1", "occurred_at": datetime(2025, 12, 24, tzinfo=UTC), **who}
    bought = {"external_id": "o1", "amount": Decimal(20), "staff": Ref(external_id="ann"), "occurred_at": NOW, **who}
    given_back = {"external_id": "r1", "order": Ref(external_id="o1"), "amount": Decimal(5), "occurred_at": NOW}
    days = {"from_": date(2026, 5, 1), "before": date(2026, 5, 4)}
    spent = {"external_id": "k1", "category": "MEDIA", "amount": Decimal(10), "currency": "EUR", **days, **who}
    asked = {"external_id": "l1", "staff": Ref(external_id="ann"), "occurred_at": NOW, "won_at": NOW, **who}
    brought = {"external_id": "w1", "referred": Ref(external_id="c0"), "occurred_at": NOW, **who}
    used = {"external_id": "u1", "type": "login", "occurred_at": NOW, **who}
    paid = [{"from_": date(2026, 5, 1), "amount": Decimal(9)}]
    agreed = {"external_id": "k1", "currency": "EUR", "terms": paid, "staff": Ref(external_id="ann"), **days, **who}
    worth = {"external_id": "x1", "from_": "USD", "date": date(2026, 6, 15), "rate": Decimal("0.9")}
    for record, row in (
        (exchange_rate.record_batch, worth),
        (touchpoint.record_batch, met),
        (lead.record_batch, asked),
        (order.record_batch, bought | {"currency": "USD"}),
        (refund.record_batch, given_back),
        (cost.record_batch, spent),
        (referral.record_batch, brought),
        (engagement.record_batch, used),
        (contract.record_batch, agreed),
    ):
        (result,) = write(record, [row], Options())
        assert not result.problems


def _tell(write: Callable[..., Any]) -> None:
    """Somebody who signs in, and an endpoint that is told of changes."""
    write(member.add, {"role": "OWNER", "email": "olga@example.com", "name": "Olga"})
    write(webhook.upsert, {"external_id": "hook", "name": "Hook", "url": "https://hooks.example.com/"}, "sealed")
    write(webhook_delivery.test, Ref(external_id="hook"))


def _talk(write: Callable[..., Any]) -> None:
    """What customers and staff say to one another: with it comes a turn."""
    who = {name: Ref(external_id=key) for name, key in (("customer", "c1"), ("channel", "web"), ("staff", "ann"))}
    events = [{"kind": "CUSTOMER_MESSAGE", "at": NOW}, {"kind": "STAFF_REPLY", "at": NOW, "staff": who["staff"]}]
    row = {"external_id": "i1", "kind": "QUESTION", "events": events, "occurred_at": NOW, **who}
    (result,) = write(interaction.record_batch, [row], Options())
    assert not result.problems


@dataclass(frozen=True)
class Two:
    """A database with two workspaces: `here`, whose people act, and `there`, whose rows are none of their business."""

    door: Door
    settings: Settings
    owner: Engine
    here: UUID
    there: UUID

    @contextmanager
    def outside(self) -> Iterator[Connection]:
        """A connection as the owner of the tables, whom no wall stops; taken back at the end."""
        with self.owner.connect() as connection:
            yield connection
            connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[WalledSession]:
        """A session for writing here; taken back at the end."""
        with self.door._open(self.here) as (session, _):
            yield session
            session.rollback()

    @contextmanager
    def reading(self) -> Iterator[WalledSession]:
        """A session for reading here."""
        with self.door.snapshot(system(self.here)) as uow:
            yield uow.session

    def count(self, table: Table, tenant_id: UUID) -> int:
        """How many rows a workspace has in a table."""
        with self.outside() as connection:
            return connection.execute(select(func.count()).where(table.c.tenant_id == tenant_id)).scalar_one()

    def row(self, model: type[Any], tenant_id: UUID) -> Any:
        """A row of a workspace, loaded from outside and of no session."""
        with Session(self.owner) as session:
            found = session.scalars(select(model).where(model.tenant_id == tenant_id).limit(1)).one()
            session.expunge_all()
            return found

    def columns(self, model: type[Any], tenant_id: UUID) -> dict[str, Any]:
        """The same as plain values, by attribute."""
        row = self.row(model, tenant_id)
        return {attribute.key: getattr(row, attribute.key) for attribute in inspect(model).column_attrs}

    def key(self, model: type[Any], tenant_id: UUID) -> tuple[Any, ...]:
        """The primary key of a row of a workspace."""
        return inspect(model).primary_key_from_instance(self.row(model, tenant_id))

    def everything(self) -> dict[str, list[Any]]:
        """All rows of all tables, of both workspaces and of none."""
        with self.outside() as connection:
            return {
                name: sorted(map(repr, connection.execute(select(table)).all()))
                for name, table in SQLModel.metadata.tables.items()
            }


def _open(settings: Settings) -> Iterator[Two]:
    door, owner = Door(at_ease(Database(settings)), settings, Bus(), lambda: NOW), migrate.owner_engine(settings)
    if door.db.is_sqlite:
        event.listen(owner, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    here, there = uuid7(), uuid7()
    for tenant_id in (here, there):
        fill(door, tenant_id)
    two = Two(door, settings, owner, here, there)
    before = two.everything()
    yield two
    after = two.everything()
    door.close()
    owner.dispose()
    assert after == before, "a test of the wall left something behind"


def _sqlite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    path = tmp_path_factory.mktemp("wall") / "custograph.db"
    path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
    return Settings(database_url=f"sqlite:///{path}")


def _postgresql(request: pytest.FixtureRequest) -> Settings:
    server = request.getfixturevalue("postgresql_server")
    return Settings(database_url=server.url(server.copy()))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """Two full workspaces, on each engine; nothing that a test does to them stays."""
    settings = _sqlite(request, tmp_path_factory) if request.param == "sqlite" else _postgresql(request)
    yield from _open(settings)


@pytest.fixture(scope="session")
def two_on_postgresql(request: pytest.FixtureRequest) -> Iterator[Two]:
    """The same on PostgreSQL only."""
    yield from _open(_postgresql(request))


@pytest.fixture(params=MODELS, ids=lambda model: model.__name__)
def model(request: pytest.FixtureRequest) -> type[Any]:
    """Every mapped class whose rows belong to a workspace."""
    return request.param


@pytest.fixture(params=TABLES)
def table(request: pytest.FixtureRequest) -> Table:
    """Every table whose rows belong to a workspace."""
    return SQLModel.metadata.tables[request.param]
