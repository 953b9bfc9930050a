"""Whatever is written leaves a change of its noun, with who did it, and nothing personal. Over every mutation."""

import re
from pathlib import Path

import stored
from graphql import get_named_type
from test_permissions import MUTATIONS, SCHEMA, known, written

from app.actor import Scope
from app.models.change import RecordType
from app.models.keyed import Keyed
from app.schema.nouns import NOUNS
from app.services import change
from app.services.kind import Kind
from app.services.subject import SUBJECTS, spelled

__all__ = ["known"]
OTHERWISE = {"kpiDefine": "KpiDefinition", "kpiDefinitionDelete": "KpiDefinition", "predictionRefit": "Workspace"}
OTHERWISE |= {"segmentMembersAdd": "Segment", "segmentMembersRemove": "Segment", "segmentRefresh": "Segment"}
OTHERWISE |= {"answerRecord": "Feedback", "sandboxReset": "Workspace"}
"""Which noun a mutation changes whose name does not begin with it."""
APART = {"importRun", "importCancel", "importUndo", "mirrorFinish", "sandboxReset", "answerRecord", "workspaceCreate"}
"""What wants more than its input, or happens elsewhere."""
CANARY = "canary"
SHY = {"name", "email", "phone", "comment", "attributes", "about", "rationale", "owner"}
"""What people write about people: none of it may be in the log."""


def noun(field):
    """The noun that a mutation changes."""
    name = field[0].upper() + field[1:]
    return OTHERWISE.get(field) or max((one for one in RecordType if name.startswith(one.value)), key=len).value


def loud(data, kind):
    """The input, with a canary in every text of people about people that it may hold."""
    found = dict(data)
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if name == "rows" and name in found:
            found[name] = [loud(row, inner) for row in found[name]]
        elif name in SHY and inner.name == "String":
            found[name] = f"{CANARY}@{CANARY}" if name == "email" else CANARY
        elif name == "attributes":
            found[name] = {CANARY: CANARY}
        elif name in ("name", "about") and "en" in getattr(inner, "fields", ()):
            found[name] = {"en": CANARY}
    return found


def log(database, people):
    return {row["id"]: row for row in stored.rows(database, "change", people.id)}


def fresh(data, field):
    """The input, about something that no mutation before it has written."""
    if isinstance(data, dict):
        return {name: fresh(value, field) for name, value in data.items()} | (
            {"date": "2026-06-03"} if "date" in data and "Batch" in field else {}
        )
    if isinstance(data, list):
        return [fresh(one, field) for one in data]
    return f"new {field}" if data == "new" else data


def test_it_is_noted_with_who_did_it_and_nothing_personal(api, workspace, known, clock, database):
    mallory = api.caller(workspace, Scope, name="mallory")
    (token,) = (row for row in stored.rows(database, "token") if row["name"] == "mallory")
    later = log(database, workspace)
    for field in sorted(set(MUTATIONS) - APART, key=lambda one: ("Delete" in one, list(MUTATIONS).index(one))):
        clock.advance(minutes=1)
        before, kind = later, SCHEMA.mutation_type.fields[field].args["input"].type.of_type
        given = {name: one % known if one == "%(Token)s" else one for name, one in MUTATIONS[field][0].items()}
        query, variables = written(field, loud(fresh(given, field), kind), "userErrors { message path }")
        payload = mallory.one(query, variables, x_request_id=f"r-{field}")
        assert payload["userErrors"] == [], field
        later = log(database, workspace)
        made = [row for id_, row in later.items() if id_ not in before]
        assert noun(field) in {row["noun"] for row in made}, field
        for row in made:
            assert (row["actor"], row["token_id"], row["request_id"]) == ("mallory", token["id"], f"r-{field}")
            assert row["noun"] in set(RecordType)
            assert spelled(row["noun"], row["fields"]) or row["action"].value != "UPDATED", (field, row)
    assert CANARY in str(stored.everything(database)["customer"])
    assert CANARY not in str(list(later.values()))


def test_each_mutation_has_a_noun():
    assert {noun(field) for field in MUTATIONS} <= set(RecordType)


def test_a_mutation_that_is_refused_or_changes_nothing_notes_nothing(api, workspace, known, database):
    alice = api.caller(workspace, Scope, name="alice")
    alice.channel("web", name="Same")
    before = log(database, workspace)
    alice.channel("web", name="Same")
    row = {"externalId": "new", "kind": "CSAT", "score": 99, "occurredAt": "2026-06-01"}
    assert alice.write("feedbackRecord", row, "outcome") == {"outcome": "REJECTED"}
    assert log(database, workspace) == before


def test_every_noun_that_is_noted_is_a_type_of_records():
    """Also where no mutation leads: what the source of the services says."""
    services = Path(change.__file__).parent
    literal = re.compile(r'uow\.record\([^)"]*"([A-Z]\w+)"')
    found = {noun for path in services.glob("*.py") for noun in literal.findall(path.read_text(encoding="utf-8"))}
    found |= {kind.noun for kind in kinds()}
    found |= {model.__name__ for model in Keyed.__subclasses__()}
    assert found | {"KpiDefinition"} == set(RecordType)
    assert set(SUBJECTS) == set(RecordType)
    shown = {noun.name for noun in NOUNS} - {"Prediction", "WebhookDelivery"}  # which follow from other records
    assert shown == set(RecordType) - {"Workspace", "KpiDefinition", "Mirror", "Token"}


def kinds():
    return [kind() for kind in _below(Kind) if hasattr(kind, "noun")]


def _below(kind):
    return [one for below in kind.__subclasses__() for one in (below, *_below(below))]


BESIDE = {
    "BusinessCalendar": {"isStub"},
    "Customer": {"mergedInto", "sourceUpdatedAt", "deletedAt"},
    "Segment": {"isStub", "membersFrom"},
    "Team": {"isStub"},
    "Workspace": {"predictionFits", "derivedTo", "secret", "createdAt"},
    "Webhook": {"isStub", "position", "secrets", "source", "tokenId"},
    "Import": {
        *("created", "updated", "unchanged", "stale", "rejected", "undone", "kept", "digest", "header", "line", "plan"),
        *("idempotencyKey", "undoer", "stamp", "options", "starter", "position"),
    },
    "Export": {"filter"},
    "Member": {"grants", "channels", "sources", "segments", "issuer"},
    "PredictionFit": {"buying", "buyingOutcome", "cursor", "leaving", "leavingOutcome"},
}
"""What changes that is no field of the type: of the feed itself, of the input, of a root; or never noted at all."""
KEPT = {"Order", "Refund", "Touchpoint", "Referral", "Engagement", "Contract"}
"""Whose `journeyStage` is kept and not shown."""


def test_what_changed_is_called_as_the_schema_calls_it():
    by_noun = {kind.noun: set(kind.content) for kind in kinds()}
    models = {noun.name: noun.rows.model for noun in NOUNS if noun.name != "Prediction"}
    for name in RecordType:
        if name.value not in models:
            continue
        columns = by_noun.get(name.value) or set(models[name.value].model_fields) - {"tenant_id", "id"}
        fields = set(SCHEMA.type_map[name.value].fields)
        unknown = set(spelled(name.value, sorted(columns))) - fields - BESIDE.get(name.value, set())
        assert unknown == ({"journeyStage"} if name.value in KEPT else set()), name
