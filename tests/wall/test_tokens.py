"""Tokens: what each has, that it is rotated without a gap and revoked at once, and what is written down of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select
from uuid_utils.compat import uuid7

from app import ids
from app.actor import ORDINARY, Actor, Rows, Scope, system
from app.errors import Forbidden, Invalid, Unauthenticated
from app.models.change import Change
from app.models.token import Token
from app.services import channel, customer, deployment, segment, token
from app.services.minting import known_by
from app.services.page import Slice
from app.services.row import Options, Ref

pytestmark = pytest.mark.engine


def stored(door):
    """The tokens that are stored, by name."""
    with door.gate_reader() as gate:
        return {row.name: row for row in gate.execute(select(Token))}


def global_id(row):
    return ids.encode("Token", row.id)


def changes(people):
    """What the log says of tokens."""
    with people.door.snapshot(people.system) as uow:
        rows = uow.session.scalars(select(Change).where(Change.noun == "Token").order_by(Change.id))
        return [(row.actor, row.action.value, row.version, row.fields, row.token_id, row.request_id) for row in rows]


def refused(call, *arguments, **options):
    with pytest.raises(Invalid) as error:
        call(*arguments, **options)
    return [(problem.code.value, problem.path) for problem in error.value.problems]


@pytest.fixture
def rich(workspace):
    """A workspace with two channels, a segment by rule and one by what a source says."""
    for key in ("web", "shop"):
        workspace.write(channel.upsert, {"external_id": key, "name": key})
    workspace.write(segment.upsert, {"external_id": "best", "name": "Best", "rule": {"orders": {"at_least": 1}}})
    workspace.write(customer.upsert_batch, [{"external_id": "ann", "segment": "gold"}], Options())
    return workspace


def test_what_is_given_is_what_the_actor_has(door, rich, clock):
    web = door.read(rich.system, channel.LIST.find, Ref(external_id="web"))
    data = {
        "name": "partner",
        "scopes": ["kpi:read", "order:write"],
        "source": "crm",
        "expires_at": clock() + timedelta(days=3),
        "rows": {"sources": ["crm", "till"], "channels": [Ref(external_id="web")], "segments": ["best", "gold"]},
    }
    row, secret = rich.write(token.add, data)
    actor = token.authenticate(door, secret, "request 1")
    assert actor.scopes == {Scope.KPI_READ, Scope.ORDER_WRITE}
    assert actor.rows == Rows(frozenset({"crm", "till"}), frozenset({web.id}), frozenset({"best", "gold"}))
    assert (actor.token_id, actor.source, actor.public, actor.request_id) == (row.id, "crm", None, "request 1")
    kept = stored(door)["partner"]
    assert (kept.created_by, kept.created_at, kept.expires_at) == ("system", clock(), clock() + timedelta(days=3))
    assert kept.rows == {"sources": ["crm", "till"], "channels": [str(web.id)], "segments": ["best", "gold"]}
    assert secret not in repr(kept)
    clock.advance(days=3)
    with pytest.raises(Unauthenticated, match="expired"):
        token.authenticate(door, secret)


def test_what_cannot_be_is_told_with_its_place_and_nothing_is_made(door, rich, elsewhere, clock):
    there = ids.encode("Channel", elsewhere.write(channel.upsert, {"external_id": "web", "name": "Web"})[0].id)
    before = stored(door), changes(rich)
    for data, problems in (
        ({"name": ""}, [("REQUIRED", ("name",))]),
        ({"name": "x" * 101, "source": ""}, [("TOO_LONG", ("name",)), ("REQUIRED", ("source",))]),
        ({"scopes": ["kpi:read", "moon:write", "x"]}, [("NOT_FOUND", ("scopes", "1")), ("NOT_FOUND", ("scopes", "2"))]),
        ({"expires_at": clock()}, [("OUT_OF_RANGE", ("expiresAt",))]),
        ({"rows": {"channels": []}}, [("REQUIRED", ("rows", "channels"))]),
        (
            {
                "rows": {
                    "channels": [Ref(external_id="web"), Ref(id=there)],
                    "segments": ["x"],
                }
            },
            [("NOT_FOUND", ("rows", "channels", "1")), ("NOT_FOUND", ("rows", "segments", "0"))],
        ),
        ({"publishable": {"origins": ["shop.example"]}}, [("INVALID", ("publishable", "origins", "0"))]),
        (
            {"publishable": {"origins": []}, "scopes": ["kpi:read"], "rows": {"sources": ["x"]}},
            [("CONFLICT", ("scopes",)), ("CONFLICT", ("rows",))],
        ),
        ({"scopes": ["deployment:admin"]}, [("INVALID", ("scopes",))]),
    ):
        assert refused(rich.write, token.add, {"name": "x", **data}) == problems
    assert (stored(door), changes(rich)) == before


def test_nobody_gives_what_they_do_not_have(door, rich):
    admin = rich.actor({Scope.WORKSPACE_ADMIN, Scope.KPI_READ, Scope.FEEDBACK_WRITE})
    assert refused(rich.write, token.add, {"name": "x"}, by=admin) == [("INVALID", ("scopes",))]
    assert refused(rich.write, token.add, {"name": "x", "scopes": ["kpi:write"]}, by=admin) == [
        ("INVALID", ("scopes",))
    ]
    for scopes in (["kpi:read"], ["workspace:admin", "kpi:read"], ["answer:write"], []):
        row, _ = rich.write(token.add, {"name": "x", "scopes": scopes}, by=admin)
        assert row.scopes == sorted(scopes)


def test_who_sees_some_rows_only_administers_nothing(door, rich):
    wide, _ = rich.write(token.add, {"name": "wide"})
    bound = Actor(rich.id, "bound", frozenset(Scope), "crm", rows=Rows(frozenset({"crm"})))
    before = stored(door)
    named = global_id(wide)
    for function, argument in ((token.add, {"name": "x"}), (token.rotate, named), (token.revoke, named)):
        with pytest.raises(Forbidden, match="whole workspace"):
            rich.write(function, argument, by=bound)
    for function, argument in ((token.page, Slice(first=1)), (token.count, None), (token.by_ids, [wide.id])):
        with pytest.raises(Forbidden, match="whole workspace"):
            rich.read(function, argument, by=bound)
    assert stored(door) == before


def test_nobody_gets_hold_of_a_secret_that_may_do_more(door, rich):
    wide, secret = rich.write(token.add, {"name": "wide"})
    public, _ = rich.write(token.add, {"name": "public", "publishable": {"origins": []}})
    admin = rich.actor({Scope.WORKSPACE_ADMIN, Scope.KPI_READ})
    before = stored(door)
    for row in (wide, public):
        with pytest.raises(Forbidden, match="more than yours"):
            rich.write(token.rotate, global_id(row), by=admin)
    assert stored(door) == before
    assert token.authenticate(door, secret).scopes == ORDINARY
    # shutting one out takes no more than administering
    rich.write(token.revoke, global_id(wide), by=admin)
    with pytest.raises(Unauthenticated, match="revoked"):
        token.authenticate(door, secret)


def holder(door, workspace, **given):
    """Somebody who comes with a token that may do everything."""
    _, secret = workspace.write(token.issue, {"name": "maker", "scopes": sorted(Scope), **given})
    return token.authenticate(door, secret)


def test_what_an_expiring_token_gives_ends_with_it(door, rich, clock):
    ends = clock() + timedelta(days=2)
    maker = holder(door, rich, expires_at=ends)
    for given in ({}, {"expires_at": None}, {"publishable": {"origins": []}}, {"expires_at": ends}):
        assert rich.write(token.add, {"name": "x", **given}, by=maker)[0].expires_at == ends
    sooner = clock() + timedelta(hours=1)
    row, secret = rich.write(token.add, {"name": "short", "scopes": sorted(maker.scopes - {Scope.DEPLOYMENT_ADMIN}),
                                         "expires_at": sooner}, by=maker)  # fmt: skip
    assert row.expires_at == sooner
    # and so on, whoever is given a token by one that was given
    again, _ = rich.write(token.add, {"name": "y", "scopes": []}, by=token.authenticate(door, secret))
    assert again.expires_at == sooner
    assert rich.write(token.add, {"name": "lasting"}, by=holder(door, rich))[0].expires_at is None
    assert rich.write(token.add, {"name": "ours"})[0].expires_at is None


def test_nothing_that_outlives_its_maker_is_made_or_handed_out(door, rich, clock):
    lasting, _ = rich.write(token.add, {"name": "lasting"})
    longer, _ = rich.write(token.add, {"name": "longer", "expires_at": clock() + timedelta(days=3)})
    public, _ = rich.write(token.add, {"name": "public", "publishable": {"origins": []}})
    maker = holder(door, rich, expires_at=clock() + timedelta(days=2))
    same, _ = rich.write(token.add, {"name": "same"}, by=maker)
    before = stored(door), changes(rich)
    for given in ({}, {"publishable": {"origins": []}}):
        data = {"name": "x", "expires_at": clock() + timedelta(days=2, seconds=1), **given}
        assert refused(rich.write, token.add, data, by=maker) == [("OUT_OF_RANGE", ("expiresAt",))]
    with pytest.raises(Invalid, match="Your token ends at 2026-06-17T09:30:00Z"):
        rich.write(token.add, {"name": "x", "expires_at": clock() + timedelta(days=9)}, by=maker)
    for row in (lasting, longer, public):
        with pytest.raises(Forbidden, match="outlives yours"):
            rich.write(token.rotate, global_id(row), by=maker)
    assert (stored(door), changes(rich)) == before
    for id_ in (same.id, maker.token_id):
        row, secret = rich.write(token.rotate, ids.encode("Token", id_), by=maker)
        assert token.authenticate(door, secret).token_id == id_
        assert row.expires_at == clock() + timedelta(days=2)


def test_a_workspace_that_an_expiring_token_makes_has_a_first_token_that_ends_with_it(door, rich, clock):
    ends = clock() + timedelta(days=2)
    maker = replace(holder(door, rich, expires_at=ends), tenant_id=uuid7())
    data = {"name": "New", "time_zone": "UTC", "currency": "EUR"}
    _, first, _ = door.write(maker, deployment.create_workspace, data)
    assert first.expires_at == ends


def test_a_rotated_secret_lives_on_for_a_while_and_only_the_last_one(door, open_door, rich, clock):
    row, first = rich.write(token.add, {"name": "crm"})
    other = open_door()
    _, second = rich.write(token.rotate, global_id(row))
    assert {token.authenticate(at, secret).token_id for at in (door, other) for secret in (first, second)} == {row.id}
    clock.advance(hours=23, minutes=59)
    assert token.authenticate(other, first).token_id == row.id
    clock.advance(minutes=1)
    with pytest.raises(Unauthenticated, match="rotated"):
        token.authenticate(other, first)
    rotated, third = rich.write(token.rotate, global_id(row), 1)
    assert (rotated.version, rotated.previous_until) == (3, clock() + timedelta(hours=1))
    with pytest.raises(Unauthenticated, match="not one of ours"):
        token.authenticate(other, first)
    _, fourth = rich.write(token.rotate, global_id(row), 1)
    for gone in (first, second):
        with pytest.raises(Unauthenticated):
            token.authenticate(door, gone)
    assert {token.authenticate(other, secret).token_id for secret in (third, fourth)} == {row.id}
    _, fifth = rich.write(token.rotate, global_id(row), 0)
    for gone in (third, fourth):
        with pytest.raises(Unauthenticated, match="not one of ours"):
            token.authenticate(other, gone)
    assert token.authenticate(other, fifth).name == "crm"
    for hours in (-1, 721):
        assert refused(rich.write, token.rotate, global_id(row), hours) == [("OUT_OF_RANGE", ("overlapHours",))]
    assert known_by(door.keys, fifth) == stored(door)["crm"].digest


def test_a_revoked_token_is_refused_everywhere_at_once_with_all_its_secrets(door, open_door, rich, clock):
    row, first = rich.write(token.add, {"name": "crm"})
    _, second = rich.write(token.rotate, global_id(row))
    other = open_door()
    assert token.authenticate(other, first)
    revoked, outcome = rich.write(token.revoke, global_id(row))
    assert (revoked.revoked_at, outcome.value) == (clock(), "UPDATED")
    for at in (door, other):
        for secret in (first, second):
            with pytest.raises(Unauthenticated, match="revoked"):
                token.authenticate(at, secret)
    clock.advance(days=1)
    again, outcome = rich.write(token.revoke, global_id(row))
    assert (again.revoked_at, outcome.value) == (revoked.revoked_at, "UNCHANGED")
    assert refused(rich.write, token.rotate, global_id(row)) == [("CONFLICT", ("id",))]


def test_another_workspaces_token_is_not_found(door, rich, elsewhere):
    row, secret = rich.write(token.add, {"name": "crm"})
    before = stored(door)
    for call in (token.rotate, token.revoke):
        for id_ in (global_id(row), "", "x", ids.encode("Channel", row.id)):
            assert refused(elsewhere.write, call, id_) == [("NOT_FOUND", ("id",))]
    assert elsewhere.read(token.by_ids, [row.id]) == {}
    assert elsewhere.read(token.page, Slice(first=10)).rows == []
    assert elsewhere.read(token.count) == 0
    assert stored(door) == before
    assert token.authenticate(door, secret).token_id == row.id


def test_every_deed_leaves_a_change_with_who_did_it(door, rich):
    _, secret = rich.write(token.add, {"name": "admin", "scopes": ["workspace:admin", "kpi:read"]})
    admin = token.authenticate(door, secret, "request 7")
    row, _ = rich.write(token.add, {"name": "new", "scopes": ["kpi:read"]}, by=admin)
    rich.write(token.rotate, global_id(row), by=admin)
    rich.write(token.revoke, global_id(row), by=admin)
    rich.write(token.revoke, global_id(row), by=admin)
    by = (admin.token_id, "request 7")
    assert changes(rich) == [
        ("system", "CREATED", 1, [], None, None),
        ("admin", "CREATED", 1, [], *by),
        ("admin", "UPDATED", 2, ["secret"], *by),
        ("admin", "UPDATED", 3, ["revoked_at"], *by),
    ]


def test_what_fails_later_in_the_same_write_makes_no_token(door, rich, monkeypatch):
    def broken(*_arguments, **_options):
        raise RuntimeError

    before = stored(door), changes(rich)
    monkeypatch.setattr("app.uow.Uow.record", broken)
    with pytest.raises(RuntimeError):
        rich.write(token.add, {"name": "x"})
    monkeypatch.undo()
    assert (stored(door), changes(rich)) == before
    # and whoever writes next is not the gate
    rich.write(channel.upsert, {"external_id": "next", "name": "Next"})


def test_the_list_has_the_newest_first_page_by_page(door, rich, clock):
    names = [f"t{number}" for number in range(7)]
    rows = [rich.write(token.add, {"name": name})[0] for name in names]
    rich.write(token.revoke, global_id(rows[1]))
    rich.write(token.add, {"name": "short", "expires_at": clock() + timedelta(hours=1)})
    clock.advance(hours=1)
    expected = ["short", *reversed(names)]
    found, after = [], None
    while True:
        page = rich.read(token.page, Slice(first=3, after=after))
        found += [row.name for row in page.rows]
        assert page.has_previous is (after is not None)
        if not page.has_next:
            break
        after = page.cursors[-1]
    assert found == expected
    last = rich.read(token.page, Slice(last=2))
    assert ([row.name for row in last.rows], last.has_previous) == (expected[-2:], True)
    before = rich.read(token.page, Slice(last=2, before=last.cursors[0]))
    assert [row.name for row in before.rows] == expected[-4:-2]
    for active, names_ in ((True, [n for n in expected if n not in ("t1", "short")]), (False, ["short", "t1"])):
        assert [row.name for row in rich.read(token.page, Slice(first=20), active).rows] == names_
        assert rich.read(token.count, active) == len(names_)
    assert rich.read(token.count) == 8
    assert refused(rich.read, token.page, Slice(first=3, after="x")) == [("INVALID", ("after",))]


def test_only_who_administers_sees_or_makes_tokens(rich):
    dana = rich.actor(set(Scope) - {Scope.WORKSPACE_ADMIN})
    for call, *arguments in ((token.add, {"name": "x"}), (token.rotate, "x"), (token.revoke, "x")):
        with pytest.raises(Forbidden, match="workspace:admin"):
            rich.write(call, *arguments, by=dana)
    for call, *arguments in ((token.page, Slice(first=1)), (token.count,), (token.by_ids, [])):
        with pytest.raises(Forbidden, match="workspace:admin"):
            rich.read(call, *arguments, by=dana)


def test_a_slip_of_the_pen_is_refused_without_asking_the_database(door, rich, monkeypatch):
    _, secret = rich.write(token.add, {"name": "x"})
    asked = []
    plain = door.gate_reader
    monkeypatch.setattr(door, "gate_reader", lambda: asked.append(1) or plain())
    for place, letter in enumerate(secret):
        wrong = secret[:place] + ("a" if letter != "a" else "b") + secret[place + 1 :]
        with pytest.raises(Unauthenticated, match="not one of ours"):
            token.authenticate(door, wrong)
    assert asked == []
    token.authenticate(door, secret)
    assert asked == [1]


def test_only_the_command_line_makes_a_deployments_administrator(door, rich):
    secret = token.create(door, rich.id, "root", scopes=["deployment:admin", "workspace:admin"])
    root = token.authenticate(door, secret)
    assert Scope.DEPLOYMENT_ADMIN in root.scopes
    assert Scope.DEPLOYMENT_ADMIN not in ORDINARY
    assert refused(rich.write, token.add, {"name": "x", "scopes": ["deployment:admin"]}, by=root) == [
        ("INVALID", ("scopes",))
    ]
    assert system(rich.id).scopes == frozenset(Scope)
