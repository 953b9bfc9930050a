"""Files become records by the same roads as batches: good rows go in, wrong ones are told with their lines."""

import csv
import io

import orjson
import pytest
from importing import begin, counts, load, look, report, told, undo
from sqlmodel import col, select

from app import ids
from app.errors import Invalid
from app.models.bulk_import import BulkFormat, BulkType, ImportPart
from app.models.customer import Customer, CustomerExternalId
from app.models.order import Order
from app.services import bulk_import, bulk_step
from app.worker import Worker

ORDERS = "externalId,amount,currency,customer,occurredAt\n"


def customers(people):
    """The names of customers by what their source calls them."""
    with people.door.snapshot(people.system) as uow:
        statement = select(CustomerExternalId.external_id, Customer.name).join(
            Customer, col(Customer.id) == CustomerExternalId.customer_id
        )
        return dict(uow.session.execute(statement).all())


def orders(people):
    """The amounts of orders that are there, in cents, by their names."""
    with people.door.snapshot(people.system) as uow:
        statement = select(Order.external_id, Order.amount).where(col(Order.deleted_at).is_(None))
        return dict(uow.session.execute(statement).all())


def parts(people):
    with people.door.snapshot(people.system) as uow:
        return len(uow.session.scalars(select(ImportPart.number)).all())


def test_a_table_of_customers_goes_in(workspace):
    row = load(workspace, "CUSTOMERS", "externalId,name,email,isTest\nc1,Ann,ann@example.org,no\nc2,Bob,,\n")
    assert (row.state, counts(row), row.encoding, row.delimiter) == ("DONE", {"created": 2}, "UTF-8", ",")
    assert customers(workspace) == {"c1": "Ann", "c2": "Bob"}
    assert (row.rows_read, row.position, row.bytes_total, parts(workspace)) == (2, 64, 64, 0)


def test_the_same_file_again_changes_nothing_and_a_corrected_one_what_it_says(workspace):
    text = "externalId,name\nc1,Ann\nc2,Bob\n"
    load(workspace, "CUSTOMERS", text)
    assert counts(load(workspace, "CUSTOMERS", text)) == {"unchanged": 2}
    assert counts(load(workspace, "CUSTOMERS", text.replace("Bob", "Rob"))) == {"updated": 1, "unchanged": 1}
    assert customers(workspace) == {"c1": "Ann", "c2": "Rob"}


def test_objects_go_in_as_the_api_would_take_them(workspace):
    lines = [
        {"externalId": "o1", "amount": "19.90", "currency": "EUR", "occurredAt": "2026-05-01T10:00:00+02:00"},
        {
            "externalId": "o2",
            "amount": 5,
            "currency": "EUR",
            "occurredAt": "2026-05-02",
            "customer": {"externalId": "c1"},
        },
        {"externalId": "o3", "amount": "1", "currency": "EUR", "occurredAt": "2026-05-02", "colour": "red"},
        {"externalId": "o4", "amount": "x", "currency": "EUR", "occurredAt": "2026-02-30", "status": "GONE"},
        {"externalId": "o5", "amount": "7", "currency": "EUR", "occurredAt": "2026-05-03", "lines": [{"amount": "6"}]},
    ]
    row = load(workspace, "ORDERS", lines, create_missing=True)
    assert orders(workspace) == {"o1": 1990, "o2": 500}
    assert counts(row) == {"created": 2, "rejected": 3}
    third, fourth, fifth = told(workspace, row)
    assert third[0] == 3
    assert third[1].startswith("There is no field colour; there are externalId, ")
    assert fourth[0] == 4
    assert "'x' is not a decimal" in fourth[1]
    assert "2026-02-30 is not a day" in fourth[1]
    assert "'GONE' is none of the choices" in fourth[1]
    assert fifth[1].startswith("The lines add up to 6.00, the order to 7")


BAD = {
    "a row with a cell too few": ("a2,1,EUR,\n", "The row has 4 cells and the header 5"),
    "a row with a cell too many": ("a2,1,EUR,,2026-05-01,more\n", "The row has 6 cells and the header 5"),
    "no id": (",1,EUR,,2026-05-01\n", "externalId is required."),
    "an unknown customer": ("a2,1,EUR,c9,2026-05-01\n", "There is no customer 'c9'; send it first"),
    "a wrong amount": ("a2,lots,EUR,,2026-05-01\n", "'lots' is not a decimal"),
    "too many decimals": ("a2,1.999,EUR,,2026-05-01\n", "amount has more decimals than EUR"),
    "an unknown currency": ("a2,1,EEE,,2026-05-01\n", "There is no currency 'EEE'"),
    "a day that does not exist": ("a2,1,EUR,,2026-02-30\n", "'2026-02-30' is not a date that is understood"),
    "a quotation mark inside": ('a2,"1" ,EUR,,2026-05-01\n', "A quotation mark stands inside a cell"),
    "NUL": ("a\0,1,EUR,,2026-05-01\n", "externalId holds a NUL character"),
}


@pytest.mark.some(6)
@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("policy", ["REJECT_FAILED_ROWS", "REJECT_ALL"])
def test_a_wrong_row_is_told_with_its_line_and_the_good_ones_go_in_or_stay_out(workspace, what, policy):
    line, reason = BAD[what]
    text = ORDERS + "a1,1,EUR,,2026-05-01\n\n" + line + "a3,3,EUR,,2026-05-01\n"
    row = load(workspace, "ORDERS", text, error_policy=policy)
    ((number, why),) = told(workspace, row)
    assert number == 4  # the empty line counts, as an editor counts it
    assert why.startswith(reason)
    all_or_none = policy == "REJECT_ALL"
    assert orders(workspace) == ({} if all_or_none else {"a1": 100, "a3": 300})
    assert row.state == ("FAILED" if all_or_none else "DONE")
    if all_or_none:
        assert row.problems[0][1] == "1 of 3 rows are wrong, so nothing was stored; the report says why."


def test_lines_are_those_of_an_editor_whatever_is_quoted(workspace):
    text = 'externalId,name,region\nc1,"Ann\nof\nFive",N\nc2,"Bob, the ""b""",x\n,nobody,S\n'
    row = load(workspace, "CUSTOMERS", text)
    assert customers(workspace) == {"c1": "Ann\nof\nFive", "c2": 'Bob, the "b"'}
    assert told(workspace, row) == [(6, "externalId is required.")]


def test_a_quotation_mark_that_is_never_closed_costs_one_row(workspace):
    text = 'externalId,name\nc1,Ann\nc2,"Bob\nc3,Cid\nc4,Dan\n'
    row = load(workspace, "CUSTOMERS", text)
    assert told(workspace, row) == [(3, "A quotation mark is opened and never closed.")]
    assert customers(workspace) == {"c1": "Ann", "c3": "Cid", "c4": "Dan"}


def test_a_last_line_that_was_cut_off_is_told(workspace):
    row = load(workspace, "CUSTOMERS", b'{"externalId":"c1"}\n\n[1]\n{"externalId":"c2","na', format="JSONL")
    assert told(workspace, row) == [
        (3, "The line is JSON, but not an object in braces."),
        (4, "Line 4 is not a whole JSON object; it may have been cut off."),
    ]
    assert customers(workspace) == {"c1": None}


TEXT = "externalId,name\nc1,王小明\nc2,欧阳娜娜女士\n"
ENCODINGS = {
    "UTF-8": TEXT.encode(),
    "UTF-8 with a mark": TEXT.encode("utf-8-sig"),
    "UTF-16LE": TEXT.encode("utf-16"),
    "UTF-16LE without a mark": TEXT.encode("utf-16-le"),
    "UTF-16BE": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "GB18030": TEXT.encode("gbk"),
}


def test_what_no_database_could_keep_is_told_all_the_same(workspace):
    deep = b'{"externalId":"c1","attributes":' + b'{"a":' * 300 + b"1" + b"}" * 301
    odd = b'{"externalId":"c\\u0000","na\\u0000me":"\\ud800"}\n{"externalId":"c2","attributes":{"n":1e400}}'
    row = load(workspace, "CUSTOMERS", deep + b"\n" + odd + b'\n{"externalId":"c3"}\n', format="JSONL")
    assert counts(row) == {"created": 1, "rejected": 3}
    assert [line for line, _ in told(workspace, row)] == [1, 2, 3]
    assert len(report(workspace, row).splitlines()) == 3
    row = load(workspace, "CUSTOMERS", "externalId,na\0me\nc1,x\n")
    assert row.state == "FAILED"


@pytest.mark.some(4)
@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("part", [1, 1_000])
def test_encodings_are_recognised_wherever_parts_are_cut(workspace, name, part):
    row = load(workspace, "CUSTOMERS", ENCODINGS[name], part=part)
    assert (row.encoding, counts(row)) == (name.split(" ")[0], {"created": 2})
    assert customers(workspace) == {"c1": "王小明", "c2": "欧阳娜娜女士"}


def test_what_is_no_known_encoding_is_refused_with_its_line_until_it_is_named(workspace):
    text = "externalId,name\nc1,Ann\nc2,Müller\n".encode("cp1252")  # which could be Chinese, and is not
    row = load(workspace, "CUSTOMERS", text)
    assert row.state == "FAILED"
    assert row.problems[0][1].startswith("Line 3 is not UTF-8, and the file is not GB 18030 or UTF-16 either")
    load(workspace, "CUSTOMERS", text, encoding="WINDOWS-1252")
    assert customers(workspace) == {"c1": "Ann", "c2": "Müller"}
    row = load(workspace, "CUSTOMERS", text.replace(b"c2", b"c3"), encoding="UTF-8")
    assert told(workspace, row) == [(3, "Line 3 cannot be read as UTF-8; say which encoding the file has.")]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_delimiters_are_recognised(workspace, mark):
    row = load(workspace, "CUSTOMERS", f'"externalId"{mark}name\nc1{mark}"a{mark}b"\n')
    assert row.delimiter == mark
    assert customers(workspace) == {"c1": f"a{mark}b"}


HEADERS = {
    "externalId,emial\n": "Column 2, 'emial': There is no field emial; did you mean email?",
    "externalId,email,email\n": "The heading 'email' stands in the columns 2, 3",
    "name\n": "No column holds externalId, which is required.",
    "externalId," + ",".join(f"x{i}" for i in range(10_000)) + "\n": "The file has 10,001 columns; at most 1,000",
    "": "The file is empty.",
    "\n\n": "The file is empty.",
    "x" * 1_000_001 + "\nc1\n": "The record is longer than 1,000,000 bytes",
    "externalId,name\rc1,Ann\rc2,Bob\r": "Lines end in returns alone",
}


@pytest.mark.some(4)
@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header[:24])
def test_a_header_that_cannot_be_used_stops_the_import(workspace, header):
    row = load(workspace, "CUSTOMERS", header or "\n")
    assert row.state == "FAILED"
    assert row.problems[0][1].startswith(HEADERS[header])
    assert customers(workspace) == {}


def test_formulas_are_stored_as_text_and_made_harmless_in_reports(workspace):
    text = "externalId,name,email\nc1,=1+1,x\nc2,=2+2,b@example.org\n"
    row = load(workspace, "CUSTOMERS", text)
    assert customers(workspace) == {"c2": "=2+2"}
    assert b"\r\n2,email,Write an email address as name@example.com.,c1" in report(workspace, row)
    assert b",c1,'=1+1,x\r\n" in report(workspace, row)


def test_a_report_is_mended_and_sent_again(workspace):
    row = load(workspace, "ORDERS", ORDERS + "a1,1,EUR,,2026-05-01\na2,-1,EUR,,2026-05-01\na3,x,EUR,,2026-05-01\n")
    sent = report(workspace, row).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(sent)))
    assert [(one["rejectedRow"], one["rejectedColumn"]) for one in rows] == [("3", "amount"), ("4", "amount")]
    assert [one["amount"] for one in rows] == ["'-1", "x"]
    assert "必须大于或等于 0" in report(workspace, row, "zh").decode()
    mended = sent.replace("'-1,EUR", "2,EUR").replace("x,EUR", "3,EUR")
    assert counts(load(workspace, "ORDERS", mended)) == {"created": 2}
    assert orders(workspace) == {"a1": 100, "a2": 200, "a3": 300}


def test_a_report_of_objects_is_mended_and_sent_again(workspace):
    row = load(workspace, "CUSTOMERS", b'{"externalId":"c1","email":"x"}\n{"externalId"', format="JSONL")
    first, second = (orjson.loads(line) for line in report(workspace, row).splitlines())
    assert (first["rejectedRow"], first["rejectedColumn"], first["email"]) == ("1", "email", "x")
    assert second["rejectedLine"] == '{"externalId"'
    assert counts(load(workspace, "CUSTOMERS", [first | {"email": "x@example.org"}])) == {"created": 1}


@pytest.mark.slow
def test_parents_may_stand_anywhere_above_in_the_file(workspace):
    lines = [{"externalId": f"c{i}", **({"parent": f"c{i // 100}"} if i else {})} for i in range(1_100)]
    row = load(workspace, "CUSTOMERS", lines, error_policy="REJECT_ALL")
    assert (row.state, counts(row)) == ("DONE", {"created": 1_100})


@pytest.mark.slow
def test_what_turns_out_wrong_while_it_is_written_takes_all_back(workspace):
    lines = [{"externalId": f"c{i}", "name": "new"} for i in range(600)]
    row = load(workspace, "CUSTOMERS", [*lines, {"externalId": "x", "parent": "nobody"}], error_policy="REJECT_ALL")
    assert row.state == "FAILED"
    assert row.problems[0][1].startswith("A row that was right when it was checked was wrong when it was written")
    assert told(workspace, row)[0][1].startswith("There is no customer 'nobody'")
    assert customers(workspace) == {}


def test_a_dry_run_answers_as_if_and_stores_nothing(workspace):
    row = load(workspace, "ORDERS", ORDERS + "a1,1,EUR,,2026-05-01\na2,x,EUR,,2026-05-01\n", dry_run=True)
    assert (row.state, counts(row)) == ("DONE", {"created": 1, "rejected": 1})
    assert orders(workspace) == {}


def test_an_older_version_is_stale(workspace):
    head = ORDERS.strip() + ",sourceUpdatedAt\n"
    load(workspace, "ORDERS", head + "a1,2,EUR,,2026-05-01,2026-05-02T00:00:00Z\n")
    row = load(workspace, "ORDERS", head + "a1,1,EUR,,2026-05-01,2026-05-01T00:00:00Z\n")
    assert counts(row) == {"stale": 1}
    assert orders(workspace) == {"a1": 200}


def test_the_same_part_again_is_harmless_and_a_missing_one_is_told(workspace):
    asked = {"type": BulkType.CUSTOMERS, "format": BulkFormat.CSV}
    row, _ = workspace.write(bulk_import.start, asked)
    id_ = ids.encode("Import", row.id)
    for number, data in ((2, b"c1,Ann\n"), (2, b"c1,Ann\n"), (3, b"c2,Bob\n")):
        workspace.write(bulk_import.put_part, row.id, number, data)
    with pytest.raises(Invalid, match="look at 1"):
        workspace.write(bulk_import.run, id_)
    workspace.write(bulk_import.put_part, row.id, 1, b"externalId,na")
    workspace.write(bulk_import.put_part, row.id, 1, b"externalId,name\n")
    with pytest.raises(Invalid, match="look at 4"):
        workspace.write(bulk_import.run, id_, 4)
    workspace.write(bulk_import.run, id_, 3)
    workspace.write(bulk_import.run, id_, 3)
    with pytest.raises(Invalid, match="QUEUED"):
        workspace.write(bulk_import.put_part, row.id, 4, b"c3,Cid\n")
    Worker(workspace.door).drain()
    assert customers(workspace) == {"c1": "Ann", "c2": "Bob"}


def test_the_same_key_gives_the_same_import(workspace):
    asked = {"type": BulkType.CUSTOMERS, "format": BulkFormat.CSV, "idempotency_key": "k"}
    first, _ = workspace.write(bulk_import.start, asked)
    second, outcome = workspace.write(bulk_import.start, asked)
    assert (second.id, outcome) == (first.id, "UNCHANGED")
    with pytest.raises(Invalid, match="another import"):
        workspace.write(bulk_import.start, asked | {"dry_run": True})


@pytest.mark.slow
def test_a_cancelled_import_stops_where_it_is_and_can_be_undone(workspace, monkeypatch):
    row = begin(workspace, "CUSTOMERS", b"externalId\n" + b"".join(b"c%d\n" % i for i in range(1_200)))
    plain = bulk_step.starter

    def cancelled(door, import_):  # after the first batch
        if look(workspace, row).rows_read:
            workspace.write(bulk_import.cancel, ids.encode("Import", row.id))
        return plain(door, import_)

    monkeypatch.setattr(bulk_step, "starter", cancelled)
    Worker(workspace.door).drain()
    assert (look(workspace, row).state, len(customers(workspace))) == ("CANCELLED", 500)
    assert undo(workspace, row).state == "UNDONE"
    assert customers(workspace) == {}
