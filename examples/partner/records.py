"""The records that the kit plays with: one of every kind, and what makes another version of it."""

from typing import Any

NOON = "2026-01-15T12:00:00Z"
Row = dict[str, Any]


def kinds(run: str) -> dict[str, tuple[Row, Row]]:
    """By noun: a row without its id, and what another version says instead. Names begin with `run`."""
    who = {"customer": {"externalId": f"{run}-ann"}}
    euro = {"currency": "EUR"}
    sold = {"order": {"externalId": f"{run}-sold"}}
    days = {"from": "2026-01-01", "before": "2026-02-01"}
    talk = [{"kind": "CUSTOMER_MESSAGE", "at": NOON}, {"kind": "RESOLVED", "at": "2026-01-15T13:00:00Z"}]
    return {
        "customer": ({"name": "Bea", "joinedOn": "2026-01-02"}, {"name": "Bess"}),
        "invitation": ({"occurredAt": NOON, **who}, {"channel": {"externalId": f"{run}-web"}}),
        "feedback": ({"kind": "CSAT", "score": 5, "occurredAt": NOON, **who}, {"score": 1}),
        "order": ({"amount": "20", "occurredAt": NOON, **euro, **who}, {"amount": "30"}),
        "refund": ({"amount": "1", "occurredAt": NOON, **euro, **sold}, {"amount": "2"}),
        "cost": ({"category": "MEDIA", "amount": "31", **euro, **days}, {"amount": "62"}),
        "touchpoint": ({"channel": {"externalId": f"{run}-web"}, "occurredAt": NOON, **who}, {"campaign": "spring"}),
        "interaction": ({"kind": "QUESTION", "events": talk, "occurredAt": NOON, **who}, {"kind": "COMPLAINT"}),
        "lead": ({"occurredAt": NOON, **who}, {"wonAt": "2026-01-20T12:00:00Z"}),
        "referral": ({"referred": {"externalId": f"{run}-bob"}, "occurredAt": NOON, **who}, {"convertedAt": NOON}),
        "engagement": ({"type": "login", "occurredAt": NOON, **who}, {"type": "view"}),
        "contract": ({"from": "2026-01-01", **euro, **who}, {"before": "2026-02-01"}),
    }


MIRRORS = {
    "customer": "CUSTOMERS", "invitation": "INVITATIONS", "feedback": "FEEDBACK", "order": "ORDERS",
    "refund": "REFUNDS", "cost": "COSTS", "touchpoint": "TOUCHPOINTS", "interaction": "INTERACTIONS", "lead": "LEADS",
    "referral": "REFERRALS", "engagement": "ENGAGEMENTS", "contract": "CONTRACTS",
}  # fmt: skip
"""What a full dump of each is called."""


def verb(noun: str) -> str:
    """The mutation that writes a batch of them."""
    return f"{noun}{'Upsert' if noun == 'customer' else 'Record'}Batch"
