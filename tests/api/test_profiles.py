"""Profiles over HTTP: predictions, reasons and health of customers, the models behind them, and who objects."""

# ruff: noqa: E501 - a selection stands on one line

from datetime import date, timedelta

import predicting
import pytest
from buying_oracle import chance

from app.actor import Scope
from app.worker import Worker

PROFILE = """profilingOptOut prediction { id churnRisk reasons { words } } predictionNullReason
    health { score nullReason parts { part weight points isMissing words } }"""
NOBODY = {"prediction": None, "predictionNullReason": "OPTED_OUT", "profilingOptOut": True}
NOBODY |= {"health": {"score": None, "nullReason": "OPTED_OUT", "parts": []}}


@pytest.fixture
def admin(api, workspace):
    return api.caller(workspace, Scope)


@pytest.fixture
def known(alice):
    """Ann, who bought every thirty days until 120 days ago and complained, and Bea, who bought yesterday."""
    alice.channel("web")
    alice.customers(({"externalId": "ann", "name": "Ann"}, {"externalId": "bea", "name": "Bea"}))
    days = {"ann": range(120, 420, 30), "bea": range(1, 300, 30)}
    rows = [
        {"externalId": f"{who}{n}", "customer": {"externalId": who}, "amount": "20", "currency": "EUR"}
        | {"occurredAt": f"{date(2026, 6, 15) - timedelta(days=n):%F}"}
        for who, some in days.items()
        for n in some
    ]
    assert alice.write("orderRecordBatch", {"rows": rows}, "counts { created }")["counts"]["created"] == 20
    at = "2026-06-01T08:00:00Z"
    talk = {"externalId": "i", "kind": "COMPLAINT", "occurredAt": at, "customer": {"externalId": "ann"}}
    alice.write("interactionRecord", talk | {"events": [{"kind": "CUSTOMER_MESSAGE", "at": at}]}, "outcome")
    alice.people.write(predicting.put, "ann", "bea")


def of(caller, who, selection=PROFILE):
    return caller.one(f'{{ customer(by: {{externalId: "{who}"}}) {{ {selection} }} }}')


def test_a_customer_is_told_with_what_speaks_for_a_departure(alice, known):
    told = of(
        alice,
        "ann",
        """purchases { valueToDate currency orders firstOn }
        prediction { alive aliveInterval { low high level } expectedPurchases predictedValue currency churnRisk churnBasis
            expectedPurchasesInterval { low high } predictedValueInterval { low high } since isBuyer
            reasons { kind words zh: words(locale: "zh") } customer { name } fit { asOf horizonMonths } }""",
    )
    assert told["purchases"] == {"valueToDate": "200.00", "currency": "EUR", "orders": 10, "firstOn": "2025-05-21"}
    prediction = told["prediction"]
    reasons = {one["kind"]: (one["words"], one["zh"]) for one in prediction.pop("reasons")}
    assert reasons == {
        "OVERDUE": (
            "Last purchase or use 120 days ago, usually every 30 days.",
            "最近一次购买或使用在 120 天前，通常每 30 天一次。",
        ),
        "LESS_OFTEN": (
            "Purchases or use on 0 of the last 90 days, usually on 3.0.",
            "最近 90 天中有 0 天购买或使用，通常为 3.0 天。",
        ),
        "OPEN_COMPLAINT": ("An open complaint.", "有 1 件未解决的投诉。"),
    }
    assert prediction == {
        "alive": 0.5,
        "aliveInterval": {"low": 0.4, "high": 0.6, "level": 0.95},
        "expectedPurchases": 1.5,
        "expectedPurchasesInterval": {"low": 0, "high": 4},
        "predictedValue": "15.00",
        "predictedValueInterval": {"low": 0, "high": 90},
        "currency": "EUR",
        "churnRisk": 0.5,
        "churnBasis": "BUYING",
        "since": "2026-06-15",
        "isBuyer": True,
        "customer": {"name": "Ann"},
        "fit": {"asOf": "2026-06-15", "horizonMonths": 12},
    }


def test_the_parts_of_a_health_score_add_up_to_it(alice, admin, known):
    health = of(alice, "bea")["health"]
    assert health["score"] == pytest.approx(sum(part["points"] or 0 for part in health["parts"]))
    assert {part["part"]: (part["isMissing"], part["points"] is None) for part in health["parts"]} == {
        "RECENCY": (False, False),
        "FREQUENCY": (False, False),
        "SATISFACTION": (True, True),
        "COMPLAINTS": (False, False),
    }
    assert sum(part["weight"] for part in health["parts"]) == pytest.approx(100)
    admin.write("workspaceUpdate", {"healthWeights": {"recency": 100, "frequency": 0, "complaints": 0}}, "outcome")
    assert of(alice, "bea")["health"]["score"] == 100
    assert alice.one("{ workspace { healthWeights { recency frequency satisfaction complaints } } }") == {
        "healthWeights": {"recency": 100, "frequency": 0, "satisfaction": 25, "complaints": 0}
    }


LIST = """query($by: PredictionOrderField!, $filter: PredictionFilterInput) {
    predictions(first: 10, orderBy: [{field: $by, direction: DESC}], filter: $filter)
    { nodes { customer { externalIds { externalId } } } totalCount } }"""


def listed(caller, by="CHURN_RISK", filter_=None):
    page = caller.one(LIST, {"by": by, "filter": filter_})
    return [node["customer"]["externalIds"][0]["externalId"] for node in page["nodes"]], page["totalCount"]


def test_who_objects_is_told_of_no_more_and_in_no_list(alice, bob, known):
    id_ = of(alice, "ann")["prediction"]["id"]
    orders = ("SINCE", "PREDICTED_VALUE", "CHURN_RISK", "ALIVE", "EXPECTED_PURCHASES")
    for by in orders:
        assert sorted(listed(alice, by)[0]) == ["ann", "bea"]
    wish = {"externalId": "ann", "profilingOptOut": True}
    payload = alice.write("customerUpsert", wish, f"outcome customer {{ {PROFILE} }}")
    assert payload == {"outcome": "UPDATED", "customer": NOBODY}
    for caller in (alice, bob):
        assert of(caller, "ann", "prediction { id } predictionNullReason") == {
            "prediction": None,
            "predictionNullReason": "OPTED_OUT",
        }
        assert caller.one("query($id: ID!) { node(id: $id) { id } }", {"id": id_}) is None
        assert caller.one('{ prediction(by: {externalId: "ann"}) { id } }') is None
    for by in orders:
        assert listed(alice, by) == (["bea"], 1)
    filters = ({"churnRisk": {"isNull": True}}, {"not": {"alive": {"gt": 0.1}}}, {"isBuyer": {"eq": False}})
    for filter_ in filters:
        assert listed(alice, filter_=filter_) == ([], 0)
    assert alice.one("{ customers(filter: {profilingOptOut: {eq: true}}) { nodes { name } } }") == {
        "nodes": [{"name": "Ann"}]
    }
    period = "named: THIS_MONTH"
    assert alice.kpi("CLV", period, "value sampleSize", 'variant: "predictive"') == {"value": 15, "sampleSize": 1}


def test_bob_is_told_of_nobody(alice, bob, known):
    told = of(bob, "ann")
    assert told["prediction"] | {"id": None} == {"id": None, "churnRisk": None, "reasons": None}
    assert told["health"] == {"score": None, "nullReason": "PERSONAL", "parts": []}
    for by in ("PREDICTED_VALUE", "CHURN_RISK", "ALIVE", "EXPECTED_PURCHASES"):
        assert bob.refusal(LIST, {"by": by})["extensions"]["code"] == "FORBIDDEN"
    for name in ("churnRisk", "alive", "expectedPurchases"):
        variables = {"by": "SINCE", "filter": {name: {"gt": 0.1}}}
        assert bob.refusal(LIST, variables)["extensions"]["code"] == "FORBIDDEN"
    assert alice.one("{ predictions { totalCount } }") == bob.one("{ predictions { totalCount } }")
    query = '{ kpi(key: CLV, variant: "predictive", period: {named: THIS_MONTH}) { value breakdown(by: SEGMENT) { slices { value } } } }'
    answer = bob.answer(query)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert answer["data"]["kpi"] == {"value": 15, "breakdown": None}
    assert alice.one(query)["breakdown"]["slices"] == [{"value": 15}]


MODELS = """{ predictionFits { nodes { asOf isWritten models { kind outcome customers observed words zh: words(locale: "zh")
    logLikelihood parameters { name value } survival { month customers left remaining }
    heldOut { from before customers predicted actual brierScore meanError groups { customers predicted observed } } } } } }"""


def test_too_little_data_says_so_in_both_languages(api, alice):
    alice.write("predictionRefit", {}, "runAt")
    Worker(api.door).drain()
    (fit,) = alice.one(MODELS)["nodes"]
    assert fit["isWritten"] is True
    assert [(one["kind"], one["outcome"], one["customers"], one["heldOut"]) for one in fit["models"]] == [
        ("BUYING", "TOO_FEW_CUSTOMERS", 0, None),
        ("LEAVING", "TOO_FEW_CUSTOMERS", 0, None),
    ]
    assert {one["words"] for one in fit["models"]} == {"Too little data: fewer than 100 customers."}
    assert {one["zh"] for one in fit["models"]} == {"数据不足：客户少于 100 位。"}


@pytest.mark.slow
def test_a_model_of_departures_is_shown_with_how_it_did(api, alice):
    rng, start = chance(8), date(2024, 7, 1)
    alice.channel("ads")
    rows = []
    for n in range(240):
        joined, is_small = start + timedelta(days=rng.randrange(600)), n % 2 == 0
        row = {"externalId": f"m{n}", "segment": "smb" if is_small else "big", "joinedOn": f"{joined:%F}"}
        stays = int(rng.expovariate(1 / 200 if is_small else 1 / 900)) + 1
        gone = joined + timedelta(days=stays)
        more = {"churnedOn": f"{gone:%F}"} if gone < date(2026, 6, 15) else {}
        rows.append(row | more | {"acquisitionChannel": {"externalId": "ads"}})
    alice.customers(rows)
    assert alice.write("predictionRefit", {}, "outcome runAt") == {
        "outcome": "CREATED",
        "runAt": "2026-06-15T09:30:00Z",
    }
    Worker(api.door).drain()
    (fit,) = alice.one(MODELS)["nodes"]
    _, model = fit["models"]
    assert (model["outcome"], model["customers"]) == ("FITTED", 240)
    assert model["observed"] == sum("churnedOn" in row for row in rows)
    effects = {one["name"]: one["value"] for one in model["parameters"]}
    assert effects["segment=smb"] > 0.3 > effects["segment=big"]
    assert "acquisition_channel=ads" in effects
    assert [point["month"] for point in model["survival"]] == list(range(1, len(model["survival"]) + 1))
    assert model["heldOut"]["customers"] == sum(group["customers"] for group in model["heldOut"]["groups"])
    assert 0 < model["heldOut"]["brierScore"] < 0.25
    query = """{ predictions(first: 5, orderBy: [{field: CHURN_RISK, direction: DESC}])
        { nodes { segment churnRisk churnBasis isBuyer reasons { kind words } } } }"""
    nodes = alice.one(query)["nodes"]
    assert {(node["segment"], node["churnBasis"], node["isBuyer"]) for node in nodes} == {("smb", "LEAVING", False)}
    assert all("segment smb" in str(node["reasons"]) for node in nodes)
    assert [node["churnRisk"] for node in nodes] == sorted((node["churnRisk"] for node in nodes), reverse=True)


@pytest.mark.some(2)
@pytest.mark.parametrize(
    ("field", "data", "path"),
    [
        ("predictionRefit", {"runAt": "2026-07-15T00:00:00Z"}, ["runAt"]),
        ("predictionRefit", {"runAt": "2026-02-30T00:00:00Z"}, ["runAt"]),
        ("workspaceUpdate", {"predictionHorizonMonths": 0}, ["predictionHorizonMonths"]),
        ("workspaceUpdate", {"predictionHorizonMonths": 61}, ["predictionHorizonMonths"]),
        ("workspaceUpdate", {"healthWeights": {"recency": 101}}, ["healthWeights", "recency"]),
        ("workspaceUpdate", {"healthWeights": {"recency": None}}, ["healthWeights", "recency"]),
        (
            "workspaceUpdate",
            {"healthWeights": dict.fromkeys(("recency", "frequency", "satisfaction", "complaints"), 0)},
            ["healthWeights"],
        ),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(admin, dump, field, data, path):
    before = dump()
    payload = admin.write(field, data, "userErrors { path message }")
    assert [error["path"] for error in payload["userErrors"]] == [path]
    assert dump() == before
