"""Members who see some rows only: each answer is that of a workspace that holds no others, or a clear refusal."""

import asyncio
import json
import warnings

import pytest
import scoped_world
from asking import Api, Caller
from issuing import AUDIENCE, Issuer
from scoped_world import SCOPES

from app.actor import Scope
from app.services import member
from app.services.row import Ref

WORLD = scoped_world.made(size=12)
YEAR = "period: {named: THIS_YEAR}"
EVENT = "source externalId day channel { externalId } version"
FACT = f"{EVENT} segment region acquisitionChannel {{ externalId }} customer {{ name }}"
LISTS = {
    "orders": f"{FACT} amount refunded netAmount staff {{ name }}",
    "feedback": f"{FACT} kind score tags isReplaced",
    "refunds": f"{EVENT} amount order {{ externalId }} customer {{ name }}",
    "costs": f"{EVENT} amount",
    "touchpoints": f"{EVENT} customer {{ name }}",
    "leads": f"{FACT} wonAt",
    "referrals": f"{EVENT} customer {{ name }} referred {{ name }}",
    "engagements": f"{EVENT} type customer {{ name }}",
    "contracts": f"{FACT} terms {{ from amount }}",
    "interactions": f"{FACT} events {{ kind }} responseSeconds",
    "invitations": f"{FACT} survey {{ externalId }} answeredAt",
    "channels": "externalId name parent { externalId }",
    "staff": "externalId name",
    "segments": "externalId memberCount",
    "exchangeRates": "externalId",
    "targets": "externalId",
    "customers": "name segment status joinedOn acquisitionChannel { externalId } externalIds { source externalId }"
    " spells { from before } countedSpells { from before } health { score } segments { segment { name } }"
    " timeline(first: 100) { nodes { __typename ... on Order { externalId } ... on Feedback { externalId } } }",
}
AGGREGATES = {
    "kpis": f"kpis(ask: [{{key: REVENUE, {YEAR}}}, {{key: CSAT, {YEAR}}}, {{key: ACTIVE_CUSTOMERS, {YEAR}}}]) {{ value"
    " numerator sampleSize nullReason dataThrough target { attainment }"
    " series(grain: MONTH) { value target } comparison { change }"
    " breakdown(by: REGION) { totalCount slices { key value share result { value } } } }",
    "median": f"kpi(key: RESPONSE_TIME, {YEAR}) {{ value leftOut {{ count }} histogram(most: 5) {{ from count }} }}",
    "topCustomers": f"topCustomers({YEAR}, first: 5) {{ nodes {{ rank revenue orders share customer {{ name }} }} }}",
    "readiness": "kpiDefinitions { key isReady inputs { key isAvailable count since } }",
    "leadFunnel": f"leadFunnel({YEAR}) {{ stages {{ stage leads conversionFromPrevious }} open }}",
}
REFUSED = {
    "channelEffectiveness": f"channelEffectiveness({YEAR}) {{ rows {{ revenue {{ amount }} }} }}",
    "cohorts of buyers": f"cohortTable(of: BUYERS, {YEAR}, months: 3) {{ rows {{ size }} }}",
    "revenue of cohorts": f"cohortTable(of: REVENUE, {YEAR}, months: 3) {{ rows {{ size }} }}",
    "predictions": "predictions { nodes { id } }",
    "predictionFits": "predictionFits { nodes { id } }",
    "members": "members { nodes { id } }",
    "purchases": "customers(first: 1) { nodes { purchases { orders } } }",
    "stage": "customers(first: 1) { nodes { lifecycleStage } }",
    "prediction": "customers(first: 1) { nodes { prediction { churnRisk } } }",
    "stages": f"kpi(key: CSAT, {YEAR}) {{ breakdown(by: LIFECYCLE_STAGE) {{ totalCount }} }}",
    "response rate": f"kpi(key: RESPONSE_RATE, {YEAR}) {{ value }}",
    "cohorts": f"cohortTable(of: CUSTOMERS, {YEAR}, months: 3) {{ rows {{ size }} }}",
    "attainment": f"kpi(key: TARGET_ATTAINMENT, {YEAR}) {{ value }}",
    "accounts": f'kpi(key: NPS, {YEAR}, variant: "account_average") {{ value }}',
}


@pytest.fixture(scope="module")
def issuer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture
def api(open_door, issuer):
    with asyncio.Runner() as runner:
        api = Api(open_door(oidc_issuer=issuer.url, oidc_audience=AUDIENCE), runner)
        api.open()
        yield api
        api.close()


@pytest.fixture
def join(api, issuer):
    """Signs a new member in, limited as one of `SCOPES` is."""

    def join_(people, limit, role="CONTRIBUTOR", **more):
        what, wanted = limit
        rows = {what: [Ref(external_id=key) for key in sorted(wanted)] if what == "channels" else sorted(wanted)}
        data = {"role": role, "subject": f"{what} {sorted(wanted)}", "rows": rows, "scopes": [*Scope]}
        row, _ = api.door.write(people.system, member.add, data | more)
        secret = issuer.sign(issuer.claims(api.door.clock().timestamp(), sub=row.subject))
        return Caller(api, secret, people)

    return join_


@pytest.fixture(params=SCOPES)
def limit(request):
    return SCOPES[request.param]


@pytest.fixture
def whole(make_workspace):
    people = make_workspace("Whole")
    scoped_world.put(people, WORLD)
    return people


@pytest.fixture
def twin(make_workspace, limit):
    people = make_workspace("Twin")
    scoped_world.put(people, WORLD, limit)
    return people


def plain(value):
    """An answer without those of whom nothing is known, and in no order."""
    if isinstance(value, dict):
        if "name" in value and value["name"] is None:
            return None
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return sorted(filter(None, map(plain, value)), key=lambda one: json.dumps(one, sort_keys=True))
    return value


def listed(name: str) -> str:
    return f"{{ {name}(first: 100) {{ nodes {{ {LISTS[name]} }} totalCount pageInfo {{ hasNextPage }} }} }}"


@pytest.mark.slow
@pytest.mark.some(1)
def test_every_list_and_figure_is_that_of_the_twin(api, join, whole, twin, limit):
    partner, owner = join(whole, limit), api.caller(twin, Scope)
    wrong = {}
    for name in LISTS:
        seen, own = (plain(one.one(listed(name))) for one in (partner, owner))
        if name == "customers":  # in the twin those too of whom rows are there
            own["totalCount"] = len(own["nodes"])
        if seen != own:
            wrong[name] = seen, own
    for name, document in AGGREGATES.items():
        seen, own = (plain(one.ask(f"{{ {document} }}")) for one in (partner, owner))
        if seen != own:
            wrong[name] = seen, own
    assert not wrong, json.dumps(wrong, indent=1)[:6000]


def test_what_cannot_be_narrowed_is_refused(join, whole):
    partner = join(whole, SCOPES["channel"])
    told = {name: partner.answer(f"{{ {document} }}").get("errors", []) for name, document in REFUSED.items()}
    assert {name: {error["extensions"]["code"] for error in errors} for name, errors in told.items()} == {
        name: {"FORBIDDEN"} for name in REFUSED
    }
    assert all(
        "narrowed" in error["message"] or "not see" in error["message"] for one in told.values() for error in one
    )


@pytest.mark.some(1)
def test_a_row_of_others_is_not_found(api, join, whole, limit):
    partner, owner = join(whole, limit), api.caller(whole, Scope)
    checked = 0
    for name in LISTS:
        one = f"{{ {name}(first: 100) {{ nodes {{ id }} }} }}"
        all_ids, seen = ([row["id"] for row in who.one(one)["nodes"]] for who in (owner, partner))
        assert set(seen) <= set(all_ids)
        hidden = [id_ for id_ in all_ids if id_ not in seen]
        found = partner.one("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [*hidden[:90], *seen[:3]]})
        assert found == [None] * len(hidden[:90]) + [{"id": id_} for id_ in seen[:3]], name
        if hidden:
            assert partner.one("query($id: ID!) { node(id: $id) { id } }", {"id": hidden[0]}) is None
            checked += 1
    assert checked > 5
