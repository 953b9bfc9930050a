"""How many SQL statements an operation takes: as many for a hundred rows as for ten, in a small table as in a large one."""

# ruff: noqa: E501 - an operation stands on one line

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import predicting
import psycopg
import pytest
from asking import Caller, sent, serving
from databases import copied
from generated import published
from graphql import (
    FieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_composite_type,
    is_object_type,
    parse,
    visit,
)
from people import TODAY
from sqlalchemy import event, select
from uuid_utils.compat import uuid7

from app import migrate
from app.actor import Scope, system
from app.edge.graphiql import QUERIES
from app.models.customer import Customer
from app.models.feedback import Feedback
from app.models.order import Order
from app.services import change, segment
from app.services import workspace as workspaces
from app.worker import Worker

pytestmark = pytest.mark.slow

README = Path(__file__).parents[2] / "README.md"

ASK = "period: {last: {count: 3, grain: MONTH}}"
PARTS, OF = "value interval { low } leftOut { count }", "components { value }"
FIGURES = " ".join(
    f"{name} {{ {PARTS} {OF} }}"
    for name in (
        "spend",
        "leads",
        "conversion",
        "customers",
        "cac",
        "revenue",
        "clv",
        "ltvCac",
        "returnOnSpend",
        "csat",
        "nps",
        "responseTime",
    )
)

TEXT, NUMBERS = "anyOf noneOf contains", "atLeast atMost"
RULE = " ".join(
    (
        f"name {{ {TEXT} }} region {{ {TEXT} }} segment {{ {TEXT} }} acquisitionChannel {{ {TEXT} }}",
        f"attribute {{ name {TEXT} }} orders {{ {NUMBERS} }} revenue {{ {NUMBERS} }} averageOrder {{ {NUMBERS} }}",
        f"daysSincePurchase {{ {NUMBERS} }} daysSinceUse {{ {NUMBERS} }} uses {{ {NUMBERS} }} score {{ kind }}",
        f"complaints {{ {NUMBERS} }} referrals {{ {NUMBERS} }} rank {{ by }}",
        f"rfv {{ recency {{ {NUMBERS} }} frequency {{ {NUMBERS} }} value {{ {NUMBERS} }} classes }}",
    )
)
"""Every condition that a rule may have."""

PAGES = {
    # a page of %d rows, and everything that a row refers to
    "channels": '{ channels(first: %d, filter: {externalId: {contains: "k"}}) { nodes { id parent { name parent { id } } } edges { cursor node { id } } pageInfo { endCursor } totalCount } }',
    "staff": "{ staff(first: %d) { nodes { team { name } teams { from team { name } } } edges { node { name } } pageInfo { hasNextPage } } }",
    "teams": "{ teams(first: %d) { nodes { members { name team { name } } } edges { node { name } } pageInfo { hasNextPage } } }",
    "surveys": '{ surveys(first: %d) { nodes { questions(locale: "zh") { text texts { text } } editions { number questions { text } } } edges { node { name } } pageInfo { hasNextPage } } }',
    "business calendars": '{ businessCalendars(first: %d) { nodes { versions { weeklyHours { from } open { date } } hours(from: "2026-06-01", before: "2026-07-01") days(from: "2026-06-01", before: "2026-06-03") { holiday } } edges { node { id } } pageInfo { endCursor } totalCount } }',
    "customers": "{ customers(first: %d) { nodes { parent { name parent { id } } externalIds { externalId } spells { from } } edges { node { name } } pageInfo { endCursor } totalCount } }",
    "their channels": "{ customers(first: %d) { nodes { acquisitionChannel { name parent { name } } } } }",
    "feedback": "{ feedback(first: %d) { nodes { comment customer { name } staff { name } team { name } survey { name } invitation { answeredAt } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "invitations": "{ invitations(first: %d) { nodes { customer { name } channel { name } acquisitionChannel { name } survey { name questions { key } } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "its customers": "{ feedback(first: %d) { nodes { customer { parent { name externalIds { source } } spells { from } } } } }",
    "its channels": "{ feedback(first: %d) { nodes { channel { name parent { name } } acquisitionChannel { name } } } }",
    "orders": "{ orders(first: %d) { nodes { lines { product } customer { name } staff { name } team { name } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "their sales channels": "{ orders(first: %d) { nodes { channel { name parent { name } } acquisitionChannel { name } } } }",
    "refunds": "{ refunds(first: %d) { nodes { order { amount customer { name } lines { id } } customer { name } channel { name } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "costs": "{ costs(first: %d) { nodes { channel { name } customer { name } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "touchpoints": "{ touchpoints(first: %d) { nodes { channel { name } customer { name } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "leads": "{ leads(first: %d) { nodes { channel { name } acquisitionChannel { name } customer { name } staff { name } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "interactions": "{ interactions(first: %d) { nodes { events { kind staff { name } } customer { name } staff { name } responder { name } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "their channels, too": "{ interactions(first: %d) { nodes { channel { name parent { name } } acquisitionChannel { name } } } }",
    "referrals": "{ referrals(first: %d) { nodes { channel { name } customer { name } referred { name } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "engagements": "{ engagements(first: %d) { nodes { channel { name } customer { name } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "contracts": "{ contracts(first: %d) { nodes { terms { amount } channel { name } acquisitionChannel { name } customer { name countedSpells { from } } staff { name } team { name } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "exchange rates": "{ exchangeRates(first: %d) { nodes { rate } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "their timelines": "{ customers(first: %d) { nodes { timeline(first: 3, kinds: [FEEDBACK, ORDER]) { nodes { channel { name } } edges { node { id } } pageInfo { endCursor } totalCount } } } }",
    "what happened": "{ customers(first: %d) { nodes { timeline(first: 8) { nodes { ... on Order { lines { amount } } ... on Refund { order { id } } ... on Feedback { survey { name } } } } } } }",
    "the best": f"{{ topCustomers(first: %d, {ASK}) {{ nodes {{ revenue customer {{ name parent {{ name }} }} }} period {{ label }} }} }}",
    "the channels": f"{{ channelEffectiveness(first: %d, {ASK}) {{ rows {{ channel {{ name parent {{ name }} }} {FIGURES} }} period {{ label }} }} }}",
    "cohorts": f"{{ cohortTable(of: REVENUE, period: {{last: {{count: 2, grain: MONTH}}}}, months: %d) {{ rows {{ cohort {{ label }} cells {{ {PARTS} period {{ label }} soFar {{ {PARTS} }} }} }} averages {{ {PARTS} soFar {{ value }} }} period {{ label }} filters {{ by }} }} }}",
    "what they are of": f"{{ cohortTable(of: REVENUE, period: {{last: {{count: 2, grain: MONTH}}}}, months: %d) {{ rows {{ cells {{ {OF} soFar {{ {OF} }} }} }} averages {{ {OF} }} }} }}",
    "the funnel": f"{{ leadFunnel({ASK}) {{ stages {{ leads medianDays }} lost {{ reasons(first: %d) {{ leads }} }} period {{ label }} filters {{ by }} }} }}",
    "predictions": "{ predictions(first: %d) { nodes { customer { name } acquisitionChannel { name } fit { asOf } reasons { kind } aliveInterval { low } expectedPurchasesInterval { low } predictedValueInterval { low } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "their fits": "{ predictionFits(first: %d) { nodes { models { words } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "their profiles": "{ customers(first: %d) { nodes { purchases { valueToDate } prediction { alive reasons { words } } predictionNullReason health { score parts { points } } } } }",
    "segments": f"{{ segments(first: %d) {{ nodes {{ memberCount rule {{ {RULE} all {{ {RULE} }} any {{ {RULE} }} not {{ {RULE} }} }} members(first: 2) {{ nodes {{ name }} edges {{ node {{ id }} }} pageInfo {{ endCursor }} totalCount }} }} edges {{ node {{ id }} }} pageInfo {{ endCursor }} totalCount }} }}",
    "who belongs to them": "{ customers(first: %d) { nodes { segments { segment { name } } lifecycleStage stageHistory { stage } } } }",
    "their grades": "{ customers(first: %d) { nodes { rfv { key } } } }",
    "who would": "{ segmentPreview(rule: {orders: {atLeast: 1}}, first: %d) { memberCount customers { name } } segmentTemplates { rule { rank { by } } } rfvClasses { customers } }",
    "the feed": "{ changes(first: %d, types: [FEEDBACK]) { nodes { externalIds { externalId } mergedInto record { id } } endCursor } }",
    "the audit": "{ auditLog(first: %d) { nodes { actor } edges { node { id } } pageInfo { endCursor } totalCount } auditVerification { head { seq } } }",
    "tokens": "{ tokens(first: %d) { nodes { rows { sources } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "members": "{ members(first: %d) { nodes { rows { sources channels { name } } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "workspaces": "{ workspaces(first: %d) { nodes { name } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "imports": "{ imports(first: %d) { nodes { counts { created } problems { message } rejectedRows { line userErrors { message } } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "exports": "{ exports(first: %d) { nodes { path } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "webhooks": "{ webhooks(first: %d) { nodes { name } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "what they were told": "{ webhookDeliveries(first: %d) { nodes { webhook { name } attempts { status } } edges { node { id } } pageInfo { endCursor } totalCount } }",
    "targets": "{ targets(first: %d) { nodes { scope { by } baselinePeriod { label } progress { state target { id } } revisions { version } } edges { node { id } } pageInfo { endCursor } totalCount } }",
}  # fmt: skip
DEEP = {"the channels", "cohorts", "what they are of", "predictions", "segments"}
"""A hundred of these cannot be asked for at once, or would cost more than one operation may."""
_TOLD = "outcome userErrors { code }"
_DONE = "counts { unchanged rejected } userErrors { code }"
_DELETES = (
    "feedback",
    "invitation",
    "order",
    "refund",
    "cost",
    "touchpoint",
    "lead",
    "interaction",
    "referral",
    "engagement",
    "contract",
    "exchangeRate",
)
BATCHES = {
    # a batch of a number of rows, told what became of them
    "customerUpsertBatch": f"results {{ {_TOLD} customer {{ name parent {{ name }} acquisitionChannel {{ name }} externalIds {{ source }} spells {{ from }} }} }} {_DONE}",
    "feedbackRecordBatch": f"results {{ {_TOLD} feedback {{ customer {{ name }} channel {{ name }} staff {{ name }} survey {{ name }} invitation {{ answerSeconds }} }} }} {_DONE}",
    "invitationRecordBatch": f"results {{ {_TOLD} invitation {{ customer {{ name }} channel {{ name }} survey {{ name }} }} }} {_DONE}",
    "orderRecordBatch": f"results {{ {_TOLD} order {{ customer {{ name }} channel {{ name }} staff {{ name }} lines {{ amount }} }} }} {_DONE}",
    "refundRecordBatch": f"results {{ {_TOLD} refund {{ order {{ refunded }} customer {{ name }} }} }} {_DONE}",
    "costRecordBatch": f"results {{ {_TOLD} cost {{ channel {{ name }} customer {{ name }} }} }} {_DONE}",
    "touchpointRecordBatch": f"results {{ {_TOLD} touchpoint {{ channel {{ name }} customer {{ name }} }} }} {_DONE}",
    "leadRecordBatch": f"results {{ {_TOLD} lead {{ channel {{ name }} customer {{ name }} staff {{ name }} }} }} {_DONE}",
    "referralRecordBatch": f"results {{ {_TOLD} referral {{ channel {{ name }} customer {{ name }} referred {{ name }} }} }} {_DONE}",
    "engagementRecordBatch": f"results {{ {_TOLD} engagement {{ channel {{ name }} customer {{ name }} }} }} {_DONE}",
    "contractRecordBatch": f"results {{ {_TOLD} contract {{ terms {{ amount }} channel {{ name }} customer {{ name }} staff {{ name }} }} }} {_DONE}",
    "exchangeRateRecordBatch": f"results {{ {_TOLD} exchangeRate {{ rate }} }} {_DONE}",
    "interactionRecordBatch": f"results {{ {_TOLD} interaction {{ events {{ staff {{ name }} }} customer {{ name }} channel {{ name }} responder {{ name }} }} }} {_DONE}",
    **{f"segmentMembers{verb}": f"results {{ {_TOLD} }} segment {{ name }} {_DONE}" for verb in ("Add", "Remove")},
    **{f"{noun}DeleteBatch": f"results {{ {_TOLD} }} {_DONE}" for noun in _DELETES},
}  # fmt: skip
KPIS = {
    # what a figure, the catalogue, or an id leads to
    "a figure": f"{{ kpi(key: CSAT, {ASK}) {{ value interval {{ low }} period {{ label }} filters {{ by }} definition {{ name }} series(grain: MONTH) {{ value interval {{ low }} period {{ label }} }} }} }}",
    "its rate": f"{{ kpi(key: CHURN_RATE, {ASK}) {{ value compounded(per: YEAR) {{ value display }} }} }}",
    "how models did": "{ predictionFits(first: 2) { nodes { models { parameters { name } survival { month } heldOut { groups { observed } } } } } }",
    "its weights": "{ workspace { healthWeights { recency } } }",
    "its hours": "{ workspace { businessCalendar { name versions { timeZone } } } }",
    "its distribution": f"{{ kpi(key: RESPONSE_TIME, {ASK}) {{ value leftOut {{ label }} histogram {{ count }} series(grain: MONTH) {{ leftOut {{ count }} }} breakdown(by: STAFF) {{ slices {{ leftOut {{ count }} result {{ histogram {{ count }} }} }} }} }} }}",
    "its slices": f"{{ kpi(key: CSAT, {ASK}) {{ breakdown(by: CHANNEL, first: 5) {{ slices {{ label interval {{ low }} result {{ value series(grain: MONTH) {{ value }} }} }} other {{ value }} }} }} }}",
    "its comparison": f"{{ kpi(key: CSAT, {ASK}) {{ comparison {{ interval {{ low }} baseline {{ value comparison {{ change }} }} }} }} }}",
    "its drawings": f"{{ kpi(key: CSAT, {ASK}) {{ chart(kind: LINE) chartLink(kind: LINE) {{ url }} }} }}",
    "its targets": f"{{ kpi(key: CSAT, {ASK}) {{ target {{ state target {{ id revisions {{ version }} }} }} targets {{ state }} }} }}",
    "several": f"{{ kpis(ask: [{{key: CSAT, {ASK}}}, {{key: NPS, {ASK}}}]) {{ value comparison {{ change }} }} }}",
    "the catalogue": f"{{ kpiDefinitions(ready: false) {{ variants {{ name isReady inputs {{ since }} }} inputs {{ since }} result({ASK}) {{ value }} }} }}",
    "an index": f"{{ kpi(key: LOYALTY_INDEX, {ASK}) {{ components {{ label value }} series(grain: MONTH) {{ components {{ value }} }} breakdown(by: SEGMENT) {{ slices {{ components {{ value }} }} }} }} }}",
    "the industries": "{ industries { name kpis } }",
    "a file tried out": '{ importPreview(input: {type: CUSTOMERS, format: CSV, text: "externalId,x\\nc1,2"}) { columns { __typename } rows { line userErrors { message } } userErrors { message } } }',
    "what it costs": "{ rateLimit { cost } workspace { name } }",
}  # fmt: skip


def batch(field):
    kind = published().mutation_type.fields[field].args["input"].type
    return f"mutation($input: {kind}) {{ {field}(input: $input) {{ {BATCHES[field]} }} }}"


def examples():
    """The operations that people are shown."""
    found = re.findall(r"```graphql\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) >= 2
    return [*found, *QUERIES]


def relations(documents):
    """The fields of object types that lead to objects and that the documents ask for."""
    found = set()
    for document in documents:
        types = TypeInfo(published())

        class Note(Visitor):
            def enter_field(self, node: FieldNode, *_, types=types):
                if is_composite_type(get_named_type(types.get_type())):
                    found.add((types.get_parent_type().name, node.name.value))

        visit(parse(document), TypeInfoVisitor(types, Note()))
    return found


def test_every_relation_of_every_type_is_counted_below():
    single = {
        get_named_type(field.type).name
        for field in published().mutation_type.fields.values()
        if not any(one.name.value == "listSize" for one in field.ast_node.directives)
    }
    # what is subscribed to comes one at a time
    roots = {"Mutation", "Query", "Subscription", "FeedbackRecorded", *single}
    known = {
        (type_.name, name)
        for type_ in published().type_map.values()
        if is_object_type(type_) and not type_.name.startswith("__") and type_.name not in roots
        for name, field in type_.fields.items()
        if is_composite_type(get_named_type(field.type))
    }
    documents = [query % 1 for query in PAGES.values()] + [batch(field) for field in BATCHES] + list(KPIS.values())
    assert relations(documents) >= known, known - relations(documents)
    lists = {name for name, field in published().query_type.fields.items() if "after" in field.args}
    assert {name for type_, name in relations(documents) if type_ == "Query"} >= lists


KEYED = 30
"""How many channels, staff, teams and surveys there are, and how many targets."""

MORNING = {"from": "09:00", "before": "12:00"}
OFFICE = {
    "timeZone": "Europe/Berlin",
    "weeklyHours": [{"weekdays": [1], **MORNING}],
    "open": [{"date": "2026-06-02", **MORNING}],
    "country": "DE",
}


def people(first, last):
    return (
        {
            "externalId": f"c{n}",
            "name": f"Customer {n}",
            "parent": {"externalId": "c0"} if n else None,
            "acquisitionChannel": {"externalId": f"k{n % KEYED}"},
            "joinedOn": "2026-01-01",
        }
        for n in range(first, last)
    )


def answers(first, last):
    return (
        {
            "externalId": f"f{n}",
            "kind": "CSAT",
            "score": 1 + n % 5,
            "comment": "fine",
            "occurredAt": f"2026-0{4 + n // KEYED % 3}-{1 + n % 14:02}",
            "customer": {"externalId": f"c{n + 1}"},
            "question": "q",
            "invitation": {"externalId": f"i{n}"},
        }
        | {name: {"externalId": f"k{n % KEYED}"} for name in ("channel", "staff", "survey")}
        for n in range(first, last)
    )


def invitations(first, last):
    return (
        {"externalId": f"i{n}", "customer": {"externalId": f"c{n + 1}"}, "occurredAt": "2026-03-01"}
        | {name: {"externalId": f"k{n % KEYED}"} for name in ("channel", "survey")}
        for n in range(first, last)
    )


def orders(first, last):
    return (
        {
            "externalId": f"o{n}",
            "amount": "30",
            "cost": "12",
            "currency": "USD" if n % 2 else "EUR",
            "customer": {"externalId": f"c{n + 1}"},
            "channel": {"externalId": f"k{n % KEYED}"},
            "staff": {"externalId": f"k{n % KEYED}"},
            "lines": [{"product": f"p{n % 7}", "quantity": "3", "unitPrice": "10", "amount": "30"}],
            "occurredAt": f"2026-0{4 + n // KEYED % 3}-{1 + n % 14:02}",
        }
        for n in range(first, last)
    )


def refunds(first, last):
    return (
        {
            "externalId": f"r{n}",
            "order": {"externalId": f"o{n}"},
            "amount": "5",
            "channel": {"externalId": f"k{n % KEYED}"},
            "occurredAt": "2026-06-14",
        }
        for n in range(first, last)
    )


def costs(first, last):
    return (
        {
            "externalId": f"x{n}",
            "category": "MEDIA",
            "amount": "7",
            "currency": "USD" if n % 2 else "EUR",
            "from": f"2026-0{4 + n // KEYED % 3}-{1 + n % 14:02}",
            "before": f"2026-0{4 + n // KEYED % 3}-{8 + n % 14:02}",
            "channel": {"externalId": f"k{n % KEYED}"},
            "customer": {"externalId": f"c{n + 1}"},
        }
        for n in range(first, last)
    )


def touchpoints(first, last):
    return (
        {
            "externalId": f"m{n}",
            "customer": {"externalId": f"c{n + 1}"},
            "channel": {"externalId": f"k{n % KEYED}"},
            "occurredAt": "2025-12-24",
        }
        for n in range(first, last)
    )


def leads(first, last):
    return (
        {
            "externalId": f"l{n}",
            "customer": {"externalId": f"c{n + 1}"},
            "channel": {"externalId": f"k{n % KEYED}"},
            "staff": {"externalId": f"k{n % KEYED}"},
            "occurredAt": f"2026-0{4 + n // KEYED % 3}-{1 + n % 14:02}",
            **({"wonAt": "2026-06-14"} if n % 2 else {"lostAt": "2026-06-14", "lostReason": f"reason {n % KEYED}"}),
        }
        for n in range(first, last)
    )


def referrals(first, last):
    return (
        {
            "externalId": f"w{n}",
            "customer": {"externalId": f"c{n}"},
            "referred": {"externalId": f"c{n + 1}"},
            "channel": {"externalId": f"k{n % KEYED}"},
            "occurredAt": "2025-12-24",
        }
        for n in range(first, last)
    )


def uses(first, last):
    return (
        {
            "externalId": f"u{n}",
            "customer": {"externalId": f"c{n + 1}"},
            "type": "login",
            "channel": {"externalId": f"k{n % KEYED}"},
            "occurredAt": f"2026-0{4 + n // KEYED % 3}-{1 + n % 14:02}",
        }
        for n in range(first, last)
    )


def talks(first, last):
    return (
        {
            "externalId": f"i{n}",
            "kind": "COMPLAINT" if n % 3 else "QUESTION",
            "customer": {"externalId": f"c{n + 1}"},
            "channel": {"externalId": f"k{n % KEYED}"},
            "staff": {"externalId": f"k{n % KEYED}"},
            "occurredAt": f"{day}T08:00:00Z",
            "events": [
                {"kind": "CUSTOMER_MESSAGE", "at": f"{day}T08:00:00Z"},
                {"kind": "STAFF_REPLY", "at": f"{day}T08:{n % 60:02}:00Z", "staff": {"externalId": f"k{n % KEYED}"}},
                {"kind": "RESOLVED", "at": f"{day}T12:00:00Z", "staff": {"externalId": f"k{n % KEYED}"}},
            ],
        }
        for n in range(first, last)
        for day in [f"2026-0{4 + n // KEYED % 3}-{1 + n % 14:02}"]
    )


def rates(first, last):
    days = (datetime(2026, 6, 14, tzinfo=UTC) - timedelta(days=n) for n in range(first, last))
    return ({"externalId": f"{day:%F}", "from": "USD", "date": f"{day:%F}", "rate": "0.9"} for day in days)


def agreements(first, last):
    return (
        {
            "externalId": f"k{n}",
            "customer": {"externalId": f"c{n + 1}"},
            "channel": {"externalId": f"k{n % KEYED}"},
            "staff": {"externalId": f"k{n % KEYED}"},
            "currency": "USD",
            "from": f"2026-06-0{1 + n % 3}",
            "terms": [{"from": f"2026-06-0{1 + n % 3}", "amount": "10"}, {"from": "2026-06-09", "amount": "12"}],
        }
        for n in range(first, last)
    )


TRADE = {
    "invitationRecordBatch": invitations,
    "exchangeRateRecordBatch": rates,
    "touchpointRecordBatch": touchpoints,
    "leadRecordBatch": leads,
    "referralRecordBatch": referrals,
    "engagementRecordBatch": uses,
    "orderRecordBatch": orders,
    "refundRecordBatch": refunds,
    "costRecordBatch": costs,
    "interactionRecordBatch": talks,
    "contractRecordBatch": agreements,
}


def write(caller, kind, rows):
    rows = list(rows)
    for at in range(0, len(rows), 500):
        (payload,) = caller.ask(batch(kind), {"input": {"rows": rows[at : at + 500]}}).values()
        assert payload["userErrors"] == []
        assert "REJECTED" not in {result["outcome"] for result in payload["results"]}


def grow(caller, first, last):
    write(caller, "customerUpsertBatch", people(first, last + 1))
    for field, rows in TRADE.items():
        write(caller, field, rows(first, last))
    write(caller, "feedbackRecordBatch", answers(first, last))
    who, door = system(caller.people.id), caller.api.door
    door.write(who, predicting.put, *(f"c{n}" for n in range(last, last - 101, -1)))
    for one in door.read(who, segment.ruled):
        door.write(who, segment.apply, one)
    while door.write(who, change.seal) == change.SEAL_AT_ONCE:
        pass


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request):
    return request.param


@pytest.fixture(scope="module")
def furniture(request, engine):
    """A database with a workspace that has some of everything, to be copied, and the secret of who may do everything."""
    with copied(request, engine) as database:
        with serving(database, rate_limit_points=10**9) as api:
            alice = furnished(api)
        yield database, alice.secret, alice.people


@contextmanager
def moved_in(request, engine, furniture):
    """Somebody in a copy of that workspace, and its database."""
    source, secret, people_ = furniture
    with copied(request, engine, source) as database, serving(database) as api:
        yield Caller(api, secret, people_), database


def administer(alice, number):
    """One more of what is administered: a token, a member, files, an endpoint and what it was told."""
    name = f"n{number}"
    alice.write("tokenCreate", {"name": name, "scopes": []}, "outcome")
    alice.write("memberAdd", {"email": f"{name}@example.org", "role": "VIEWER"}, "outcome")
    alice.write("importStart", {"type": "CUSTOMERS", "format": "CSV"}, "outcome")
    alice.write("exportStart", {"type": "CUSTOMERS", "format": "CSV"}, "outcome")
    endpoint = {"externalId": name, "name": name, "url": "https://hooks.example.com/"}
    alice.write("webhookUpsert", endpoint, "outcome")
    alice.write("webhookTest", {"webhook": {"externalId": name}}, "outcome")


def furnished(api):
    """Somebody whose workspace has a hundred feedbacks, each from a customer of its own."""
    people_ = SimpleNamespace(id=uuid7())
    workspace = {"name": "Workshop", "time_zone": "Europe/Berlin", "currency": "EUR", "small_cell_k": 5}
    api.door.write(system(people_.id), workspaces.create, workspace)
    alice = api.caller(people_, Scope, name="alice")
    alice.channel("all")
    alice.channel("middle", parent={"externalId": "all"})
    for n in range(KEYED):
        alice.channel(f"k{n}", parent={"externalId": "middle"})
        for noun in ("team", "staff", "survey"):
            more = {"teams": [{"team": {"externalId": f"k{n}"}}]} if noun == "staff" else {}
            alice.write(f"{noun}Upsert", {"externalId": f"k{n}", "name": f"Name {n}", **more}, "outcome")
        alice.write(
            "businessCalendarUpsert", {"externalId": f"k{n}", "name": "Office", "versions": [OFFICE]}, "outcome"
        )
        for kind in ("CES", "CSAT"):
            asked = {"key": "q", "kind": kind, "texts": [{"language": "en", "text": "How was it?"}]}
            asked = {"externalId": f"k{n}", "name": f"Name {n}", "questions": [asked]}
            alice.write("surveyUpsert", asked, "outcome")
        goal = {"externalId": f"t{n}", "kpi": "CSAT", "kind": "ABSOLUTE", "from": "2026-06-01"}
        for value in (90, 91):
            alice.write("targetSet", goal | {"value": value, "before": f"2026-07-{1 + n:02}"}, "outcome")
        administer(alice, n)
    alice.write("workspaceUpdate", {"businessCalendar": {"externalId": "k0"}}, "outcome")
    Worker(api.door).drain()  # what rests on the hours is counted anew
    alice.write("segmentUpsert", {"externalId": "all", "name": "All", "rule": {"orders": {"atLeast": 1}}}, "outcome")
    grow(alice, 0, 100)
    return alice


@pytest.fixture(scope="module")
def filled(request, engine, furniture):
    """Somebody of a workspace that stays as it is."""
    with moved_in(request, engine, furniture) as (alice, _):
        yield alice


@pytest.fixture
def growing(request, engine, furniture):
    """Somebody of a workspace that grows."""
    with moved_in(request, engine, furniture) as (alice, _):
        yield alice


@pytest.fixture(scope="module")
def swollen(request, engine, furniture):
    """Somebody of a workspace with a hundred thousand rows more in its tables, and what operations took before."""
    with moved_in(request, engine, furniture) as (alice, database):
        before = asked_with(alice)
        swell(alice, database)
        yield alice, before


def counted(by, document, variables=None):
    """How many statements an operation takes, once connections are open and its document is known, and which."""
    by.ask(document, variables)
    with sent(by.api.door) as found:
        by.ask(document, variables)
    return len(found), found


@pytest.fixture
def count(filled):
    """The same of somebody whose workspace stays as it is."""
    return partial(counted, filled)


def test_a_hundred_rows_cost_as_many_statements_as_ten(count):
    for name, query in PAGES.items():
        ten, many = count(query % 10), count(query % (50 if name in DEEP else 100))
        assert ten[0] == many[0] > 0, (name, many[1])


ROWS = [
    # a batch and its rows
    ("customerUpsertBatch", [{"externalId": f"c{n}"} for n in range(100)]),
    ("customerUpsertBatch", [{"externalId": f"c{n}", "parent": {"externalId": "c0"}} for n in range(1, 101)]),
    ("customerUpsertBatch", [{"externalId": f"c{n}", "acquisitionChannel": {"externalId": f"k{n % KEYED}"}} for n in range(100)]),
    ("customerUpsertBatch", [{"externalId": f"c{n}", "joinedOn": "2026-01-01"} for n in range(100)]),
    ("feedbackRecordBatch", list(answers(0, 100))),
    *((field, list(rows(0, 100))) for field, rows in TRADE.items()),
    *((f"{noun}DeleteBatch", [{"externalId": f"none{n}"} for n in range(100)]) for noun in _DELETES),
]  # fmt: skip


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("kind", "rows"), ROWS)
def test_a_batch_of_a_hundred_costs_as_many_statements_as_one_of_ten(count, kind, rows):
    ten, hundred = (count(batch(kind), {"input": {"rows": rows[:size]}}) for size in (10, 100))
    assert ten[0] == hundred[0] > 0, hundred[1]


CHANGED = {
    # what a batch changes of rows that are there: at first, then, and then again
    "invitationRecordBatch": ("occurredAt", ("2026-03-02", "2026-03-03", "2026-03-04")),
    "orderRecordBatch": ("amount", ("40", "41", "42")),
    "refundRecordBatch": ("amount", ("1", "2", "3")),
    "costRecordBatch": ("amount", ("8", "9", "10")),
    "touchpointRecordBatch": ("occurredAt", ("2025-12-25", "2025-12-26", "2025-12-27")),
    "leadRecordBatch": ("qualifiedAt", ("2026-06-11", "2026-06-12", "2026-06-13")),
    "referralRecordBatch": ("occurredAt", ("2025-12-25", "2026-01-02", "2025-12-27")),
    "engagementRecordBatch": ("occurredAt", ("2026-05-25", "2026-05-26", "2026-05-27")),
    "exchangeRateRecordBatch": ("rate", ("0.8", "0.7", "0.6")),
    "interactionRecordBatch": ("reason", ("price", "delay", "other")),
    "contractRecordBatch": ("product", ("tea", "cups", "mugs")),
}


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", CHANGED)
def test_a_hundred_changes_and_deletions_cost_as_many_statements_as_ten(growing, kind):
    def told(field, rows):
        with sent(growing.api.door) as found:
            (payload,) = growing.ask(batch(field), {"input": {"rows": rows}}).values()
        assert payload["counts"] == {"unchanged": 0, "rejected": 0}
        return len(found), found

    (name, values), deletes = CHANGED[kind], kind.replace("Record", "Delete")
    rows = [{key: value for key, value in row.items() if key != "lines"} for row in TRADE[kind](0, 100)]
    first, second, third = ([row | {name: value} for row in rows] for value in values)
    gone = [{"externalId": row["externalId"]} for row in first]
    told(kind, first)
    ten, hundred = told(kind, second[:10]), told(kind, third)
    assert ten[0] == hundred[0] > 0, hundred[1]
    ten = told(deletes, gone[:10])
    told(kind, first)
    hundred = told(deletes, gone)
    assert ten[0] == hundred[0] > 0, hundred[1]


@pytest.mark.slow
def test_a_hundred_jobs_of_days_to_come_cost_as_many_statements_as_ten(growing):
    """Whoever joins or begins a contract on a day to come is looked at then: a job each, written together."""

    def told(field, rows):
        with sent(growing.api.door) as found:
            (payload,) = growing.ask(batch(field), {"input": {"rows": rows}}).values()
        assert payload["counts"] == {"unchanged": 0, "rejected": 0}
        return len(found), found

    def joining(first, last, month):
        return [{"externalId": f"j{n}", "joinedOn": f"2026-{month}-{1 + n % 28:02}"} for n in range(first, last)]

    def beginning(first, last, month):
        days = ((n, f"2026-{month}-{1 + n % 28:02}") for n in range(first, last))
        return [
            {"externalId": f"j{n}", "customer": {"externalId": f"j{n}"}, "currency": "EUR", "from": day}
            | {"terms": [{"from": day, "amount": "10"}]}
            for n, day in days
        ]

    growing.write("workspaceUpdate", {"activeBy": "CONTRACT"}, "outcome")
    Worker(growing.api.door).drain()
    for field, rows in (("customerUpsertBatch", joining), ("contractRecordBatch", beginning)):
        for month in ("07", "08"):
            ten, hundred = told(field, rows(100, 110, month)), told(field, rows(0, 100, month))
            assert ten[0] == hundred[0] > 0, (field, hundred[1])
            assert any("INSERT INTO job" in one for one in hundred[1])


def asked_with(by):
    """How many statements each operation that is known takes."""
    documents = {f"example {n}": document for n, document in enumerate(examples())}
    documents |= {name: query % 20 for name, query in PAGES.items()} | KPIS
    return {name: counted(by, document)[0] for name, document in documents.items()}


KINDS = {
    # KPIs that read the same kind of facts in the same way
    "feedback": ("CSAT", "CSAT_MEAN", "NPS", "REFERRAL_INTENT", "CES", "REVIEW_SCORE", "FEEDBACK_COUNT"),
    "customers": ("ACTIVE_CUSTOMERS", "NEW_CUSTOMERS", "CHURNED_CUSTOMERS"),
    "survivals": ("RETENTION_RATE", "CHURN_RATE"),
    "sales": ("REVENUE", "REVENUE_GROWTH", "AVERAGE_ORDER_VALUE", "RETURN_RATE"),
    "buyers": ("REPEAT_PURCHASE_RATE",),
    "spending": ("CAC", "COST_TO_SERVE"),
    "asking": ("RESPONSE_RATE",),
    "answering": ("SURVEY_ANSWER_TIME",),
    "covering": ("SURVEY_COVERAGE",),
    "values": ("CLV",),
    "ratios": ("LTV_CAC_RATIO",),
    "paybacks": ("CAC_PAYBACK_MONTHS",),
    "conversations": (
        *("RESPONSE_TIME", "RESPONSE_WITHIN_TARGET", "RESOLUTION_TIME", "WAITING_TIME"),
        *("COMPLAINT_RESOLUTION_RATE", "INTERACTIONS", "COMPLAINTS"),
    ),
    "leads": ("LEADS", "CONVERSION_RATE"),
    "losses": ("LOST_LEADS",),
    "cycles": ("SALES_CYCLE",),
    "referrals": ("REFERRAL_RATE",),
    "engagement": ("ENGAGEMENT_RATE",),
    "users": ("ACTIVE_USERS",),
    "contracts": ("MRR",),
    "revenue kept": ("GROSS_REVENUE_RETENTION", "NET_REVENUE_RETENTION"),
    "loyalty": ("LOYALTY_INDEX",),
    "attainment": ("TARGET_ATTAINMENT",),
}
TILE = "value nullReason series(grain: MONTH) {{ value target }} {more} comparison {{ change }} target {{ state }}"
BROKEN = "breakdown(by: {by}) { slices { label value share result { value series(grain: MONTH) { value } } } }"
BY = dict.fromkeys(KINDS, "ACQUISITION_CHANNEL") | {"feedback": "CHANNEL", "sales": "CHANNEL", "conversations": "STAFF"}
MORE = 9
"""The most statements that a breakdown adds, however many KPIs there are: slices, their names, their series."""


def dashboard(kinds, keys, months, *, broken):
    tiles = []
    for kind in kinds:
        more = BROKEN.replace("{by}", BY[kind]) if broken and kind != "attainment" else ""
        for key in keys(KINDS[kind]):
            period = f"period: {{last: {{count: {months}, grain: MONTH}}}}"
            tiles.append(f"{key}: kpi(key: {key}, {period}) {{ {TILE.format(more=more)} }}")
    return f"{{ {' '.join(tiles)} }}"


def one(keys):
    return keys[:1]


def all_(keys):
    return keys


DASHBOARDS = [
    # the kinds of KPIs, and whether they are broken down
    (["feedback"], False),
    (["customers"], False),
    (["feedback", "customers"], False),
    (["survivals"], False),
    (["referrals"], False),
    (["sales"], False),
    (["spending"], False),
    (["sales", "spending"], False),
    (["feedback"], True),
    (["customers"], True),
    (["survivals"], True),
    (["sales"], True),
    (["spending"], True),
    (["conversations"], False),
    (["conversations"], True),
]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("kinds", "broken"), DASHBOARDS)
def test_a_dashboard_costs_as_many_statements_for_all_kpis_as_for_one(count, kinds, broken):
    assert sorted(sum(KINDS.values(), ())) == sorted(published().type_map["KpiKey"].values.keys() - {"CUSTOM"})
    few, many = (count(dashboard(kinds, keys, 12, broken=broken)) for keys in (one, all_))
    assert few[0] == many[0] > 0, many[1]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("broken", [False, True])
def test_a_dashboard_costs_as_many_statements_for_a_year_as_for_two_months(count, broken):
    month, year = (count(dashboard(KINDS, all_, months, broken=broken)) for months in (2, 12))
    assert month[0] == year[0] > 0, year[1]


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"attainment"}))
def test_a_breakdown_adds_a_few_statements_to_a_kpi(count, kind):
    without, broken = (count(dashboard([kind], one, 12, broken=broken))[0] for broken in (False, True))
    assert without < broken <= without + MORE


MANY = 100_000


def spread(number, now):
    """An instant of the two years before `now`."""
    return now - timedelta(seconds=number * 600)


CUSTOMERS = [uuid7() for _ in range(MANY)]
"""Who they are, each with a feedback and an order."""


def copies(table, row, number, now):
    """A row of `table` like `row`, one of many."""
    at, customer = spread(number, now), CUSTOMERS[number]
    new = {
        "id": customer if table.name == "customer" else uuid7(),
        "customer_id": customer,
        "external_id": f"x{number}",
        "name": f"Name {number % 977}",
    }
    new |= dict.fromkeys(("created_at", "updated_at", "occurred_at", "recorded_at"), at)
    new |= {"day": at.date(), "joined_on": at.date(), "score": number % 5}
    return dict(row) | {name: value for name, value in new.items() if name in table.c and name in row}


def swell(caller, database):
    """Puts a hundred thousand customers, feedbacks and orders more into a workspace, by SQL."""
    engine = migrate.owner_engine(database)
    with engine.begin() as connection:
        for model in (Customer, Feedback, Order):
            table = model.__table__
            mine = select(table).where(table.c.tenant_id == caller.people.id).order_by(table.c.id.desc())
            row = connection.execute(mine).mappings().first()
            for at in range(0, MANY, 10_000):
                rows = [copies(table, row, number, TODAY) for number in range(at, at + 10_000)]
                connection.execute(table.insert(), rows)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()


@contextmanager
def plans(door):
    """How the database goes about each statement that reads, with the statement."""
    found = []

    def note(_connection, cursor, statement, parameters, *_):
        if statement.startswith(("SELECT", "WITH", "(SELECT")):
            how = "EXPLAIN " if isinstance(cursor.connection, psycopg.Connection) else "EXPLAIN QUERY PLAN "
            plan = cursor.connection.execute(how + statement, parameters)
            found.append((statement, "\n".join(str(step[-1]) for step in plan.fetchall())))

    event.listen(door.db.reader, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(door.db.reader, "before_cursor_execute", note)


WHOLE = re.compile(r"\b(SCAN|Seq Scan on) (feedback|customer|customer_order)\b")
"""What a plan says that reads a whole table."""
SORTED = re.compile(r"USE TEMP B-TREE FOR ORDER BY|\bSort\b")
"""What a plan says that sorts what it reads, which is everything where nothing narrows it."""


def lists():
    """Every order of the large lists, forward and backward, and what has a row of its own to look for."""
    fields = published().query_type.fields
    for name in ("customers", "feedback", "orders"):
        orders = fields[name].args["orderBy"].type.of_type.of_type.fields["field"].type.of_type.values
        for order in orders:
            for direction in ("ASC", "DESC"):
                for side, way in (("first", "after"), ("last", "before")):
                    yield f"query($c: String) {{ {name}({side}: 50, {way}: $c, orderBy: [{{field: {order}, direction: {direction}}}]) {{ nodes {{ id }} pageInfo {{ startCursor endCursor }} }} }}"
    yield 'query($c: String) { feedback(first: 50, after: $c, filter: {customerId: {eq: "ONE"}}) { nodes { id } pageInfo { endCursor } } }'
    yield 'query($c: String) { orders(first: 50, after: $c, filter: {customerId: {eq: "ONE"}}) { nodes { id } pageInfo { endCursor } } }'
    yield 'query($c: String) { customers(first: 50, after: $c, filter: {parentId: {eq: "ONE"}}) { nodes { id } pageInfo { endCursor } } }'


def test_no_list_reads_the_whole_of_a_large_table(swollen):
    alice, _ = swollen
    customer = alice.one('{ customer(by: {externalId: "c0"}) { id } }')["id"]
    for query in lists():
        document, cursor = query.replace("ONE", customer), None
        for _ in range(3):
            with plans(alice.api.door) as found:
                page = alice.one(document, {"c": cursor})
            assert found
            is_narrowed = "filter" in query
            bad = [one for one in found if WHOLE.search(one[1]) or (not is_narrowed and SORTED.search(one[1]))]
            assert not bad, (document, cursor, *map("\n".join, bad))
            cursor = page["pageInfo"]["startCursor" if "last:" in document else "endCursor"]
    # these ask for KPIs, or hold everybody against each other
    for name in set(PAGES) - {"targets", "the best", "the channels", "who would", "their grades"}:
        query = PAGES[name]
        with plans(alice.api.door) as found:
            alice.ask(query.replace("totalCount", "__typename") % 50)
        bad = [one for one in found if WHOLE.search(one[1])]
        assert not bad, (name, *map("\n".join, bad))


def test_a_hundred_thousand_rows_in_the_tables_cost_as_many_statements_as_a_hundred(swollen):
    alice, before = swollen
    assert all(before.values())
    assert asked_with(alice) == before
