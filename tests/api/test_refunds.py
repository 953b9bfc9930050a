"""Refunds over HTTP: there is never more given back than came in, whichever of the two is told first."""

import pytest
from asking import BATCH

ORDER = {"externalId": "known", "amount": "100", "currency": "EUR", "occurredAt": "2026-05-04"}
ORDER |= {"customer": {"externalId": "ann"}}
REFUND = {"externalId": "r1", "order": {"externalId": "known"}, "amount": "5", "occurredAt": "2026-05-05"}


@pytest.fixture
def shop(alice):
    """Alice, with an order of 100 euros of Ann's."""
    alice.customer("ann")
    assert write(alice, "order", ORDER)["counts"]["created"] == 1
    return alice


def write(caller, noun, *rows, **options):
    return caller.write(f"{noun}RecordBatch", {"rows": list(rows), **options}, BATCH)


def told(problems):
    return [(problem["code"], " ".join(problem["path"])) for problem in problems]


def refunded(caller, order="known"):
    return caller.one(f'{{ order(by: {{externalId: "{order}"}}) {{ amount refunded netAmount isStub status }} }}')


def test_refunds_of_one_batch_together_are_not_above_their_order(shop):
    rows = [REFUND | {"externalId": name, "amount": amount} for name, amount in (("a", "60"), ("b", "41"), ("c", "40"))]
    payload = write(shop, "refund", *rows)
    assert [result["outcome"] for result in payload["results"]] == ["CREATED", "REJECTED", "CREATED"]
    (problem,) = payload["results"][1]["userErrors"]
    assert (problem["code"], problem["path"]) == ("OUT_OF_RANGE", ["rows", "1", "amount"])
    assert "100.00 EUR, of which 40.00" in problem["message"]
    assert refunded(shop)["refunded"] == "100.00"
    payload = write(shop, "refund", REFUND | {"externalId": "d", "amount": "0.01"})
    assert payload["counts"]["rejected"] == 1
    assert write(shop, "refund", REFUND | {"externalId": "d", "amount": "0"})["counts"]["created"] == 1


def test_what_one_refund_gives_up_another_may_have(shop):
    write(shop, "refund", REFUND | {"externalId": "a", "amount": "60"}, REFUND | {"externalId": "b", "amount": "40"})
    rows = [REFUND | {"externalId": "a", "amount": "30"}, REFUND | {"externalId": "c", "amount": "30"}]
    assert [result["outcome"] for result in write(shop, "refund", *rows)["results"]] == ["UPDATED", "CREATED"]
    assert refunded(shop)["refunded"] == "100.00"


def test_a_refund_of_an_order_that_is_not_known_waits_for_it(shop, dump):
    before = dump()
    unknown = REFUND | {"order": {"externalId": "later"}, "amount": "30"}
    assert told(write(shop, "refund", unknown)["results"][0]["userErrors"]) == [("NOT_FOUND", "rows 0 order")]
    payload = write(shop, "refund", unknown, createMissing=True)
    assert told(payload["results"][0]["userErrors"]) == [("REQUIRED", "rows 0 currency")]
    assert dump() == before
    assert write(shop, "refund", unknown | {"currency": "EUR"}, createMissing=True)["counts"]["created"] == 1
    stub = {"amount": "0.00", "refunded": "30.00", "netAmount": "-30.00", "isStub": True, "status": "PENDING"}
    assert refunded(shop, "later") == stub
    for wrong, code, path in (
        ({"amount": "29.99"}, "OUT_OF_RANGE", "amount"),
        ({"currency": "USD"}, "CONFLICT", "currency"),
    ):
        payload = shop.write("orderRecord", ORDER | {"externalId": "later"} | wrong, "outcome userErrors { code path }")
        assert (payload["outcome"], told(payload["userErrors"])) == ("REJECTED", [(code, path)])
        assert refunded(shop, "later") == stub
    payload = shop.write("orderRecord", ORDER | {"externalId": "later", "amount": "30"}, "outcome order { isStub }")
    assert payload["order"] == {"isStub": False}
    assert refunded(shop, "later") | {"isStub": True} == stub | {
        "amount": "30.00",
        "netAmount": "0.00",
        "status": "COMPLETED",
    }


def test_an_order_cannot_become_less_than_was_refunded_of_it(shop):
    write(shop, "refund", REFUND | {"amount": "60"})
    for wrong, code, path in (
        ({"amount": "59.99"}, "OUT_OF_RANGE", "amount"),
        ({"currency": "USD", "amount": "100"}, "CONFLICT", "currency"),
    ):
        payload = shop.write("orderRecord", ORDER | wrong, "outcome userErrors { code path }")
        assert (payload["outcome"], told(payload["userErrors"])) == ("REJECTED", [(code, path)])
    assert shop.write("orderRecord", ORDER | {"amount": "60"}, "outcome")["outcome"] == "UPDATED"
    shop.write("refundDeleteBatch", {"rows": [{"externalId": "r1"}]}, "counts { deleted }")
    assert shop.write("orderRecord", ORDER | {"amount": "1", "currency": "USD"}, "outcome")["outcome"] == "UPDATED"


def test_a_refund_has_the_customer_of_its_order(shop):
    asked = "outcome refund { customer { externalIds { externalId } } currency }"
    for more in ({}, {"customer": {"externalId": "ann"}}):
        payload = shop.write("refundRecord", REFUND | more, asked)
        assert payload["refund"] == {"customer": {"externalIds": [{"externalId": "ann"}]}, "currency": "EUR"}
    payload = shop.write("refundRecord", REFUND | {"externalId": "r2", "customer": {"externalId": "bob"}}, WHY)
    assert (payload["outcome"], told(payload["userErrors"])) == ("REJECTED", [("NOT_FOUND", "customer")])
    shop.customer("bob")
    payload = shop.write("refundRecord", REFUND | {"externalId": "r2", "customer": {"externalId": "bob"}}, WHY)
    assert (payload["outcome"], told(payload["userErrors"])) == ("REJECTED", [("CONFLICT", "customer")])


WHY = "outcome userErrors { code path }"


def test_a_refund_that_is_refused_leaves_no_order_behind(shop, dump):
    before = dump()
    unknown = {"order": {"externalId": "later"}, "currency": "EUR"}
    for wrong in ({"amount": "-1"}, {"amount": "0.001"}, {"occurredAt": "2027-01-01"}, {"channel": {"id": "nonsense"}}):
        payload = write(shop, "refund", REFUND | unknown | wrong, createMissing=True)
        assert payload["counts"]["rejected"] == 1
        assert dump() == before
    rows = [REFUND | unknown, REFUND | {"externalId": "r2", "amount": "101"}]
    assert write(shop, "refund", *rows, createMissing=True, errorPolicy="REJECT_ALL")["counts"]["rejected"] == 2
    assert dump() == before


def test_refunds_of_one_unknown_order_have_one_currency(shop):
    later = REFUND | {"order": {"externalId": "later"}}
    rows = [later | {"externalId": code, "currency": code} for code in ("USD", "JPY")]
    payload = write(shop, "refund", *rows, createMissing=True)
    assert [result["outcome"] for result in payload["results"]] == ["CREATED", "REJECTED"]
    assert told(payload["results"][1]["userErrors"]) == [("CONFLICT", "rows 1 currency")]
    assert shop.one('{ order(by: {externalId: "later"}) { currency refunded } }') == {
        "currency": "USD",
        "refunded": "5.00",
    }


def test_a_refund_may_be_told_to_be_of_another_order(shop):
    write(shop, "order", ORDER | {"externalId": "other", "amount": "20"})
    write(shop, "refund", REFUND | {"amount": "60"})
    moved = REFUND | {"order": {"externalId": "other"}}
    payload = shop.write("refundRecord", moved | {"amount": "60"}, WHY)
    assert (payload["outcome"], told(payload["userErrors"])) == ("REJECTED", [("OUT_OF_RANGE", "amount")])
    assert (refunded(shop)["refunded"], refunded(shop, "other")["refunded"]) == ("60.00", "0.00")
    assert shop.write("refundRecord", moved | {"amount": "20"}, WHY)["outcome"] == "UPDATED"
    assert (refunded(shop)["refunded"], refunded(shop, "other")["refunded"]) == ("0.00", "20.00")


def test_a_deleted_order_keeps_its_refunds_until_it_is_told_anew(shop):
    write(shop, "refund", REFUND | {"amount": "60"})
    shop.write("orderDeleteBatch", {"rows": [{"externalId": "known"}]}, "counts { deleted }")
    read = '{ refund(by: {externalId: "r1"}) { amount order { id } } }'
    assert shop.one(read) == {"amount": "60.00", "order": None}
    payload = shop.write("orderRecord", ORDER | {"amount": "59"}, WHY)
    assert (payload["outcome"], told(payload["userErrors"])) == ("REJECTED", [("OUT_OF_RANGE", "amount")])
    assert shop.write("orderRecord", ORDER, WHY)["outcome"] == "CREATED"
    assert refunded(shop)["netAmount"] == "40.00"
    assert shop.one(read)["order"] is not None
