"""One record of every noun that sources write, as a partner sends it, and what changes it."""

from typing import Any

NOON = "2026-06-01T12:00:00Z"
WHO = {"customer": {"externalId": "c"}}
WHERE = {"channel": {"externalId": "web"}}
DAYS = {"from": "2026-05-01", "before": "2026-06-01"}
EURO = {"currency": "EUR"}
TALK = [{"kind": "CUSTOMER_MESSAGE", "at": NOON}, {"kind": "RESOLVED", "at": "2026-06-01T13:00:00Z"}]

RECORDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "invitationRecord": ({"occurredAt": NOON, **WHO}, WHERE),
    "feedbackRecord": ({"kind": "CSAT", "score": 4, "occurredAt": NOON, **WHO}, {"score": 2}),
    "orderRecord": ({"amount": "20", "occurredAt": NOON, **EURO, **WHO}, {"amount": "25"}),
    "refundRecord": ({"order": {"externalId": "bought"}, "amount": "5", "occurredAt": NOON}, {"amount": "6"}),
    "costRecord": ({"category": "MEDIA", "amount": "9", **EURO, **DAYS}, {"amount": "8"}),
    "touchpointRecord": ({"occurredAt": NOON, **WHO, **WHERE}, {"campaign": "spring"}),
    "interactionRecord": ({"kind": "QUESTION", "occurredAt": NOON, "events": TALK, **WHO}, {"kind": "COMPLAINT"}),
    "leadRecord": ({"occurredAt": NOON, **WHO}, {"wonAt": NOON}),
    "referralRecord": ({"referred": {"externalId": "d"}, "occurredAt": NOON, **WHO}, {"convertedAt": NOON}),
    "engagementRecord": ({"type": "login", "occurredAt": NOON, **WHO}, {"type": "view"}),
    "contractRecord": ({"from": "2026-01-01", **EURO, **WHO}, {"before": "2026-06-01"}),
    "exchangeRateRecord": ({"from": "USD", "date": "2026-05-01", "rate": "0.9"}, {"rate": "0.8"}),
}
"""By mutation: a row without its id, and what makes another version of it."""

CUSTOMER = ({"name": "Cara"}, {"name": "Clara"})
KEYED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    f"{noun}Upsert": ({"name": "One"}, {"name": "Other"}) for noun in ("channel", "staff", "team", "survey")
} | {
    "segmentUpsert": ({"name": "One", "kind": "MANUAL"}, {"name": "Other"}),
    "businessCalendarUpsert": (
        {"name": "One", "versions": [{"timeZone": "Europe/Berlin", "weeklyHours": []}]},
        {"name": "Other"},
    ),
}
"""The same of what a workspace keeps under keys of its own."""


def world(alice: Any) -> None:
    """The customers, the channel and the order that the records name."""
    alice.channel("web")
    alice.customers([{"externalId": "c"}, {"externalId": "d"}])
    bought = {"externalId": "bought", "amount": "100", "occurredAt": NOON, **EURO, **WHO}
    assert alice.write("orderRecord", bought, "outcome")["outcome"] == "CREATED"


def shown(field: str) -> str:
    """What a payload calls the record that it shows."""
    return field.removesuffix("Record").removesuffix("Upsert")
