"""Answers about satisfaction, recorded over HTTP: what JavaScript clients ask for."""

import httpx

RECORD = """
mutation($answers: FeedbackRecordBatchInput!, $target: TargetSetInput!) {
  feedbackRecordBatch(input: $answers) { counts { created } }
  targetSet(input: $target) { outcome }
}
"""


def record_answers(server: dict[str, str]) -> None:
    """Twenty-four answers by two channels in two years, eighteen of them content, and a target for them."""
    rows = [
        {
            "externalId": str(number),
            "kind": "CSAT",
            "score": 2 if number % 4 == 0 else 5,
            "occurredAt": f"{2025 + number % 2}-0{1 + number % 5}-10T12:00:00Z",
            "channel": {"externalId": "web" if number % 3 else "shop"},
        }
        for number in range(24)
    ]
    target = {
        "externalId": "content",
        "kpi": "CSAT",
        "kind": "ABSOLUTE",
        "value": 90,
        "baseline": {"period": {"named": "THIS_YEAR"}},
        "from": "2026-01-01",
        "before": "2027-01-01",
    }
    response = httpx.post(
        server["url"],
        json={"query": RECORD, "variables": {"answers": {"rows": rows, "createMissing": True}, "target": target}},
        headers={"Authorization": f"Bearer {server['token']}"},
        timeout=60,
    )
    assert response.json()["data"] == {
        "feedbackRecordBatch": {"counts": {"created": 24}},
        "targetSet": {"outcome": "CREATED"},
    }
