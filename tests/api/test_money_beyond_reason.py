"""Amounts and rates that somebody mistyped: they are refused or stored, but nothing breaks because of them."""

import pytest
from asking import BATCH

from app.actor import Scope
from app.services import rollup
from app.worker import Worker

ORDER = {"amount": "1000000000", "currency": "USD", "occurredAt": "2026-05-04"}
HUGE = {"externalId": "x1", "from": "USD", "date": "2026-05-04", "rate": "999999999999"}
MOST = ["9" * digits + ".99" for digits in range(6, 17)]


@pytest.fixture
def admin(api, workspace):
    return api.caller(workspace, Scope, name="admin")


def write(caller, noun, *rows):
    """What became of the rows: each was stored, or says why not."""
    payload = caller.write(f"{noun}RecordBatch", {"rows": list(rows)}, BATCH)
    assert payload["userErrors"] == []
    for result in payload["results"]:
        assert (result["outcome"] == "REJECTED") == bool(result["userErrors"])
    return [result["outcome"] for result in payload["results"]]


def all_is_well(caller, people):
    """Jobs are done, rollups add up, figures can be asked for."""
    worker = Worker(people.door)
    while worker.drain():
        pass
    assert people.write(rollup.compact) >= 0
    for key in ("REVENUE", "AVERAGE_ORDER_VALUE", "CAC", "CLV", "COST_TO_SERVE"):
        assert caller.kpi(key, "named: LAST_MONTH", "nullReason")["nullReason"] != "PREPARING"
    caller.ask("{ topCustomers(period: {named: LAST_MONTH}) { totalCount } }")


@pytest.mark.parametrize("rate_first", [True, False])
def test_a_rate_beyond_reason_breaks_nothing(admin, workspace, rate_first):
    facts = {
        "order": [ORDER | {"externalId": "o1"}, {"externalId": "o2", **ORDER, "amount": "1", "currency": "EUR"}],
        "cost": [
            {"externalId": "k1", "category": "MEDIA", "amount": "1000000000", "currency": "USD"}
            | {"from": "2026-05-04", "before": "2026-05-06"}
        ],
    }
    if rate_first:
        write(admin, "exchangeRate", HUGE)
    for noun, rows in facts.items():
        assert write(admin, noun, *rows)[1:] == ["CREATED"] * (len(rows) - 1)
    if not rate_first:
        write(admin, "exchangeRate", HUGE)
    all_is_well(admin, workspace)
    write(admin, "exchangeRate", HUGE | {"rate": "0.9"})
    all_is_well(admin, workspace)


def test_another_currency_in_which_amounts_are_beyond_reason_breaks_nothing(admin, workspace):
    write(admin, "order", ORDER | {"externalId": "o1", "currency": "EUR"})
    write(admin, "exchangeRate", HUGE | {"from": "EUR", "to": "KWD"})
    payload = admin.write("workspaceUpdate", {"currency": "KWD"}, "outcome userErrors { message }")
    assert payload == {"outcome": "UPDATED", "userErrors": []}
    all_is_well(admin, workspace)


def test_five_hundred_of_the_largest_amounts_of_a_day_add_up(admin, workspace):
    stored = [amount for amount in MOST if write(admin, "order", _euros(amount, amount)) == ["CREATED"]]
    assert len(stored) < len(MOST)  # somewhere there is an end
    rows = [_euros(f"o{n}", stored[-1]) for n in range(500)]
    assert set(write(admin, "order", *rows)) == {"CREATED"}
    all_is_well(admin, workspace)


def _euros(name, amount):
    return ORDER | {"externalId": name, "currency": "EUR", "amount": amount}
