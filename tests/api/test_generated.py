"""Operations made by chance from the published schema: whatever is asked, the answer is one that the schema allows."""

import hashlib
import json
import re
from collections import Counter
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import predicting
import pytest
from conforming import exceeds, faults
from generated import documents, lifted, named, published, typed
from graphql import FieldNode, NameNode, SelectionSetNode, parse, print_ast, validate, value_from_ast_untyped

from app.actor import Scope

CODES = {
    "BAD_USER_INPUT",
    "CONFLICT",
    "FORBIDDEN",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "NOT_FOUND",
    "QUERY_TOO_COMPLEX",
}
"""With what somebody who may do everything is refused by a program that is well."""

READS = list(published().query_type.fields)
WRITES = [field for field in published().mutation_type.fields if field != "answerRecord"]
WRITES.sort(key=lambda field: "Delete" in field)
"""In their order, but for deletions: what is gone is of no use to the others. One tells nobody what became of it."""
TIMES = 10
SELDOM = 6
"""How many of the mutations chance may not manage to make anything of."""


@pytest.fixture
def door(open_door):
    return open_door(rate_limit_points=10**9)


def furnished(api, people):
    """Somebody with every scope in a workspace that has some of everything, and its ids by the names of their types."""
    alice = api.caller(people, Scope, name="alice")
    alice.channel("shops")
    alice.channel("web", kind="ONLINE", parent={"externalId": "shops"})
    for field in ("teamUpsert", "staffUpsert", "surveyUpsert"):
        alice.write(field, {"externalId": "web", "name": "Web"}, "outcome")
    alice.write(
        "staffUpsert", {"externalId": "web", "name": "Web", "teams": [{"team": {"externalId": "web"}}]}, "outcome"
    )
    office = {"timeZone": "Europe/Berlin", "weeklyHours": [{"weekdays": [1, 2], "from": "09:00", "before": "18:00"}]}
    calendar = {"externalId": "web", "name": "Web", "versions": [office | {"country": "DE"}]}
    alice.write("businessCalendarUpsert", calendar, "outcome")
    alice.write("workspaceUpdate", {"businessCalendar": {"externalId": "web"}}, "outcome")
    told = {"segment": "north", "region": "north", "acquisitionChannel": {"externalId": "web"}}
    alice.customer("c0", name="Zero", email="zero@example.com", attributes={"plan": "pro"}, **told)
    alice.customers(
        {"externalId": key, "parent": {"externalId": "c0"}, "joinedOn": f"2026-0{1 + n % 5}-03", **told}
        for n, key in enumerate(("web", *(f"c{n}" for n in range(1, 8))))
    )
    seen = {name: {"externalId": "web"} for name in ("channel", "staff", "survey")}
    asked = {"key": "web", "kind": "CSAT", "texts": [{"language": "en", "text": "How was it?"}]}
    alice.write("surveyUpsert", {"externalId": "web", "name": "Web", "questions": [asked]}, "outcome")
    invite(alice)
    alice.feedback(
        *(
            {
                "externalId": f"f{n}" if n else "web",
                "kind": ("CSAT", "NPS", "CES", "REVIEW")[n % 4],
                "score": 1 + n % 5,
                "customer": {"externalId": f"c{n % 8}"},
                "occurredAt": f"2026-0{1 + n % 6}-{1 + n % 14:02}",
                "comment": "fine",
                "invitation": {"externalId": "web" if n < 4 else f"c{n % 3}"},
                "tags": ["web", "north"][: n % 3],
                **seen,
            }
            for n in range(48)
        )
    )
    sell(alice)
    alice.write("segmentUpsert", {"externalId": "web", "name": "Web", "kind": "MANUAL"}, "outcome")
    goal = {"externalId": "web", "kpi": "CSAT", "kind": "ABSOLUTE", "from": "2026-06-01", "before": "2026-07-01"}
    for value in (80, 90):
        alice.write("targetSet", goal | {"value": value}, "outcome")
    ids = {kind: alice.one(f'{{ {field}(by: {{externalId: "web"}}) {{ id }} }}')["id"] for kind, field in OWN.items()}
    alice.people.write(predicting.put, "web", "c1", "c2")
    told = alice.one('{ prediction(by: {externalId: "web"}) { id fit { id } } }')
    ids |= {"Prediction": told["id"], "PredictionFit": told["fit"]["id"]}
    ids["KpiResult"] = alice.kpi("CSAT", "named: THIS_MONTH", "id")["id"]
    ids["Mirror"] = alice.write("mirrorStart", {"type": "COSTS"}, "mirror { id }")["mirror"]["id"]
    ids["Token"] = alice.write("tokenCreate", {"name": "web"}, "token { id }")["token"]["id"]
    return alice, ids | {"KpiDefinition": alice.one('{ kpiDefinition(key: "CSAT") { id } }')["id"]}


def invite(alice):
    """Invitations, of which some are answered."""
    web = {name: {"externalId": "web"} for name in ("channel", "survey")}
    rows = [web | {"externalId": name, "occurredAt": "2025-12-20"} for name in ("web", "c0", "c1", "c2", "c3")]
    payload = alice.write("invitationRecordBatch", {"rows": rows}, "counts { created }")
    assert payload["counts"]["created"] == len(rows)


TERM = {"from": "2026-01-01", "amount": "100"}


def sell(alice):
    """Orders, refunds, costs, touchpoints, leads, rates, referrals, events of use and contracts."""
    who = {name: {"externalId": "web"} for name in ("customer", "channel")}
    rate = {"from": "USD", "rate": "0.9"}
    rows = {
        "exchangeRate": [rate | {"externalId": f"2026-06-0{n}", "date": f"2026-06-0{n}"} for n in range(1, 10)],
        "touchpoint": [who | {"externalId": "c1", "occurredAt": "2025-12-24"}],
        "lead": [who | {"externalId": f"c{n}", "occurredAt": "2026-05-05", "wonAt": "2026-06-05"} for n in range(3)],
        "referral": [who | {"externalId": "c1", "referred": {"externalId": "c1"}, "occurredAt": "2025-12-24"}],
        "engagement": [who | {"externalId": "c1", "type": "web", "occurredAt": "2026-06-05"}],
        "contract": [
            who | {"externalId": "c1", "currency": "EUR", "from": "2026-01-01", "interval": "YEAR", "terms": [TERM]}
        ],
        "order": [
            who | {"externalId": f"c{n}", "amount": "20", "currency": ("EUR", "USD")[n % 2], "occurredAt": "2026-06-05"}
            for n in range(4)
        ],
        "refund": [{"externalId": "c1", "order": {"externalId": "c1"}, "amount": "5", "occurredAt": "2026-06-06"}],
        "cost": [
            who
            | {"externalId": "c1", "category": "MEDIA", "amount": "10", "currency": "EUR"}
            | {"from": "2026-06-01", "before": "2026-06-04"}
        ],
    }
    for noun, some in rows.items():
        web = some[-1] | {"externalId": "web"} | ({"date": "2026-06-10"} if noun == "exchangeRate" else {})
        kind = f"{noun[0].upper()}{noun[1:]}RecordBatchInput!"
        payload = alice.one(
            f"mutation($input: {kind}) {{ {noun}RecordBatch(input: $input) {{ counts {{ created }} }} }}",
            {"input": {"rows": [*some, web]}},
        )
        assert payload["counts"]["created"] == len(some) + 1


OWN = {
    "Customer": "customer",
    "Channel": "channel",
    "Staff": "staffMember",
    "Team": "team",
    "Survey": "survey",
    "BusinessCalendar": "businessCalendar",
    "Feedback": "feedbackItem",
    "Order": "order",
    "Refund": "refund",
    "Cost": "cost",
    "Touchpoint": "touchpoint",
    "Lead": "lead",
    "Referral": "referral",
    "Engagement": "engagement",
    "Contract": "contract",
    "Invitation": "invitation",
    "ExchangeRate": "exchangeRate",
    "Segment": "segment",
    "Target": "target",
}


def sound(document, response):
    """The answer, which is one that the schema allows."""
    assert response.status_code == 200, (document, response.text)
    answer = response.json()
    codes = {error.get("extensions", {}).get("code") for error in answer.get("errors", ())}
    assert codes <= CODES, (document, answer["errors"])
    assert not faults(document, answer), (document, faults(document, answer))
    if answer.get("data") is not None:
        cost = answer["extensions"]["cost"]
        assert cost["requestedQueryCost"] >= cost["actualQueryCost"] or exceeds(document, answer["data"]), (
            document,
            cost,
        )
    return answer


def lasting(answer):
    """The data, without what each request changes."""
    data = answer.get("data")
    return data and {name: value for name, value in data.items() if name != "rateLimit"}


def asked_in_every_way(alice, document):
    """What is answered to a query by POST; by GET, with variables and by its hash it is the same."""
    answer = sound(document, alice.post(document))
    by_get = alice.api.request("GET", "/graphql", params={"query": document}, headers=alice.headers())
    query, variables = lifted(document)
    given = {"query": query, "variables": json.dumps(variables), "operationName": "Lifted"}
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}
    short = {"variables": variables, "extensions": hashed}
    ways = {
        "GET": by_get,
        "variables": alice.post(query, variables),
        "GET with variables": alice.api.request("GET", "/graphql", params=given, headers=alice.headers()),
        "learnt": alice.api.request("POST", "/graphql", json=short | {"query": query}, headers=alice.headers()),
        "by its hash": alice.api.request("POST", "/graphql", json=short, headers=alice.headers()),
    }
    for way, response in ways.items():
        other = sound(document, response)
        is_same = lasting(other) == lasting(answer)
        assert is_same or validate(published(), parse(document)), (way, document, variables)  # what is wrong may differ
    return answer


def reads_are_sound(alice, ids, count):
    told = Counter()
    for field in READS:
        for document in documents("query", field, count):
            answer = asked_in_every_way(alice, typed(named(document, ids)))
            told[field] += (answer.get("data") or {}).get(field) is not None
    assert len([field for field in READS if told[field]]) >= len(READS) // 2, told


@pytest.mark.slow
def test_whatever_is_asked_some_hundred_times_the_answer_is_one_that_the_schema_allows(api, workspace):
    reads_are_sound(*furnished(api, workspace), TIMES)


def ask(alice, document):
    return sound(typed(document), alice.post(typed(document)))


@pytest.mark.parametrize("name", ["channels", "customers"])
def test_a_condition_on_a_reference_may_be_null(alice, name):
    ask(alice, f"{{ {name}(filter: {{parentId: null}}) {{ totalCount }} }}")


@pytest.mark.parametrize("by", ['{externalId: "a", id: "b"}', "{}", "{id: null}"])
def test_what_the_schema_does_not_allow_is_not_executed(alice, by):
    assert "data" not in ask(alice, f"{{ workspace {{ id }} channel(by: {by}) {{ id }} }}")


def told_all(document):
    """The document of one mutation that tells what became of it as well, under names of its own."""
    (operation,) = parse(document).definitions
    (node,) = operation.selection_set.selections
    payload = published().mutation_type.fields[node.name.value].type.of_type
    more = parse("{ o: outcome e: userErrors { code message path } }").definitions[0].selection_set.selections
    if "results" in payload.fields:
        text = f"{{ c: counts {{ {' '.join(COUNTS)} }} e: userErrors {{ code message path }} "
        text += "r: results { index o: outcome e: userErrors { code message path } } }"
        more = parse(text).definitions[0].selection_set.selections
    told = FieldNode(
        name=node.name,
        alias=NameNode(value="told"),
        arguments=node.arguments,
        selection_set=SelectionSetNode(selections=(*node.selection_set.selections, *more)),
    )
    return typed(f"mutation {{ {print_ast(told)} }}"), told


COUNTS = ("created", "updated", "unchanged", "stale", "deleted", "rejected")
STAMPED = {
    "customer",
    "feedback",
    "customer_order",
    "refund",
    "cost",
    "touchpoint",
    "lead",
    "exchange_rate",
    "invitation",
    "interaction",
    "referral",
    "engagement",
    "contract",
}
STAMPED |= {"tombstone"}
"""What keeps the latest instant at which its source vouched for it, even where nothing else is new."""
STORED = {"CREATED", "UPDATED", "DELETED"}


def check_rows(document, told, size):
    """What became of the rows: each was stored, or left alone, or says why not. The outcomes."""
    if told["e"]:
        assert told["r"] == [], document
        return []
    assert [row["index"] for row in told["r"]] == list(range(size)), document
    for row in told["r"]:
        assert (row["o"] == "REJECTED") == bool(row["e"]), (document, row)
    outcomes = [row["o"] for row in told["r"]]
    assert Counter(outcomes) == +Counter({name.upper(): told["c"][name] for name in COUNTS}), document
    return outcomes


def written(document, node, alice, before, after):
    """Checks what a mutation did against what it told; whether something was stored, and what is stored now."""
    answer = sound(document, alice.post(document))
    data, stored = answer.get("data"), after()
    if data is None:
        assert stored == before, document
        return False, stored
    told = data["told"]
    given = value_from_ast_untyped(node.arguments[0].value)
    if "r" in told:
        rows = given["rows" if "rows" in given else "customers"]
        rows = rows if isinstance(rows, list) else [rows]
        outcomes = check_rows(document, told, len(rows))
        dry = given.get("dryRun")
    else:
        assert (told["o"] == "REJECTED") == bool(told["e"]), (document, told)
        outcomes, dry = [told["o"]], False
    expected = bool(STORED.intersection(outcomes)) and not dry
    changed = {name for name in stored if stored[name] != before[name]} - {"idempotency", "mirror_seen"}
    if "sourceUpdatedAt" in document and "UNCHANGED" in outcomes and not expected:
        changed -= STAMPED
    if "DeleteBatch" in document and "sourceUpdatedAt" in document and not changed:
        expected = False  # what was never known and has its grave already
    assert bool(changed) == expected, (document, told, changed)
    if "r" not in told and outcomes in (["CREATED"], ["UPDATED"]):
        check_kept(alice, node, given)
    return expected, stored


def check_kept(alice, node, given):
    """What was given to a single mutation is what is read."""
    # which keeps nothing but the work; which have no root by a source's id
    if node.name.value in ("predictionRefit", "kpiDefine", "workspaceCreate", "sandboxReset"):
        return
    if node.name.value.startswith(("token", "member", "import", "export")):
        return
    if node.name.value.startswith("webhook") and node.name.value != "webhookUpsert":
        return
    payload = published().mutation_type.fields[node.name.value].type.of_type
    kind = next(field.type for field in payload.fields.values() if "Node" in str(getattr(field.type, "interfaces", "")))
    if node.name.value.startswith(
        ("customerMerge", "customerLink", "customerUnlink", "mirror")
    ):  # which keep no fields
        return
    is_one = {"by"} if "externalId" in given else set()
    root = next(name for name, f in published().query_type.fields.items() if f.type is kind and set(f.args) == is_one)
    input_ = published().mutation_type.fields[node.name.value].args["input"].type.of_type
    names = [
        name
        for name, value in given.items()
        if name in kind.fields
        and value is not None
        and name not in DERIVED
        and str(kind.fields[name].type).strip("!") == str(input_.fields[name].type).strip("!")
    ]
    selection = f"{{ __typename {' '.join(names)} }}"
    if "externalId" in given:
        query = f"query($key: String!) {{ {root}(by: {{externalId: $key}}) {selection} }}"
        read = alice.one(query, {"key": given["externalId"].strip()})
    else:
        read = alice.one(f"{{ {root}{selection} }}")
    assert read is not None, given
    for name in names:
        assert same(read[name], given[name]), (name, read[name], given[name])


OF_A_STATE = ("member", "token", "import", "export", "mirror", "webhook", "workspaceCreate", "sandboxReset")
"""What wants an address, or something in a state that chance does not bring about."""
DERIVED = {"status", "joinedOn", "churnedOn", "churnReason", "variant"}
"""What a customer's times make of them, and a variant that may be given by default."""


def same(read, given):
    """Whether what is read says what was given: texts without space around them, numbers by value, instants in UTC.

    Of a list each entry once.
    """
    if isinstance(given, list):
        return read in (given, list(dict.fromkeys(given)))
    if not isinstance(given, str) or not isinstance(read, str) or read in (given, given.strip()):
        return read == given or isinstance(given, str)
    if re.fullmatch(r"[\d.]+", read):
        return Decimal(read) == Decimal(given)
    instant = datetime.fromisoformat(given)
    zone = ZoneInfo("Europe/Berlin") if len(given) == len("2026-01-31") else instant.tzinfo
    return datetime.fromisoformat(read) == instant.replace(tzinfo=zone)


def writes_are_sound(alice, ids, dump, count):
    stored, now = Counter(), dump()
    for field in WRITES:
        for made in documents("mutation", field, count):
            document, node = told_all(named(made, ids))
            is_stored, now = written(document, node, alice, now, dump)
            stored[field] += is_stored
    return stored


@pytest.mark.slow
def test_some_hundred_mutations_store_or_tell_why_not(api, workspace, dump):
    stored = writes_are_sound(*furnished(api, workspace), dump, TIMES)
    never = [field for field in WRITES if not stored[field] and not field.startswith(OF_A_STATE)]
    assert len(never) <= SELDOM, never
