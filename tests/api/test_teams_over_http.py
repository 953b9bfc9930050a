"""Teams and who is in them, as clients meet them."""

# ruff: noqa: E501 - an operation stands on one line

import pytest

from app.actor import Scope

EVA = "teams { from before team { externalId } } team { externalId }"
SAID = "outcome userErrors { code path message }"


@pytest.fixture
def told(alice):
    """Alice; Eva was in the red team until the middle of May and is in the blue one since."""
    for key in ("red", "blue", "green"):
        alice.write("teamUpsert", {"externalId": key, "name": key.title()}, "outcome")
    times = [
        {"team": {"externalId": "blue"}, "from": "2026-05-16"},
        {"team": {"externalId": "red"}, "before": "2026-05-16"},
    ]
    payload = alice.write("staffUpsert", {"externalId": "eva", "name": "Eva", "teams": times}, SAID)
    assert payload == {"outcome": "CREATED", "userErrors": []}
    who = {"staff": {"externalId": "eva"}}
    for day in ("2026-05-04", "2026-05-20"):
        row = {"externalId": day, "kind": "CSAT", "score": 5, "occurredAt": day}
        alice.feedback(row | who, row | {"externalId": f"{day} anonymous"})
        sold = {"externalId": day, "amount": "20", "currency": "EUR", "occurredAt": day}
        alice.write("orderRecord", sold | who, "outcome")
    return alice


def test_a_member_of_staff_tells_their_teams_and_a_team_its_members(told):
    assert told.one(f'{{ staffMember(by: {{externalId: "eva"}}) {{ {EVA} }} }}') == {
        "teams": [
            {"from": None, "before": "2026-05-16", "team": {"externalId": "red"}},
            {"from": "2026-05-16", "before": None, "team": {"externalId": "blue"}},
        ],
        "team": {"externalId": "blue"},
    }
    told.write(
        "staffUpsert", {"externalId": "ada", "name": "Ada", "teams": [{"team": {"externalId": "blue"}}]}, "outcome"
    )
    assert told.ask(
        '{ teams(filter: {externalId: {in: ["red", "blue"]}}) { nodes { externalId members { name } then: members(on: "2026-05-15") { name } } totalCount } }'
    )["teams"] == {
        "nodes": [
            {"externalId": "blue", "members": [{"name": "Ada"}, {"name": "Eva"}], "then": [{"name": "Ada"}]},
            {"externalId": "red", "members": [], "then": [{"name": "Eva"}]},
        ],
        "totalCount": 2,
    }


def test_ids_of_times_in_teams_tell_them_apart(told):
    ids = told.one('{ staffMember(by: {externalId: "eva"}) { teams { id } } }')["teams"]
    assert len({one["id"] for one in ids}) == 2


def test_facts_tell_the_team_of_their_day_and_are_found_by_it(told):
    red = told.one('{ team(by: {externalId: "red"}) { id } }')["id"]
    for list_ in ("feedback", "orders"):
        found = told.ask(
            f"query($red: ID!) {{ red: {list_}(filter: {{teamId: {{eq: $red}}}}) {{ nodes {{ externalId team {{ name }} }} }} none: {list_}(filter: {{teamId: {{isNull: true}}}}) {{ totalCount }} }}",
            {"red": red},
        )
        assert found["red"] == {"nodes": [{"externalId": "2026-05-04", "team": {"name": "Red"}}]}
        assert found["none"] == {"totalCount": 2 if list_ == "feedback" else 0}


def test_kpis_are_cut_and_aimed_at_by_team(told):
    def by_team():
        slices = told.kpi(
            "REVENUE",
            'range: {from: "2026-05-01", before: "2026-06-01"}',
            "breakdown(by: TEAM) { slices { key label value } }",
        )
        return {one["key"]: (one["label"], one["value"]) for one in slices["breakdown"]["slices"]}

    assert by_team() == {"red": ("Red", 20), "blue": ("Blue", 20)}
    goal = {
        "externalId": "t",
        "kpi": "REVENUE",
        "kind": "ABSOLUTE",
        "value": 80,
        "from": "2026-05-01",
        "before": "2026-06-01",
    }
    selection = "target { progress { attainment state } scope { by anyOf } } userErrors { path }"
    payload = told.write("targetSet", goal | {"scope": [{"by": "TEAM", "anyOf": ["blue"]}]}, selection)
    assert payload["target"]["scope"] == [{"by": "TEAM", "anyOf": ["blue"]}]
    assert payload["target"]["progress"] == {"attainment": 0.25, "state": "MISSED"}
    told.write(
        "staffUpsert", {"externalId": "eva", "name": "Eva", "teams": [{"team": {"externalId": "blue"}}]}, "outcome"
    )
    assert {key: value for key, value in by_team().items() if value[1]} == {"blue": ("Blue", 40)}
    assert told.one('{ target(by: {externalId: "t"}) { progress { attainment } } }') == {
        "progress": {"attainment": 0.5}
    }
    wrong = told.write("targetSet", goal | {"scope": [{"by": "TEAM", "anyOf": ["pink"]}]}, selection)
    assert wrong["target"] is None
    assert wrong["userErrors"][0]["path"][0] == "scope"


@pytest.mark.some(2)
@pytest.mark.parametrize(
    ("teams", "code", "path", "message"),
    [
        ([{"team": {"externalId": "pink"}}], "NOT_FOUND", ["teams", "0", "team"], "There is no team 'pink'"),
        ([{"team": {"externalId": "red"}, "from": "2026-05-02", "before": "2026-05-02"}], "OUT_OF_RANGE", ["teams", "0", "before"], "must be later than from (2026-05-02)"),
        ([{"team": {"externalId": "red"}, "from": "2026-05-02"}, {"team": {"externalId": "blue"}, "before": "2026-05-03"}], "CONFLICT", ["teams", "1"], "(from 2026-05-02, before null)"),
        ([{"team": {"externalId": "red"}, "from": "2026-02-30"}], "INVALID", ["teams", "0", "from"], "2026-02-30"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_where_it_is_wrong(told, dump, teams, code, path, message):
    before = dump()
    payload = told.write("staffUpsert", {"externalId": "eva", "name": "Eva", "teams": teams}, SAID + " staff { id }")
    assert (payload["outcome"], payload["staff"]) == ("REJECTED", None)
    (error,) = payload["userErrors"]
    assert (error["code"], error["path"]) == (code, path)
    assert message in error["message"]
    assert dump() == before


def test_another_workspaces_team_is_not_found(told, charlie, dump):
    red = told.one('{ team(by: {externalId: "red"}) { id } }')["id"]
    before = dump()
    payload = charlie.write("staffUpsert", {"externalId": "x", "name": "X", "teams": [{"team": {"id": red}}]}, SAID)
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [
        ("NOT_FOUND", ["teams", "0", "team"])
    ]
    assert charlie.one("query($id: ID!) { node(id: $id) { id } }", {"id": red}) is None
    assert dump() == before


def test_absent_keeps_null_and_nothing_clear(told):
    def write(**more):
        payload = told.write("staffUpsert", {"externalId": "eva", "name": "Eva", **more}, f"outcome staff {{ {EVA} }}")
        return payload["outcome"], [one["team"]["externalId"] for one in payload["staff"]["teams"]]

    assert write() == ("UNCHANGED", ["red", "blue"])
    assert write(teams=None) == ("UPDATED", [])
    assert write(teams=[]) == ("UNCHANGED", [])
    assert write(teams=[{"team": {"externalId": "green"}}]) == ("UPDATED", ["green"])


def test_who_may_not_see_staff_sees_no_team(told, api, workspace):
    reader = api.caller(workspace, set(Scope) - {Scope.STAFF_READ})
    answer = reader.answer("{ orders { nodes { externalId team { name } } } }")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
    assert [node["team"] for node in answer["data"]["orders"]["nodes"]] == [None, None]


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 30])
def test_members_and_teams_take_as_many_statements_for_many_as_for_few(alice, statements, count):
    for n in range(count):
        alice.write("teamUpsert", {"externalId": f"t{n}", "name": f"T{n}"}, "outcome")
        times = [{"team": {"externalId": f"t{n}"}}]
        alice.write("staffUpsert", {"externalId": f"s{n}", "name": f"S{n}", "teams": times}, "outcome")
    queries = (
        '{ teams(first: 30) { nodes { members { name } then: members(on: "2026-01-01") { name } } } }',
        "{ staff(first: 30) { nodes { team { name } teams { team { name } } } } }",
    )
    sent = []
    for query in queries:
        alice.one(query)
        with statements() as found:
            assert len(alice.one(query)["nodes"]) == count
        sent.append(sum("FROM membership" in one or "FROM staff" in one or "FROM team" in one for one in found))
    assert sent == [3, 4]  # the page, who is in them, their rows
