"""Who may sign in: members are added, changed and taken away by those who may do as much themselves, at once."""

import pytest

from app.actor import ROLES, Role, Scope
from app.errors import Forbidden
from app.services import member

OUT = "member { id role email name scopes rows { sources segments channels { externalId } } } outcome"
FIELDS = f"{OUT} userErrors {{ code message path }}"


@pytest.fixture
def admin(api, workspace):
    return api.caller(workspace, Scope, name="admin")


def add(caller, **given):
    return caller.write("memberAdd", {"role": "VIEWER"} | given, FIELDS)


def problems(payload):
    return [(error["code"], error["path"]) for error in payload["userErrors"]]


def test_a_member_is_added_changed_and_taken_away(admin, workspace):
    admin.channel("web")
    limits = {"channels": [{"externalId": "web"}], "segments": ["large"]}
    told = add(admin, email="Vera@Example.com", name="Vera", scopes=["personal:read"], rows=limits)
    vera = told["member"]
    assert vera["email"] == "vera@example.com"
    assert vera["scopes"] == sorted({*(one.value for one in ROLES[Role.VIEWER]), "personal:read"})
    assert vera["rows"] == {"sources": None, "segments": ["large"], "channels": [{"externalId": "web"}]}
    change = {"id": vera["id"], "role": "ANALYST", "rows": None, "name": None}
    told = admin.write("memberUpdate", change, FIELDS)
    assert (told["member"]["role"], told["member"]["rows"], told["member"]["name"]) == ("ANALYST", None, None)
    assert told["member"]["email"] == "vera@example.com"
    assert admin.write("memberUpdate", change, FIELDS)["outcome"] == "UNCHANGED"
    listed = "{ members(filter: {role: {eq: ANALYST}}) { nodes { email } totalCount } }"
    assert admin.one(listed) == {"nodes": [{"email": "vera@example.com"}], "totalCount": 1}
    assert admin.write("memberRemove", {"id": vera["id"]}, FIELDS)["outcome"] == "DELETED"
    assert admin.one("query($id: ID!) { node(id: $id) { id } }", {"id": vera["id"]}) is None
    assert problems(admin.write("memberRemove", {"id": vera["id"]}, FIELDS)) == [("NOT_FOUND", ["id"])]


def test_what_cannot_be_is_refused(admin, dump):
    add(admin, email="vera@example.com")
    before = dump()
    assert problems(add(admin)) == [("REQUIRED", ["email"])]
    assert problems(add(admin, email="VERA@example.com")) == [("CONFLICT", ["email"])]
    assert problems(add(admin, email="vera")) == [("INVALID", ["email"])]
    assert problems(add(admin, subject="vera")) == [("INVALID", ["subject"])]  # no issuer is configured here
    assert problems(add(admin, email="x@example.com", role="OWNER", rows={"sources": []})) == [("CONFLICT", ["rows"])]
    unknown = {"channels": [{"externalId": "none"}]}
    assert problems(add(admin, email="x@example.com", rows=unknown)) == [("NOT_FOUND", ["channels"])]
    assert [code for code, _ in problems(add(admin, email="x@example.com", scopes=["all"]))] == ["INVALID"]
    assert dump() == before


def test_the_last_owner_stays(admin):
    first = add(admin, email="olga@example.com", role="OWNER")["member"]["id"]
    for refused in (
        admin.write("memberRemove", {"id": first}, FIELDS),
        admin.write("memberUpdate", {"id": first, "role": "ADMIN"}, FIELDS),
    ):
        assert [code for code, _ in problems(refused)] == ["CONFLICT"]
    add(admin, email="otto@example.com", role="OWNER")
    assert admin.write("memberRemove", {"id": first}, FIELDS)["outcome"] == "DELETED"


def test_nobody_grants_or_takes_what_they_lack(api, workspace, admin, dump):
    owner = add(admin, email="olga@example.com", role="OWNER")["member"]["id"]
    add(admin, email="otto@example.com", role="OWNER")
    lesser = api.caller(workspace, ROLES[Role.ADMIN])
    before = dump()
    for mutation in (
        'memberAdd(input: {role: OWNER, email: "x@example.com"})',
        'memberAdd(input: {role: VIEWER, email: "x@example.com", scopes: ["personal:read"]})',
        f'memberUpdate(input: {{id: "{owner}", role: VIEWER}})',
        f'memberRemove(input: {{id: "{owner}"}})',
    ):
        refused = lesser.refusal(f"mutation {{ {mutation} {{ outcome }} }}")
        assert refused["extensions"]["code"] == "FORBIDDEN"
        assert "personal:read" in refused["message"]
    assert dump() == before
    assert add(lesser, email="vera@example.com")["outcome"] == "CREATED"


def test_members_are_for_those_who_administer(alice, bob, charlie, admin, dump):
    vera = add(admin, email="vera@example.com", name="Vera")["member"]["id"]
    before = dump()
    for caller in (alice, bob):
        for document in (
            "{ members { nodes { id } } }",
            'mutation { memberAdd(input: {role: VIEWER, email: "x@example.com"}) { outcome } }',
            f'mutation {{ memberRemove(input: {{id: "{vera}"}}) {{ outcome }} }}',
        ):
            assert caller.refusal(document)["extensions"]["code"] == "FORBIDDEN"
    assert dump() == before


def test_nobody_else_is_told_of_them(api, workspace, elsewhere, admin, nobody, dump):
    vera = add(admin, email="vera@example.com", name="Vera")["member"]["id"]
    add(admin, email="otto@example.com", role="OWNER")
    foreign, before = api.caller(elsewhere, Scope), dump()
    assert nobody.post("{ members { nodes { id } } }").status_code == 401
    assert foreign.one("{ members { nodes { id } totalCount } }") == {"nodes": [], "totalCount": 0}
    assert foreign.one("query($id: ID!) { member(by: {id: $id}) { id } }", {"id": vera}) is None
    assert foreign.one("query($id: ID!) { node(id: $id) { id } }", {"id": vera}) is None
    for field, data in (("memberRemove", {"id": vera}), ("memberUpdate", {"id": vera, "role": "ADMIN"})):
        assert problems(foreign.write(field, data, FIELDS)) == [("NOT_FOUND", ["id"])]
    web = admin.channel("web")
    refused = add(foreign, email="x@example.com", rows={"channels": [{"id": web}]})
    assert problems(refused) == [("NOT_FOUND", ["channels"])]
    assert {name: rows for name, rows in dump(of=elsewhere).items() if name == "member"} == {"member": []}
    assert dump()["member"] == before["member"]


def test_personal_data_is_masked(api, workspace, admin):
    add(admin, email="vera@example.com", name="Vera")
    lesser = api.caller(workspace, ROLES[Role.ADMIN])
    assert lesser.one("{ members { nodes { name email subject role } } }")["nodes"] == [
        {"name": None, "email": None, "subject": None, "role": "VIEWER"}
    ]


def test_who_sees_some_rows_only_administers_nothing(workspace):
    from dataclasses import replace

    from app.actor import Rows

    limited = replace(workspace.actor(Scope), rows=Rows(sources=frozenset({"default"})))
    with pytest.raises(Forbidden):
        workspace.write(member.add, {"role": "VIEWER", "email": "x@example.com"}, by=limited)
    with pytest.raises(Forbidden):
        workspace.read(member.everybody, by=limited)
