"""Lists in pages: Relay's rules in both directions, while rows arrive, and at what cost."""

# ruff: noqa: E501 - a query, or a case of a table, stands on one line

import base64
import json

import pytest

from app.schema.build import build

QUERY = """query($first: Int, $after: String, $last: Int, $before: String) {
    customers(first: $first, after: $after, last: $last, before: $before, orderBy: %s, filter: %s) {
        nodes { segment } edges { cursor node { segment } } totalCount
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
}"""


@pytest.fixture
def told(alice):
    """Alice, with 25 customers; their names repeat and some have none."""
    alice.customers(
        {"externalId": f"c{i:02}", "segment": f"{i:02}", "name": None if i % 5 == 0 else f"n{i % 3}"} for i in range(25)
    )
    return alice


ORDERS = {
    # the order, and the segments that come of it
    "[{field: CREATED_AT}]": None,
    "[{field: CREATED_AT, direction: DESC}]": None,
    "[{field: NAME}]": lambda i: (1, 0) if i % 5 == 0 else (0, i % 3),
    "[{field: NAME, direction: DESC}]": lambda i: (1, 0) if i % 5 == 0 else (0, -(i % 3)),
}


def test_all_pages_together_are_the_list_in_both_directions(told):
    for order, key in ORDERS.items():
        query = QUERY % (order, "{}")
        forward, after = [], None
        while True:
            page = told.one(query, {"first": 4, "after": after})
            assert [edge["node"] for edge in page["edges"]] == page["nodes"]
            assert (page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]) == (
                page["edges"][0]["cursor"],
                page["edges"][-1]["cursor"],
            )
            assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
            assert page["totalCount"] == 25
            forward += [int(node["segment"]) for node in page["nodes"]]
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        assert sorted(forward) == list(range(25)), order
        if key is not None:
            assert [key(i) for i in forward] == sorted(key(i) for i in range(25)), order
        backward, before = [], None
        while True:
            page = told.one(query, {"last": 4, "before": before})
            assert page["pageInfo"]["hasNextPage"] is (before is not None)
            backward = [int(node["segment"]) for node in page["nodes"]] + backward
            if not page["pageInfo"]["hasPreviousPage"]:
                break
            before = page["pageInfo"]["startCursor"]
        assert backward == forward, order
    ascending, descending = (
        [node["segment"] for node in told.one(QUERY % (order, "{}"), {"first": 100})["nodes"]]
        for order in list(ORDERS)[:2]
    )
    assert ascending == descending[::-1]


def test_a_page_between_two_cursors(told):
    query = QUERY % ("[{field: CREATED_AT}]", "{}")
    edges = told.one(query, {"first": 25})["edges"]
    page = told.one(query, {"first": 100, "after": edges[3]["cursor"], "before": edges[7]["cursor"]})
    assert page["edges"] == edges[4:7]
    page = told.one(query, {"last": 2, "after": edges[3]["cursor"], "before": edges[7]["cursor"]})
    assert page["edges"] == edges[5:7]
    assert page["pageInfo"]["hasPreviousPage"] is True


BETWEEN = [
    # arguments beside both cursors or one; the rows, and whether there is more after and before, by the letter of
    # Relay's HasNextPage and HasPreviousPage: with `first` only the size tells of more after, with `last` of more before
    ({"first": 3, "after": 3}, [4, 5, 6], True, True),
    ({"first": 22, "after": 2}, range(3, 25), False, True),
    ({"first": 3, "before": 7}, [0, 1, 2], True, False),
    ({"first": 9, "before": 7}, range(7), False, False),
    ({"first": 2, "after": 3, "before": 7}, [4, 5], True, True),
    ({"first": 3, "after": 3, "before": 7}, [4, 5, 6], False, True),
    ({"last": 3, "before": 7}, [4, 5, 6], True, True),
    ({"last": 9, "before": 7}, range(7), True, False),
    ({"last": 3, "after": 20}, [22, 23, 24], False, True),
    ({"last": 9, "after": 20}, [21, 22, 23, 24], False, False),
    ({"last": 2, "after": 3, "before": 7}, [5, 6], True, True),
    ({"last": 3, "after": 3, "before": 7}, [4, 5, 6], True, False),
    ({"after": 20}, [21, 22, 23, 24], False, True),
    ({"first": 3, "after": 24}, [], False, True),
    ({"last": 3, "before": 0}, [], True, False),
    ({"first": 3, "after": 7, "before": 3}, [], False, True),
]


def test_pages_tell_what_lies_around_them_by_the_letter(told):
    query = QUERY % ("[{field: CREATED_AT}]", "{}")
    cursors = [edge["cursor"] for edge in told.one(query, {"first": 25})["edges"]]
    for arguments, rows, has_next, has_previous in BETWEEN:
        given = {name: cursors[at] if name in ("after", "before") else at for name, at in arguments.items()}
        page = told.one(query, given)
        assert [int(node["segment"]) for node in page["nodes"]] == list(rows), arguments
        assert page["pageInfo"] == {
            "hasNextPage": has_next,
            "hasPreviousPage": has_previous,
            "startCursor": cursors[rows[0]] if rows else None,
            "endCursor": cursors[rows[-1]] if rows else None,
        }, arguments


def test_a_size_that_cannot_be_is_refused(told):
    query = QUERY % ("[{field: CREATED_AT}]", "{}")
    for sizes, path in (
        ({"first": -1}, "first"),
        ({"last": -1}, "last"),
        ({"first": 101}, "first"),
        ({"last": 101}, "last"),
        ({"first": 1, "last": 1}, "last"),
    ):
        extensions = told.refusal(query, sizes)["extensions"]
        assert extensions["code"] == "BAD_USER_INPUT"
        assert extensions["userErrors"][0]["path"] == [path]


def test_the_schema_has_the_shapes_that_relay_asks_for():
    types = build().core.type_map
    query, node, info = types["Query"].fields, types["Node"].fields, types["PageInfo"].fields
    assert {name: str(field.type) for name, field in node.items()} == {"id": "ID!"}
    assert (str(query["node"].type), str(query["node"].args["id"].type)) == ("Node", "ID!")
    assert (str(query["nodes"].type), str(query["nodes"].args["ids"].type)) == ("[Node]!", "[ID!]!")
    assert {name: str(field.type) for name, field in info.items()} == {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    }
    apart = {"changes", "auditLog", "tokens", "workspaces"}  # which have arguments of their own
    lists = {name: field for name, field in query.items() if "after" in field.args and name not in apart}
    facts = {
        "feedback",
        "orders",
        "refunds",
        "costs",
        "touchpoints",
        "interactions",
        "leads",
        "invitations",
        "exchangeRates",
    }
    assert set(lists) >= {"channels", "staff", "surveys", "teams", "customers", "targets", *facts}
    for name, field in lists.items():
        arguments = {argument: str(value.type) for argument, value in field.args.items()}
        kind = str(field.type).removesuffix("Connection")
        assert str(field.type) == f"{kind}Connection", name
        assert arguments == {
            "first": "Int",
            "after": "String",
            "last": "Int",
            "before": "String",
            "filter": f"{kind}FilterInput",
            "orderBy": f"[{kind}OrderInput!]",
        }
        assert {name: str(field.type) for name, field in field.type.fields.items()} == {
            "nodes": f"[{kind}!]!",
            "edges": f"[{kind}Edge!]!",
            "pageInfo": "PageInfo!",
            "totalCount": "Int!",
        }
        edge = {name: str(field.type) for name, field in types[f"{kind}Edge"].fields.items()}
        assert edge == {"node": f"{kind}!", "cursor": "String!"}
        assert types["Node"] in types[kind].interfaces


def test_sizes_of_pages(told):
    query = QUERY % ("[{field: CREATED_AT}]", "{}")
    assert len(told.one(query)["nodes"]) == 20
    empty = told.one(query, {"first": 0})
    assert (empty["nodes"], empty["totalCount"]) == ([], 25)
    assert empty["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert len(told.one(query, {"first": 100})["nodes"]) == 25
    assert told.refusal(query, {"first": 101})["extensions"]["code"] == "BAD_USER_INPUT"
    assert len(told.one(query, {"last": 7})["nodes"]) == 7


def test_pages_stay_in_step_while_rows_arrive(told):
    seen, after, new = [], None, 0
    while True:
        page = told.one(QUERY % ("[{field: NAME, direction: DESC}]", "{}"), {"first": 3, "after": after})
        seen += [node["segment"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"] or new > 10:
            break
        told.customers([{"externalId": f"new{new}", "segment": f"new{new}", "name": "n1"}])
        new += 1
    old = [segment for segment in seen if not segment.startswith("new")]
    assert sorted(old) == [f"{i:02}" for i in range(25)]
    assert len(seen) == len(set(seen))


def test_a_filter_holds_for_pages_and_their_count(told):
    page = told.one(
        QUERY % ("[{field: CREATED_AT}]", '{or: [{segment: {in: ["03", "04"]}}, {segment: {eq: "20"}}]}'), {"first": 2}
    )
    assert ([node["segment"] for node in page["nodes"]], page["totalCount"]) == (["03", "04"], 3)
    assert page["pageInfo"]["hasNextPage"] is True
    for filter_, expected in (
        ("{name: {isNull: true}}", 5), ("{name: {isNull: false}}", 20), ("{not: {name: {isNull: true}}}", 20), ('{segment: {contains: "1"}}', 12),
        ('{name: {eq: "n1"}, segment: {contains: "1"}}', 4), ("{and: []}", 25), ("{or: []}", 0), ("{isTest: {eq: true}}", 0), ("{status: {in: []}}", 0),
    ):  # fmt: skip
        rows = [(f"{i:02}", None if i % 5 == 0 else f"n{i % 3}") for i in range(25)]
        if "n1" in filter_:
            assert expected == sum(name == "n1" and "1" in segment for segment, name in rows)
        assert told.one(QUERY % ("[]", filter_))["totalCount"] == expected, filter_


def test_a_filter_that_cannot_be_says_where_as_the_caller_wrote_it(alice):
    for list_, filter_, path in (
        ("customers", "{kind: null}", "kind"),
        ("customers", "{not: {acquisitionChannelId: {isNull: null}}}", "not acquisitionChannelId isNull"),
        ("channels", "{or: [{externalId: {eq: null}}]}", "or externalId eq"),
        ("targets", "{from: {gte: null}}", "from gte"),
        ("feedback", '{occurredAt: {gt: "0001-01-01T00:00:00+14:00"}}', "occurredAt gt"),
        ("feedback", '{customerId: {eq: "x"}}', "customerId"),
    ):
        extensions = alice.refusal(f"{{ {list_}(filter: {filter_}) {{ nodes {{ id }} }} }}")["extensions"]
        assert extensions["userErrors"][0]["path"] == ["filter", *path.split()], filter_


def test_a_cursor_that_was_not_given_for_this_list_is_refused(told):
    told.channel("web")
    own = told.one(QUERY % ("[{field: NAME}]", "{}"), {"first": 1})["pageInfo"]["endCursor"]
    other = told.one("{ channels { pageInfo { endCursor } } }")["pageInfo"]["endCursor"]
    decoded = json.loads(base64.urlsafe_b64decode(own + "=="))

    def forged(parts):
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")

    assert told.one(QUERY % ("[{field: NAME}]", "{}"), {"after": forged(decoded)})["nodes"]
    wrong = [
        "", "x", "é", other, own[:-4], forged([]), forged(decoded[:-1]), forged([*decoded, "=x"]), forged([*decoded[:-1], "=nope"]),
        forged([*decoded[:-1], decoded[-1][1:]]), forged([*decoded[:-2], "=" + "0" * 32, decoded[-1]]), forged(["CustomerCursor"]), forged({"a": 1}), forged([1, 2]),
    ]  # fmt: skip
    for cursor in wrong:
        for name in ("after", "before"):
            error = told.refusal(QUERY % ("[{field: NAME}]", "{}"), {name: cursor})
            assert error["extensions"]["code"] == "BAD_USER_INPUT", cursor
            assert error["extensions"]["userErrors"][0]["path"] == [name]
            assert "cursor" in error["message"]
    # nor does it fit another order of the same list
    for order in ("[{field: CREATED_AT}]", "[{field: NAME, direction: DESC}]"):
        assert told.refusal(QUERY % (order, "{}"), {"after": own})["extensions"]["code"] == "BAD_USER_INPUT"


def test_the_total_is_counted_only_when_it_is_asked_for(told, statements):
    with statements() as without:
        told.one("{ customers { nodes { id } } }")
    with statements() as with_:
        told.one("{ customers { nodes { id } totalCount } }")
    assert not [sent for sent in without if "count(" in sent]
    assert len([sent for sent in with_ if "count(" in sent]) == 1
