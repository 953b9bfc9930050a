"""Lists of orders, refunds, costs, touchpoints, referrals, events of use, rates and invitations: by whatever they can be narrowed, and in every order."""

# ruff: noqa: E501 - a row, or a case of a table, stands on one line

import pytest
from asking import BATCH, Caller, serving
from databases import copied
from generated import published
from people import People, settle

ANN, BOB = ({"customer": {"externalId": who}} for who in ("ann", "bob"))
WEB, SHOP = ({"channel": {"externalId": key}} for key in ("web", "shop"))
ROWS = {
    "order": [
        {"externalId": "o1", "amount": "10", "currency": "EUR", "occurredAt": "2026-05-01T08:00:00Z", "product": "tea", "staff": {"externalId": "eva"}, **ANN, **WEB},
        {"externalId": "o2", "amount": "20", "currency": "USD", "occurredAt": "2026-05-01T23:00:00Z", "campaign": "spring", "status": "CANCELLED", **BOB, **SHOP},
        {"externalId": "o3", "amount": "30", "currency": "EUR", "occurredAt": "2026-05-03", "product": "cups", "status": "PENDING", **SHOP},
    ],
    "refund": [
        {"externalId": "r1", "order": {"externalId": "o1"}, "amount": "1", "occurredAt": "2026-05-04", "reason": "broken", **WEB},
        {"externalId": "r2", "order": {"externalId": "o2"}, "amount": "2", "occurredAt": "2026-05-05", "product": "saucer", **SHOP},
        {"externalId": "r3", "order": {"externalId": "o1"}, "amount": "3", "occurredAt": "2026-05-06", "campaign": "spring"},
    ],
    "cost": [
        {"externalId": "k1", "category": "MEDIA", "amount": "1", "currency": "EUR", "from": "2026-05-01", "before": "2026-06-01", **WEB},
        {"externalId": "k2", "category": "SERVICE", "amount": "2", "currency": "USD", "from": "2026-05-02", "before": "2026-05-05", **BOB},
        {"externalId": "k3", "category": "OTHER", "amount": "3", "currency": "EUR", "from": "2026-05-03", "before": "2026-05-04", "campaign": "spring"},
    ],
    "touchpoint": [
        {"externalId": "m1", "occurredAt": "2026-05-01", **ANN, **WEB},
        {"externalId": "m2", "occurredAt": "2026-05-02", "product": "tea", **ANN, **SHOP},
        {"externalId": "m3", "occurredAt": "2026-05-03", "campaign": "spring", **BOB, **WEB},
    ],
    "referral": [
        {"externalId": "w1", "referred": {"externalId": "bob"}, "occurredAt": "2026-05-01", "convertedAt": "2026-05-09T10:00:00Z", **ANN, **WEB},
        {"externalId": "w2", "referred": {"externalId": "cy"}, "occurredAt": "2026-05-02", "product": "tea", **ANN, **SHOP},
        {"externalId": "w3", "referred": {"externalId": "cy"}, "occurredAt": "2026-05-03", "campaign": "spring", **ANN, **WEB},
    ],
    "engagement": [
        {"externalId": "u1", "type": "login", "occurredAt": "2026-05-01", **ANN, **WEB},
        {"externalId": "u2", "type": "view", "occurredAt": "2026-05-02", "product": "tea", **ANN, **SHOP},
        {"externalId": "u3", "type": "login", "occurredAt": "2026-05-03", "campaign": "spring", **BOB, **WEB},
    ],
    "invitation": [
        {"externalId": "i1", "occurredAt": "2026-05-01", "product": "tea", "journeyStage": "care", "survey": {"externalId": "poll"}, **ANN, **WEB},
        {"externalId": "i2", "occurredAt": "2026-05-02", "campaign": "spring", **BOB, **SHOP},
        {"externalId": "i3", "occurredAt": "2026-05-03", "product": "cups", **SHOP},
    ],
    "exchangeRate": [
        {"externalId": "x1", "from": "USD", "date": "2026-05-01", "rate": "0.9"},
        {"externalId": "x2", "from": "USD", "to": "JPY", "date": "2026-05-02", "rate": "150"},
        {"externalId": "x3", "from": "GBP", "date": "2026-05-03", "rate": "1.2"},
    ],
}  # fmt: skip
KINDS = {noun: noun[0].upper() + noun[1:] for noun in ROWS}
TODAY = "2026-06-15"

FOUND = {
    # of each field of a filter: a condition, and the numbers of the rows that meet it
    "order": {
        "status": ("{in: [CANCELLED, PENDING]}", "23"), "currency": ('{eq: "EUR"}', "13"), "source": ('{eq: "default"}', "123"),
        "externalId": ('{contains: "2"}', "2"), "product": ('{in: ["tea", "cups"]}', "13"), "campaign": ("{isNull: false}", "2"),
        "segment": ('{eq: "gold"}', "1"), "region": ('{eq: "north"}', "1"), "isStub": ("{eq: true}", ""),
        "occurredAt": ('{lt: "2026-05-01T12:00:00Z"}', "1"), "day": ('{gte: "2026-05-02"}', "23"), "recordedAt": (f'{{gte: "{TODAY}"}}', "123"),
        "customerId": ("{isNull: true}", "3"), "channelId": ('{eq: "@shop"}', "23"), "acquisitionChannelId": ('{eq: "@web"}', "1"), "staffId": ("{isNull: false}", "1"),
        "teamId": ('{eq: "@red"}', "1"),
    },
    "refund": {
        "currency": ('{eq: "USD"}', "2"), "reason": ('{eq: "broken"}', "1"), "source": ('{eq: "other"}', ""), "externalId": ('{eq: "r3"}', "3"),
        "product": ("{isNull: false}", "2"), "campaign": ('{eq: "spring"}', "3"), "occurredAt": ('{gte: "2026-05-05T00:00:00Z"}', "3"),
        "day": ('{lte: "2026-05-05"}', "12"), "recordedAt": (f'{{lt: "{TODAY}"}}', ""), "orderId": ('{eq: "@o1"}', "13"),
        "customerId": ('{eq: "@ann"}', "13"), "channelId": ('{eq: "@shop"}', "2"),
    },
    "cost": {
        "category": ("{eq: SERVICE}", "2"), "currency": ('{in: ["USD", "JPY"]}', "2"), "source": ('{eq: "default"}', "123"), "externalId": ('{in: ["k1", "k3"]}', "13"),
        "campaign": ("{isNull: true}", "12"), "from": ('{gt: "2026-05-01"}', "23"), "before": ('{lte: "2026-05-05"}', "23"), "recordedAt": (f'{{gte: "{TODAY}"}}', "123"),
        "customerId": ('{eq: "@bob"}', "2"), "channelId": ("{isNull: false}", "1"),
    },
    "touchpoint": {
        "source": ('{eq: "default"}', "123"), "externalId": ('{eq: "m1"}', "1"), "product": ('{eq: "tea"}', "2"), "campaign": ('{eq: "spring"}', "3"),
        "occurredAt": ('{gte: "2026-05-02T00:00:00Z"}', "3"), "day": ('{eq: "2026-05-02"}', "2"), "recordedAt": (f'{{lt: "{TODAY}"}}', ""),
        "customerId": ('{eq: "@ann"}', "12"), "channelId": ('{eq: "@web"}', "13"),
    },
    "referral": {
        "source": ('{eq: "default"}', "123"), "externalId": ('{eq: "w1"}', "1"), "product": ('{eq: "tea"}', "2"), "campaign": ('{eq: "spring"}', "3"),
        "isCounted": ("{eq: true}", "12"), "convertedOn": ('{eq: "2026-05-09"}', "1"), "occurredAt": ('{gte: "2026-05-02T00:00:00Z"}', "3"), "day": ('{eq: "2026-05-02"}', "2"),
        "recordedAt": (f'{{lt: "{TODAY}"}}', ""), "customerId": ('{eq: "@bob"}', ""), "referredId": ('{eq: "@bob"}', "1"), "channelId": ('{eq: "@web"}', "13"),
    },
    "engagement": {
        "type": ('{eq: "login"}', "13"), "isQualifying": ("{eq: true}", "123"), "source": ('{eq: "default"}', "123"), "externalId": ('{eq: "u1"}', "1"),
        "product": ('{eq: "tea"}', "2"), "campaign": ('{eq: "spring"}', "3"), "occurredAt": ('{gte: "2026-05-02T00:00:00Z"}', "3"), "day": ('{eq: "2026-05-02"}', "2"),
        "recordedAt": (f'{{lt: "{TODAY}"}}', ""), "customerId": ('{eq: "@ann"}', "12"), "channelId": ('{eq: "@web"}', "13"),
    },
    "invitation": {
        "source": ('{eq: "default"}', "123"), "externalId": ('{in: ["i2", "i3"]}', "23"), "product": ('{in: ["tea", "cups"]}', "13"),
        "campaign": ("{isNull: false}", "2"), "journeyStage": ('{eq: "care"}', "1"), "segment": ('{eq: "gold"}', "1"), "region": ('{eq: "north"}', "1"),
        "isStub": ("{eq: true}", ""), "occurredAt": ('{gte: "2026-05-02T00:00:00Z"}', "3"), "day": ('{lte: "2026-05-02"}', "12"),
        "recordedAt": (f'{{gte: "{TODAY}"}}', "123"), "answeredAt": ("{isNull: true}", "2"), "answeredOn": ('{gt: "2026-05-05"}', "3"),
        "answerSeconds": ("{lt: 90000}", "1"), "customerId": ('{eq: "@ann"}', "1"), "channelId": ('{eq: "@shop"}', "23"),
        "acquisitionChannelId": ("{isNull: false}", "1"), "surveyId": ("{isNull: true}", "23"),
    },
    "exchangeRate": {
        "from": ('{eq: "USD"}', "12"), "to": ('{eq: "EUR"}', "13"), "date": ('{gte: "2026-05-02"}', "23"), "source": ('{eq: "default"}', "123"),
        "externalId": ('{eq: "x2"}', "2"), "recordedAt": (f'{{gte: "{TODAY}"}}', "123"),
    },
}  # fmt: skip


def tell(alice):
    """What happened, told by Alice; the ids of those whom rows name, by their external ids."""
    web = alice.channel("web")
    ids = {"@web": web, "@shop": alice.channel("shop"), "@bob": alice.customer("bob")}
    ids["@red"] = alice.write("teamUpsert", {"externalId": "red", "name": "Red"}, "team { id }")["team"]["id"]
    times = [{"team": {"externalId": "red"}}]
    alice.write("staffUpsert", {"externalId": "eva", "name": "Eva", "teams": times}, "outcome")
    alice.write("staffUpsert", {"externalId": "eva", "name": "Eva"}, "outcome")
    alice.write("surveyUpsert", {"externalId": "poll", "name": "Poll"}, "outcome")
    traits = {"segment": "gold", "region": "north", "acquisitionChannel": {"externalId": "web"}}
    ids["@ann"] = alice.customer("ann", **traits)
    alice.customer("cy")
    for noun, rows in ROWS.items():
        for row in rows:  # one after the other, so that ids follow each other too
            payload = alice.write(f"{noun}RecordBatch", {"rows": [row]}, BATCH)
            assert payload["counts"]["created"] == 1, payload
    for name, day in (("i1", "2026-05-02"), ("i3", "2026-05-10")):
        said = {"kind": "CSAT", "score": 5, "invitation": {"externalId": name}, "occurredAt": day}
        alice.feedback({"externalId": name, **said})
    ids["@o1"] = alice.one('{ order(by: {externalId: "o1"}) { id } }')["id"]
    return ids


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def template(request):
    """A database in which all of that was told, to be copied."""
    with copied(request, request.param) as settings:
        with serving(settings) as api:
            workspace = settle(api.door)
            alice = api.caller(workspace, name="alice")
            ids = tell(alice)
        yield request.param, settings, (workspace.id, alice.secret, ids)


@pytest.fixture
def database(request, template):
    with copied(request, *template[:2]) as mine:
        yield mine


@pytest.fixture
def told(api, template):
    """Alice, and the ids of those whom rows name, by their external ids."""
    workspace_id, secret, ids = template[2]
    return Caller(api, secret, People(api.door, workspace_id)), ids


def numbers(nodes):
    return "".join(node["externalId"][1:] for node in nodes)


@pytest.mark.slow
@pytest.mark.some(1)
@pytest.mark.parametrize("noun", ROWS)
def test_a_list_can_be_narrowed_by_each_field_of_its_filter(told, noun):
    alice, ids = told
    fields = set(published().type_map[f"{KINDS[noun]}FilterInput"].fields)
    assert fields == {*FOUND[noun], "and", "or", "not"}
    for field, (condition, expected) in FOUND[noun].items():
        for name, id_ in ids.items():
            condition = condition.replace(f'"{name}"', f'"{id_}"')  # noqa: PLW2901 - the names become ids
        # of what is not known, neither a condition nor its opposite holds
        unknown = (
            ""
            if "isNull" in condition or field.startswith("is")
            else found(alice, noun, f"{{{field}: {{isNull: true}}}}")
        )
        others = "".join(sorted({*"123"} - {*expected, *unknown}))
        assert found(alice, noun, f"{{{field}: {condition}}}") == expected, field
        assert found(alice, noun, f"{{not: {{{field}: {condition}}}}}") == others, field
        both = f'{{and: [{{{field}: {condition}}}, {{externalId: {{contains: "1"}}}}]}}'
        assert found(alice, noun, both) == ("1" if "1" in expected else ""), field


def found(caller, noun, filter_):
    """The numbers of the rows that meet a filter, in order."""
    page = caller.one(f"{{ {noun}s(filter: {filter_}) {{ nodes {{ externalId }} totalCount }} }}")
    assert page["totalCount"] == len(page["nodes"])
    return "".join(sorted(numbers(page["nodes"])))


@pytest.mark.some(1)
@pytest.mark.parametrize("noun", ROWS)
def test_a_list_comes_in_each_of_its_orders_and_in_pages(told, noun):
    alice, _ = told
    orders = published().type_map[f"{KINDS[noun]}OrderField"].values
    assert numbers(alice.one(f"{{ {noun}s {{ nodes {{ externalId }} }} }}")["nodes"]) == "321"  # the latest first
    for field in orders:
        for direction, expected in (("ASC", "123"), ("DESC", "321")):
            query = f"query($after: String) {{ {noun}s(first: 1, after: $after, orderBy: [{{field: {field}, direction: {direction}}}]) {{ nodes {{ externalId }} pageInfo {{ endCursor hasNextPage }} }} }}"
            got, after = "", None
            while True:
                page = alice.one(query, {"after": after})
                got, after = got + numbers(page["nodes"]), page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    break
            assert got == expected, (field, direction)


@pytest.mark.some(1)
@pytest.mark.parametrize("noun", ROWS)
def test_what_was_deleted_is_in_no_list_and_found_by_no_name(told, noun):
    alice, _ = told
    gone = ROWS[noun][1]["externalId"]
    id_ = alice.one(f'{{ {noun}(by: {{externalId: "{gone}"}}) {{ id }} }}')["id"]
    alice.write(f"{noun}DeleteBatch", {"rows": [{"externalId": gone}]}, "counts { deleted }")
    page = alice.one(f"{{ {noun}s {{ nodes {{ externalId }} totalCount }} }}")
    assert (numbers(page["nodes"]), page["totalCount"]) == ("31", 2)
    for by in (f'externalId: "{gone}"', f'id: "{id_}"', f'external: {{source: "default", externalId: "{gone}"}}'):
        assert alice.one(f"{{ {noun}(by: {{{by}}}) {{ id }} }}") is None
    assert alice.one(f'{{ node(id: "{id_}") {{ id }} }}') is None


@pytest.mark.slow
@pytest.mark.some(1)
@pytest.mark.parametrize("noun", ROWS)
def test_one_is_found_by_each_of_its_names(told, noun):
    alice, _ = told
    name = ROWS[noun][0]["externalId"]
    id_ = alice.one(f'{{ {noun}(by: {{externalId: "{name}"}}) {{ id }} }}')["id"]
    for by in (f'id: "{id_}"', f'external: {{source: "default", externalId: "{name}"}}'):
        assert alice.one(f"{{ {noun}(by: {{{by}}}) {{ id externalId }} }}") == {"id": id_, "externalId": name}
    assert alice.one(f'{{ {noun}(by: {{external: {{source: "other", externalId: "{name}"}}}}) {{ id }} }}') is None


def test_what_was_sent_is_what_is_read(told):
    alice, ids = told
    read = {
        "refund": "currency amount reason product campaign day order { externalId } customer { externalIds { externalId } } channel { externalId }",
        "cost": "category currency amount from before campaign day channel { externalId } customer { id }",
        "touchpoint": "campaign product day occurredAt channel { externalId } customer { externalIds { externalId } }",
        "referral": "convertedAt convertedOn isCounted campaign product day occurredAt channel { externalId } customer { externalIds { externalId } } referred { id }",
        "engagement": "type isQualifying campaign product day occurredAt channel { externalId } customer { externalIds { externalId } }",
        "exchangeRate": "from to date rate version",
    }
    shown = {
        noun: alice.one(f'{{ {noun}(by: {{externalId: "{ROWS[noun][0]["externalId"]}"}}) {{ {asked} }} }}')
        for noun, asked in read.items()
    }
    ann, web = {"externalIds": [{"externalId": "ann"}]}, {"externalId": "web"}
    assert shown == {
        "refund": {"currency": "EUR", "amount": "1.00", "reason": "broken", "product": None, "campaign": None, "day": "2026-05-04", "order": {"externalId": "o1"}, "customer": ann, "channel": web},
        "cost": {"category": "MEDIA", "currency": "EUR", "amount": "1.00", "from": "2026-05-01", "before": "2026-06-01", "campaign": None, "day": "2026-05-01", "channel": web, "customer": None},
        "touchpoint": {"campaign": None, "product": None, "day": "2026-05-01", "occurredAt": "2026-04-30T22:00:00Z", "channel": web, "customer": ann},
        "referral": {"convertedAt": "2026-05-09T10:00:00Z", "convertedOn": "2026-05-09", "isCounted": True, "campaign": None, "product": None, "day": "2026-05-01", "occurredAt": "2026-04-30T22:00:00Z", "channel": web, "customer": ann, "referred": {"id": ids["@bob"]}},
        "engagement": {"type": "login", "isQualifying": True, "campaign": None, "product": None, "day": "2026-05-01", "occurredAt": "2026-04-30T22:00:00Z", "channel": web, "customer": ann},
        "exchangeRate": {"from": "USD", "to": "EUR", "date": "2026-05-01", "rate": "0.9", "version": 1},
    }  # fmt: skip
