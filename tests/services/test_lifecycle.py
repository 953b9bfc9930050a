"""Stages of the lifecycle: stated by sources, derived from what customers did, on each day as that day was."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
import stored
from trading import CREATE, ask, asked, brought, meet, put, sold, value

from app.errors import Invalid
from app.kpis.dimension import Dimension
from app.services import customer, kpi, lifecycle, merge
from app.services import workspace as workspaces
from app.services.kpi import Question
from app.services.period import Span
from app.services.row import Ref
from app.services.slices import Filter

TODAY, FIRST = date(2026, 6, 15), date(2026, 1, 1)
STAGE, ATTRIBUTE = Dimension.LIFECYCLE_STAGE, Dimension.ATTRIBUTE
YEAR = Span(date(2026, 1, 1), date(2026, 7, 1))


class Life:
    """What is told of one customer, and the stage that follows on a day: by plain Python, sharing no code."""

    def __init__(self, rng):
        def day(most=160):
            return FIRST + timedelta(days=rng.randrange(most))

        self.stays = []
        if rng.random() < 0.6:
            start = day(80)
            self.stays.append((start, start + timedelta(days=rng.randrange(1, 60))))
            if rng.random() < 0.5:
                self.stays.append((self.stays[0][1] + timedelta(days=rng.randrange(1, 30)), date.max))
        self.orders = [day() for _ in range(rng.choice((0, 1, 2, 3)))]
        self.leads = []
        for _ in range(rng.choice((0, 1, 2))):
            met = day()
            end = min(met + timedelta(days=rng.randrange(1, 20)), TODAY)
            self.leads.append(
                (met, *rng.choice(((None, None), (end, None), (None, end))), rng.choice(("NEW", "EXPANSION")))
            )
        self.referrals = [day() for _ in range(rng.choice((0, 0, 1)))]
        self.stated = {
            day(): rng.choice(("ACQUIRE", "RETAIN", "EXPAND", None)) for _ in range(rng.choice((0, 0, 1, 2)))
        }

    def stage(self, day):
        said = [stage for since, stage in sorted(self.stated.items()) if since <= day]
        if said and said[-1]:
            return said[-1]
        bought = sorted(one for one in self.orders if one <= day)
        is_customer = any(start <= day < end for start, end in self.stays)
        if not self.stays:
            is_customer = bool(bought)
        won = [one[2] for one in self.leads if one[3] == "EXPANSION" and one[2]]
        if is_customer:
            more = len(bought) > 1 or any(one <= day for one in (*self.referrals, *won))
            return "EXPAND" if more else "RETAIN"
        if any(met <= day and (lost is None or lost > day) for met, lost, _, _ in self.leads):
            return "CONVERT"
        return "ACQUIRE"

    def history(self):
        found = [(self.stage(FIRST - timedelta(days=1)), None)]
        for number in range((TODAY - FIRST).days + 1):
            day = FIRST + timedelta(days=number)
            if self.stage(day) != found[-1][0]:
                found.append((self.stage(day), day))
        ends = [day for _, day in found[1:]] + [None]
        return [(stage, start, end) for (stage, start), end in zip(found, ends, strict=True)]


def tell(people, lives):
    for name, life in lives.items():
        history = [{"from_": a, "before": None if b == date.max else b} for a, b in life.stays]
        meet(people, {"external_id": name, "history": history})
        for day, stage in sorted(life.stated.items(), key=lambda one: (name, one[0]), reverse=True):
            meet(people, {"external_id": name, "lifecycle_stage": stage, "lifecycle_stage_from": day})
    for name, life in lives.items():
        put(people, "order", *(sold(f"{name}o{n}", 1, day, name) for n, day in enumerate(life.orders)))
        put(
            people,
            "referral",
            *(brought(f"{name}w{n}", name, f"{name}friend{n}", d) for n, d in enumerate(life.referrals)),
        )
        for n, (met, lost, won, kind) in enumerate(life.leads):

            def at(day, hour):
                return datetime.combine(day, time(hour), tzinfo=UTC)

            more = {"lost_at": at(lost, 5)} if lost else {"won_at": at(won, 5)} if won else {}
            put(people, "lead", asked(f"{name}l{n}", at(met, 3), name, type=kind, **more))


def ids(people):
    rows = stored.rows(people.door.settings, "customer_external_id", people.id)
    return {row["external_id"]: row["customer_id"] for row in rows}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 3))])
def test_the_stage_of_each_day_is_what_plain_python_finds(workspace, seed):
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    lives = {f"c{n}": Life(rng) for n in range(14)}
    tell(workspace, lives)
    known = ids(workspace)
    told = workspace.read(lifecycle.history, list(known.values()))
    now = workspace.read(lifecycle.current, list(known.values()))
    revenue, leads = defaultdict(int), defaultdict(int)
    for name, life in lives.items():
        assert [(one.stage.value, one.start, one.end) for one in told[known[name]]] == life.history(), vars(life)
        assert now[known[name]].value == life.stage(TODAY)
        for day in life.orders:
            revenue[life.stage(day)] += 1
        for met, *_ in life.leads:
            leads[life.stage(met)] += 1
    for key, expected in (("REVENUE", revenue), ("LEADS", leads)):
        answer = ask(workspace, key, YEAR, by=STAGE)
        assert {one: row[0].value for one, row in answer.figures.items()} == expected
        for stage, one in expected.items():
            assert value(workspace, key, YEAR, filters=(Filter(STAGE, (stage,)),)) == one
            assert value(workspace, key, YEAR, filters=(Filter(STAGE, None, (stage,)),)) == sum(expected.values()) - one


@pytest.mark.slow
def test_who_is_a_customer_is_cut_by_the_stage_at_the_start_and_at_the_end(workspace):
    meet(workspace, *({"external_id": name, "joined_on": date(2026, 1, 1)} for name in ("ann", "bob", "cat")))
    put(workspace, "order", *(sold(f"o{n}", 1, date(2026, 5, 10), "ann") for n in range(2)))
    meet(workspace, {"external_id": "bob", "churned_on": date(2026, 5, 20)})
    may = Span(date(2026, 5, 1), date(2026, 6, 1))
    assert value(workspace, "RETENTION_RATE", may, filters=(Filter(STAGE, ("RETAIN",)),)) == pytest.approx(200 / 3)
    found = ask(workspace, "ACTIVE_CUSTOMERS", may, by=STAGE).figures
    assert {key: row[0].value for key, row in found.items()} == {"EXPAND": 1, "RETAIN": 1, "ACQUIRE": 0}
    assert value(workspace, "REVENUE", may, filters=(Filter(STAGE, ("",)),)) == 0
    put(workspace, "order", sold("cash", 7, date(2026, 5, 11)))
    assert value(workspace, "REVENUE", may, filters=(Filter(STAGE, ("",)),)) == 7


def test_what_is_stated_again_changes_nothing_and_null_takes_it_back(workspace):
    def state(**row):
        (result,) = workspace.write(customer.upsert_batch, [{"external_id": "ann", **row}], CREATE)
        return result.outcome.value

    assert state(lifecycle_stage="EXPAND", lifecycle_stage_from=date(2026, 3, 1)) == "CREATED"
    assert state(lifecycle_stage="EXPAND") == "UNCHANGED"
    assert state(lifecycle_stage="CONVERT", lifecycle_stage_from=date(2026, 3, 1)) == "UPDATED"
    assert state(lifecycle_stage=None, lifecycle_stage_from=date(2026, 5, 1)) == "UPDATED"
    assert state(lifecycle_stage=None) == "UNCHANGED"
    (stays,) = workspace.read(lifecycle.history, list(ids(workspace).values())).values()
    assert [(one.stage.value, one.start) for one in stays] == [
        ("ACQUIRE", None),
        ("CONVERT", date(2026, 3, 1)),
        ("ACQUIRE", date(2026, 5, 1)),
    ]
    before = stored.everything(workspace.door.settings)
    for row, path in (
        ({"lifecycle_stage": "EXPAND", "lifecycle_stage_from": TODAY + timedelta(days=1)}, "lifecycleStageFrom"),
        ({"lifecycle_stage_from": TODAY}, "lifecycleStage"),
    ):
        (result,) = workspace.write(customer.upsert_batch, [{"external_id": "ann", **row}], CREATE)
        assert [problem.path for problem in result.problems] == [(path,)]
    assert stored.everything(workspace.door.settings) == before


def test_what_is_stated_from_a_day_on_holds_though_an_earlier_day_is_told_later(workspace):
    for stage, day in ((None, date(2026, 5, 1)), ("EXPAND", date(2026, 3, 1)), ("EXPAND", date(2026, 3, 1))):
        meet(workspace, {"external_id": "ann", "lifecycle_stage": stage, "lifecycle_stage_from": day})
    (stays,) = workspace.read(lifecycle.history, list(ids(workspace).values())).values()
    assert [(one.stage.value, one.start) for one in stays] == [
        ("ACQUIRE", None),
        ("EXPAND", date(2026, 3, 1)),
        ("ACQUIRE", date(2026, 5, 1)),
    ]
    assert len(stored.rows(workspace.door.settings, "stated_stage", workspace.id)) == 2


def test_what_was_stated_of_one_customer_passes_over_where_nothing_was_of_the_other(workspace):
    meet(workspace, {"external_id": "old", "lifecycle_stage": "EXPAND"}, {"external_id": "ann"})
    workspace.write(merge.merge, Ref(external_id="old"), Ref(external_id="ann"))
    rows = stored.rows(workspace.door.settings, "stated_stage", workspace.id)
    assert [(row["customer_id"], row["stage"]) for row in rows] == [(ids(workspace)["ann"], "EXPAND")]
    meet(
        workspace,
        {"external_id": "gone", "lifecycle_stage": "EXPAND"},
        {"external_id": "eve", "lifecycle_stage": "RETAIN"},
    )
    workspace.write(merge.merge, Ref(external_id="gone"), Ref(external_id="eve"))
    eve = ids(workspace)["eve"]
    rows = stored.rows(workspace.door.settings, "stated_stage", workspace.id)
    assert [row["stage"] for row in rows if row["customer_id"] == eve] == ["RETAIN"]


# custom attributes

PLANS = {"ann": "gold", "bob": 2, "cat": 2.0, "dan": True, "eve": None, "fay": ["x"], "gus": "2", "hal": 0.1}


@pytest.fixture
def plans(workspace):
    """Everybody of PLANS has spent as much as their place says, in powers of two; somebody unknown 256."""
    for number, (name, plan) in enumerate(PLANS.items()):
        meet(workspace, {"external_id": name, "attributes": {"plan": plan} if plan is not None else {"other": 1}})
        put(workspace, "order", sold(f"o{number}", 2**number, date(2026, 5, 1), name))
    put(workspace, "order", sold("cash", 256, date(2026, 5, 1)))
    workspace.write(workspaces.update, {"attribute_dimensions": ["plan"]})
    return workspace


def test_kpis_are_cut_by_an_attribute_as_it_stands_now(plans):
    def slices():
        answer = ask(plans, "REVENUE", by=ATTRIBUTE, attribute="plan")
        return {answer.slices[key].key: row[0].value for key, row in answer.figures.items()}

    # two, two point nought and "two" are written alike; no customer, no attribute and a list are none
    assert slices() == {"gold": 1, "2": 2 + 4 + 64, "true": 8, "0.1": 128, "": 16 + 32 + 256}

    def revenue(some, none=()):
        return value(plans, "REVENUE", filters=(Filter(ATTRIBUTE, some, none, "plan"),))

    assert [revenue(("2", "true")), revenue(("",)), revenue(None, ("2", "")), revenue(("no",))] == [78, 304, 137, 0]
    meet(plans, {"external_id": "ann", "attributes": {"plan": "true"}})
    assert slices() == {"2": 70, "true": 9, "0.1": 128, "": 304}


def test_only_what_the_workspace_declares_is_a_dimension_whoever_asks(plans):
    asked_ = [
        Question("REVENUE", YEAR, by=ATTRIBUTE, attribute="other"),
        Question("REVENUE", YEAR, filters=(Filter(ATTRIBUTE, ("1",), (), "other"),)),
        Question("REVENUE", YEAR, by=ATTRIBUTE),
        Question("REVENUE", YEAR, by=Dimension.REGION, attribute="plan"),
        Question("REVENUE", YEAR, filters=(Filter(Dimension.REGION, ("1",), (), "plan"),)),
    ]
    for who in (plans.system, plans.bob):
        for found in plans.read(kpi.answer, asked_, by=who):
            assert isinstance(found, Invalid)
            assert found.problems[0].path[-1] == "attribute"
    # what is declared is shown to whoever may read KPIs
    (found,) = plans.read(kpi.answer, [Question("REVENUE", YEAR, by=ATTRIBUTE, attribute="plan")], by=plans.bob)
    assert {found.slices[key].key for key in found.figures} == {"gold", "2", "true", "0.1", ""}
    plans.write(workspaces.update, {"attribute_dimensions": None})
    (found,) = plans.read(kpi.answer, [Question("REVENUE", YEAR, by=ATTRIBUTE, attribute="plan")])
    assert isinstance(found, Invalid)
