"""Tokens and workspaces administered through the API: what is told, what is not, and that it works at once."""

import pytest
from asking import Caller

from app import ids
from app.actor import ORDINARY, Scope
from app.models.change import Change

CREATE = """
    mutation($input: TokenCreateInput!) { tokenCreate(input: $input) {
        secret outcome userErrors { code path message }
        token { id name scopes source isPublishable isActive origins answersPerMinute createdBy expiresAt lastUsedAt
            version rows { sources channels { id } segments } }
    } }
"""
FOUND = """
    mutation($input: WorkspaceCreateInput!) { workspaceCreate(input: $input) {
        workspace { id name timeZone currency smallCellK } token { name scopes } secret outcome userErrors { code path }
    } }
"""


@pytest.fixture
def admin(api, workspace):
    return api.caller(workspace, ORDINARY | {Scope.WORKSPACE_ADMIN}, name="admin")


@pytest.fixture
def root(api, workspace):
    return api.caller(workspace, {Scope.DEPLOYMENT_ADMIN}, name="root")


def test_a_token_is_made_shown_once_used_rotated_and_revoked(api, admin):
    web = admin.channel("web")
    asked = {"name": "crm", "scopes": ["kpi:read", "customer:write"], "source": "crm", "expiresAt": "2026-07-01"}
    made = admin.one(CREATE, {"input": asked | {"rows": {"sources": ["crm"], "channels": [{"externalId": "web"}]}}})
    assert made["userErrors"] == []
    assert made["outcome"] == "CREATED"
    id_ = made["token"].pop("id")
    assert made["token"] == {
        "name": "crm",
        "scopes": ["customer:write", "kpi:read"],
        "source": "crm",
        "isPublishable": False,
        "isActive": True,
        "origins": None,
        "answersPerMinute": None,
        "createdBy": "admin",
        "expiresAt": "2026-06-30T22:00:00Z",
        "lastUsedAt": None,
        "version": 1,
        "rows": {"sources": ["crm"], "channels": [{"id": web}], "segments": None},
    }
    first = Caller(api, made["secret"])
    assert first.post("{ __typename }").status_code == 200
    rotated = admin.write("tokenRotate", {"id": id_}, "secret outcome token { id version previousUntil }")
    assert (rotated["outcome"], rotated["token"]["id"], rotated["token"]["version"]) == ("UPDATED", id_, 2)
    assert rotated["token"]["previousUntil"] == "2026-06-16T09:30:00Z"
    second = Caller(api, rotated["secret"])
    assert [caller.post("{ __typename }").status_code for caller in (first, second)] == [200, 200]
    seen = admin.one("query($id: ID!) { node(id: $id) { ... on Token { name isActive } } }", {"id": id_})
    assert seen == {"name": "crm", "isActive": True}
    revoked = admin.write("tokenRevoke", {"id": id_}, "outcome token { isActive revokedAt }")
    assert revoked == {"outcome": "UPDATED", "token": {"isActive": False, "revokedAt": "2026-06-15T09:30:00Z"}}
    assert [caller.post("{ __typename }").status_code for caller in (first, second)] == [401, 401]
    listed = admin.post(
        "{ tokens(first: 50) { totalCount nodes { id name } } active: tokens(active: true) { totalCount } }"
    )
    assert listed.json()["data"]["active"]["totalCount"] == listed.json()["data"]["tokens"]["totalCount"] - 1
    for secret in (made["secret"], rotated["secret"]):
        assert secret.split("_")[1] not in listed.text


def test_no_field_could_tell_a_secret_or_what_it_is_known_by(api):
    fields = api.request("GET", "/schema.graphql").text.split("\ntype Token implements Node {")[1].split("\n}")[0]
    assert "secret:" not in fields
    assert "digest" not in fields


def test_what_is_wrong_is_told_with_its_place(admin, dump):
    before = dump()
    for given, problems in (
        ({"scopes": ["kpi:read", "moon:write"]}, [("NOT_FOUND", ["scopes", "1"])]),
        ({"scopes": ["deployment:admin"]}, [("INVALID", ["scopes"])]),
        ({"rows": {"channels": [{"externalId": "x"}]}}, [("NOT_FOUND", ["rows", "channels", "0"])]),
        ({"publishable": {"origins": ["https://a.example/x"]}}, [("INVALID", ["publishable", "origins", "0"])]),
        (
            {"publishable": {"origins": [], "answersPerMinute": 0}},
            [("OUT_OF_RANGE", ["publishable", "answersPerMinute"])],
        ),
        ({"expiresAt": "2020-01-01"}, [("OUT_OF_RANGE", ["expiresAt"])]),
    ):
        payload = admin.one(CREATE, {"input": {"name": "x"} | given})
        assert (payload["token"], payload["secret"], payload["outcome"]) == (None, None, "REJECTED")
        assert [(one["code"], one["path"]) for one in payload["userErrors"]] == problems
    assert dump() == before


def test_a_publishable_key_is_made_like_any_other(admin, api):
    made = admin.one(CREATE, {"input": {"name": "w", "publishable": {"origins": ["HTTPS://Shop.Example:443"]}}})
    told = made["token"]
    assert (told["isPublishable"], told["origins"], told["scopes"]) == (
        True,
        ["https://shop.example"],
        ["answer:write"],
    )
    assert made["secret"].startswith("cgp_")


def test_a_deployments_administrator_makes_workspaces_and_lists_them(root, api, workspace, elsewhere, door):
    data = {"name": "New", "timeZone": "Asia/Shanghai", "currency": "CNY", "smallCellK": 7}
    made = root.one(FOUND, {"input": data}, X_Request_Id="request-9")
    assert (made["outcome"], made["userErrors"]) == ("CREATED", [])
    assert made["workspace"] | {"id": None} == {**data, "id": None}
    assert set(made["token"]["scopes"]) == {scope.value for scope in Scope} - {"deployment:admin"}
    first = Caller(api, made["secret"])
    assert first.one("{ workspace { id name } }") == {"id": made["workspace"]["id"], "name": "New"}
    assert first.answer("{ workspaces { totalCount } }")["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    page = root.one(
        "{ workspaces(first: 2) { totalCount nodes { id name currency timeZone } pageInfo { endCursor hasNextPage } } }"
    )
    assert page["totalCount"] == 3
    newest = {"id": made["workspace"]["id"], "name": "New", "currency": "CNY", "timeZone": "Asia/Shanghai"}
    assert page["nodes"][0] == newest
    rest = root.one(
        "query($after: String) { workspaces(after: $after) { nodes { id } } }", {"after": page["pageInfo"]["endCursor"]}
    )
    found = {node["id"] for node in page["nodes"] + rest["nodes"]}
    assert found == {ids.encode("Workspace", one.id) for one in (workspace, elsewhere)} | {made["workspace"]["id"]}
    # what was done is in the log of the workspace that it was done to, with who did it
    id_ = ids.decode_uuid(made["workspace"]["id"], "Workspace")
    people = type(workspace)(door, id_)
    with door.snapshot(people.system) as uow:
        rows = uow.session.query(Change).all()
    assert {(row.noun, row.actor, row.request_id) for row in rows} == {
        ("Workspace", "root", "request-9"),
        ("Token", "root", "request-9"),
    }
    assert all(row.token_id is not None for row in rows)


def test_a_workspace_that_cannot_be_is_not_made(root, dump):
    before = dump()
    for given, path in (
        ({"timeZone": "Mars/Olympus"}, ["timeZone"]),
        ({"name": ""}, ["name"]),
        ({"firstWeekday": 9}, ["firstWeekday"]),
    ):
        payload = root.one(FOUND, {"input": {"name": "N", "timeZone": "UTC", "currency": "EUR"} | given})
        assert (payload["workspace"], payload["secret"], payload["outcome"]) == (None, None, "REJECTED")
        assert [one["path"] for one in payload["userErrors"]] == [path]
    assert dump() == before


def test_when_a_token_was_used_is_written_down_later_and_together(api, workspace, admin, statements):
    caller = api.caller(workspace, {Scope.KPI_READ}, name="reader")
    with statements() as sent:
        for _ in range(5):
            caller.post("{ __typename }")
    assert not [one for one in sent if one.startswith("UPDATE token")]
    used = "{ tokens(first: 50) { nodes { name lastUsedAt } } }"
    assert {one["lastUsedAt"] for one in admin.one(used)["nodes"]} == {None}
    uses = next(route.app for route in api.app.router.routes if route.path == "/graphql")._uses
    api._runner.run(uses.close())
    times = {one["name"]: one["lastUsedAt"] for one in admin.one(used)["nodes"]}
    assert times == {"reader": "2026-06-15T09:30:00Z", "admin": "2026-06-15T09:30:00Z"}
