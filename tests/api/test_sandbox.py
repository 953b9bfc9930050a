"""Sandboxes: their records go all at once; no other workspace's ever do."""

import pytest
import trading
from records import RECORDS, world
from sqlmodel import SQLModel

from app.actor import ORDINARY, Scope
from app.schema.workspace_input import WorkspaceUpdateInput
from app.services import sandbox

RESET = """mutation($name: String!) { sandboxReset(input: {name: $name}) {
    workspace { name isSandbox } userErrors { code path } } }"""
LEFT = {"workspace", "business_calendar", "custom_kpi", "rollup_state", "change", "token", "job"}


def fill(caller):
    world(caller)
    for field, (row, _) in RECORDS.items():
        payload = caller.write(field, {"externalId": "x", **row}, "outcome userErrors { message }")
        assert payload["outcome"] == "CREATED", (field, payload)
    caller.write("mirrorStart", {"type": "ORDERS"}, "mirror { id }")


@pytest.fixture
def box(make_workspace):
    return make_workspace("Box", is_sandbox=True)


@pytest.mark.slow
def test_a_sandbox_is_emptied_and_nothing_else(api, box, workspace, dump):
    partner, neighbour = api.caller(box, set(Scope)), api.caller(workspace)
    fill(partner)
    fill(neighbour)
    ours, theirs = dump(box), dump(workspace)
    assert partner.one(RESET, {"name": "Box"}) == {"workspace": {"name": "Box", "isSandbox": True}, "userErrors": []}
    left = dump(box)
    assert {name for name, rows in left.items() if rows} <= LEFT
    assert left["token"] == ours["token"]
    assert len(left["change"]) == len(ours["change"]) + 1
    now = dump(workspace)
    assert {name: rows for name, rows in now.items() if rows != theirs[name]} == {}
    fill(partner)  # and all may come again
    assert partner.one("{ kpi(key: REVENUE, period: {named: ALL_TIME}) { amount } }") == neighbour.one(
        "{ kpi(key: REVENUE, period: {named: ALL_TIME}) { amount } }"
    )


def test_every_table_is_emptied_or_is_kept_for_a_reason():
    tables = {model.__tablename__ for model in (*sandbox.emptied(), *sandbox.KEPT)}
    assert set(SQLModel.metadata.tables) == tables | {"rollup", "rollup_entry", "token", "job", "deployment"}


def test_rollups_after_a_reset_are_the_facts(api, box, database):
    partner = api.caller(box, set(Scope))
    fill(partner)
    before = trading.assert_a_rebuild_changes_nothing(database, box)
    partner.one(RESET, {"name": "Box"})
    assert not trading.assert_a_rebuild_changes_nothing(database, box)
    fill(partner)
    assert len(trading.assert_a_rebuild_changes_nothing(database, box)) == len(before)


def test_an_ordinary_workspace_keeps_its_records(api, box, workspace, dump):
    admin = api.caller(workspace, set(Scope))
    fill(admin)
    other, before = api.caller(box, set(Scope)), dump()
    assert admin.one(RESET, {"name": "Workshop"})["userErrors"] == [{"code": "CONFLICT", "path": None}]
    assert other.one(RESET, {"name": "Workshop"})["userErrors"] == [{"code": "CONFLICT", "path": ["name"]}]
    assert dump() == before


def test_emptying_needs_the_scope_for_it(api, box, dump):
    ordinary, before = api.caller(box, ORDINARY), dump()
    assert ordinary.refusal(RESET, {"name": "Box"})["extensions"]["code"] == "FORBIDDEN"
    assert dump()["change"] == before["change"]


def test_nobody_makes_a_sandbox_of_a_workspace_through_the_api():
    assert "is_sandbox" not in WorkspaceUpdateInput.__dataclass_fields__
