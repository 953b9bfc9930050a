"""Segments over days: who belongs when, rules that change, members by hand, the morning's job, what stays as it was."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
import stored
from trading import CREATE, ask, meet, put, sold, take_back, value

from app.actor import Scope
from app.errors import Code, Forbidden, Invalid
from app.kpis.dimension import Dimension
from app.models.job import Job
from app.services import feedback, kpi, merge, rfv, segment, segment_member, segment_template, target, target_progress
from app.services import workspace as workspaces
from app.services.breakdown import arrange
from app.services.kpi import Question
from app.services.page import Slice
from app.services.period import Span
from app.services.row import Ref
from app.services.slices import Filter
from app.worker import Worker

TODAY = date(2026, 6, 15)
BOUGHT = {"orders": {"last_days": 3, "at_least": 1}}
SEGMENT = Dimension.SEGMENT


def define(people, key="s", **more):
    """Make or change a segment; the segment."""
    made, _ = people.write(segment.upsert, {"external_id": key, "name": key.title(), **more})
    return made


def members(people, of, on=None):
    """The external ids of those who belong on a day, by the service that lists them."""
    called = {row["customer_id"]: row["external_id"] for row in names(people)}
    (page,) = people.read(segment_member.pages, [segment_member.Wanted(of.id, on, Slice(first=100))])
    (count,) = people.read(segment_member.counts, [(of.id, on)])
    assert count == len(page.rows)
    return {called[row.id] for row in page.rows}


def names(people):
    return stored.rows(people.door.settings, "customer_external_id", people.id)


def by_hand(people, function, key, *who, day=None):
    _, results = people.write(function, Ref(external_id=key), [Ref(external_id=name) for name in who], day)
    return [one.outcome.value for one in results]


def tomorrow(clock):
    clock.advance(days=1)
    return clock.now.date()


def test_each_day_keeps_who_belonged_on_it(workspace, clock):
    """Random purchases over two weeks, the rule edited on the way: what each day said is what its own evening knew."""
    rng, today = Random(1), TODAY  # noqa: S311 - repeatable, not secret
    people, bought, known, rule = [f"c{n}" for n in range(9)], [], {}, BOUGHT
    meet(workspace, *({"external_id": name} for name in people))
    made = define(workspace, rule=rule)
    for number in range(14):
        for _ in range(rng.randrange(4)):
            who = rng.choice(people)
            bought.append((who, today))
            put(workspace, "order", sold(f"o{len(bought)}", 10, today, who))
        if number in (5, 9):
            rule = {"orders": {"last_days": number, "at_least": 2}}
            made = define(workspace, rule=rule)
        workspace.write(segment.refresh, Ref(external_id="s"))
        days, least = rule["orders"]["last_days"], rule["orders"]["at_least"]
        counts = {name: sum(w == name and day > today - timedelta(days=days) for w, day in bought) for name in people}
        known[today] = {name for name, count in counts.items() if count >= least}
        assert members(workspace, made) == known[today]
        today = tomorrow(clock)
    assert {day: members(workspace, made, day) for day in known} == known
    assert len(set(map(frozenset, known.values()))) > 5
    assert members(workspace, made, TODAY - timedelta(days=1)) == set()
    rows = stored.rows(workspace.door.settings, "segment_member", workspace.id)
    assert all(row["starts_on"] < row["ends_on"] for row in rows)


def test_whoever_comes_and_goes_within_a_day_never_belonged(workspace):
    put(workspace, "order", sold("o1", 10, TODAY, "ann"))
    made = define(workspace, rule=BOUGHT)
    assert members(workspace, made) == {"ann"}
    take_back(workspace, "order", "o1")
    assert members(workspace, made) == {"ann"}  # until it is asked for, or morning comes
    workspace.write(segment.refresh, Ref(external_id="s"))
    assert stored.rows(workspace.door.settings, "segment_member", workspace.id) == []


def test_those_who_meet_it_at_first_may_have_belonged_before(workspace):
    put(workspace, "order", sold("o1", 10, TODAY, "ann"))
    made = define(workspace, rule=BOUGHT, members_from=date(2026, 1, 1))
    assert members(workspace, made, date(2026, 1, 1)) == {"ann"}
    assert members(workspace, made, date(2025, 12, 31)) == set()
    put(workspace, "order", sold("o2", 10, TODAY, "bob"))
    workspace.write(segment.refresh, Ref(external_id="s"))
    assert members(workspace, made, date(2026, 1, 1)) == {"ann"}  # bob came later
    assert members(workspace, made) == {"ann", "bob"}
    with pytest.raises(Invalid) as refused:
        define(workspace, "t", rule=BOUGHT, members_from=TODAY + timedelta(days=1))
    assert refused.value.problems[0].path == ("membersFrom",)


def test_members_by_hand_have_the_days_that_are_said(workspace):
    meet(workspace, {"external_id": "ann"}, {"external_id": "bob"})
    made = define(workspace, kind="MANUAL")
    assert by_hand(workspace, segment.add, "s", "ann", "bob", "ann", "who", day=date(2026, 5, 1)) == [
        "CREATED",
        "CREATED",
        "UNCHANGED",
        "REJECTED",
    ]
    assert by_hand(workspace, segment.add, "s", "ann") == ["UNCHANGED"]
    assert by_hand(workspace, segment.remove, "s", "ann", "ann", day=date(2026, 5, 10)) == ["DELETED", "UNCHANGED"]
    assert [members(workspace, made, date(2026, 5, day)) == {"bob", *who} for day, who in ((9, ["ann"]), (10, []))]
    # the time goes on where it ended, and is one again
    assert by_hand(workspace, segment.add, "s", "ann", day=date(2026, 5, 10)) == ["CREATED"]
    rows = stored.rows(workspace.door.settings, "segment_member", workspace.id)
    assert {(row["starts_on"], row["ends_on"]) for row in rows} == {(date(2026, 5, 1), date(9999, 12, 31))}
    assert by_hand(workspace, segment.remove, "s", "bob", day=date(2026, 4, 1)) == ["DELETED"]
    assert len(stored.rows(workspace.door.settings, "segment_member", workspace.id)) == 1  # bob never belonged
    for wrong in ({"day": TODAY + timedelta(days=1)},):
        with pytest.raises(Invalid) as refused:
            by_hand(workspace, segment.add, "s", "bob", **wrong)
        assert refused.value.problems[0].path == ("from",)
    define(workspace, "ruled", rule=BOUGHT)
    with pytest.raises(Invalid, match="for its rule to say"):
        by_hand(workspace, segment.add, "ruled", "ann")
    with pytest.raises(Invalid, match="has no rule"):
        workspace.write(segment.refresh, Ref(external_id="s"))


def test_every_morning_the_worker_brings_all_of_them_up_to_date_by_one_job(workspace, clock):
    put(workspace, "order", sold("o1", 10, TODAY, "ann"))
    one, other = define(workspace, rule=BOUGHT), define(workspace, "t", rule={"not_": BOUGHT})
    define(workspace, rule={"orders": {"last_days": 2, "at_least": 1}})
    worker = Worker(workspace.door)
    worker.drain()
    for _ in range(3):
        clock.set(datetime(2026, 6, clock.now.day + 1, 0, 30, tzinfo=UTC))
        worker.drain()
    assert [members(workspace, made) for made in (one, other)] == [set(), {"ann"}]
    assert [members(workspace, one, date(2026, 6, day)) for day in (15, 16, 17)] == [{"ann"}, {"ann"}, set()]
    waiting = [row["kind"] for row in stored.rows(workspace.door.settings, Job.__tablename__, workspace.id)]
    assert waiting.count(segment.NIGHTLY) == 1
    for key in ("s", "t"):
        workspace.write(segment.delete, Ref(external_id=key))
    clock.advance(days=1)
    worker.drain()
    waiting = [row["kind"] for row in stored.rows(workspace.door.settings, Job.__tablename__, workspace.id)]
    assert segment.NIGHTLY not in waiting


def test_of_very_many_customers_the_worker_finds_the_members_and_kpis_wait_for_it(workspace, monkeypatch):
    monkeypatch.setattr(segment, "AT_ONCE", 1)
    put(workspace, "order", sold("o1", 10, TODAY, "ann"), sold("o2", 5, TODAY, "bob"))
    made = define(workspace, rule={"revenue": {"at_least": 7}})
    question = Question("REVENUE", Span(TODAY, TODAY + timedelta(days=1)), None, (Filter(SEGMENT, ("s",)),))
    (answer,) = workspace.read(kpi.answer, [question])
    assert (answer.figure.value, answer.figure.reason.value) == (None, "PREPARING")
    Worker(workspace.door).drain()
    assert members(workspace, made) == {"ann"}
    (answer,) = workspace.read(kpi.answer, [question])
    assert answer.figure.value == 10


def test_a_refresh_sees_the_customers_of_its_own_workspace_only(workspace, elsewhere):
    for people in (workspace, elsewhere):
        put(people, "order", sold("o1", 10, TODAY, "ann"), sold("o2", 10, TODAY, "ann"))
    for rule in (
        BOUGHT,
        {"rank": {"by": "REVENUE", "top": 1}},
        {"not_": {"acquisition_channel": {"any_of": ["web"]}}},
        {"rfv": {"recency": {"at_least": 1}}},
    ):
        define(workspace, rule=rule)
        mine = {row["customer_id"] for row in names(workspace)}
        rows = stored.rows(workspace.door.settings, "segment_member")
        assert {row["tenant_id"] for row in rows} == {workspace.id}
        assert {row["customer_id"] for row in rows} == mine
    put(elsewhere, "order", sold("o3", 10, TODAY, "bob"))
    workspace.write(segment.refresh, Ref(external_id="s"))
    assert {row["tenant_id"] for row in stored.rows(workspace.door.settings, "segment_member")} == {workspace.id}


def test_merged_customers_belong_where_either_did(workspace):
    meet(workspace, {"external_id": "ann"}, {"external_id": "old"})
    made = define(workspace, kind="MANUAL")
    by_hand(workspace, segment.add, "s", "old", day=date(2026, 1, 1))
    by_hand(workspace, segment.remove, "s", "old", day=date(2026, 3, 1))
    by_hand(workspace, segment.add, "s", "ann", day=date(2026, 2, 1))
    workspace.write(merge.merge, Ref(external_id="old"), Ref(external_id="ann"))
    rows = stored.rows(workspace.door.settings, "segment_member", workspace.id)
    assert [(row["starts_on"], row["ends_on"].year) for row in rows] == [(date(2026, 1, 1), 9999)]
    (count,) = workspace.read(segment_member.counts, [(made.id, date(2026, 1, 15))])
    assert count == 1


# beside the texts that sources send


@pytest.fixture
def both(workspace):
    """Two who are gold by their source, one who is silver; vip are one of the gold ones and the silver one."""
    for name, text in (("ann", "gold"), ("bob", "gold"), ("cat", "silver")):
        meet(workspace, {"external_id": name, "segment": text})
    put(workspace, "order", sold("o1", 1, TODAY, "ann"), sold("o2", 2, TODAY, "bob"), sold("o3", 4, TODAY, "cat"))
    put(workspace, "order", sold("o4", 8, TODAY))
    define(workspace, "vip", kind="MANUAL")
    by_hand(workspace, segment.add, "vip", "bob", "cat")
    return workspace


DAY = Span(TODAY, TODAY + timedelta(days=1))


def test_a_key_means_the_defined_segment_and_else_the_text(both):
    def revenue(*some, none=()):
        return value(both, "REVENUE", DAY, filters=(Filter(SEGMENT, some or None, none),))

    assert [revenue("vip"), revenue("gold"), revenue("vip", "gold"), revenue(""), revenue("no such")] == [6, 3, 7, 8, 0]
    assert [revenue(none=("vip",)), revenue(none=("gold",)), revenue(none=("vip", ""))] == [9, 12, 1]
    assert value(both, "REVENUE", DAY, filters=(Filter(SEGMENT, ("vip",)), Filter(SEGMENT, ("gold",)))) == 2


def test_a_breakdown_has_both_and_says_that_they_overlap(both):
    def slices(**more):
        answer = ask(both, "REVENUE", DAY, by=SEGMENT, **more)
        return {answer.slices[key].key: row[0].value for key, row in answer.figures.items()}, answer

    found, answer = slices()
    assert found == {"gold": 3, "silver": 4, "": 8, "vip": 6}
    assert not arrange(answer, 1, by="WEIGHT", descending=True).is_additive
    assert slices(filters=(Filter(SEGMENT, ("gold",)),))[0] == {"gold": 3}  # whoever asks for texts gets these alone
    assert slices(filters=(Filter(SEGMENT, ("vip",)),))[0] == {"gold": 2, "silver": 4, "vip": 6}
    both.write(segment.delete, Ref(external_id="vip"))
    found, answer = slices()
    assert found == {"gold": 3, "silver": 4, "": 8}
    assert arrange(answer, 1, by="WEIGHT", descending=True).is_additive


def test_a_new_key_may_not_be_what_sources_call_customers_already(both):
    with pytest.raises(Invalid) as refused:
        define(both, "gold", kind="MANUAL")
    assert (refused.value.problems[0].code, refused.value.problems[0].path) == (Code.CONFLICT, ("externalId",))
    assert not both.read(segment.LIST.count, {"key": {"eq": "gold"}})
    # what comes later under the key of a segment is not it, and is shown under no name of its own
    meet(both, {"external_id": "dan", "segment": "vip"})
    put(both, "order", sold("o5", 16, TODAY, "dan"))
    assert value(both, "REVENUE", DAY, filters=(Filter(SEGMENT, ("vip",)),)) == 6
    answer = ask(both, "REVENUE", DAY, by=SEGMENT)
    assert sorted(answer.slices[key].key for key in answer.figures) == ["", "gold", "silver", "vip"]


def test_a_target_may_be_of_a_segment(both):
    aim = {"external_id": "t", "kpi": "REVENUE", "kind": "ABSOLUTE", "value": 10, "scope": [Filter(SEGMENT, ("vip",))]}
    made, _, _ = both.write(target.set_, aim | {"from_": date(2026, 6, 1), "before": date(2026, 7, 1)})
    (progress,) = both.read(target_progress.progress, [made.id])
    assert progress.pace.attainment == pytest.approx(0.6)


def test_small_cells_of_segments_stay_hidden(workspace):
    """Six of ten answered inside, or one; a segment of nearly all would tell by subtraction what one said."""
    people = [f"c{n}" for n in range(10)]
    meet(workspace, *({"external_id": name, "segment": "all"} for name in people))
    rows = [
        {"external_id": f"f{n}", "kind": "CSAT", "score": 1 + n % 5, "occurred_at": TODAY}
        | {"customer": Ref(external_id=name)}
        for n, name in enumerate(people)
    ]
    workspace.write(feedback.record_batch, rows, CREATE)
    for key, some in {"few": people[:4], "half": people[:5], "most": people[:6], "every": people}.items():
        define(workspace, key, kind="MANUAL")
        by_hand(workspace, segment.add, key, *some)

    def shown(reader, **more):
        (answer,) = workspace.read(kpi.answer, [Question("CSAT", DAY, **more)], by=reader)
        return {answer.slices[k].key if more.get("by") else k: row[0].value for k, row in answer.figures.items()}

    every, bob = shown(workspace.system, by=SEGMENT), shown(workspace.bob, by=SEGMENT)
    assert {key for key, one in every.items() if one is not None} == {"few", "half", "most", "every", "all"}
    # 4 people; 5 and 5; 6 and the other 4; all and nobody else
    assert {key for key, one in bob.items() if one is not None} == {"half", "every", "all"}
    for key, is_shown in (("few", False), ("half", True), ("most", False), ("every", True)):
        (figure,) = shown(workspace.bob, filters=(Filter(SEGMENT, (key,)),)).values()
        assert (figure is not None) is is_shown, key


# who may


def test_a_rule_takes_the_scopes_of_what_it_asks(workspace):
    rule = {"any": [{"attribute": {"name": "plan", "any_of": ["gold"]}}, BOUGHT]}
    may = {Scope.SEGMENT_READ, Scope.SEGMENT_WRITE, Scope.ORDER_READ, Scope.CUSTOMER_READ}
    dana = workspace.actor(may)
    for missing, actor in ((Scope.ORDER_READ, workspace.actor(may - {Scope.ORDER_READ})), (Scope.PERSONAL_READ, dana)):
        with pytest.raises(Forbidden, match=missing.value):
            workspace.read(segment.preview, rule, 5, by=actor)
        with pytest.raises(Forbidden, match=missing.value):
            workspace.write(segment.upsert, {"external_id": "s", "name": "S", "rule": rule}, by=actor)
    assert stored.rows(workspace.door.settings, "segment", workspace.id) == []
    workspace.write(workspaces.update, {"attribute_dimensions": ["plan"]})
    assert workspace.read(segment.preview, rule, 5, by=dana).count == 0
    # who may not see customers is told how many, not who
    put(workspace, "order", sold("o1", 10, TODAY, "ann"))
    found = workspace.read(segment.preview, BOUGHT, 5, by=workspace.actor({Scope.SEGMENT_READ, Scope.ORDER_READ}))
    assert (found.count, found.customer_ids) == (1, [])


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({"orders": {"last_days": 3}}, ("rule", "orders")),
        ({"orders": {"at_least": -1}}, ("rule", "orders", "atLeast")),
        ({"orders": {"at_least": 1, "last_days": 0}}, ("rule", "orders", "lastDays")),
        ({"all": [BOUGHT, {"rank": {"by": "REVENUE"}}]}, ("rule", "all", "1", "rank")),
        ({"rank": {"by": "AVERAGE_ORDER", "top_share": 10.0}}, ("rule", "rank")),
        ({"not_": {"rfv": {"value": {"at_least": 6}}}}, ("rule", "not", "rfv", "value", "atLeast")),
        ({"attribute": {"name": 'a"b', "any_of": ["x"]}}, ("rule", "attribute", "name")),
        ({"all": [BOUGHT] * 101}, ("rule", "all", "99")),
        ({"orders": {"at_least": 1}, "uses": {"at_least": 1}}, ("rule",)),
        ({}, ("rule",)),
    ],
)
def test_a_wrong_rule_says_where_and_nothing_is_stored(workspace, rule, path):
    for call in (
        lambda: workspace.read(segment.preview, rule, 5),
        lambda: define(workspace, rule=rule),
    ):
        with pytest.raises(Invalid) as refused:
            call()
        assert refused.value.problems[0].path == path
    assert stored.rows(workspace.door.settings, "segment", workspace.id) == []


def test_a_rule_is_not_nested_without_end(workspace):
    rule = BOUGHT
    for _ in range(11):
        rule = {"not_": rule}
    with pytest.raises(Invalid, match="at most 10 deep"):
        workspace.read(segment.preview, rule, 5)


def test_kinds_ask_for_what_they_need(workspace):
    for more, path in (
        ({}, "rule"),
        ({"kind": "MANUAL", "rule": BOUGHT}, "rule"),
        ({"rule": BOUGHT, "template": "HIGH_VALUE"}, "template"),
    ):
        with pytest.raises(Invalid) as refused:
            define(workspace, **more)
        assert refused.value.problems[0].path == (path,)
    define(workspace, rule=BOUGHT)
    assert define(workspace).rule == BOUGHT  # absent keeps
    with pytest.raises(Invalid) as refused:
        define(workspace, rule=None)
    assert (refused.value.problems[0].code, refused.value.problems[0].path) == (Code.REQUIRED, ("rule",))
    assert define(workspace, kind="MANUAL").rule is None


def test_every_template_is_a_rule_and_the_first_finds_who_is_worth_most(workspace):
    put(workspace, "order", *(sold(f"o{n}", 10 * n, TODAY, f"c{n:02}") for n in range(1, 21)))
    for one in segment_template.Template:
        made = define(workspace, one.value.lower(), template=one)
        assert made.rule == segment_template.TEMPLATES[one].rule
    assert members(workspace, define(workspace, "high_value")) == {"c19", "c20"}
    classes, _ = workspace.read(rfv.classes)
    assert {one.of.value: one.customers for one in classes} == {
        one.of.value: len(members(workspace, define(workspace, one.of.value.lower()))) for one in classes
    }
