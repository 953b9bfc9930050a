"""A segment's KPIs are those of its listed members: of a workspace that knows nobody and nothing else."""

from contextlib import contextmanager
from datetime import date, timedelta
from random import Random

import pytest
from segment_world import Facts
from sqlalchemy import event
from trading import meet, put, sold

from app.kpis import CATALOGUE
from app.kpis.dimension import Dimension
from app.services import kpi, segment
from app.services import workspace as workspaces
from app.services.kpi import Question
from app.services.period import Grain, Span
from app.services.row import Ref
from app.services.slices import Filter

SPANS = (Span(date(2026, 2, 1), date(2026, 4, 1)), Span(date(2026, 1, 10), date(2026, 6, 15)))
VARIANTS = [
    (one.key, variant.key)
    for one in CATALOGUE.values()
    for variant in one.variants
    if variant.cut_by(Dimension.SEGMENT) and variant.cut_by(Dimension.ATTRIBUTE)
]
SEGMENT, ATTRIBUTE = Dimension.SEGMENT, Dimension.ATTRIBUTE


def by_hand(people, key, names, since=date(2000, 1, 1)):
    """A segment of these customers."""
    people.write(segment.upsert, {"external_id": key, "name": key.title(), "kind": "MANUAL"})
    refs = [Ref(external_id=name) for name in sorted(names)]
    _, results = people.write(segment.add, Ref(external_id=key), refs, since)
    assert {one.outcome.value for one in results} == {"CREATED"}


def leave(people, key, names, before):
    _, results = people.write(segment.remove, Ref(external_id=key), [Ref(external_id=name) for name in names], before)
    assert {one.outcome.value for one in results} == {"DELETED"}


def answers(people, questions, by=None):
    found = people.read(kpi.answer, questions, by=by)
    for one in found:
        if isinstance(one, Exception):
            raise one
    return found


def compare(whole, part, cut, variants=VARIANTS, *, thoroughly=False):
    """Every figure under `cut` of the whole is that of the part; the values. Thoroughly: of both spans, in series."""
    ways = [(span, grain) for span in SPANS for grain in (None, Grain.MONTH)]
    asked = [
        (key, variant, *way)
        for place, (key, variant) in enumerate(variants)
        for way in (ways if thoroughly else [ways[place % 4]])
    ]
    narrowed = answers(whole, [Question(k, s, v, cut, grain=g) for k, v, s, g in asked])
    alone = answers(part, [Question(k, s, v, (), grain=g) for k, v, s, g in asked])
    for question, one, other in zip(asked, narrowed, alone, strict=True):
        assert one.figures == other.figures, question
    return [row[0].value for one in alone for row in one.figures.values()]


@pytest.fixture
def told(workspace, make_workspace):
    """Everybody, and only those inside, each in a workspace; what was told."""

    def tell(seed, keep=None):
        facts = Facts(Random(seed))  # noqa: S311 - repeatable, not secret
        part = make_workspace("Part")
        for people in (workspace, part):
            people.write(workspaces.update, {"expected_lifespan_months": 36, "attribute_dimensions": ["plan"]})
        facts.tell(workspace)
        facts.tell(part, keep or (lambda who, day: who in facts.inside))
        return facts, workspace, part

    return tell


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_every_kpi_of_a_segment_is_that_of_its_members(told, seed):
    facts, whole, part = told(seed)
    by_hand(whole, "vip", facts.inside)
    values = compare(whole, part, (Filter(SEGMENT, ("vip",)),), thoroughly=bool(seed))
    assert len([one for one in values if one]) > len(values) / 2  # the comparison is about something


@pytest.mark.slow
def test_so_it_is_of_whom_another_segment_leaves_out_and_of_an_attribute(told):
    facts, whole, part = told(3)
    by_hand(whole, "others", set(facts.names) - facts.inside)
    compare(whole, part, (Filter(SEGMENT, None, ("others",)),), VARIANTS[::6])
    compare(whole, part, (Filter(ATTRIBUTE, ("gold",), (), "plan"),), VARIANTS[1::6])
    compare(whole, part, (Filter(ATTRIBUTE, None, ("tin",), "plan"),), VARIANTS[2::6])


@pytest.mark.slow
@pytest.mark.some(1)
@pytest.mark.parametrize(("cut", "key"), [((SEGMENT, None), "vip"), ((ATTRIBUTE, "plan"), "gold")])
def test_a_slice_says_what_its_filter_says(told, cut, key):
    facts, whole, part = told(4)
    by_hand(whole, "vip", facts.inside)
    by, attribute = cut
    asked = [(k, v, SPANS[1]) for k, v in VARIANTS[by is SEGMENT :: 2]]
    sliced = answers(whole, [Question(k, s, v, by=by, attribute=attribute) for k, v, s in asked])
    alone = answers(part, [Question(k, s, v) for k, v, s in asked])
    for question, one, other in zip(asked, sliced, alone, strict=True):
        figures = {one.slices[inner].key: row for inner, row in one.figures.items()}
        if key in figures or other.figure.value:
            assert figures[key] == other.figures[""], question


def test_a_fact_belongs_to_the_segment_of_its_day(told):
    """Members come and go: of flows those days are counted on which they belonged."""
    change, end = date(2026, 3, 5), date(2026, 4, 20)
    stayed, came, left = {"c00", "c01", "c02"}, {"c03", "c04", "c05"}, {"c06", "c07"}

    def keep(who, day):
        if day is None:
            return who in stayed | came | left
        return who in stayed or (who in came and day >= change) or (who in left and day < end)

    _, whole, part = told(5, keep)
    by_hand(whole, "vip", stayed | left)
    whole.write(segment.add, Ref(external_id="vip"), [Ref(external_id=name) for name in sorted(came)], change)
    leave(whole, "vip", left, end)
    flows = [
        (key, variant)
        for key, variant in VARIANTS
        if not any(cube.input in ("CUSTOMER_STATUS", "CONTRACT") for cube in CATALOGUE[key].variant(variant).cubes)
    ]
    # whether a purchase or a referral is somebody's first one is not seen in a part of what they did
    flows = [(k, v) for k, v in flows if k not in ("CLV", "REPEAT_PURCHASE_RATE", "REFERRAL_RATE")]
    # nor all that an account bought, by which its answers are weighed
    flows = [(k, v) for k, v in flows if v != "revenue_weighted"]
    values = compare(whole, part, (Filter(SEGMENT, ("vip",)),), flows)
    assert len([one for one in values if one]) > len(values) / 2


def test_who_is_a_customer_is_asked_of_the_days_on_which_stocks_are_taken(workspace):
    """Counted by hand: ann is a member from 10 May on, bob until 20 May, cat always; dan never."""
    days = {"ann": ("2026-01-01", None), "bob": ("2026-01-01", None), "cat": ("2026-01-01", "2026-05-15")}
    days |= {"dan": ("2026-01-01", None), "eve": ("2026-05-12", None)}
    meet(
        workspace,
        *(
            {"external_id": name, "joined_on": date.fromisoformat(start)}
            | ({"churned_on": date.fromisoformat(end)} if end else {})
            for name, (start, end) in days.items()
        ),
    )
    by_hand(workspace, "vip", ["bob", "cat", "eve"])
    workspace.write(segment.add, Ref(external_id="vip"), [Ref(external_id="ann")], date(2026, 5, 10))
    leave(workspace, "vip", ["bob"], date(2026, 5, 20))
    may = Span(date(2026, 5, 1), date(2026, 6, 1))

    def figure(key, variant=None, span=may):
        (found,) = answers(workspace, [Question(key, span, variant, (Filter(SEGMENT, ("vip",)),))])
        return found.figure.value, found.figure.numerator, found.figure.denominator

    # at the start bob and cat belonged; cat left the company; at the end ann and eve belong, and are customers
    assert figure("RETENTION_RATE") == (50, 1, 2)
    assert figure("CHURN_RATE") == (50, 1, 2)
    assert figure("ACTIVE_CUSTOMERS")[0] == 2
    assert figure("NEW_CUSTOMERS")[0] == 1
    assert figure("CHURNED_CUSTOMERS")[0] == 1
    assert figure("RETENTION_RATE", "net_count") == (50, 1, 2)
    assert figure("ACTIVE_CUSTOMERS", span=Span(may.start, date(2026, 5, 20)))[0] == 3  # bob still, ann, eve
    assert figure("RETENTION_RATE", span=Span(date(2026, 5, 21), may.end)) == (100, 2, 2)


def test_rows_of_a_day_are_in_before_the_end_and_out_on_it(workspace):
    day = date(2026, 5, 10)
    for offset in (-1, 0, 1, 2):
        put(workspace, "order", sold(f"o{offset}", 1 + offset + 1, day + timedelta(days=offset), "ann"))
    by_hand(workspace, "vip", ["ann"], day)
    leave(workspace, "vip", ["ann"], day + timedelta(days=2))
    may = Span(date(2026, 5, 1), date(2026, 6, 1))
    (found,) = answers(workspace, [Question("REVENUE", may, None, (Filter(SEGMENT, ("vip",)),))])
    assert found.figure.value == 2 + 3


@contextmanager
def plans_of(door):
    """How SQLite goes about each statement that reads members or stages, while something is asked."""
    found = []

    def note(_connection, cursor, statement, parameters, *_):
        if statement.startswith(("WITH", "SELECT", "INSERT")) and (
            "segment_member" in statement or "stated" in statement
        ):
            plan = cursor.connection.execute("EXPLAIN QUERY PLAN " + statement, parameters).fetchall()
            found.append([row[3] for row in plan])

    for engine in (door.db.reader, door.db.writer):
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in (door.db.reader, door.db.writer):
            event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_members_and_stages_are_found_by_their_indexes(workspace):
    put(workspace, "order", sold("o1", 1, date(2026, 5, 10), "ann"))
    with plans_of(workspace.door) as plans:
        workspace.write(segment.upsert, {"external_id": "s", "name": "S", "rule": {"orders": {"at_least": 1}}})
        by_hand(workspace, "vip", ["ann"])
        answers(workspace, [Question("REVENUE", SPANS[0], None, (Filter(SEGMENT, ("s", "vip")),), by=SEGMENT)])
        answers(workspace, [Question("REVENUE", SPANS[0], by=Dimension.LIFECYCLE_STAGE)])
    assert len(plans) > 4
    told = [step for plan in plans for step in plan]
    assert [one for one in told if one.startswith(("SCAN segment_member", "SCAN stated"))] == []
    narrow = [one for one in told if one.startswith("SEARCH segment_member_")]
    assert narrow
    assert all("customer_id=?" in one for one in narrow)
    assert any("(tenant_id=? AND customer_id=? AND starts_on<?)" in one for one in told if "stated_stage" in one)
