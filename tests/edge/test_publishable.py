"""Publishable keys at the edge: from which pages they may come, what browsers are told, and how often they answer."""

from itertools import count

import pytest
from asking import Api
from uuid_utils.compat import uuid7
from wire import Wire

from app.actor import system
from app.edge.pace import Pace, network
from app.edge.request import Refused
from app.services import token as tokens
from app.services import workspace as workspaces

SHOP, OTHER, STRANGE = "https://shop.example", "http://localhost:3000", "https://evil.example"
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
_ids = count()


def answers(many=1):
    """An operation that records so many answers."""
    row = 'answerRecord(input: {{externalId: "e{0}", kind: CSAT, score: 4}}) {{ accepted }}'
    return {"query": f"mutation {{ {' '.join(f'a{n}: ' + row.format(next(_ids)) for n in range(many))} }}"}


@pytest.fixture(scope="module")
def tenant(api):
    id_ = uuid7()
    data = {"name": "Workshop", "time_zone": "Europe/Berlin", "currency": "EUR"}
    api.door.write(system(id_), workspaces.create, data)
    return id_


def key(api: Api, tenant, *origins, **more) -> Wire:
    binding = {"origins": list(origins), **more}
    return Wire(api, tokens.create(api.door, tenant, "widget", publishable=binding))


def preflight(wire, origin):
    return Wire(wire.api, None).send("OPTIONS", {"origin": origin} | PREFLIGHT, b"")


def cors(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def test_a_key_may_come_from_its_origins_only(api, tenant, stored):
    widget = key(api, tenant, SHOP, OTHER.upper())
    for origin in (SHOP, OTHER):
        answer = widget.post(answers(), origin=origin)
        assert answer.data["a0"] == {"accepted": True}
        assert answer.headers["access-control-allow-origin"] == origin
        assert "Origin" in answer.headers["vary"]
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers
    before = stored()
    strange = (STRANGE, f"{SHOP}.evil.example", f"{SHOP}:8443", "http://shop.example", SHOP.upper(), "null", "", None)
    for origin in strange:
        answer = widget.post(answers(), origin=origin)
        assert (answer.status, answer.code) == (403, "ORIGIN_NOT_ALLOWED"), origin
        assert cors(answer) == {}
    assert stored() == before


def test_a_key_without_origins_may_come_from_anywhere(api, tenant):
    app = key(api, tenant)
    assert cors(app.post(answers())) == {}
    assert app.post(answers(), origin=STRANGE).headers["access-control-allow-origin"] == STRANGE


def test_other_tokens_are_told_to_no_page(api, tenant, alice):
    assert cors(alice.post({"query": "{ __typename }"}, origin=SHOP)) == {}


def test_browsers_are_told_beforehand_of_exactly_those_origins(serve):
    api = serve()
    ours = uuid7()
    api.door.write(system(ours), workspaces.create, {"name": "W", "time_zone": "UTC", "currency": "EUR"})
    with api.door.gate() as gate:  # what other tests of the module have made
        for row in gate.query(tokens.Token).where(tokens.Token.origins.is_not(None)):
            row.revoked_at = api.door.clock()
    widget = key(api, ours, SHOP)
    answer = preflight(widget, SHOP)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert answer.headers["access-control-allow-methods"] == "GET, POST"
    assert {"Authorization", "Content-Type"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    for origin in (STRANGE, "null", f"{SHOP}.evil.example"):
        answer = preflight(widget, origin)
        assert answer.status == 405
        assert cors(answer) == {}
    # without what browsers ask there is no preflight
    assert Wire(api, None).send("OPTIONS", {"origin": SHOP}, b"").status == 405


def test_pages_of_the_settings_and_pages_of_keys_go_side_by_side(serve, tenant):
    api = serve(cors_origins="https://board.example")
    widget = key(api, tenant, SHOP)
    board = preflight(widget, "https://board.example")
    assert (board.status, board.headers["access-control-allow-origin"]) == (200, "https://board.example")
    assert preflight(widget, SHOP).headers["access-control-allow-origin"] == SHOP
    answer = widget.post(answers(), origin=SHOP)
    assert answer.headers.getlist("access-control-allow-origin") == [SHOP]
    assert widget.post(answers(), origin="https://board.example").status == 403


def test_a_key_takes_so_many_answers_and_says_so(serve, tenant, stored):
    api = serve(answers_per_minute_and_address=1_000)
    widget, app = key(api, tenant, SHOP, answers_per_minute=5), key(api, tenant, answers_per_minute=5)
    answer = widget.post(answers(), origin=SHOP)
    assert answer.headers["ratelimit-policy"] == '"answers";q=5;w=60'
    assert "throttleStatus" not in answer.json()["extensions"]["cost"]
    assert widget.post(answers(3), origin=SHOP).status == 200
    before = stored()
    refused = widget.post(answers(2), origin=SHOP)
    assert (refused.status, refused.code) == (429, "RATE_LIMITED")
    assert "takes 5 answers per minute" in refused.error["message"]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["access-control-allow-origin"] == SHOP
    hidden = f"mutation {{ ...F }} fragment F on Mutation {{ {answers(2)['query'][len('mutation {') : -1]} }}"
    assert widget.post({"query": hidden}, origin=SHOP).status == 429
    assert {name for name, rows in stored().items() if rows != before[name]} <= {"quota"}
    # what is a key's own is no other's
    assert app.post(answers(5)).status == 200


def test_two_processes_share_the_limit_of_a_key(serve, tenant):
    one, other = serve(), serve()
    widget = key(one, tenant, answers_per_minute=4)
    taken = [Wire(api, widget.secret).post(answers()).status for _ in range(4) for api in (one, other)]
    assert taken.count(200) == 4
    assert taken.count(429) == 4


def test_one_address_may_not_use_it_up(serve, tenant):
    api = serve(answers_per_minute_and_address=3)
    widget = key(api, tenant)
    assert widget.post(answers(3)).status == 200
    refused = widget.post(answers())
    assert (refused.status, refused.code) == (429, "RATE_LIMITED")
    assert "One address may send 3 answers per minute" in refused.error["message"]
    assert refused.headers["retry-after"] == "20"
    assert key(api, tenant).post(answers()).status == 200


def test_a_bucket_of_an_address_fills_by_itself():
    now = 1_000.0
    pace = Pace(6, lambda: now)
    pace.take(None, "192.0.2.1", 6)
    for address, key_ in (("192.0.2.2", None), ("192.0.2.1", uuid7())):
        pace.take(key_, address, 6)
    with pytest.raises(Refused, match="6 answers per minute"):
        pace.take(None, "192.0.2.1", 1)
    now += 9.9
    with pytest.raises(Refused):
        pace.take(None, "192.0.2.1", 1)
    now += 0.2
    pace.take(None, "192.0.2.1", 1)
    now += 3_600
    pace.take(None, "192.0.2.1", 6)
    with pytest.raises(Refused):
        pace.take(None, "192.0.2.1", 1)


@pytest.mark.parametrize(
    ("address", "stands"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9%eth0", "2001:db8:1:2::"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_the_network_of_a_client_stands_for_it(address, stands):
    assert network(address) == stands


def test_a_key_reads_nothing_by_any_road(api, tenant, alice):
    widget = key(api, tenant)
    for query in (
        "{ workspace { id } }",
        '{ node(id: "x") { id } }',
        "{ rateLimit { limit } }",
        "{ __typename k: kpiMeasures { name } }",
    ):
        answer = widget.post({"query": query})
        assert (answer.status, answer.code) == (403, "FORBIDDEN")
        assert widget.get({"query": query}).status == 403
    # the schema is no secret to anybody
    assert widget.post({"query": "{ __schema { queryType { name } } }"}).data
    # a document that is sent with a hash is remembered for others by those who are known
    sent = {"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}}
    widget.post(sent)
    assert alice.post({"extensions": sent["extensions"]}).code == "PERSISTED_QUERY_NOT_FOUND"


HASH = "7f56e67dd21ab3f30d1ff8b7bed08893f0a0db86449836189b361dd1e56ddb4b"
