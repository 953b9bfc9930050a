"""What is exported can be imported again: the same KPIs come out of a fresh workspace."""

# ruff: noqa: E501 - a row stands on one line

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from importing import counts, load, save, told
from setting_up import ORDER, SETUP
from trading import value

from app.actor import ORDINARY, Scope
from app.errors import Forbidden, Invalid
from app.kpis import CATALOGUE
from app.kpis.dimension import Dimension
from app.services import kpi
from app.services.kpi import Question
from app.services.period import Span

YEAR = Span(date(2025, 7, 1), date(2026, 6, 15))


def day(number):
    return (datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(days=number)).isoformat()


def world():
    """Some of everything, by type."""
    who = [f"c{i}" for i in range(12)]
    found = SETUP | {
        "EXCHANGE_RATES": [{"externalId": "x1", "from": "USD", "date": "2026-01-05", "rate": "0.9123"}],
        "CUSTOMERS": [{"externalId": "hq", "kind": "ACCOUNT", "name": '=Head, "Office"', "phone": "+49 30 1"}],
        "CONTRACTS": [{"externalId": "k1", "customer": "c1", "currency": "EUR", "from": "2026-01-01", "before": "2026-05-01",
                       "reason": "price", "terms": [{"from": "2026-01-01", "amount": "9.99"}, {"from": "2026-03-01", "amount": "12"}]}],
        "COSTS": [{"externalId": "m1", "category": "MEDIA", "amount": "100.01", "currency": "EUR", "from": "2026-01-01",
                   "before": "2026-02-01", "channel": "web"}],
        "REFERRALS": [{"externalId": "w1", "customer": "c1", "referred": "c2", "occurredAt": day(1), "convertedAt": day(3)}],
        "REFUNDS": [{"externalId": "r1", "order": "o1", "amount": "3.33", "occurredAt": day(40), "reason": "broken"}],
    }  # fmt: skip
    for i, name in enumerate(who):
        row = {
            "externalId": name,
            "name": f"王 {i}",
            "email": f"{name}@example.org",
            "parent": "hq",
            "segment": "AB"[i % 2],
        }
        row |= {
            "attributes": {"size": i, "tags": ["x", {"y": None}]},
            "acquisitionChannel": "web",
            "isKeyContact": i == 3,
        }
        row |= {
            "history": [
                {"from": "2025-08-01", "before": "2025-10-01", "reason": "price"},
                {"from": f"2026-01-{i + 5:02}"},
            ]
        }
        found["CUSTOMERS"].append(
            row | ({"lifecycleStage": "RETAIN", "lifecycleStageFrom": "2026-02-01"} if i < 3 else {})
        )
        of = {"customer": name, "channel": ("web", "shop")[i % 2], "campaign": 'spring, \n"one"'}
        found.setdefault("TOUCHPOINTS", []).append({"externalId": f"t{i}", "occurredAt": "2025-12-01", **of})
        found.setdefault("LEADS", []).append(
            {"externalId": f"l{i}", "occurredAt": day(i), "staff": "ann", **of}
            | ({"wonAt": day(i + 9)} if i % 3 else {"lostAt": day(i + 4), "lostReason": "price"})
        )
        lines = [
            {"product": "p", "quantity": "2", "unitPrice": "3.005", "discount": "0.01", "amount": "6.00", "cost": "1"}
        ]
        found.setdefault("ORDERS", []).append(
            {
                "externalId": f"o{i}",
                "amount": "6.00",
                "currency": "EUR",
                "lines": lines,
                "occurredAt": day(i),
                "staff": "ann",
                **of,
            }
        )
        usd = {"externalId": f"u{i}", "amount": "19.99", "currency": "USD", "status": "COMPLETED", "occurredAt": day(0)}
        found["ORDERS"].append(usd | of)
        found.setdefault("ENGAGEMENTS", []).append({"externalId": f"e{i}", "type": "login", "occurredAt": day(i), **of})
        found.setdefault("INVITATIONS", []).append(
            {"externalId": f"v{i}", "survey": "s1", "customer": name, "occurredAt": day(i)}
        )
        found.setdefault("FEEDBACK", []).extend(
            [
                {
                    "externalId": f"f{i}",
                    "invitation": f"v{i}",
                    "question": "q",
                    "score": i % 5 + 1,
                    "occurredAt": day(i + 1),
                    "tags": ["a", "b;c"],
                },
                {
                    "externalId": f"n{i}",
                    "kind": "NPS",
                    "score": i % 11,
                    "occurredAt": day(i),
                    "comment": "-1 @you",
                    **of,
                },
                {
                    "externalId": f"z{i}",
                    "kind": "CES",
                    "score": 3,
                    "scaleWorst": 1,
                    "scaleBest": 7,
                    "occurredAt": day(i),
                    **of,
                },
            ]
        )
        events = [{"kind": "CUSTOMER_MESSAGE", "at": day(i)}, {"kind": "STAFF_REPLY", "at": day(i + 1), "staff": "ann"}]
        events += [{"kind": "RESOLVED", "at": day(i + 2)}]
        found.setdefault("INTERACTIONS", []).append(
            {
                "externalId": f"i{i}",
                "kind": ("QUESTION", "COMPLAINT")[i % 2],
                "events": events,
                "occurredAt": day(i),
                **of,
            }
        )
    return found


def figures(people):
    """Every KPI over a year, by its default reading, and some by what moved as well."""
    found = {key: value(people, key, YEAR) for key in CATALOGUE}
    for key, by in (("REVENUE", "SEGMENT"), ("CSAT", "SEGMENT"), ("RESPONSE_TIME", "TEAM"), ("CSAT", "SURVEY")):
        question = Question(key, YEAR, by=Dimension(by))
        (answer,) = people.read(kpi.answer, [question])
        found[key, by] = {answer.slices[one].key: [each.value for each in some] for one, some in answer.figures.items()}
    return found


@pytest.mark.slow
@pytest.mark.parametrize("format_", ["CSV", "JSONL"])
def test_a_workspace_is_exported_and_imported_elsewhere_with_the_same_figures(workspace, make_workspace, format_):
    there = make_workspace("There")
    rows = world()
    for type_ in ORDER:
        row = load(workspace, type_, rows[type_])
        assert (row.state, sum(counts(row).values()), row.rejected) == ("DONE", len(rows[type_]), 0), (
            type_, told(workspace, row), row.problems
        )  # fmt: skip
    for type_ in ORDER:
        file = save(workspace, type_, format=format_)
        row = load(there, type_, file, format=format_)
        assert (row.state, "rejected" in counts(row)) == ("DONE", False), (told(there, row), row.problems)
        assert save(there, type_, format=format_) == file
        again = counts(load(workspace, type_, file, format=format_))
        assert list(again) == ["unchanged"], (type_, again)
        assert again["unchanged"] >= len(rows[type_]), type_
    here = figures(workspace)
    assert figures(there) == here
    assert sum(isinstance(one, int | float) for one in here.values()) > 30
    assert here["REVENUE", "SEGMENT"].keys() >= {"vip", "buyers"}


def test_without_the_scope_for_it_nothing_personal_leaves(workspace):
    load(workspace, "CUSTOMERS", world()["CUSTOMERS"], create_missing=True)
    by = workspace.actor(ORDINARY - {Scope.PERSONAL_READ})
    rows = list(csv.DictReader(io.StringIO(save(workspace, "CUSTOMERS", by=by).decode("utf-8-sig"))))
    assert {name for name in rows[1] if any(row[name] for row in rows)}.isdisjoint(
        {"name", "email", "phone", "attributes"}
    )
    with pytest.raises(Forbidden, match="personal:read"):
        save(workspace, "CUSTOMERS", by=by, tree={"name": {"eq": "Ann"}})
    with pytest.raises(Forbidden, match="order:read"):
        save(workspace, "ORDERS", by=workspace.actor(ORDINARY - {Scope.ORDER_READ}))


def test_filters_fields_and_sources_choose_what_leaves(workspace):
    load(workspace, "ORDERS", world()["ORDERS"], create_missing=True)
    crm = workspace.actor(source="crm")
    theirs = {"externalId": "a", "amount": "1", "currency": "EUR", "occurredAt": "2026-05-01", "channel": "web"}
    load(workspace, "ORDERS", [theirs | {"customer": {"external": {"source": "default", "externalId": "c1"}}}], by=crm)
    tree = {"currency": {"eq": "USD"}, "occurred_at": {"gte": datetime(2026, 1, 1, tzinfo=UTC)}}
    found = save(workspace, "ORDERS", tree=tree, fields=["externalId", "amount"]).decode("utf-8-sig").split("\r\n")
    assert found[:2] == ["externalId,amount", "u0,19.99"]
    assert len(found) == 12 + 2
    assert b'"customer":{"external":{"source":"default","externalId":"c1"}}' in save(
        workspace, "ORDERS", format="JSONL", by=crm
    )
    load(workspace, "CUSTOMERS", [{"externalId": "theirs"}], by=crm)
    assert save(workspace, "CUSTOMERS", source="crm", fields=["externalId"])[3:] == b"externalId\r\ntheirs\r\n"
    assert b"theirs" not in save(workspace, "CUSTOMERS")
    assert save(workspace, "ORDERS", source="crm").count(b"\r\n") == 2
    with pytest.raises(Invalid, match="There is no field amont; use amount"):
        save(workspace, "ORDERS", fields=["amont"])


def test_cells_that_look_like_formulas_are_made_harmless_and_come_back(workspace, make_workspace):
    names = ["=1+1", "+1", "-1", "@x", "'=1", "'s-Hertogenbosch", "plain", '=a,"b"\nc']
    load(workspace, "CUSTOMERS", [{"externalId": f"c{i}", "name": name} for i, name in enumerate(names)])
    file = save(workspace, "CUSTOMERS", fields=["externalId", "name"])
    cells = [row[1] for row in csv.reader(io.StringIO(file.decode("utf-8-sig")))][1:]
    assert cells == ["'=1+1", "'+1", "'-1", "'@x", "''=1", "'s-Hertogenbosch", "plain", '\'=a,"b"\nc']
    there = make_workspace("There")
    load(there, "CUSTOMERS", file)
    assert save(there, "CUSTOMERS", fields=["externalId", "name"]) == file
    assert '"name":"\'=1"' in save(there, "CUSTOMERS", fields=["name"], format="JSONL").decode()
