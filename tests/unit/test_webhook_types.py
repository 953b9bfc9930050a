"""Of what webhooks tell: every noun whose changes are noted, with the scope by which it is read."""

from app.models.base import Recorded
from app.schema.nouns import NOUNS
from app.services.webhook_type import TYPES, allowed, fields_of

DERIVED = {"Prediction", "WebhookDelivery"}
"""What follows from other records, or from webhooks themselves; no change is noted of it."""


def test_every_noun_is_told_of_by_the_scope_that_reads_it():
    nouns = {noun.name: noun.rows.scope for noun in NOUNS if noun.name not in DERIVED}
    assert {name: scope for name, scope in TYPES.items() if name not in ("Workspace", "Token")} == nouns
    assert {kind.__name__ for kind in Recorded.__subclasses__() if kind.__name__ != "Fact"} <= set(TYPES)


def test_only_what_the_scopes_read_is_told():
    assert allowed([], []) == []
    assert allowed(["Customer", "Order"], ["order:read"]) == ["Order"]
    assert allowed([], ["order:read", "customer:write"]) == ["Order", "Refund"]


def test_fields_are_told_as_the_schema_spells_them():
    assert {"status", "parent", "joinedOn"} <= fields_of(["Customer"])
    assert {"tenantId", "tenant", "id"} & fields_of([]) == set()
    assert "teams" in fields_of(["Staff"]) - fields_of(["Channel"])
