"""Facts sent again, mended, taken back and told anew: what is counted is what a rebuild would count."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import stored
from databases import at_ease, copied
from people import TODAY, People, settle
from trading import (
    asked,
    assert_a_rebuild_changes_nothing,
    back,
    brought,
    cells,
    may,
    meet,
    met,
    put,
    record,
    sold,
    spent,
    take_back,
    used,
    value,
    worth,
)

from app.bus import Bus
from app.db import Database
from app.services.row import Options
from app.uow import Door

TABLES = {
    "order": "customer_order",
    "refund": "refund",
    "cost": "cost",
    "touchpoint": "touchpoint",
    "lead": "lead",
    "rate": "exchange_rate",
    "referral": "referral",
    "engagement": "engagement",
}
NOUNS = list(TABLES)
USUAL = 1
"""Of the changes of each noun, how many the default run makes."""
LINE = {"product": "tea", "quantity": Decimal(2), "unit_price": Decimal(40), "amount": Decimal(80), "cost": Decimal(30)}

FACTS = {
    # a fact of each noun, and what else may be said of it instead
    "order": (
        sold("o1", "80", may(4), "ann", channel="web", staff="eva", currency="USD", lines=[LINE]),
        [
            {"amount": "90", "lines": None},
            {"status": "CANCELLED"},
            {"status": "PENDING"},
            {"customer": "bob"},
            {"customer": None},
            {"occurred_at": may(20)},
            {"occurred_at": date(2026, 3, 20)},
            {"channel": "shop", "staff": None, "product": "cups"},
            {"lines": None, "cost": None},
            {"lines": None, "cost": "79"},
        ],
    ),
    "refund": (
        back("r1", "o1", "30", may(20), channel="shop"),
        [
            {"amount": "0"},
            {"amount": "80"},
            {"order": "o2", "amount": "1"},
            {"occurred_at": may(5)},
            {"occurred_at": date(2026, 6, 5)},
            {"reason": "broken", "channel": None},
        ],
    ),
    "cost": (
        spent("k1", "MEDIA", "100", may(1), may(8), channel="web", customer="ann", currency="USD"),
        [
            {"amount": "0.03"},
            {"category": "SERVICE"},
            {"category": "OTHER"},
            {"from_": date(2026, 4, 28)},
            {"before": date(2026, 6, 3)},
            {"channel": None},
            {"customer": "tester"},
            {"customer": None},
            {"currency": "EUR"},
        ],
    ),
    "touchpoint": (
        met("m1", "ann", "web", may(2)),
        [{"channel": "shop"}, {"customer": "bob"}, {"occurred_at": may(30)}, {"campaign": "spring"}],
    ),
    "lead": (
        asked("l1", may(4), "ann", channel="web", staff="eva", qualified_at=may(5), won_at=may(20)),
        [
            {"won_at": may(20) + timedelta(days=1)},
            {"won_at": None},
            {"won_at": None, "lost_at": may(21), "lost_reason": "price"},
            {"won_at": may(3)},
            {"type": "RENEWAL"},
            {"qualified_at": None},
            {"occurred_at": may(20)},
            {"occurred_at": date(2026, 1, 20)},
            {"customer": "bob"},
            {"customer": None},
            {"customer": "tester"},
            {"channel": None, "staff": None, "product": "cups", "campaign": "spring", "journey_stage": "use"},
        ],
    ),
    "rate": (
        worth("x1", "USD", "0.5", may(4)),
        [{"rate": "0.7"}, {"date": may(20)}, {"date": date(2026, 3, 20)}, {"from_": "JPY"}, {"to": "GBP"}],
    ),
    "referral": (
        brought("w1", "ann", "bob", may(5), channel="web"),
        [
            {"channel": "shop", "product": "tea"},
            {"customer": "cy"},
            {"customer": "tester"},
            {"referred": "cy"},
            {"referred": "tester"},
            {"occurred_at": may(6)},
            {"occurred_at": may(7)},
            {"occurred_at": date(2026, 3, 20)},
            {"converted_at": may(20)},
        ],
    ),
    "engagement": (
        used("u1", "ann", may(5), channel="web"),
        [
            {"type": "view"},
            {"channel": "shop", "product": "app"},
            {"customer": "bob"},
            {"customer": "tester"},
            {"occurred_at": may(30)},
            {"occurred_at": may(6)},
            {"occurred_at": date(2026, 3, 20)},
        ],
    ),
}
CASES = [
    pytest.param(noun, change, marks=[pytest.mark.slow] if place >= USUAL else [])
    for noun, (_, changes) in FACTS.items()
    for place, change in enumerate(changes)
]


def tell(workspace):
    """Ann, Bob and a tester, who buy, give back, are met and cost something; dollars have rates on some days."""
    meet(
        workspace,
        {"external_id": "ann", "region": "north", "joined_on": may(4), "acquisition_channel": "web"},
        {"external_id": "bob", "region": "south", "joined_on": may(6)},
        {"external_id": "tester", "is_test": True},
    )
    put(workspace, "rate", *(worth(f"day {day}", "USD", "0.9", may(day)) for day in (1, 2, 25)))
    put(workspace, "touchpoint", met("m2", "ann", "shop", may(3)), met("m3", "bob", "ads", may(5)))
    put(workspace, "order", sold("o2", "10", may(6), "ann"), sold("o3", "20", may(25), "bob", currency="USD"))
    put(workspace, "order", sold("o4", "7", may(6), "tester"), sold("o5", "3", may(6)))
    put(workspace, "referral", brought("w2", "cy", "bob", may(4)), brought("w3", "ann", "di", may(9)))
    put(workspace, "engagement", used("u2", "ann", may(5)), used("u3", "bob", may(6), channel="web"))
    for noun in FACTS:
        put(workspace, noun, FACTS[noun][0])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def template(request):
    """A database in which all of that was told, to be copied; its engine, and whose workspace it is."""
    with copied(request, request.param) as settings:
        door = Door(at_ease(Database(settings)), settings, Bus(), lambda: TODAY)
        workspace = settle(door)
        tell(workspace)
        door.close()
        yield request.param, settings, workspace.id


@pytest.fixture
def database(request, template):
    engine, settings, _ = template
    with copied(request, engine, settings) as mine:
        yield mine


@pytest.fixture
def told(door, template):
    return People(door, template[2])


def snapshot(database, people):
    """What is stored of facts and of what follows from them, but for ids that are made anew and for versions."""
    made = {"id", "known_on", "version", "recorded_at", "source_updated_at", "deleted_at"}
    found = {}
    for table in (*TABLES.values(), "buyer", "accrual", "credit"):
        rows = [row for row in stored.rows(database, table, people.id) if not row.get("deleted_at")]
        derived = made if table in ("buyer", "accrual", "credit") else made - {"id"}
        found[table] = sorted(repr({name: row[name] for name in row if name not in derived}) for row in rows)
    return found


@pytest.mark.some(3)
@pytest.mark.parametrize(("noun", "change"), CASES)
def test_a_correction_counts_as_if_it_had_always_been_so_and_can_be_taken_back(told, database, noun, change):
    fact = FACTS[noun][0]
    before, facts = cells(database, told), snapshot(database, told)
    assert put(told, noun, fact | change) == ["UPDATED"]
    mended = assert_a_rebuild_changes_nothing(database, told)
    assert put(told, noun, fact) == ["UPDATED"]
    assert cells(database, told) == before
    assert snapshot(database, told) == facts
    take_back(told, noun, fact["external_id"])
    put(told, noun, fact | change)
    assert cells(database, told) == mended


@pytest.mark.some(1)
@pytest.mark.parametrize("noun", NOUNS)
def test_what_was_taken_back_and_told_anew_counts_as_before(told, database, noun):
    fact = FACTS[noun][0]
    before, facts = cells(database, told), snapshot(database, told)
    for _ in range(2):
        assert take_back(told, noun, fact["external_id"]) == ["DELETED"]
        without = assert_a_rebuild_changes_nothing(database, told)
        assert (without != before) == (noun != "touchpoint")  # which no rollup counts
        assert snapshot(database, told) != facts
        assert take_back(told, noun, fact["external_id"]) == ["UNCHANGED"]
        assert cells(database, told) == without
        assert put(told, noun, fact) == ["CREATED"]
        assert cells(database, told) == before
        assert snapshot(database, told) == facts
    assert_a_rebuild_changes_nothing(database, told)


@pytest.mark.some(1)
@pytest.mark.parametrize("noun", NOUNS)
def test_what_was_never_told_is_as_what_was_taken_back(told, database, noun):
    """As if the fact had come last, or never."""
    fact = FACTS[noun][0]
    take_back(told, noun, fact["external_id"])
    without = cells(database, told)
    put(told, noun, fact | {"external_id": "another"})
    with_another = cells(database, told)
    take_back(told, noun, "another")
    assert cells(database, told) == without
    if noun != "order":  # whose refund asks for its own
        put(told, noun, fact)
        assert cells(database, told) == with_another


@pytest.mark.some(1)
@pytest.mark.parametrize("noun", NOUNS)
def test_the_same_again_writes_nothing(told, database, noun):
    fact = FACTS[noun][0]
    before = stored.everything(database)
    assert put(told, noun, fact, fact) == ["UNCHANGED", "UNCHANGED"]
    assert stored.everything(database) == before


@pytest.mark.some(1)
@pytest.mark.parametrize("noun", NOUNS)
def test_the_same_as_of_later_notes_the_instant_alone(told, database, noun):
    """No change is noted, nothing is counted again."""
    fact = FACTS[noun][0]
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    before = stored.everything(database)
    assert put(told, noun, fact | {"source_updated_at": noon}) == ["UNCHANGED"]
    after = stored.everything(database)
    assert {name for name in after if after[name] != before[name]} == {TABLES[noun]}
    assert put(told, noun, fact | {"source_updated_at": noon - timedelta(hours=1)}) == ["STALE"]
    assert stored.everything(database) == after


@pytest.mark.some(1)
@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_only_tried_is_not_stored(told, database, noun):
    fact, changes = FACTS[noun]
    before = stored.everything(database)
    dry = Options(create_missing=True, dry_run=True)
    assert put(told, noun, fact | changes[0], options=dry) == ["UPDATED"]
    results = record(told, noun, fact | changes[0] | {"external_id": "new"}, options=dry)
    assert [result.id for result in results] == [None]
    assert stored.everything(database) == before


@pytest.mark.some(1)
@pytest.mark.parametrize("noun", NOUNS)
def test_a_change_is_noted_with_the_names_of_what_changed_and_no_values(told, database, noun):
    fact, changes = FACTS[noun]
    put(told, noun, fact | changes[0])
    take_back(told, noun, fact["external_id"])
    (row,) = (one for one in stored.rows(database, TABLES[noun]) if one["external_id"] == fact["external_id"])
    log = [one for one in stored.rows(database, "change", told.id) if one["record_id"] == row["id"]]
    log.sort(key=lambda one: one["version"])
    assert [(one["action"], one["version"]) for one in log] == [("CREATED", 1), ("UPDATED", 2), ("DELETED", 3)]
    assert (
        set(log[1]["fields"])
        == {
            "order": {"amount", "lines", "cost", "product"},
            "refund": {"amount"},
            "cost": {"amount"},
            "touchpoint": {"channel_id"},
            "lead": {"won_at"},
            "rate": {"rate"},
            "referral": {"channel_id", "product"},
            "engagement": {"type"},
        }[noun]
    )


def test_a_day_passes_and_what_was_known_on_it_stays(told, clock, database):
    before = {key: value(told, key) for key in ("REVENUE", "CAC", "RETURN_RATE")}
    clock.advance(days=1)
    for noun in ("order", "refund", "cost"):
        put(told, noun, FACTS[noun][0] | FACTS[noun][1][0])
    assert {key: value(told, key) for key in before} != before
    known = {key: value(told, key, known_on=date(2026, 6, 15)) for key in before}
    assert known == before
    assert_a_rebuild_changes_nothing(database, told)


@pytest.mark.slow
def test_test_customers_leave_no_trace_and_come_back_whole(told, database):
    before, facts = cells(database, told), snapshot(database, told)
    meet(told, {"external_id": "ann", "is_test": True})
    assert_a_rebuild_changes_nothing(database, told)
    meet(told, {"external_id": "ann", "is_test": False})
    assert cells(database, told) == before
    assert snapshot(database, told) == facts
