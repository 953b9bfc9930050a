"""Alice may, Bob may only read, Charlie is elsewhere. Generated over every root field, relation and kind of node."""

# ruff: noqa: E501 - a query, or a case of a table, stands on one line

from datetime import timedelta
from uuid import UUID

import predicting
import pytest
from asking import Caller
from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type, is_list_type

from app import ids as global_ids
from app.actor import Scope
from app.ids import encode
from app.schema.build import build
from app.services import change
from app.services import token as tokens
from app.services import workspace as workspaces
from app.services.row import Ref

SCHEMA = build().core
ROW = {"externalId": "new", "kind": "CSAT", "score": 4, "occurredAt": "2026-06-01"}
GOAL = {"kpi": "NPS", "kind": "ABSOLUTE", "value": 50, "from": "2026-06-01", "before": "2026-07-01"}
OWN = {
    "name": {"en": "Mine"},
    "formula": "100 * promoters / nps_answers",
    "unit": "PERCENT",
    "direction": "HIGHER_IS_BETTER",
    "stage": "RETAIN",
}
TODAY = "period: {named: THIS_MONTH}"
BOUGHT = {"externalId": "new", "amount": "20", "currency": "EUR", "occurredAt": "2026-06-01"}
BACK = {"externalId": "new", "order": {"externalId": "o"}, "amount": "5", "occurredAt": "2026-06-02"}
SPENT = {
    "externalId": "new",
    "category": "MEDIA",
    "amount": "9",
    "currency": "EUR",
    "from": "2026-06-01",
    "before": "2026-06-04",
}
MET = {
    "externalId": "new",
    "customer": {"externalId": "ann"},
    "channel": {"externalId": "web"},
    "occurredAt": "2025-12-24",
}
ASKED = {"externalId": "new", "occurredAt": "2026-06-01", "wonAt": "2026-06-03"}
BROUGHT = {
    "externalId": "new",
    "customer": {"externalId": "ann"},
    "referred": {"externalId": "hq"},
    "occurredAt": "2026-06-01",
}
USED = {"externalId": "new", "customer": {"externalId": "ann"}, "type": "login", "occurredAt": "2026-06-01"}
AGREED = {
    "externalId": "new",
    "customer": {"externalId": "ann"},
    "currency": "EUR",
    "from": "2026-06-01",
    "terms": [{"from": "2026-06-01", "amount": "9.99"}],
}
INVITED = {"externalId": "new", "occurredAt": "2026-06-01"}
TALKED = {
    "externalId": "new",
    "kind": "COMPLAINT",
    "events": [{"kind": "CUSTOMER_MESSAGE", "at": "2026-06-01T08:00:00Z"}],
    "occurredAt": "2026-06-01T08:00:00Z",
}
WORTH = {"externalId": "new", "from": "USD", "date": "2026-06-02", "rate": "0.9"}
RULE = "{orders: {atLeast: 1}}"
ORDERED = {"orders": {"atLeast": 1}}
OFFICE = {"timeZone": "UTC", "weeklyHours": [{"weekdays": [1], "from": "09:00", "before": "17:00"}]}

NO_MIRROR = encode("Mirror", "Order", UUID(int=1))

QUERIES = {
    # root field: (what to ask, with ids of Alice's workspace, the scope that it needs)
    "workspace": ("workspace { id name }", Scope.WORKSPACE_READ),
    "tokens": ("tokens { nodes { id name } totalCount }", Scope.WORKSPACE_ADMIN),
    "workspaces": ("workspaces { nodes { id name } totalCount }", Scope.DEPLOYMENT_ADMIN),
    "kpi": (f"kpi(key: CSAT, {TODAY}) {{ value }}", Scope.KPI_READ),
    "kpis": (f"kpis(ask: [{{key: CSAT, {TODAY}}}]) {{ value }}", Scope.KPI_READ),
    "kpiDefinition": ('kpiDefinition(key: "CSAT") { inputs { isAvailable } }', Scope.KPI_READ),
    "kpiDefinitions": ("kpiDefinitions { inputs { isAvailable } }", Scope.KPI_READ),
    "channel": ("channel(by: {id: %(Channel)s}) { id }", Scope.CHANNEL_READ),
    "channels": ("channels { nodes { id } totalCount }", Scope.CHANNEL_READ),
    "staffMember": ("staffMember(by: {id: %(Staff)s}) { id }", Scope.STAFF_READ),
    "staff": ("staff { nodes { id } totalCount }", Scope.STAFF_READ),
    "team": ("team(by: {id: %(Team)s}) { id }", Scope.STAFF_READ),
    "teams": ("teams { nodes { id } totalCount }", Scope.STAFF_READ),
    "survey": ("survey(by: {id: %(Survey)s}) { id }", Scope.SURVEY_READ),
    "surveys": ("surveys { nodes { id } totalCount }", Scope.SURVEY_READ),
    "businessCalendar": ("businessCalendar(by: {id: %(BusinessCalendar)s}) { id }", Scope.CALENDAR_READ),
    "businessCalendars": ("businessCalendars { nodes { id } totalCount }", Scope.CALENDAR_READ),
    "customer": ("customer(by: {id: %(Customer)s}) { id }", Scope.CUSTOMER_READ),
    "customers": ("customers { nodes { id } totalCount }", Scope.CUSTOMER_READ),
    "feedbackItem": ("feedbackItem(by: {id: %(Feedback)s}) { id }", Scope.FEEDBACK_READ),
    "feedback": ("feedback { nodes { id } totalCount }", Scope.FEEDBACK_READ),
    "order": ("order(by: {id: %(Order)s}) { id }", Scope.ORDER_READ),
    "orders": ("orders { nodes { id } totalCount }", Scope.ORDER_READ),
    "refund": ("refund(by: {id: %(Refund)s}) { id }", Scope.ORDER_READ),
    "refunds": ("refunds { nodes { id } totalCount }", Scope.ORDER_READ),
    "cost": ("cost(by: {id: %(Cost)s}) { id }", Scope.COST_READ),
    "costs": ("costs { nodes { id } totalCount }", Scope.COST_READ),
    "touchpoint": ("touchpoint(by: {id: %(Touchpoint)s}) { id }", Scope.TOUCHPOINT_READ),
    "touchpoints": ("touchpoints { nodes { id } totalCount }", Scope.TOUCHPOINT_READ),
    "lead": ("lead(by: {id: %(Lead)s}) { id }", Scope.LEAD_READ),
    "leads": ("leads { nodes { id } totalCount }", Scope.LEAD_READ),
    "referral": ("referral(by: {id: %(Referral)s}) { id }", Scope.REFERRAL_READ),
    "referrals": ("referrals { nodes { id } totalCount }", Scope.REFERRAL_READ),
    "engagement": ("engagement(by: {id: %(Engagement)s}) { id }", Scope.ENGAGEMENT_READ),
    "engagements": ("engagements { nodes { id } totalCount }", Scope.ENGAGEMENT_READ),
    "contract": ("contract(by: {id: %(Contract)s}) { id }", Scope.CONTRACT_READ),
    "contracts": ("contracts { nodes { id } totalCount }", Scope.CONTRACT_READ),
    "exchangeRate": ("exchangeRate(by: {id: %(ExchangeRate)s}) { id }", Scope.RATE_READ),
    "exchangeRates": ("exchangeRates { nodes { id } totalCount }", Scope.RATE_READ),
    "interaction": ("interaction(by: {id: %(Interaction)s}) { id }", Scope.INTERACTION_READ),
    "interactions": ("interactions { nodes { id } totalCount }", Scope.INTERACTION_READ),
    "topCustomers": (f"topCustomers({TODAY}) {{ nodes {{ id }} totalCount }}", Scope.KPI_READ),
    "channelEffectiveness": (f"channelEffectiveness({TODAY}) {{ rows {{ channel {{ id }} }} }}", Scope.KPI_READ),
    "cohortTable": (f"cohortTable(of: BUYERS, {TODAY}, months: 1) {{ rows {{ size }} }}", Scope.KPI_READ),
    "leadFunnel": (f"leadFunnel({TODAY}) {{ stages {{ leads }} }}", Scope.KPI_READ),
    "invitation": ("invitation(by: {id: %(Invitation)s}) { id }", Scope.SURVEY_READ),
    "invitations": ("invitations { nodes { id } totalCount }", Scope.SURVEY_READ),
    "prediction": ('prediction(by: {externalId: "ann"}) { id }', Scope.PREDICTION_READ),
    "predictions": ("predictions { nodes { id } totalCount }", Scope.PREDICTION_READ),
    "predictionFit": ("predictionFit(by: {id: %(PredictionFit)s}) { id }", Scope.PREDICTION_READ),
    "predictionFits": ("predictionFits { nodes { id } totalCount }", Scope.PREDICTION_READ),
    "segment": ("segment(by: {id: %(Segment)s}) { id }", Scope.SEGMENT_READ),
    "segments": ("segments { nodes { id } totalCount }", Scope.SEGMENT_READ),
    "segmentPreview": (f"segmentPreview(rule: {RULE}) {{ memberCount }}", Scope.SEGMENT_READ),
    "segmentTemplates": ("segmentTemplates { key name }", Scope.SEGMENT_READ),
    "rfvClasses": ("rfvClasses { customers }", Scope.ORDER_READ),
    "changes": ("changes(first: 1) { nodes { id } }", Scope.CHANGE_READ),
    "changesHead": ("changesHead", Scope.CHANGE_READ),
    "auditLog": ("auditLog { nodes { id } totalCount }", Scope.AUDIT_READ),
    "auditVerification": ("auditVerification { isIntact }", Scope.AUDIT_READ),
    "target": ("target(by: {id: %(Target)s}) { id }", Scope.TARGET_READ),
    "targets": ("targets { nodes { id } totalCount }", Scope.TARGET_READ),
    "mirror": ("mirror(id: %(Mirror)s) { id }", Scope.ORDER_READ),
    "import": ("import(by: {id: %(Import)s}) { id }", Scope.IMPORT_READ),
    "imports": ("imports { nodes { id } totalCount }", Scope.IMPORT_READ),
    "importPreview": (
        'importPreview(input: {type: CUSTOMERS, format: CSV, text: "externalId\\nc1"}) { encoding }',
        Scope.IMPORT_READ,
    ),
    "export": ("export(by: {id: %(Export)s}) { id }", Scope.EXPORT_READ),
    "exports": ("exports { nodes { id } totalCount }", Scope.EXPORT_READ),
    "webhook": ("webhook(by: {id: %(Webhook)s}) { id }", Scope.WEBHOOK_READ),
    "webhooks": ("webhooks { nodes { id } totalCount }", Scope.WEBHOOK_READ),
    "webhookDelivery": ("webhookDelivery(by: {id: %(WebhookDelivery)s}) { id }", Scope.WEBHOOK_READ),
    "webhookDeliveries": ("webhookDeliveries { nodes { id } totalCount }", Scope.WEBHOOK_READ),
    "node": ("node(id: %(Customer)s) { id }", Scope.CUSTOMER_READ),
    "nodes": ("nodes(ids: [%(Customer)s]) { id }", Scope.CUSTOMER_READ),
}
SUBSCRIPTIONS = {
    "kpiChanged": (f"kpiChanged(key: NPS, {TODAY}) {{ value }}", Scope.KPI_READ),
    "targetChanged": ('targetChanged(by: {externalId: "t"}) { state }', Scope.TARGET_READ),
    "feedbackRecorded": ("feedbackRecorded { cursor }", Scope.FEEDBACK_READ),
    "changes": ("changes { cursor }", Scope.CHANGE_READ),
}
"""How each is subscribed to, and the scope that it needs; `tests/live` tries them as streams."""
MUTATIONS = {
    # root field: (the input, the scope, the reference that another workspace's id stands in)
    "channelUpsert": ({"externalId": "new", "name": "New"}, Scope.CHANNEL_WRITE, {"parent": "Channel"}),
    "staffUpsert": ({"externalId": "new", "name": "New"}, Scope.STAFF_WRITE, {}),
    "teamUpsert": ({"externalId": "new", "name": "New"}, Scope.STAFF_WRITE, {}),
    "surveyUpsert": ({"externalId": "new", "name": "New"}, Scope.SURVEY_WRITE, {}),
    "businessCalendarUpsert": ({"externalId": "new", "name": "New", "versions": [OFFICE]}, Scope.CALENDAR_WRITE, {}),
    "customerUpsert": ({"externalId": "new"}, Scope.CUSTOMER_WRITE, {"parent": "Customer", "acquisitionChannel": "Channel"}),
    "customerUpsertBatch": ({"rows": [{"externalId": "new"}]}, Scope.CUSTOMER_WRITE, {"parent": "Customer", "acquisitionChannel": "Channel"}),
    "invitationRecord": (INVITED, Scope.SURVEY_WRITE, {"customer": "Customer", "channel": "Channel", "survey": "Survey"}),
    "invitationRecordBatch": ({"rows": [INVITED]}, Scope.SURVEY_WRITE, {"customer": "Customer", "channel": "Channel", "survey": "Survey"}),
    "invitationDeleteBatch": ({"rows": [{"externalId": "i"}]}, Scope.SURVEY_WRITE, {}),
    "feedbackRecord": (ROW, Scope.FEEDBACK_WRITE, {"customer": "Customer", "channel": "Channel", "staff": "Staff", "survey": "Survey", "invitation": "Invitation"}),
    "feedbackRecordBatch": ({"rows": [ROW]}, Scope.FEEDBACK_WRITE, {"customer": "Customer", "channel": "Channel", "staff": "Staff", "survey": "Survey", "invitation": "Invitation"}),
    "feedbackDeleteBatch": ({"rows": [{"externalId": "f"}]}, Scope.FEEDBACK_WRITE, {}),
    "orderRecord": (BOUGHT, Scope.ORDER_WRITE, {"customer": "Customer", "channel": "Channel", "staff": "Staff"}),
    "orderRecordBatch": ({"rows": [BOUGHT]}, Scope.ORDER_WRITE, {"customer": "Customer", "channel": "Channel", "staff": "Staff"}),
    "orderDeleteBatch": ({"rows": [{"externalId": "o"}]}, Scope.ORDER_WRITE, {}),
    "refundRecord": (BACK, Scope.ORDER_WRITE, {"order": "Order"}),
    "refundRecordBatch": ({"rows": [BACK]}, Scope.ORDER_WRITE, {"order": "Order"}),
    "refundDeleteBatch": ({"rows": [{"externalId": "r"}]}, Scope.ORDER_WRITE, {}),
    "costRecord": (SPENT, Scope.COST_WRITE, {"channel": "Channel", "customer": "Customer"}),
    "costRecordBatch": ({"rows": [SPENT]}, Scope.COST_WRITE, {"channel": "Channel", "customer": "Customer"}),
    "costDeleteBatch": ({"rows": [{"externalId": "k"}]}, Scope.COST_WRITE, {}),
    "touchpointRecord": (MET, Scope.TOUCHPOINT_WRITE, {}),
    "touchpointRecordBatch": ({"rows": [MET]}, Scope.TOUCHPOINT_WRITE, {"customer": "Customer", "channel": "Channel"}),
    "touchpointDeleteBatch": ({"rows": [{"externalId": "m"}]}, Scope.TOUCHPOINT_WRITE, {}),
    "leadRecord": (ASKED, Scope.LEAD_WRITE, {"customer": "Customer", "channel": "Channel", "staff": "Staff"}),
    "leadRecordBatch": ({"rows": [ASKED]}, Scope.LEAD_WRITE, {"customer": "Customer", "channel": "Channel", "staff": "Staff"}),
    "leadDeleteBatch": ({"rows": [{"externalId": "l"}]}, Scope.LEAD_WRITE, {}),
    "referralRecord": (BROUGHT, Scope.REFERRAL_WRITE, {}),
    "referralRecordBatch": ({"rows": [BROUGHT]}, Scope.REFERRAL_WRITE, {"customer": "Customer", "referred": "Customer", "channel": "Channel"}),
    "referralDeleteBatch": ({"rows": [{"externalId": "w"}]}, Scope.REFERRAL_WRITE, {}),
    "engagementRecord": (USED, Scope.ENGAGEMENT_WRITE, {}),
    "engagementRecordBatch": ({"rows": [USED]}, Scope.ENGAGEMENT_WRITE, {"customer": "Customer", "channel": "Channel"}),
    "engagementDeleteBatch": ({"rows": [{"externalId": "u"}]}, Scope.ENGAGEMENT_WRITE, {}),
    "contractRecord": (AGREED, Scope.CONTRACT_WRITE, {}),
    "contractRecordBatch": ({"rows": [AGREED]}, Scope.CONTRACT_WRITE, {"customer": "Customer", "channel": "Channel", "staff": "Staff"}),
    "contractDeleteBatch": ({"rows": [{"externalId": "k"}]}, Scope.CONTRACT_WRITE, {}),
    "exchangeRateRecord": (WORTH, Scope.RATE_WRITE, {}),
    "exchangeRateRecordBatch": ({"rows": [WORTH]}, Scope.RATE_WRITE, {}),
    "exchangeRateDeleteBatch": ({"rows": [{"externalId": "x"}]}, Scope.RATE_WRITE, {}),
    "interactionRecord": (TALKED, Scope.INTERACTION_WRITE, {"customer": "Customer", "channel": "Channel", "staff": "Staff"}),
    "interactionRecordBatch": ({"rows": [TALKED]}, Scope.INTERACTION_WRITE, {"customer": "Customer", "channel": "Channel", "staff": "Staff"}),
    "interactionDeleteBatch": ({"rows": [{"externalId": "i"}]}, Scope.INTERACTION_WRITE, {}),
    "customerMergeUndo": ({"from": {"externalId": "twin"}}, Scope.CUSTOMER_WRITE, {"from": "Customer"}),
    "customerMerge": ({"from": {"externalId": "hq"}, "into": {"externalId": "ann"}}, Scope.CUSTOMER_WRITE, {"from": "Customer"}),
    "customerDeleteBatch": ({"rows": [{"externalId": "hq"}]}, Scope.CUSTOMER_WRITE, {}),
    "customerLink": ({"customer": {"externalId": "ann"}, "externalId": "anna"}, Scope.CUSTOMER_WRITE, {"customer": "Customer"}),
    "customerUnlink": ({"externalId": "anne"}, Scope.CUSTOMER_WRITE, {}),
    "mirrorStart": ({"type": "ORDERS"}, Scope.ORDER_WRITE, {}),
    "mirrorFinish": ({"mirror": NO_MIRROR}, Scope.ORDER_WRITE, {"mirror": "Mirror"}),
    "sandboxReset": ({"name": "Workshop"}, Scope.WORKSPACE_ADMIN, {}),
    "predictionRefit": ({}, Scope.PREDICTION_WRITE, {}),
    "workspaceUpdate": ({"smallCellK": 7}, Scope.WORKSPACE_ADMIN, {}),
    "answerRecord": ({"externalId": "new", "kind": "CSAT", "score": 4}, Scope.ANSWER_WRITE, {}),
    "tokenCreate": ({"name": "new", "scopes": []}, Scope.WORKSPACE_ADMIN, {}),
    "tokenRotate": ({"id": "%(Token)s"}, Scope.WORKSPACE_ADMIN, {"id": "Token"}),
    "tokenRevoke": ({"id": "%(Token)s"}, Scope.WORKSPACE_ADMIN, {"id": "Token"}),
    "workspaceCreate": ({"name": "New", "timeZone": "UTC", "currency": "EUR"}, Scope.DEPLOYMENT_ADMIN, {}),
    "kpiDefine": ({"key": "NEW", **OWN}, Scope.KPI_WRITE, {}),
    "kpiDefinitionDelete": ({"key": "MINE"}, Scope.KPI_WRITE, {}),
    "segmentUpsert": ({"externalId": "new", "name": "New", "rule": ORDERED}, Scope.SEGMENT_WRITE, {}),
    "segmentDelete": ({"externalId": "old"}, Scope.SEGMENT_WRITE, {"id": "Segment"}),
    "segmentRefresh": ({"segment": {"externalId": "segment"}}, Scope.SEGMENT_WRITE, {"segment": "Segment"}),
    "segmentMembersAdd": ({"segment": {"externalId": "picked"}, "customers": [{"externalId": "hq"}]}, Scope.SEGMENT_WRITE, {"segment": "Segment"}),
    "segmentMembersRemove": ({"segment": {"externalId": "picked"}, "customers": [{"externalId": "hq"}]}, Scope.SEGMENT_WRITE, {"segment": "Segment"}),
    "targetSet": ({"externalId": "new", **GOAL}, Scope.TARGET_WRITE, {}),
    "importStart": ({"type": "CUSTOMERS", "format": "CSV"}, Scope.IMPORT_WRITE, {}),
    "importRun": ({"id": "x"}, Scope.IMPORT_WRITE, {"id": "Import"}),
    "importCancel": ({"id": "x"}, Scope.IMPORT_WRITE, {"id": "Import"}),
    "importUndo": ({"id": "x"}, Scope.IMPORT_WRITE, {"id": "Import"}),
    "exportStart": ({"type": "ORDERS", "format": "CSV"}, Scope.EXPORT_WRITE, {}),
    "targetDelete": ({"externalId": "t"}, Scope.TARGET_WRITE, {"id": "Target"}),
    "webhookUpsert": ({"externalId": "new", "name": "New", "url": "https://hooks.example.com/"}, Scope.WEBHOOK_WRITE, {}),
    "webhookRotateSecret": ({"webhook": {"externalId": "hook"}}, Scope.WEBHOOK_WRITE, {"webhook": "Webhook"}),
    "webhookTest": ({"webhook": {"externalId": "hook"}}, Scope.WEBHOOK_WRITE, {"webhook": "Webhook"}),
    "webhookReplay": ({"webhook": {"externalId": "hook"}, "since": "2026-06-01"}, Scope.WEBHOOK_WRITE, {"webhook": "Webhook"}),
    "webhookEnable": ({"webhook": {"externalId": "off"}}, Scope.WEBHOOK_WRITE, {"webhook": "Webhook"}),
    "webhookDisable": ({"webhook": {"externalId": "hook"}}, Scope.WEBHOOK_WRITE, {"webhook": "Webhook"}),
    "webhookDelete": ({"externalId": "off"}, Scope.WEBHOOK_WRITE, {"id": "Webhook"}),
}  # fmt: skip
MEMBERS = {"member", "members", "memberAdd", "memberUpdate", "memberRemove"}
"""Tried in test_members.py: Alice may not administer."""


@pytest.fixture
def known(alice):
    """The ids of one record of every kind in Alice's workspace, each related to all the others."""
    ids = {"Channel": alice.channel("web"), "Customer": None}
    alice.channel("shop", parent={"externalId": "web"})
    for kind, field in (("Team", "teamUpsert"), ("Staff", "staffUpsert"), ("Survey", "surveyUpsert")):
        noun = kind.lower()
        more = {"teams": [{"team": {"externalId": "team"}}]} if kind == "Staff" else {}
        ids[kind] = alice.write(field, {"externalId": noun, "name": kind, **more}, f"{noun} {{ id }}")[noun]["id"]
    office = {"externalId": "office", "name": "Office", "versions": [OFFICE]}
    calendar = alice.write("businessCalendarUpsert", office, "businessCalendar { id }")["businessCalendar"]
    ids["BusinessCalendar"] = calendar["id"]
    alice.people.write(workspaces.update, {"business_calendar": Ref(external_id="office")})
    asked = {"externalId": "survey", "name": "Survey", "questions": [{"key": "q", "kind": "CSAT"}]}
    alice.write("surveyUpsert", asked, "outcome")
    alice.customer("hq", name="Head quarters")
    person = {
        "name": "Ann",
        "email": "ann@example.org",
        "phone": "+32 1",
        "attributes": {"vip": True},
        "joinedOn": "2026-01-01",
    }
    ids["Customer"] = alice.customer(
        "ann", parent={"externalId": "hq"}, acquisitionChannel={"externalId": "web"}, **person
    )
    refs = {
        name: {"externalId": key}
        for name, key in (("customer", "ann"), ("channel", "web"), ("staff", "staff"), ("survey", "survey"))
    }
    sent = INVITED | {"externalId": "i", **{name: refs[name] for name in ("customer", "channel", "survey")}}
    ids["Invitation"] = alice.write("invitationRecord", sent, "invitation { id }")["invitation"]["id"]
    said = {"kind": "CSAT", "score": 5, "comment": "for Ann only", "occurredAt": "2026-06-01", **refs}
    alice.feedback({"externalId": "f", "question": "q", "invitation": {"externalId": "i"}, **said})
    ids |= trade(alice, refs)
    ids["Feedback"] = alice.one('{ feedbackItem(by: {externalId: "f"}) { id } }')["id"]
    assert alice.write("kpiDefine", {"key": "MINE", **OWN}, "outcome") == {"outcome": "CREATED"}
    goal = {"externalId": "t", **GOAL, "kpi": "CSAT", "value": 90}
    ids["Target"] = alice.write("targetSet", goal, "target { id }")["target"]["id"]
    alice.people.write(predicting.put, "ann")
    told = alice.one('{ prediction(by: {externalId: "ann"}) { id fit { id } } }')
    ids |= {"Prediction": told["id"], "PredictionFit": told["fit"]["id"]}
    ids["Workspace"] = alice.one("{ workspace { id } }")["id"]
    ids["KpiResult"] = alice.kpi("CSAT", "named: THIS_MONTH", "id")["id"]
    ids["Segment"] = segments(alice)
    ids["Mirror"] = alice.write("mirrorStart", {"type": "ORDERS"}, "mirror { id }")["mirror"]["id"]
    names(alice)
    for field, noun in (("importStart", "import"), ("exportStart", "export")):
        payload = alice.write(field, {"type": "CUSTOMERS", "format": "CSV"}, f"{noun} {{ id }}")
        ids[noun.title()] = payload[noun]["id"]
    ids["KpiDefinition"] = alice.one('{ kpiDefinition(key: "CSAT") { id } }')["id"]
    given, _ = alice.people.write(tokens.add, {"name": "given", "scopes": [], "rows": {"sources": ["crm"]}})
    ids["Token"] = global_ids.encode("Token", given.id)
    ids |= webhooks(alice)
    alice.people.write(change.seal)
    return ids


def names(alice):
    """Gives Ann one more name, and those of a record that becomes part of hers."""
    alice.write("customerLink", {"customer": {"externalId": "ann"}, "externalId": "anne"}, "outcome")
    alice.customer("twin", name="Anne")
    alice.write("customerMerge", {"from": {"externalId": "twin"}, "into": {"externalId": "ann"}}, "outcome")


def webhooks(alice):
    """The ids of a webhook and of a delivery; another one is disabled."""
    for key in ("hook", "off"):
        row = {"externalId": key, "name": key.title(), "url": "https://hooks.example.com/"}
        payload = alice.write("webhookUpsert", row, "outcome userErrors { code path message }")
        assert payload == {"outcome": "CREATED", "userErrors": []}
    assert alice.write("webhookDisable", {"webhook": {"externalId": "off"}}, "outcome") == {"outcome": "UPDATED"}
    sent = alice.write("webhookTest", {"webhook": {"externalId": "hook"}}, "delivery { id webhook { id } }")["delivery"]
    return {"Webhook": sent["webhook"]["id"], "WebhookDelivery": sent["id"]}


def segments(alice):
    """The id of a segment that has a rule and members, beside others."""
    for key, more in (("old", {"rule": ORDERED}), ("picked", {"kind": "MANUAL"}), ("segment", {"rule": ORDERED})):
        row = {"externalId": key, "name": key.title(), **more}
        payload = alice.write("segmentUpsert", row, "segment { id memberCount } userErrors { code path message }")
        assert payload["userErrors"] == []
    assert payload["segment"]["memberCount"] == 1
    return payload["segment"]["id"]


def trade(alice, refs):
    """The ids of a record each of what is bought, given back, spent, met, asked and changed, related to `refs`."""
    web, ann = refs["channel"], refs["customer"]
    sold = {"customer": ann, "channel": web, "staff": refs["staff"]}
    line = {"product": "tea", "quantity": "2", "unitPrice": "10", "amount": "20"}
    rows = {
        "order": BOUGHT | sold | {"externalId": "o", "lines": [line]},
        "refund": BACK | {"externalId": "r", "channel": web},
        "cost": SPENT | {"externalId": "k", "channel": web, "customer": ann},
        "touchpoint": MET | {"externalId": "m"},
        "lead": ASKED | sold | {"externalId": "l"},
        "referral": BROUGHT | {"externalId": "w", "channel": web},
        "engagement": USED | {"externalId": "u", "channel": web},
        "contract": AGREED | sold | {"externalId": "k"},
        "exchangeRate": WORTH | {"externalId": "x", "date": "2026-06-01"},
        "interaction": TALKED | sold | {"externalId": "i"},
    }
    ids = {}
    for noun, row in rows.items():
        payload = alice.write(f"{noun}Record", row, f"{noun} {{ id }} userErrors {{ code path message }}")
        assert payload["userErrors"] == []
        ids[noun[0].upper() + noun[1:]] = payload[noun]["id"]
    return ids


def asked(field, ids):
    return "{ " + QUERIES[field][0] % {name: f'"{id_}"' for name, id_ in ids.items()} + " }"


def written(field, data, selection="__typename"):
    kind = SCHEMA.mutation_type.fields[field].args["input"].type
    return f"mutation($input: {kind}) {{ {field}(input: $input) {{ {selection} }} }}", {"input": data}


def everything(ids):
    """(name, query, variables, scope) of every root field."""
    for field, (_, scope) in QUERIES.items():
        yield field, asked(field, ids), None, scope
    for field, (data, scope, _) in MUTATIONS.items():
        yield field, *written(field, filled(data, ids)), scope


def followed():
    """(name, subscription, variables, scope) of every root field that is answered again and again."""
    for field, (selection, scope) in SUBSCRIPTIONS.items():
        yield field, f"subscription {{ {selection} }}", None, scope


def filled(data, ids):
    """The input, with ids of Alice's workspace where it names them."""
    return {name: value % ids if isinstance(value, str) else value for name, value in data.items()}


def test_every_root_field_is_tried_here():
    of_no_workspace = {
        "rateLimit",
        "importMappings",
        "industries",
        "kpiMeasures",
    }  # about the caller, whoever it is, and about the program
    assert set(QUERIES) | of_no_workspace | MEMBERS == set(SCHEMA.query_type.fields) | MEMBERS
    assert set(MUTATIONS) == set(SCHEMA.mutation_type.fields) - MEMBERS
    assert set(SCHEMA.subscription_type.fields) == set(SUBSCRIPTIONS)


def test_without_a_credential_nothing_is_told_and_nothing_happens(api, workspace, known, nobody, clock, dump):
    expired = Caller(api, api.token(workspace, expires_in=timedelta(days=1)))
    clock.advance(days=1)
    before = dump()
    for name, query, variables, _ in (*everything(known), *followed()):
        for caller in (nobody, expired):
            response = caller.post(query, variables)
            assert response.status_code == 401, name
            assert response.headers["www-authenticate"].startswith("Bearer")
            assert "data" not in response.json()
            (error,) = response.json()["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert dump() == before


def test_to_a_publishable_key_nothing_is_told_and_nothing_happens_but_answers(api, workspace, known, dump, monkeypatch):
    monkeypatch.setattr("app.edge.pace.Pace.take", lambda *_: None)  # however many are asked in a minute
    key = api.token(workspace, publishable={"origins": []})
    caller, before = Caller(api, key), dump()
    for name, query, variables, _ in (*everything(known), *followed()):
        if name == "answerRecord":
            continue
        response = caller.post(query, variables)
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN", (name, error)
        assert not (response.json().get("data") or {}).get(name), name
    for query in (
        "{ rateLimit { cost } }",
        "{ kpiMeasures { name } }",
        "{ industries { key } }",
        "{ __typename w: kpis(ask: []) { id } }",
    ):
        assert caller.post(query).status_code == 403
    assert dump() == before
    taken = caller.one(*written("answerRecord", MUTATIONS["answerRecord"][0], "accepted userErrors { code }"))
    assert taken == {"accepted": True, "userErrors": []}
    assert dump() != before


def test_without_its_scope_nothing_is_told_and_nothing_happens(api, workspace, known, dump):
    callers = {scope: api.caller(workspace, set(Scope) - {scope}) for scope in Scope}
    before = dump()
    for name, query, variables, scope in everything(known):
        answer = callers[scope].answer(query, variables)
        assert answer["errors"], name
        for error in answer["errors"]:
            assert error["extensions"]["code"] == "FORBIDDEN", (name, error)
            assert scope.value in error["message"]
            assert error["path"][0] == name
        data = answer["data"]
        leaks = (
            [] if data is None or data[name] is None else data[name] if isinstance(data[name], list) else [data[name]]
        )
        assert not any(leaks), (name, data)
    assert dump() == before


BESIDES = {
    "targetSet": {Scope.KPI_READ},
    "segmentPreview": {Scope.ORDER_READ},
    "segmentUpsert": {Scope.ORDER_READ},
    "importStart": {Scope.CUSTOMER_WRITE},
    "exportStart": {Scope.ORDER_READ},
}
"""What comes and goes in files needs the scopes of its noun. Setting a target measures its baseline, so it tells values of the KPI; a rule tells of what it asks."""


@pytest.mark.slow
def test_with_its_scope_alone_each_field_answers(api, workspace, known):
    for name, query, variables, scope in everything(known):
        answer = api.caller(workspace, {scope} | BESIDES.get(name, set())).answer(query, variables)
        assert "errors" not in answer, (name, answer)
        assert answer["data"][name], name
        for more in BESIDES.get(name, ()):
            answer = api.caller(workspace, set(Scope) - {more}).answer(query, variables)
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.slow
def test_how_a_target_does_is_told_to_those_who_may_see_the_kpi(api, workspace, known):
    reader = api.caller(workspace, set(Scope) - {Scope.KPI_READ})
    answer = reader.answer("{ targets { nodes { id progress { state } } } }")
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
    assert answer["data"]["targets"] == {"nodes": [{"id": known["Target"], "progress": None}]}


def test_bob_may_read_everything_and_write_nothing(bob, known, dump):
    before = dump()
    for name, query, variables, scope in everything(known):
        answer = bob.answer(query, variables)
        if scope.value.endswith(":read"):
            assert "errors" not in answer, (name, answer)
            assert (answer["data"] or {}).get(name), (name, answer)
        else:
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
            assert not (answer["data"] or {}).get(name)
    assert dump() == before


def test_elsewhere_there_is_nothing_of_it(  # noqa: C901, PLR0912, PLR0915 - every root field, each in its own way
    api, elsewhere, known, workspace, dump
):
    charlie, here = (
        api.caller(elsewhere, set(Scope) - {Scope.DEPLOYMENT_ADMIN}, name="charlie"),
        api.caller(workspace).one("{ changesHead }"),
    )
    before = dump()
    for field in QUERIES:
        answer = charlie.answer(asked(field, known))
        if field == "workspaces":  # told to a deployment's administrator, wherever they are
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
            continue
        assert "errors" not in answer, (field, answer)
        for id_ in known.values():
            if id_ not in (known["KpiResult"], known["KpiDefinition"]):
                assert id_ not in str(answer)
        data = answer["data"][field]
        if field == "workspace":
            assert data["name"] == "Elsewhere"
        elif field in ("kpi", "kpis"):
            assert data in ({"value": None}, [{"value": None}])
        elif field == "tokens":
            assert [row["name"] for row in data["nodes"]] == ["charlie"]
        elif field == "nodes":
            assert data == [None]
        elif field == "channelEffectiveness":
            assert not any(row["channel"] for row in data["rows"])
        elif field == "cohortTable":
            assert data["rows"] == [{"size": None}]
        elif field == "leadFunnel":
            assert {stage["leads"] for stage in data["stages"]} == {None}
        elif field == "importPreview":
            assert data == {"encoding": "UTF-8"}
        elif field == "segmentPreview":
            assert data == {"memberCount": 0}
        elif field == "changes":
            assert data == {"nodes": []}
        elif field == "changesHead":
            assert data != here
        elif field == "auditVerification":
            assert data == {"isIntact": True}
        elif field == "rfvClasses":
            assert {row["customers"] for row in data} == {0}
        elif not field.startswith("kpi") and field != "segmentTemplates":
            assert data in (None, {"nodes": [], "totalCount": 0}), field
    assert dump() == before
    for field, (data, _, refs) in MUTATIONS.items():
        for name, kind in refs.items():
            reference = known[kind] if kind == "Mirror" else {"id": known[kind]}
            batched = "rows" in data
            row = data["rows"][0] if batched else data
            changed = (
                reference
                if name == "id"
                else {"rows": [row | {name: reference}]}
                if batched
                else row | {name: reference}
            )
            if batched and "Delete" not in field:
                changed |= {"createMissing": True}
            selection = (
                "results { outcome userErrors { code path } }" if batched else "outcome userErrors { code path }"
            )
            payload = charlie.one(*written(field, changed, selection))
            result = payload["results"][0] if batched else payload
            assert result["outcome"] == "REJECTED", (field, name)
            assert [error["code"] for error in result["userErrors"]] == ["NOT_FOUND"]
    assert dump() == before
    mine = dump(of=workspace)
    for field, (data, *_) in MUTATIONS.items():
        charlie.answer(*written(field, filled(data, known)))
    charlie.one(*written("channelUpsert", {"externalId": "web", "name": "Mine"}))
    assert dump(of=workspace) == mine
    assert dump() != before


NODES = sorted(
    kind.name
    for kind in SCHEMA.type_map.values()
    if isinstance(kind, GraphQLObjectType) and any(one.name == "Node" for one in kind.interfaces)
)
SCOPES = {
    "Channel": Scope.CHANNEL_READ, "Staff": Scope.STAFF_READ, "Team": Scope.STAFF_READ, "Survey": Scope.SURVEY_READ, "Customer": Scope.CUSTOMER_READ,
    "Feedback": Scope.FEEDBACK_READ, "Order": Scope.ORDER_READ, "Refund": Scope.ORDER_READ, "Cost": Scope.COST_READ,
    "BusinessCalendar": Scope.CALENDAR_READ,
    "KpiResult": Scope.KPI_READ, "KpiDefinition": None, "Mirror": Scope.ORDER_READ,
    "Import": Scope.IMPORT_READ, "Export": Scope.EXPORT_READ, "Token": Scope.WORKSPACE_ADMIN,
    "Touchpoint": Scope.TOUCHPOINT_READ, "Lead": Scope.LEAD_READ, "Interaction": Scope.INTERACTION_READ, "Referral": Scope.REFERRAL_READ, "Engagement": Scope.ENGAGEMENT_READ, "Contract": Scope.CONTRACT_READ, "Invitation": Scope.SURVEY_READ, "ExchangeRate": Scope.RATE_READ, "Prediction": Scope.PREDICTION_READ, "PredictionFit": Scope.PREDICTION_READ, "Segment": Scope.SEGMENT_READ, "Target": Scope.TARGET_READ, "Workspace": Scope.WORKSPACE_READ, "Webhook": Scope.WEBHOOK_READ, "WebhookDelivery": Scope.WEBHOOK_READ,
}  # fmt: skip


@pytest.mark.slow
def test_every_kind_of_node_is_found_by_its_id_here_and_with_its_scope_only(api, workspace, elsewhere, known, dump):
    assert set(SCOPES) == set(NODES) - {"Member"}
    alice, charlie = api.caller(workspace, set(Scope)), api.caller(elsewhere, set(Scope))
    without = {scope: api.caller(workspace, set(Scope) - {scope}) for scope in SCOPES.values() if scope}
    before = dump()
    query = "query($id: ID!) { node(id: $id) { __typename id } }"
    for kind, scope in SCOPES.items():
        variables = {"id": known[kind]}
        assert alice.one(query, variables) == {"__typename": kind, "id": known[kind]}
        elsewhere = charlie.one(query, variables)
        if kind in ("KpiDefinition", "KpiResult"):  # the same question asked of one's own workspace
            assert elsewhere["__typename"] == kind
        else:
            assert elsewhere is None
        if scope is not None:
            error = without[scope].refusal(query, variables)
            assert error["extensions"]["code"] == "FORBIDDEN"
    assert dump() == before


RELATIONS = {
    # (type, field): the scope that it needs beyond the one for its parent
    ("Workspace", "businessCalendar"): Scope.CALENDAR_READ,
    ("BusinessCalendar", "versions"): Scope.CALENDAR_READ,
    ("BusinessCalendar", "days"): Scope.CALENDAR_READ,
    ("Channel", "parent"): Scope.CHANNEL_READ,
    ("Customer", "parent"): Scope.CUSTOMER_READ,
    ("Customer", "acquisitionChannel"): Scope.CHANNEL_READ,
    ("Customer", "externalIds"): Scope.CUSTOMER_READ,
    ("Customer", "spells"): Scope.CUSTOMER_READ,
    ("Customer", "countedSpells"): Scope.CUSTOMER_READ,
    ("Customer", "timeline"): Scope.CUSTOMER_READ,
    ("Customer", "purchases"): Scope.ORDER_READ,
    ("Customer", "prediction"): Scope.PREDICTION_READ,
    ("Customer", "health"): Scope.PREDICTION_READ,
    ("Prediction", "customer"): Scope.CUSTOMER_READ,
    ("Prediction", "acquisitionChannel"): Scope.CHANNEL_READ,
    ("Prediction", "fit"): Scope.PREDICTION_READ,
    ("Prediction", "reasons"): Scope.PREDICTION_READ,
    ("Customer", "stageHistory"): Scope.CUSTOMER_READ,
    ("Customer", "segments"): Scope.SEGMENT_READ,
    ("Customer", "rfv"): Scope.ORDER_READ,
    ("Segment", "members"): Scope.CUSTOMER_READ,
    ("Feedback", "customer"): Scope.CUSTOMER_READ,
    ("Feedback", "channel"): Scope.CHANNEL_READ,
    ("Feedback", "acquisitionChannel"): Scope.CHANNEL_READ,
    ("Staff", "team"): Scope.STAFF_READ,
    ("Staff", "teams"): Scope.STAFF_READ,
    ("Team", "members"): Scope.STAFF_READ,
    ("Feedback", "staff"): Scope.STAFF_READ,
    ("Feedback", "team"): Scope.STAFF_READ,
    ("Feedback", "survey"): Scope.SURVEY_READ,
    ("Feedback", "invitation"): Scope.SURVEY_READ,
    ("Survey", "questions"): Scope.SURVEY_READ,
    ("Survey", "editions"): Scope.SURVEY_READ,
    ("Invitation", "customer"): Scope.CUSTOMER_READ,
    ("Invitation", "channel"): Scope.CHANNEL_READ,
    ("Invitation", "acquisitionChannel"): Scope.CHANNEL_READ,
    ("Invitation", "survey"): Scope.SURVEY_READ,
    ("Order", "lines"): Scope.ORDER_READ,
    ("Order", "customer"): Scope.CUSTOMER_READ,
    ("Order", "channel"): Scope.CHANNEL_READ,
    ("Order", "acquisitionChannel"): Scope.CHANNEL_READ,
    ("Order", "staff"): Scope.STAFF_READ,
    ("Order", "team"): Scope.STAFF_READ,
    ("Refund", "order"): Scope.ORDER_READ,
    ("Refund", "customer"): Scope.CUSTOMER_READ,
    ("Refund", "channel"): Scope.CHANNEL_READ,
    ("Cost", "customer"): Scope.CUSTOMER_READ,
    ("Cost", "channel"): Scope.CHANNEL_READ,
    ("Touchpoint", "customer"): Scope.CUSTOMER_READ,
    ("Touchpoint", "channel"): Scope.CHANNEL_READ,
    ("Lead", "customer"): Scope.CUSTOMER_READ,
    ("Lead", "channel"): Scope.CHANNEL_READ,
    ("Lead", "acquisitionChannel"): Scope.CHANNEL_READ,
    ("Lead", "staff"): Scope.STAFF_READ,
    ("Referral", "customer"): Scope.CUSTOMER_READ,
    ("Referral", "referred"): Scope.CUSTOMER_READ,
    ("Referral", "channel"): Scope.CHANNEL_READ,
    ("Engagement", "customer"): Scope.CUSTOMER_READ,
    ("Engagement", "channel"): Scope.CHANNEL_READ,
    ("Contract", "terms"): Scope.CONTRACT_READ,
    ("Contract", "customer"): Scope.CUSTOMER_READ,
    ("Contract", "channel"): Scope.CHANNEL_READ,
    ("Contract", "acquisitionChannel"): Scope.CHANNEL_READ,
    ("Contract", "staff"): Scope.STAFF_READ,
    ("Contract", "team"): Scope.STAFF_READ,
    ("Interaction", "events"): Scope.INTERACTION_READ,
    ("Interaction", "customer"): Scope.CUSTOMER_READ,
    ("Interaction", "channel"): Scope.CHANNEL_READ,
    ("Interaction", "acquisitionChannel"): Scope.CHANNEL_READ,
    ("Interaction", "staff"): Scope.STAFF_READ,
    ("Interaction", "responder"): Scope.STAFF_READ,
    ("Import", "rejectedRows"): Scope.IMPORT_READ,
    ("Target", "progress"): Scope.TARGET_READ,
    ("Target", "revisions"): Scope.TARGET_READ,
    ("KpiResult", "targets"): Scope.TARGET_READ,
    ("KpiResult", "target"): Scope.TARGET_READ,
    ("KpiResult", "series"): Scope.KPI_READ,
    ("KpiResult", "breakdown"): Scope.KPI_READ,
    ("KpiResult", "comparison"): Scope.KPI_READ,
    ("KpiResult", "chartLink"): Scope.KPI_READ,
    ("KpiDefinition", "inputs"): Scope.KPI_READ,
    ("KpiDefinition", "result"): Scope.KPI_READ,
    ("WebhookDelivery", "webhook"): Scope.WEBHOOK_READ,
    ("WebhookDelivery", "attempts"): Scope.WEBHOOK_READ,
}
PLAIN = {
    ("Import", "counts"), ("Import", "problems"),
    # values of the parent itself, no relations
    ("KpiResult", "leftOut"), ("KpiResult", "components"), ("KpiResult", "histogram"), ("KpiResult", "definition"), ("KpiResult", "period"), ("KpiResult", "filters"), ("KpiResult", "interval"), ("KpiResult", "compounded"), ("KpiDefinition", "variants"),
    ("Member", "rows"), ("Token", "rows"), ("Target", "scope"), ("Segment", "rule"), ("Target", "baselinePeriod"), ("Workspace", "healthWeights"), ("PredictionFit", "models"),
    ("Prediction", "aliveInterval"), ("Prediction", "expectedPurchasesInterval"), ("Prediction", "predictedValueInterval"),
}  # fmt: skip
ARGUMENTS = {
    "days": '(from: "2026-06-01", before: "2026-06-02")',
    "series": "(grain: MONTH)",
    "breakdown": "(by: CHANNEL)",
    "chartLink": "(kind: LINE)",
    "result": "(period: {named: THIS_MONTH})",
}


@pytest.mark.slow
def test_every_relation_asks_for_the_scope_of_what_it_leads_to(api, workspace, alice, known):
    found = {
        (kind, name)
        for kind in NODES
        for name, field in SCHEMA.type_map[kind].fields.items()
        if isinstance(get_named_type(field.type), GraphQLObjectType)
    }
    assert found == set(RELATIONS) | PLAIN
    for (kind, name), scope in RELATIONS.items():
        id_ = (
            alice.one('{ channel(by: {externalId: "shop"}) { id } }')["id"]
            if (kind, name) == ("Channel", "parent")
            else known[kind]
        )
        query = f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {name}{ARGUMENTS.get(name, '')} {{ __typename }} }} }} }}"
        assert alice.one(query, {"id": id_})[name] is not None, (kind, name)
        answer = api.caller(workspace, set(Scope) - {scope}).answer(query, {"id": id_})
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", (kind, name, answer)
        node = (answer["data"] or {}).get("node")
        field = SCHEMA.type_map[kind].fields[name].type
        if isinstance(field, GraphQLNonNull) or is_list_type(field) or node is None:
            assert node is None
        else:
            assert node[name] is None


KINDS_OF_EVENTS = {
    "FEEDBACK": Scope.FEEDBACK_READ,
    "ORDER": Scope.ORDER_READ,
    "REFUND": Scope.ORDER_READ,
    "TOUCHPOINT": Scope.TOUCHPOINT_READ,
    "COST": Scope.COST_READ,
    "LEAD": Scope.LEAD_READ,
    "REFERRAL": Scope.REFERRAL_READ,
    "ENGAGEMENT": Scope.ENGAGEMENT_READ,
    "INVITATION": Scope.SURVEY_READ,
    "INTERACTION": Scope.INTERACTION_READ,
    "CONTRACT": Scope.CONTRACT_READ,
}


@pytest.mark.slow
def test_a_timeline_holds_what_its_reader_may_see(api, workspace, alice, known):
    query = "query($id: ID!, $kinds: [CustomerEventKind!]) { node(id: $id) { ... on Customer { timeline(kinds: $kinds) { nodes { __typename } totalCount } } } }"
    whole = {"id": known["Customer"]}
    told = alice.one(query, whole)["timeline"]
    assert sorted(node["__typename"] for node in told["nodes"]) == sorted(kind.title() for kind in KINDS_OF_EVENTS)
    assert told["totalCount"] == len(KINDS_OF_EVENTS)
    for kind, scope in KINDS_OF_EVENTS.items():
        reader = api.caller(workspace, set(Scope) - {scope})
        left = {one.title() for one, needed in KINDS_OF_EVENTS.items() if needed is not scope}
        told = reader.one(query, whole)["timeline"]
        assert {node["__typename"] for node in told["nodes"]} == left
        assert told["totalCount"] == len(left)
        assert reader.refusal(query, whole | {"kinds": [kind]})["extensions"]["code"] == "FORBIDDEN"


PERSONAL = {
    "Customer": ("name", "email", "phone", "attributes"),
    "Feedback": ("comment",),
    "Prediction": ("alive", "expectedPurchases", "predictedValue", "churnRisk", "churnBasis"),
}


def test_personal_fields_are_null_for_bob_wherever_they_are_reached(bob, alice, known):
    for caller, sees in ((alice, True), (bob, False)):
        for kind, fields in PERSONAL.items():
            node = caller.one(
                f"query($id: ID!) {{ node(id: $id) {{ ... on {kind} {{ {' '.join(fields)} }} }} }}", {"id": known[kind]}
            )
            assert {name: node[name] is not None for name in fields} == dict.fromkeys(fields, sees)
        reached = caller.ask(
            """{ feedback { nodes { comment customer { name parent { name } } } edges { node { comment } } }
            customers { nodes { name email } edges { node { phone attributes } } }
            kpi(key: CSAT, period: {named: THIS_MONTH}) { breakdown(by: CUSTOMER) { slices { label } } } }"""
        )
        for secret in ("Ann", "example.org", "+32", "vip", "only", "Head quarters"):
            assert (secret in str(reached)) is sees, secret


def test_bob_may_neither_filter_nor_order_by_what_he_may_not_see(bob, alice, known):
    described = {
        (kind, name)
        for kind in ("CustomerFilterInput", "FeedbackFilterInput")
        for name, field in SCHEMA.type_map[kind].fields.items()
        if "personal:read" in field.description
    }
    assert described == {
        ("CustomerFilterInput", "name"),
        ("CustomerFilterInput", "email"),
        ("FeedbackFilterInput", "comment"),
    }
    for root, name in (("customers", "name"), ("customers", "email"), ("feedback", "comment")):
        condition = f'{name}: {{contains: "a"}}'
        for filter_ in (
            condition,
            f"and: [{{{condition}}}]",
            f"or: [{{not: {{{condition}}}}}]",
            f"not: {{or: [{{{condition}}}]}}",
        ):
            for selection in ("nodes { id }", "totalCount"):
                query = f"{{ {root}(filter: {{{filter_}}}) {{ {selection} }} }}"
                assert bob.refusal(query)["extensions"]["code"] == "FORBIDDEN"
                assert alice.one(query) is not None
    for direction in ("ASC", "DESC"):
        # an order tells, and its cursors would quote
        query = f"{{ customers(orderBy: [{{field: CREATED_AT}}, {{field: NAME, direction: {direction}}}]) {{ edges {{ cursor }} }} }}"
        assert bob.refusal(query)["extensions"]["code"] == "FORBIDDEN"
        assert alice.one(query)["edges"]


@pytest.mark.slow
def test_a_cursor_of_another_caller_tells_bob_nothing(alice, bob, known):
    cursor = alice.one("{ customers(orderBy: [{field: NAME}]) { pageInfo { startCursor } } }")["pageInfo"][
        "startCursor"
    ]
    query = "query($c: String) { customers(after: $c) { nodes { id } } }"
    assert bob.refusal(query, {"c": cursor})["extensions"]["code"] == "BAD_USER_INPUT"
