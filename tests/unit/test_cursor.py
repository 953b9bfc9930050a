"""Cursors: a row's place in one order of one list, and nothing else."""

from datetime import UTC, date, datetime
from itertools import combinations
from types import SimpleNamespace
from uuid import UUID

import pytest

from app import ids
from app.errors import Invalid
from app.models.customer import Customer, CustomerStatus
from app.models.feedback import Feedback
from app.models.target import Target
from app.services import customer
from app.services.cursor import Order, _dump, _load, mark, opened, seal
from app.services.page import Slice, _beyond, _may_be_null
from app.services.row import Options

SOME = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
BY_NAME = [Order("name"), Order("id")]
HERE, THERE = (
    SimpleNamespace(tenant_id=UUID(int=number), workspace=SimpleNamespace(secret=f"{number}" * 32)) for number in (1, 2)
)
"""Units of work in two workspaces, as far as cursors ask them."""


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        (Customer.id, SOME, "=01890a5dac96774bbcceb302099a8057"),
        (Customer.name, "Müller", "=Müller"),
        (Customer.name, "", "="),
        (Customer.name, "~", "=~"),
        (Customer.name, "=1", "==1"),
        (Customer.name, None, "~"),
        (Customer.status, CustomerStatus.ACTIVE, "=ACTIVE"),
        (Customer.version, 7, "=7"),
        (Customer.joined_on, date(2026, 2, 28), "=2026-02-28"),
        (Customer.joined_on, None, "~"),
        (
            Customer.created_at,
            datetime(2026, 6, 15, 9, 30, 0, 123_456, tzinfo=UTC),
            "=2026-06-15T09:30:00.123456+00:00",
        ),
        (Feedback.score, 4.1, "=4.1"),
        (Feedback.score, 0.1 + 0.2, "=0.30000000000000004"),
        (Target.goal, -5e-324, "=-5e-324"),
    ],
)
def test_a_value_travels_as_text_and_comes_back_the_same(column, value, text):
    assert _dump(value) == text
    found = _load(column, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (Customer.name, ""),
        (Customer.name, "Müller"),
        (Customer.id, "=42"),
        (Customer.id, "="),
        (Customer.version, "=4.5"),
        (Customer.version, "="),
        (Customer.status, "=GONE"),
        (Customer.joined_on, "=2026-02-30"),
        (Customer.joined_on, "=yesterday"),
        (Customer.created_at, "=2026-06-15T09:30:00"),  # without a zone it is no instant
        (Feedback.score, "=four"),
    ],
)
def test_a_text_that_is_no_value_of_the_column_is_refused(column, text):
    with pytest.raises((ValueError, KeyError)):
        _load(column, text)


def sealed(type_, *parts, uow=HERE):
    """A cursor that only the workspace itself can make."""
    return ids.encode(type_, *parts, mark(uow, type_, parts))


def test_a_cursor_is_read_in_its_own_list_and_order():
    cursor = seal(HERE, Customer(name="Müller", id=SOME), BY_NAME)
    assert opened(HERE, Customer, BY_NAME, cursor, "after") == ["Müller", SOME]
    assert cursor == sealed("CustomerCursor", "+name", "+id", "=Müller", f"={SOME.hex}")


def test_a_cursor_that_was_made_up_changed_or_sealed_elsewhere_is_refused():
    parts = ("CustomerCursor", "+name", "+id", "=Müller", f"={SOME.hex}")
    seal_ = mark(HERE, parts[0], parts[1:])
    for cursor in (
        ids.encode(*parts),
        ids.encode(*parts, ""),
        ids.encode(*parts, seal_[:-1] + ("0" if seal_[-1] != "0" else "1")),
        ids.encode(*parts[:3], "=Maier", parts[4], seal_),
        sealed(*parts, uow=THERE),
    ):
        with pytest.raises(Invalid, match="cursor"):
            opened(HERE, Customer, BY_NAME, cursor, "after")


@pytest.mark.parametrize(
    "strange",
    [
        "",
        "bogus",
        ids.encode("Customer", SOME),
        sealed("CustomerCursor"),
        sealed("CustomerCursor", "+name", "+id"),
        sealed("CustomerCursor", "+name", "+id", "=Müller"),
        sealed("CustomerCursor", "+name", "+id", "=Müller", f"={SOME.hex}", "=more"),
        sealed("CustomerCursor", "+name", "+id", "Müller", f"={SOME.hex}"),
        sealed("CustomerCursor", "+name", "+id", "=Müller", "=42"),
        sealed("CustomerCursor", "-name", "+id", "=Müller", f"={SOME.hex}"),
        sealed("CustomerCursor", "+name", "-id", "=Müller", f"={SOME.hex}"),
        sealed("CustomerCursor", "+id", "+name", f"={SOME.hex}", "=Müller"),
        sealed("CustomerCursor", "+email", "+id", "=Müller", f"={SOME.hex}"),
        sealed("FeedbackCursor", "+name", "+id", "=Müller", f"={SOME.hex}"),
    ],
)
@pytest.mark.parametrize("name", ["after", "before"])
def test_a_cursor_of_another_list_or_order_is_refused_by_name(strange, name):
    with pytest.raises(Invalid, match="cursor") as refused:
        opened(HERE, Customer, BY_NAME, strange, name)
    assert refused.value.problems[0].path == (name,)


def test_columns_that_may_be_empty_are_known():
    assert _may_be_null(Customer.name)
    assert not _may_be_null(Customer.created_at)
    assert not _may_be_null(Customer.id)


def test_nothing_comes_after_the_empty_but_what_the_id_decides():
    said = str(_beyond(Customer, BY_NAME, [None, SOME], after=True).compile())
    assert "name IS NULL AND customer.id >" in said
    assert "customer.name >" not in said


# walking through a list, on either database

NAMES = ["dora", None, "ada", "ada", "carl", None, "bea", "ada", "emil", None]
DAYS = [3, 1, None, 2, None, 1, None, 2, 1, None]
ORDERS = {
    "up": [Order("name")],
    "down": [Order("name", descending=True)],
    "down and up": [Order("name", descending=True), Order("joined_on")],
    "up and down": [Order("joined_on"), Order("name", descending=True)],
    "down twice": [Order("joined_on", descending=True), Order("name", descending=True)],
}
DOWN = ORDERS["down"]


@pytest.fixture
def people(workspace):
    """Ten customers, some of one name and some of none, some of one first day and some of none."""
    told = [
        {"external_id": f"c{n}", "name": name, "joined_on": day and date(2026, 1, day)}
        for n, (name, day) in enumerate(zip(NAMES, DAYS, strict=True))
    ]
    rows = [{key: value for key, value in one.items() if value is not None} for one in told]
    workspace.write(customer.upsert_batch, rows, Options())
    return workspace


def wanted(people, order):
    """The ids in the order that is asked for: the empty last either way, ties by id, which goes the last way."""
    rows = people.read(customer.LIST.page, Slice(first=100), None, [Order("id")]).rows
    assert len(rows) == len(NAMES)
    rows.sort(key=lambda row: row.id, reverse=order[-1].descending)
    for one in reversed(order):  # a sort leaves what is equal as it was
        rows.sort(key=lambda row: str(getattr(row, one.column)), reverse=one.descending)
        rows.sort(key=lambda row: getattr(row, one.column) is None)
    return [row.id for row in rows]


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("size", [1, 3, 10, 11])
def test_pages_in_either_direction_show_every_row_once_and_in_order(people, order, size):
    expected = wanted(people, order)
    forwards, part = [], Slice(first=size)
    while True:
        page = people.read(customer.LIST.page, part, None, order)
        assert page.has_previous == bool(forwards)
        forwards += [row.id for row in page.rows]
        assert page.has_next == (len(forwards) < len(expected))
        if not page.has_next:
            break
        part = Slice(first=size, after=page.cursors[-1])
    backwards, part = [], Slice(last=size)
    while True:
        page = people.read(customer.LIST.page, part, None, order)
        assert page.has_next == bool(backwards)
        backwards = [row.id for row in page.rows] + backwards
        assert page.has_previous == (len(backwards) < len(expected))
        if not page.has_previous:
            break
        part = Slice(last=size, before=page.cursors[0])
    assert forwards == backwards == expected


def test_a_row_that_arrives_meanwhile_moves_nothing(people):
    order = [Order("name")]
    first = people.read(customer.LIST.page, Slice(first=4), None, order)
    people.write(customer.upsert_batch, [{"external_id": "new", "name": "aaa"}], Options())
    rest = people.read(customer.LIST.page, Slice(first=20, after=first.cursors[-1]), None, order)
    seen = [row.name for row in (*first.rows, *rest.rows)]
    assert seen == sorted(filter(None, NAMES)) + [None] * 3


@pytest.mark.parametrize("order", [ORDERS["up"], DOWN], ids=["up", "down"])
def test_between_two_cursors_lies_what_lies_between_them(people, order):
    expected = wanted(people, order)
    cursors = people.read(customer.LIST.page, Slice(first=10), None, order).cursors
    for after, before in [*combinations(range(10), 2), (8, 1)]:
        for size in ({"first": 2}, {"last": 2}):
            part = Slice(after=cursors[after], before=cursors[before], **size)
            page = people.read(customer.LIST.page, part, None, order)
            between = expected[after + 1 : before]
            assert [row.id for row in page.rows] == (between[:2] if "first" in size else between[-2:])
