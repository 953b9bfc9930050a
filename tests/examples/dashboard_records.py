"""What a shop recorded that looks at its dashboard, few enough to be counted by hand."""

from typing import Any

RECORD = """
mutation($web: ChannelUpsertInput!, $shop: ChannelUpsertInput!, $customers: CustomerUpsertBatchInput!,
    $answers: FeedbackRecordBatchInput!, $talks: InteractionRecordBatchInput!, $orders: OrderRecordBatchInput!,
    $cost: CostRecordInput!, $target: TargetSetInput!) {
  web: channelUpsert(input: $web) { outcome }
  shop: channelUpsert(input: $shop) { outcome }
  customerUpsertBatch(input: $customers) { counts { created } }
  feedbackRecordBatch(input: $answers) { counts { created } }
  interactionRecordBatch(input: $talks) { counts { created } }
  orderRecordBatch(input: $orders) { counts { created } }
  costRecord(input: $cost) { outcome }
  targetSet(input: $target) { outcome }
}
"""
ANSWERS = [
    # kind, month, channel, and how many gave which score
    ("CSAT", 3, "web", {5: 8, 2: 2}),
    ("CSAT", 3, "shop", {5: 5, 2: 5}),
    ("CSAT", 5, "web", {5: 19, 1: 1}),
    ("NPS", 4, "web", {10: 6, 8: 2, 3: 2}),
]


def answers() -> list[dict[str, Any]]:
    return [
        {
            "externalId": f"{kind} {month} {channel} {score} {number}",
            "kind": kind,
            "score": score,
            "occurredAt": f"2026-0{month}-10T12:00:00Z",
            "channel": {"externalId": channel},
        }
        for kind, month, channel, scores in ANSWERS
        for score, count in scores.items()
        for number in range(count)
    ]


def customers() -> list[dict[str, Any]]:
    """Ten since January 2025, of whom two left in March 2026; five since January 2026, of whom one did."""
    rows = [
        {
            "externalId": f"c{number}",
            "joinedOn": "2025-01-10" if number < 10 else "2026-01-10",
            "acquisitionChannel": {"externalId": "shop" if number % 2 else "web"},
        }
        for number in range(15)
    ]
    for number in (0, 1, 10):
        rows[number]["churnedOn"] = "2026-03-20"
    return rows


def talk(number: int) -> dict[str, Any]:
    """Somebody asks, and is answered ten minutes later."""
    asked, answered = (f"2026-05-{number + 10}T12:{minute}:00Z" for minute in ("00", "10"))
    events = [{"kind": "CUSTOMER_MESSAGE", "at": asked}, {"kind": "STAFF_REPLY", "at": answered}]
    more = {"kind": "QUESTION", "occurredAt": asked, "events": events, "channel": {"externalId": "web"}}
    return {"externalId": f"talk {number}", **more}


def order(number: int, channel: str, amount: str, month: int) -> dict[str, Any]:
    return {
        "externalId": f"order {number}",
        "customer": {"externalId": f"c{number}"},
        "channel": {"externalId": channel},
        "amount": amount,
        "currency": "EUR",
        "occurredAt": f"2026-0{month}-10T12:00:00Z",
    }


EVERYTHING: dict[str, Any] = {
    "web": {"externalId": "web", "name": "Web shop"},
    "shop": {"externalId": "shop", "name": "Corner shop"},
    "customers": {"rows": customers()},
    "answers": {"rows": answers()},
    "talks": {"rows": [talk(number) for number in range(5)]},
    "orders": {"rows": [order(2, "web", "100", 3), order(3, "web", "200", 5), order(4, "shop", "50", 5)]},
    "cost": {
        "externalId": "media",
        "category": "MEDIA",
        "amount": "1000",
        "currency": "EUR",
        "from": "2026-05-01",
        "before": "2026-06-01",
    },
    "target": {
        "externalId": "content",
        "kpi": "CSAT",
        "kind": "ABSOLUTE",
        "value": 90,
        "baseline": {"value": 70},
        "from": "2026-01-01",
        "before": "2027-01-01",
    },
}
"""The variables of RECORD."""
