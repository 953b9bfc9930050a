"""Cohort tables, figures by account, rates per another length and key contacts over HTTP."""

import pytest

SPRING = 'period: {range: {from: "2026-04-01", before: "2026-06-01"}}'


def told(alice):
    """Of twenty who came in January one left in each of February and April; two came in April."""
    rows = [{"externalId": f"c{n}", "joinedOn": "2026-01-05"} for n in range(20)]
    rows[0] |= {"churnedOn": "2026-02-09"}
    rows[1] |= {"churnedOn": "2026-04-09"}
    rows += [{"externalId": f"d{n}", "joinedOn": "2026-04-30", "segment": "gold" if n else None} for n in range(2)]
    payload = alice.write("customerUpsertBatch", {"rows": rows}, "counts { rejected } userErrors { message }")
    assert payload == {"counts": {"rejected": 0}, "userErrors": []}


def test_a_table_of_cohorts(alice):
    told(alice)
    table = alice.one(
        f"""{{ cohortTable(of: CUSTOMERS, {SPRING}, months: 3) {{
            of currency dataThrough period {{ from before }} filters {{ by }}
            rows {{ key size isProvisional flags nullReason cohort {{ label zh: label(locale: "zh") }}
              cells {{ monthsSince value numerator denominator display nullReason isProvisional flags revenue
                soFar {{ value }} period {{ from }} }} }}
            averages {{ monthsSince value numerator denominator nullReason }} }} }}"""
    )
    april, may = table["rows"]
    assert (april["key"], april["size"], april["cohort"]) == ("2026-04", 2, {"label": "April 2026", "zh": "2026年4月"})
    assert [cell["value"] for cell in april["cells"]] == [100, 100, 100]
    assert april["cells"][2] == {
        "monthsSince": 2,
        "value": 100,
        "numerator": 2,
        "denominator": 2,
        "display": "100.0%",
        "nullReason": None,
        "isProvisional": True,
        "flags": ["LOW_SAMPLE"],
        "revenue": None,
        "soFar": None,
        "period": {"from": "2026-06-01"},
    }
    assert (may["size"], may["nullReason"], may["flags"]) == (0, None, ["LOW_SAMPLE"])
    assert [cell["nullReason"] for cell in may["cells"]] == ["NO_DATA", "NO_DATA", "PERIOD_NOT_STARTED"]
    assert [one["value"] for one in table["averages"]] == [100, 100, None]
    gold = alice.one(
        f'{{ cohortTable(of: CUSTOMERS, {SPRING}, months: 1, filter: [{{by: SEGMENT, anyOf: ["gold"]}}]) '
        "{ id rows { id size } filters { by anyOf withDescendants } } }"
    )
    assert [row["size"] for row in gold["rows"]] == [1, 0]
    assert gold["filters"] == [{"by": "SEGMENT", "anyOf": ["gold"], "withDescendants": False}]


def test_revenue_is_exact(alice):
    bought = (("ann", "0.10", "04-02"), ("ben", "0.20", "04-03"), ("cy", "0.20", "04-04"), ("ann", "33.33", "05-02"))
    rows = [
        {"customer": {"externalId": who}, "amount": amount, "occurredAt": f"2026-{day}"} for who, amount, day in bought
    ]
    alice.write(
        "orderRecordBatch",
        {
            "rows": [{"externalId": f"o{n}", "currency": "EUR", **row} for n, row in enumerate(rows)],
            "createMissing": True,
        },
        "userErrors { message }",
    )
    table = alice.one(
        f"{{ cohortTable(of: REVENUE, {SPRING}, months: 2) {{ currency rows {{ cells {{ value amount revenue numerator "
        "soFar { value amount revenue display } } } averages { soFar { revenue } } } }"
    )
    first, second = table["rows"][0]["cells"]
    assert table["currency"] == "EUR"
    assert (first["revenue"], second["revenue"], second["soFar"]["revenue"]) == ("0.50", "33.33", "33.83")
    assert (second["amount"], second["value"], second["numerator"]) == ("11.11", 11.11, 33.33)
    assert second["soFar"]["amount"] == "11.27666666666666666666666667"
    assert second["soFar"]["display"] == "€11.28"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ('period: {range: {from: "2026-04-02", before: "2026-06-01"}}', "calendar months"),
        (f"{SPRING}, months: 61", "between 1 and 60"),
        (f'{SPRING}, filter: [{{by: CHANNEL, anyOf: ["web"]}}]', "CHANNEL"),
        (f'{SPRING}, filter: [{{by: SEGMENT, anyOf: ["x"], withDescendants: true}}]', "Only customers"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_itself(alice, arguments, words):
    alice.channel("web")
    answer = alice.answer(f"{{ cohortTable(of: CUSTOMERS, {arguments}) {{ id }} workspace {{ name }} }}")
    assert answer["data"] == {"cohortTable": None, "workspace": {"name": "Workshop"}}
    (error,) = answer["errors"]
    assert error["path"] == ["cohortTable"]
    assert words in error["message"]


def test_rates_of_leaving_and_staying_per_another_length(alice):
    told(alice)
    query = """query($period: PeriodInput!) {
      churn: kpi(key: CHURN_RATE, period: $period) { value month: compounded(per: MONTH) { ...all }
        year: compounded(per: YEAR) { ...all } }
      kept: kpi(key: RETENTION_RATE, period: $period) { compounded(per: YEAR) { value } }
      other: kpi(key: CHURN_RATE, variant: "churned_over_start", period: $period) { compounded(per: YEAR) { value } }
      csat: kpi(key: CSAT, period: $period) { compounded(per: YEAR) { value } }
    } fragment all on KpiCompounded { per value display zh: display(locale: "zh") nullReason isProvisional }"""
    february = alice.ask(query, {"period": {"range": {"from": "2026-02-01", "before": "2026-03-01"}}})
    assert february["churn"]["value"] == 5
    assert february["churn"]["year"] == {
        "per": "YEAR",
        "value": pytest.approx(45.9639912337),
        "display": "46.0%",
        "zh": "46.0%",
        "nullReason": None,
        "isProvisional": False,
    }
    assert february["churn"]["month"]["value"] == pytest.approx(5)
    assert february["kept"]["compounded"]["value"] == pytest.approx(100 - 45.9639912337)
    assert (february["other"], february["csat"]) == ({"compounded": None}, {"compounded": None})
    before = alice.ask(query, {"period": {"range": {"from": "2025-02-01", "before": "2025-03-01"}}})
    assert {name: before["churn"]["year"][name] for name in ("value", "zh", "nullReason")} == {
        "value": None,
        "zh": "– (无数据)",
        "nullReason": "NO_DATA",
    }
    running = alice.ask(query, {"period": {"named": "THIS_MONTH"}})
    assert running["churn"]["month"]["isProvisional"] is True


def test_a_filter_that_reaches_everybody_below_has_an_id_of_its_own(alice):
    alice.customer("acme", kind="ACCOUNT")
    alice.customer("ann", parent={"externalId": "acme"}, isKeyContact=True)
    shown = alice.one('{ customer(by: {externalId: "acme"}) { id isKeyContact } }')
    assert shown["isKeyContact"] is False
    keys = alice.one("{ customers(filter: {isKeyContact: {eq: true}}) { nodes { isKeyContact parent { id } } } }")
    assert keys == {"nodes": [{"isKeyContact": True, "parent": {"id": shown["id"]}}]}
    alice.write(
        "feedbackRecord",
        {"externalId": "f1", "kind": "NPS", "score": 9, "customer": {"externalId": "ann"}, "occurredAt": "2026-05-04"},
        "outcome",
    )
    query = """query($filter: [KpiFilterInput!]) { kpi(key: NPS, period: {named: LAST_MONTH}, filter: $filter) {
      id value filters { id by anyOf withDescendants } } }"""
    plain, deep = (
        alice.one(query, {"filter": [{"by": "CUSTOMER", "anyOf": [shown["id"]], **more}]})
        for more in ({}, {"withDescendants": True})
    )
    assert (plain["value"], deep["value"]) == (None, 100)
    assert deep["filters"][0]["withDescendants"] is True
    assert plain["id"] != deep["id"]
    assert plain["filters"][0]["id"] != deep["filters"][0]["id"]
    again = alice.one("query($id: ID!) { node(id: $id) { ... on KpiResult { id value } } }", {"id": deep["id"]})
    assert again == {"id": deep["id"], "value": 100}


def test_a_target_may_be_set_for_everybody_below(alice):
    alice.customer("acme", kind="ACCOUNT")
    alice.customer("ann", parent={"externalId": "acme"})
    id_ = alice.one('{ customer(by: {externalId: "acme"}) { id } }')["id"]
    scope = [{"by": "CUSTOMER", "anyOf": [id_], "withDescendants": True}]
    row = {"externalId": "t1", "kpi": "NPS", "scope": scope, "kind": "ABSOLUTE", "value": 50, "from": "2026-05-01"}
    payload = alice.write(
        "targetSet", row | {"before": "2026-06-01"}, "target { scope { by withDescendants } } userErrors { message }"
    )
    assert payload == {"target": {"scope": [{"by": "CUSTOMER", "withDescendants": True}]}, "userErrors": []}
