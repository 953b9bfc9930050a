"""What a write may do to what is there: modes, expected versions, and one effect for one key, on every noun."""

import pytest
from records import CUSTOMER, KEYED, RECORDS, shown, world

from app.schema.build import build

SINGLE = RECORDS | {"customerUpsert": CUSTOMER} | KEYED
TOLD = "outcome userErrors { code path }"


@pytest.fixture
def partner(alice):
    world(alice)
    return alice


def write(caller, field, row, selection=TOLD, **arguments):
    """What one mutation answers, with arguments beside its input."""
    kind = field[0].upper() + field[1:]
    types = {"mode": "WriteMode!", "idempotencyKey": "String"}
    variables = "".join(f", ${name}: {types[name]}" for name in arguments)
    given = "".join(f", {name}: ${name}" for name in arguments)
    query = f"mutation($input: {kind}Input!{variables}) {{ {field}(input: $input{given}) {{ {selection} }} }}"
    return caller.one(query, {"input": row, **arguments})


def refused(payload, code, *path):
    return payload["outcome"] == "REJECTED" and payload["userErrors"] == [{"code": code, "path": list(path)}]


def test_every_mutation_that_upserts_or_records_has_a_mode():
    fields = build().core.mutation_type.fields
    apart = {"answerRecord", "webhookUpsert"}  # what only adds, and what no source sends
    written = [name for name in fields if name.endswith(("Upsert", "Record")) and name not in apart]
    batches = [name for name in fields if name.endswith(("UpsertBatch", "RecordBatch"))]
    assert set(written) == set(SINGLE)
    assert len(batches) == len(RECORDS) + 1
    assert all({"mode", "idempotencyKey"} <= set(fields[name].args) for name in written)
    assert all({"mode", "idempotencyKey"} <= set(fields[name].args["input"].type.of_type.fields) for name in batches)


@pytest.mark.some(2)
@pytest.mark.parametrize("field", SINGLE)
def test_a_mode_makes_only_or_changes_only(partner, dump, field):
    row, change = SINGLE[field]
    row = {"externalId": "new", **row}
    before = dump()
    assert refused(write(partner, field, row, mode="UPDATE_ONLY"), "NOT_FOUND", "externalId")
    assert dump() == before
    assert write(partner, field, row, mode="INSERT_ONLY")["outcome"] == "CREATED"
    stored = dump()
    assert write(partner, field, row, mode="INSERT_ONLY")["outcome"] == "UNCHANGED"
    assert refused(write(partner, field, row | change, mode="INSERT_ONLY"), "ALREADY_EXISTS", "externalId")
    assert dump() == stored
    assert write(partner, field, row | change, mode="UPDATE_ONLY")["outcome"] == "UPDATED"
    assert write(partner, field, row | change, mode="UPDATE_ONLY")["outcome"] == "UNCHANGED"


@pytest.mark.some(2)
@pytest.mark.parametrize("field", [*RECORDS, "customerUpsert"])
def test_a_batch_takes_a_mode_row_by_row(partner, field):
    row, change = SINGLE[field]
    old, new = {"externalId": "old", **row}, {"externalId": "new", **row}
    if field == "exchangeRateRecord":
        new["date"] = "2026-05-02"

    def batch(mode, *rows):
        selection = "results { outcome userErrors { code path } } userErrors { code }"
        payload = partner.write(f"{field}Batch", {"rows": list(rows), "mode": mode}, selection)
        assert payload["userErrors"] == []
        return [(one["outcome"], *(error["code"] for error in one["userErrors"])) for one in payload["results"]]

    assert batch("INSERT_ONLY", old) == [("CREATED",)]
    assert batch("UPDATE_ONLY", new, old | change) == [("REJECTED", "NOT_FOUND"), ("UPDATED",)]
    assert batch("INSERT_ONLY", new, old) == [("CREATED",), ("REJECTED", "ALREADY_EXISTS")]


@pytest.mark.some(2)
@pytest.mark.parametrize("field", [*RECORDS, "customerUpsert"])
def test_a_version_that_is_expected(partner, dump, field):
    row, change = SINGLE[field]
    row, told = {"externalId": "new", **row}, f"outcome {shown(field)} {{ version }} userErrors {{ code path }}"
    assert refused(write(partner, field, row | {"expectedVersion": 1}), "CONFLICT", "expectedVersion")
    made = write(partner, field, row | {"expectedVersion": 0}, told)
    assert (made["outcome"], made[shown(field)]["version"]) == ("CREATED", 1)
    before = dump()
    for wrong in (0, 2):
        payload = write(partner, field, row | change | {"expectedVersion": wrong})
        assert refused(payload, "CONFLICT", "expectedVersion")
    assert dump() == before
    changed = write(partner, field, row | change | {"expectedVersion": 1}, told)
    assert (changed["outcome"], changed[shown(field)]["version"]) == ("UPDATED", 2)
    if field != "customerUpsert":  # of what is deleted there is none
        partner.write(
            f"{field.removesuffix('Record')}DeleteBatch", {"rows": [{"externalId": "new"}]}, "userErrors { code }"
        )
        assert refused(write(partner, field, row | {"expectedVersion": 3}), "CONFLICT", "expectedVersion")
        assert write(partner, field, row | {"expectedVersion": 0})["outcome"] == "CREATED"


@pytest.mark.some(2)
@pytest.mark.parametrize("field", SINGLE)
def test_one_key_has_one_effect(partner, dump, field):
    row, change = SINGLE[field]
    row, told = {"externalId": "new", **row}, f"outcome {shown(field)} {{ id }} userErrors {{ code path }}"
    first = write(partner, field, row, told, idempotencyKey="k")
    assert first["outcome"] == "CREATED"
    changed = write(partner, field, row | change)
    assert changed["outcome"] == "UPDATED"
    before = dump()
    assert write(partner, field, row, told, idempotencyKey="k") == first
    other = write(partner, field, row | change, idempotencyKey="k")
    assert refused(other, "IDEMPOTENCY_MISMATCH", "idempotencyKey")
    other = write(partner, field, row, idempotencyKey="k", mode="INSERT_ONLY")
    assert refused(other, "IDEMPOTENCY_MISMATCH", "idempotencyKey")
    assert dump() == before


def test_a_stub_is_not_there_yet(partner):
    who = {"customer": {"externalId": "named"}}
    rows = [{"externalId": "f", **RECORDS["feedbackRecord"][0], **who}]
    partner.write("feedbackRecordBatch", {"rows": rows, "createMissing": True}, "userErrors { code }")
    row = {"externalId": "named", "name": "N"}
    assert refused(write(partner, "customerUpsert", row, mode="UPDATE_ONLY"), "NOT_FOUND", "externalId")
    assert write(partner, "customerUpsert", row | {"expectedVersion": 0}, mode="INSERT_ONLY")["outcome"] == "UPDATED"
    assert refused(
        write(partner, "customerUpsert", row | {"name": "M"}, mode="INSERT_ONLY"), "ALREADY_EXISTS", "externalId"
    )


def test_an_older_version_is_stale_in_every_mode(partner):
    row = {"externalId": "new", **RECORDS["orderRecord"][0]}
    old = row | {"sourceUpdatedAt": "2026-06-01T00:00:00Z", "amount": "1"}
    write(partner, "orderRecord", row | {"sourceUpdatedAt": "2026-06-02T00:00:00Z"})
    for mode in ("INSERT_ONLY", "UPDATE_ONLY", "UPSERT"):
        assert write(partner, "orderRecord", old, mode=mode)["outcome"] == "STALE"
