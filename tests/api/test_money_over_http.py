"""Money that comes in wrong: every mistake is told with its place, and what is right beside it is stored or not."""

import re

import pytest
from asking import BATCH

ORDER = {"externalId": "o1", "amount": "80", "currency": "EUR", "occurredAt": "2026-05-04"}
REFUND = {"externalId": "r1", "order": {"externalId": "known"}, "amount": "5", "occurredAt": "2026-05-05"}
COST = {
    "externalId": "k1",
    "category": "MEDIA",
    "amount": "80",
    "currency": "EUR",
    "from": "2026-05-01",
    "before": "2026-06-01",
}
TOUCHPOINT = {
    "externalId": "m1",
    "customer": {"externalId": "ann"},
    "channel": {"externalId": "web"},
    "occurredAt": "2026-05-04",
}
RATE = {"externalId": "x1", "from": "USD", "date": "2026-05-04", "rate": "0.9"}
GOOD = {"order": ORDER, "refund": REFUND, "cost": COST, "touchpoint": TOUCHPOINT, "exchangeRate": RATE}


def lines(*some, **order):
    """An order with these lines."""
    return {"lines": list(some), **order}


LINE = {"product": "tea", "quantity": "2", "unitPrice": "50", "discount": "20", "amount": "80", "cost": "30"}

WRONG = [
    # noun, what is wrong, code, path
    ("order", {"currency": "ABC"}, "INVALID", "currency"),
    ("order", {"currency": "eur"}, "INVALID", "currency"),
    ("order", {"currency": "XXX"}, "INVALID", "currency"),
    ("order", {"amount": "80.001"}, "INVALID", "amount"),
    ("order", {"amount": "80.5", "currency": "JPY"}, "INVALID", "amount"),
    ("order", {"amount": "80.1234", "currency": "KWD"}, "INVALID", "amount"),
    ("order", {"amount": "-0.01"}, "OUT_OF_RANGE", "amount"),
    ("order", {"amount": "1e30"}, "OUT_OF_RANGE", "amount"),
    ("order", {"amount": "NaN"}, "INVALID", "amount"),
    ("order", {"amount": "Infinity"}, "INVALID", "amount"),
    ("order", {"amount": "eighty"}, "INVALID", "amount"),
    ("order", {"amount": True}, "INVALID", "amount"),
    ("order", {"cost": "-1"}, "OUT_OF_RANGE", "cost"),
    ("order", {"cost": "1.001"}, "INVALID", "cost"),
    ("order", {"status": "LOST"}, "INVALID", "status"),
    ("order", {"occurredAt": "2026-06-17"}, "OUT_OF_RANGE", "occurredAt"),
    ("order", {"occurredAt": "1899-12-31"}, "OUT_OF_RANGE", "occurredAt"),
    ("order", {"externalId": ""}, "REQUIRED", "externalId"),
    ("order", {"customer": {"externalId": "nobody"}}, "NOT_FOUND", "customer"),
    ("order", {"channel": {"externalId": "nowhere"}}, "NOT_FOUND", "channel"),
    ("order", {"staff": {"externalId": "nobody"}}, "NOT_FOUND", "staff"),
    ("order", lines(LINE | {"amount": "79"}, amount="79"), "INVALID", "lines 0 amount"),  # 2 × 50 − 20
    ("order", lines(LINE | {"discount": None}), "INVALID", "lines 0 amount"),
    ("order", lines(LINE | {"unitPrice": "39.999"}), "INVALID", "lines 0 amount"),
    ("order", lines(LINE, {"amount": "1"}), "INVALID", "lines"),  # 81, not 80
    ("order", lines({"amount": "79.99"}), "INVALID", "lines"),
    ("order", lines(LINE, cost="29"), "INVALID", "cost"),  # 30
    ("order", lines(LINE | {"amount": "60"}, {"amount": "20", "quantity": "0"}), "OUT_OF_RANGE", "lines 1 quantity"),
    ("order", lines({"amount": "-1"}, {"amount": "81"}), "OUT_OF_RANGE", "lines 0 amount"),
    ("order", lines({"amount": "80.001"}), "INVALID", "lines 0 amount"),
    ("order", lines({"amount": "80", "unitPrice": "-80"}), "OUT_OF_RANGE", "lines 0 unitPrice"),
    ("order", lines({"amount": "80", "discount": "-1"}), "OUT_OF_RANGE", "lines 0 discount"),
    ("order", lines({"amount": "80", "cost": "0.001"}), "INVALID", "lines 0 cost"),
    ("order", lines({"amount": "80", "product": ""}), "REQUIRED", "lines 0 product"),
    ("order", {"lines": [{"amount": "0"}] * 501, "amount": "0"}, "TOO_MANY", "lines"),
    ("refund", {"amount": "100.01"}, "OUT_OF_RANGE", "amount"),
    ("refund", {"amount": "-1"}, "OUT_OF_RANGE", "amount"),
    ("refund", {"amount": "1.001"}, "INVALID", "amount"),
    ("refund", {"currency": "USD"}, "CONFLICT", "currency"),
    ("refund", {"currency": "ABC"}, "INVALID", "currency"),
    ("refund", {"order": {"externalId": "unknown"}}, "NOT_FOUND", "order"),
    ("refund", {"order": {"id": "nonsense"}}, "NOT_FOUND", "order"),
    ("refund", {"customer": {"externalId": "bob"}}, "CONFLICT", "customer"),
    ("cost", {"before": "2026-05-01"}, "OUT_OF_RANGE", "before"),
    ("cost", {"before": "2026-04-01"}, "OUT_OF_RANGE", "before"),
    ("cost", {"before": "2029-06-01"}, "OUT_OF_RANGE", "before"),
    ("cost", {"from": "1899-05-01"}, "OUT_OF_RANGE", "from"),
    ("cost", {"from": "2026-02-30"}, "INVALID", "from"),
    ("cost", {"category": "FUN"}, "INVALID", "category"),
    ("cost", {"amount": "-1"}, "OUT_OF_RANGE", "amount"),
    ("cost", {"amount": "1.001"}, "INVALID", "amount"),
    ("cost", {"currency": "ABC"}, "INVALID", "currency"),
    ("cost", {"channel": {"externalId": "nowhere"}}, "NOT_FOUND", "channel"),
    ("touchpoint", {"channel": {"externalId": "nowhere"}}, "NOT_FOUND", "channel"),
    ("touchpoint", {"customer": {"externalId": "nobody"}}, "NOT_FOUND", "customer"),
    ("touchpoint", {"occurredAt": "2027-01-01"}, "OUT_OF_RANGE", "occurredAt"),
    ("exchangeRate", {"to": "USD"}, "INVALID", "to"),
    ("exchangeRate", {"from": "EUR"}, "INVALID", "to"),
    ("exchangeRate", {"from": "ABC"}, "INVALID", "from"),
    ("exchangeRate", {"to": "ABC"}, "INVALID", "to"),
    ("exchangeRate", {"rate": "0"}, "OUT_OF_RANGE", "rate"),
    ("exchangeRate", {"rate": "-1"}, "OUT_OF_RANGE", "rate"),
    ("exchangeRate", {"rate": "0.1234567890123456789"}, "INVALID", "rate"),
    ("exchangeRate", {"rate": "1e40"}, "INVALID", "rate"),
    ("exchangeRate", {"date": "2026-05-05"}, "CONFLICT", "date"),
    ("exchangeRate", {"date": "1899-05-05"}, "OUT_OF_RANGE", "date"),
]  # fmt: skip


@pytest.fixture
def shop(alice):
    """Alice, with customers, a channel, an order of 100 euros of Ann's, and a rate."""
    alice.channel("web")
    alice.customer("ann")
    alice.customer("bob")
    ann = {"customer": {"externalId": "ann"}}
    write(alice, "order", ORDER | ann | {"externalId": "known", "amount": "100"})
    write(alice, "exchangeRate", RATE | {"externalId": "known", "date": "2026-05-05"})
    return alice


def write(caller, noun, *rows, **options):
    return caller.write(f"{noun}RecordBatch", {"rows": list(rows), **options}, BATCH)


def told(problems):
    return [(problem["code"], " ".join(problem["path"])) for problem in problems]


@pytest.mark.parametrize("noun", GOOD)
def test_what_is_right_is_stored(shop, noun):
    payload = shop.write(
        f"{noun}Record", GOOD[noun], f"outcome userErrors {{ code path message }} {noun} {{ externalId }}"
    )
    assert payload == {"outcome": "CREATED", "userErrors": [], noun: {"externalId": GOOD[noun]["externalId"]}}


def test_each_mistake_is_told_with_its_place_and_stores_nothing(shop, dump):
    before, differing = dump(), []
    for noun, wrong, code, path in WRONG:
        row = GOOD[noun] | wrong
        payload = shop.write(f"{noun}Record", row, f"outcome userErrors {{ code path message }} {noun} {{ id }}")
        assert (payload["outcome"], payload[noun]) == ("REJECTED", None), (noun, wrong)
        assert all(len(problem["message"]) > 10 for problem in payload["userErrors"])
        if told(payload["userErrors"]) != [(code, path)]:
            differing.append((noun, wrong, told(payload["userErrors"])))
    assert not differing, "\n".join(map(str, differing))
    assert dump() == before


def test_each_mistake_is_told_in_chinese_to_those_who_ask_for_it(shop):
    for noun, wrong, *_ in WRONG:
        field, row = f"{noun}Record", GOOD[noun] | wrong
        kind = field[0].upper() + field[1:] + "Input!"
        query = f"mutation($input: {kind}) {{ {field}(input: $input) {{ userErrors {{ message }} }} }}"
        for problem in shop.one(query, {"input": row}, accept_language="zh-CN")["userErrors"]:
            assert re.search("[\u4e00-\u9fff]", problem["message"]), (noun, wrong, problem)
            assert not re.search("[a-z]{2,} [a-z]{2,} [a-z]{2,}", problem["message"]), (noun, wrong, problem)


@pytest.mark.parametrize("noun", GOOD)
def test_beside_a_wrong_row_the_right_ones_are_stored_or_none_is(shop, dump, noun):
    wrong = [(change, code, path) for of, change, code, path in WRONG if of == noun and "externalId" not in change]
    few = wrong[:: max(1, len(wrong) // 6)]
    rows = [GOOD[noun] | change | {"externalId": f"wrong {place}"} for place, (change, _, _) in enumerate(few)]
    rows.insert(1, GOOD[noun])
    before = dump()
    payload = write(shop, noun, *rows, errorPolicy="REJECT_ALL")
    assert {result["outcome"] for result in payload["results"]} == {"REJECTED"}
    assert payload["results"][1]["userErrors"][0]["path"] == ["rows", "1"]
    assert dump() == before
    payload = write(shop, noun, *rows)
    assert [result["outcome"] for result in payload["results"]] == [
        "REJECTED",
        "CREATED",
        *["REJECTED"] * (len(few) - 1),
    ]
    found = [told(result["userErrors"]) for place, result in enumerate(payload["results"]) if place != 1]
    places = [place for place in range(len(rows)) if place != 1]
    assert found == [[(code, f"rows {place} {path}")] for place, (_, code, path) in zip(places, few, strict=True)]
    assert payload["counts"]["created"] == 1


def test_several_mistakes_of_one_row_are_told_together(shop):
    row = ORDER | {"amount": "-1", "cost": "0.001", "customer": {"externalId": "nobody"}, "occurredAt": "2027-01-01"}
    payload = shop.write("orderRecord", row, "userErrors { code path }")
    assert sorted(told(payload["userErrors"])) == [
        ("INVALID", "cost"),
        ("NOT_FOUND", "customer"),
        ("OUT_OF_RANGE", "amount"),
        ("OUT_OF_RANGE", "occurredAt"),
    ]
    row = ORDER | lines(LINE | {"amount": "1"}, {"amount": "0.001"}, LINE, {"amount": "-1"})
    payload = shop.write("orderRecord", row, "userErrors { code path }")
    assert [path for _, path in told(payload["userErrors"])] == ["lines 0 amount", "lines 1 amount", "lines 3 amount"]


def test_only_one_rate_of_a_batch_has_a_pair_and_day(shop):
    rows = [RATE | {"externalId": name, "rate": rate} for name, rate in (("a", "0.9"), ("b", "0.8"))]
    payload = write(shop, "exchangeRate", *rows)
    assert [result["outcome"] for result in payload["results"]] == ["CREATED", "REJECTED"]
    assert told(payload["results"][1]["userErrors"]) == [("CONFLICT", "rows 1 date")]


# what is read


def test_amounts_are_read_with_all_decimals_of_their_currency(shop):
    rows = [("EUR", "19.9", "19.90"), ("JPY", "1999", "1999"), ("KWD", "1.5", "1.500")]
    write(
        shop,
        "order",
        *(ORDER | {"externalId": code, "currency": code, "amount": amount, "cost": "1"} for code, amount, _ in rows),
    )
    for code, _, shown in rows:
        found = shop.one(f'{{ order(by: {{externalId: "{code}"}}) {{ amount netAmount refunded cost margin }} }}')
        zero = {"EUR": "0.00", "JPY": "0", "KWD": "0.000"}[code]
        assert (found["amount"], found["netAmount"], found["refunded"]) == (shown, shown, zero)
        assert found["margin"] == {"EUR": "18.90", "JPY": "1998", "KWD": "0.500"}[code]


def test_lines_come_back_as_they_were_sent(shop):
    sent = [
        LINE,
        {"product": "cups", "quantity": "0.5", "unitPrice": "0.0001", "amount": "0", "discount": None, "cost": None},
    ]
    row = ORDER | lines(*sent)
    asked = "order { lines { product quantity unitPrice discount amount cost } product cost }"
    found = shop.write("orderRecord", row, asked)["order"]
    assert found["lines"] == [
        LINE | {"discount": "20.00", "amount": "80.00", "cost": "30.00"},
        sent[1] | {"amount": "0.00"},
    ]
    assert (found["product"], found["cost"]) == (None, None)
    found = shop.write("orderRecord", ORDER | lines(LINE), asked)["order"]
    assert (found["product"], found["cost"]) == ("tea", "30.00")
