"""KPIs that a workspace defines answer like those of the catalogue, and are checked, kept apart and bounded."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from surveying import answer
from trading import MAY, ask, brought, may, meet, put, slices, sold, spent, value

from app.actor import ORDINARY, Scope
from app.errors import AppError, Forbidden, Invalid
from app.kpis.custom import internal
from app.kpis.dimension import Dimension
from app.services import custom_kpi, kpi, target
from app.services import workspace as workspaces
from app.services.period import Grain, Span
from app.services.row import Ref
from app.services.slices import Filter

YEAR = Span(date(2025, 7, 1), date(2026, 7, 1))
PLAIN = {"name": {"en": "Mine"}, "unit": "PERCENT", "direction": "HIGHER_IS_BETTER", "stage": "RETAIN"}


def define(people, key, formula, **more):
    """Define a KPI; how questions name it."""
    by = more.pop("by", None)
    people.write(custom_kpi.define, PLAIN | {"key": key, "formula": formula} | more, by=by)
    return internal(key)


def refused(people, **changed):
    """The code, the path and the words of what is wrong."""
    data = PLAIN | {"key": "MINE", "formula": "promoters"} | changed
    with pytest.raises(Invalid) as caught:
        people.write(custom_kpi.define, data)
    (problem,) = caught.value.problems
    return problem.code.value, ".".join(problem.path), problem.message.en


@pytest.fixture
def told(workspace):
    """A year of answers, orders, costs and newcomers, by chance."""
    workspace.write(workspaces.update, {"attribute_dimensions": ["plan"]})
    rng = Random(5)  # noqa: S311 - repeatable, not secret
    names = [f"c{n}" for n in range(30)]

    def day():
        return date(2025, 7, 1) + timedelta(days=rng.randrange(345))

    meet(workspace, *({"external_id": n, "joined_on": day(), "segment": rng.choice(("gold", "new"))} for n in names))
    at = [datetime.combine(day(), datetime.min.time(), UTC) + timedelta(hours=10) for _ in range(200)]
    answer(
        workspace,
        *(
            {
                "external_id": f"n{n}",
                "kind": "NPS",
                "score": rng.randint(0, 10),
                "customer": rng.choice(names),
                "channel": rng.choice(("web", "shop")),
                "occurred_at": at[n],
            }
            for n in range(200)
        ),
    )
    put(workspace, "order", *(sold(f"o{n}", str(5 + n), day(), rng.choice(names), channel="web") for n in range(80)))
    put(workspace, "referral", *(brought(f"w{n}", f"c{n}", f"c{n + 1}", day()) for n in range(10)))
    put(workspace, "cost", spent("k", "MEDIA", "900", date(2025, 7, 1), date(2026, 6, 1)))
    return workspace


ALIKE = [
    # a formula, and the KPI of the catalogue (and variant) that it says the same as
    ("100 * (promoters - detractors) / nps_answers", "NPS", None, {"unit": "POINTS"}),
    ("NPS", "NPS", None, {"unit": "POINTS"}),
    ("100 * numerator(REFERRAL_INTENT) / denominator(REFERRAL_INTENT)", "REFERRAL_INTENT", None, {}),
    ("100 * repeat_buyers / buyers", "REPEAT_PURCHASE_RATE", None, {}),
    ("100 × (buyers − new_buyers) ÷ buyers", "REPEAT_PURCHASE_RATE", "returning", {}),
    ("revenue", "REVENUE", None, {"unit": "MONEY"}),
    ("acquisition_cost / new_customers", "CAC", None, {"unit": "MONEY", "direction": "LOWER_IS_BETTER"}),
    ("100 * (revenue - previous(revenue)) / previous(revenue)", "REVENUE_GROWTH", None, {}),
    ("closing(started) - closing(churned)", "ACTIVE_CUSTOMERS", None, {"unit": "COUNT"}),
]


def figures(people, key, variant=None, **more):
    """Value and parts of each cell of the answer, and whether there is a reason why there is none.

    Which one may differ: the catalogue's own KPIs may take more for evidence than what their formulas read.
    """
    found = ask(people, key, **{"period": YEAR, "variant": variant, **more})
    return {
        inner: [(one.value, one.numerator, one.denominator, one.sample, one.reason is None) for one in row]
        for inner, row in found.figures.items()
    }


@pytest.mark.some(1)
@pytest.mark.parametrize(("formula", "key", "variant", "more"), ALIKE)
def test_a_formula_answers_as_the_kpi_of_the_catalogue_does(told, formula, key, variant, more):
    mine = define(told, "MINE", formula, **more)
    assert figures(told, mine) == figures(told, key, variant)
    assert figures(told, mine, grain=Grain.MONTH) == figures(told, key, variant, grain=Grain.MONTH)
    known = {"period": MAY, "known_on": date(2026, 6, 15)}
    assert figures(told, mine, **known) == figures(told, key, variant, **known)
    catalogue = ask(told, key, variant=variant)
    assert ask(told, mine).variant.dimensions == catalogue.variant.dimensions
    for by in catalogue.variant.dimensions:
        cut = {"by": by} | ({"attribute": "plan"} if by is Dimension.ATTRIBUTE else {})
        assert figures(told, mine, **cut) == figures(told, key, variant, **cut), by
    if Dimension.SEGMENT in catalogue.variant.dimensions:
        gold = (Filter(Dimension.SEGMENT, ("gold",)),)
        assert figures(told, mine, filters=gold) == figures(told, key, variant, filters=gold)


def test_a_formula_of_its_own_is_what_it_says(workspace):
    put(
        workspace,
        "order",
        sold("o1", "30", may(3), "c1"),
        sold("o2", "15", may(4), "c1"),
        sold("o3", "9", may(5), "c2"),
    )
    put(workspace, "cost", spent("k", "MEDIA", "31", may(1), date(2026, 6, 1)))
    rest = define(workspace, "REST", "(revenue - media_cost) / orders", unit="MONEY")
    assert value(workspace, rest) == pytest.approx((54 - 31) / 3)
    share = define(workspace, "SHARE", "100 * media_cost / revenue", direction="LOWER_IS_BETTER")
    figure = ask(workspace, share).figure
    assert (figure.value, figure.numerator, figure.denominator) == (pytest.approx(3100 / 54), 31, 54)
    loud = define(workspace, "LOUD", "min(orders / buyers, 1.2) + mean(orders, buyers or 7)", unit="RATIO")
    assert value(workspace, loud) == pytest.approx(1.2 + 2.5)
    quiet = Span(date(2025, 1, 1), date(2025, 2, 1))
    assert value(workspace, rest, quiet) == "NO_DATA"
    assert value(workspace, define(workspace, "SUM", "2 * orders + 1", unit="COUNT"), quiet) == 1
    assert value(workspace, define(workspace, "OFF", "interactions / orders", unit="RATIO")) == "INPUT_NOT_CONFIGURED"
    put(workspace, "order", sold("o4", "9", may(6), "c2", currency="USD"))
    assert value(workspace, rest) == "MISSING_FX"


def test_few_people_are_hidden_behind_a_formula_too(workspace):
    meet(workspace, *({"external_id": f"c{n}", "segment": "one" if n == 0 else "many"} for n in range(9)))
    at = datetime(2026, 5, 4, 10, tzinfo=UTC)
    rows = [
        {"external_id": f"f{n}", "kind": "NPS", "score": 9, "customer": f"c{n}", "occurred_at": at} for n in range(9)
    ]
    answer(workspace, *rows)
    for number, formula in enumerate(("promoters", "promoters / feedback", "nps_answers + promoters * 0")):
        name = define(workspace, f"K{number}", formula, unit="COUNT")
        (found,) = workspace.read(kpi.answer, [kpi.Question(name, MAY, by=Dimension.SEGMENT)], by=workspace.bob)
        assert {row[0].reason for row in found.figures.values()} == {"SUPPRESSED_SMALL_CELL"}, formula
        assert all(one is not None for one in slices(workspace, name, Dimension.SEGMENT).values())
    plain = define(
        workspace, "PLAIN", "nps_answers", unit="COUNT"
    )  # how many were asked tells nothing of what they said
    (found,) = workspace.read(kpi.answer, [kpi.Question(plain, MAY, by=Dimension.SEGMENT)], by=workspace.bob)
    assert {found.slices[key].key: row[0].value for key, row in found.figures.items()} == {"one": 1, "many": 8}


def test_what_is_not_settled_is_not_settled_in_a_formula(workspace):
    put(workspace, "lead", {"external_id": "l", "occurred_at": may(3)})
    name = define(workspace, "MINE", "100 * won_in_time / leads")
    assert ask(workspace, name).settles_in == 90
    assert ask(workspace, define(workspace, "OTHER", "leads", unit="COUNT")).settles_in == 0


def test_no_figure_is_larger_than_any(workspace):
    put(workspace, "order", *(sold(f"o{n}", "900000000", may(3), "c1") for n in range(3)))
    huge = define(workspace, "HUGE", " * ".join(["(revenue / 0.01 / revenue)"] * 30) + " * orders", unit="RATIO")
    assert value(workspace, huge) == pytest.approx(3 * 100.0**30)
    beyond = define(workspace, "BEYOND", " * ".join(["999999999999999"] * 30) + " * orders", unit="RATIO")
    assert value(workspace, beyond) == "UNBOUNDED"
    tiny = define(workspace, "TINY", "orders / (0.0000000001 * orders)" + " / 0.0000000001" * 40, unit="RATIO")
    assert value(workspace, tiny) == "UNBOUNDED"


WRONG = [
    ({"key": "mine"}, "INVALID", "key", "capital letters, digits and underscores only"),
    ({"key": ""}, "REQUIRED", "key", ""),
    ({"key": "A" * 65}, "TOO_LONG", "key", ""),
    ({"key": "CSAT"}, "CONFLICT", "key", "a KPI of the catalogue"),
    ({"key": "CUSTOM"}, "CONFLICT", "key", "a KPI of the catalogue"),
    ({"name": {}}, "REQUIRED", "name", "in one language at least"),
    ({"name": {"en": ""}}, "REQUIRED", "name.en", ""),
    ({"name": {"en": "x" * 201}}, "TOO_LONG", "name.en", ""),
    ({"about": {"zh": "x" * 2001}}, "TOO_LONG", "about.zh", ""),
    ({"formula": ""}, "REQUIRED", "formula", ""),
    ({"formula": "1" + "+1" * 500}, "TOO_LONG", "formula", ""),
    ({"formula": "100 * (promotors - detractors)"}, "INVALID", "formula", "did you mean promoters?"),
    ({"formula": "7"}, "INVALID", "formula", "needs a measure that is counted"),
    ({"formula": "days / days"}, "INVALID", "formula", "needs a measure that is counted"),
    ({"formula": "revenue"}, "INVALID", "formula", "the formula comes to money, but PERCENT is a number"),
    ({"formula": "revenue + reply_seconds"}, "INVALID", "formula", "money and seconds do not add up"),
    ({"minimum": 1}, "OUT_OF_RANGE", "minimum", "come together"),
    ({"minimum": 2, "maximum": 1}, "OUT_OF_RANGE", "minimum", "smaller one first"),
    ({"minimum": float("nan"), "maximum": 1}, "OUT_OF_RANGE", "minimum", ""),
    ({"name": {"en": "a\0b"}}, "INVALID", "name.en", ""),
]


@pytest.mark.parametrize(("changed", "code", "path", "words"), WRONG)
def test_what_is_wrong_is_said_and_nothing_is_stored(workspace, changed, code, path, words):
    found = refused(workspace, **changed)
    assert found[:2] == (code, path), found
    assert words in found[2]
    assert workspace.read(custom_kpi.everything) == []


def test_defining_anew_replaces_the_whole(workspace):
    def told():
        (row,) = workspace.read(custom_kpi.everything)
        return row.name_en, row.name_zh, row.about_en, row.formula, row.unit, row.minimum, row.version

    first = PLAIN | {"key": "MINE", "formula": "100 * promoters / nps_answers", "minimum": 0, "maximum": 100}
    assert workspace.write(custom_kpi.define, first)[1] == "CREATED"
    assert told() == ("Mine", "Mine", first["formula"], first["formula"], "PERCENT", 0, 1)
    assert workspace.write(custom_kpi.define, first)[1] == "UNCHANGED"
    again = first | {
        "name": {"en": "Mine", "zh": "我的"},
        "about": {"zh": "说明"},
        "formula": "promoters",
        "unit": "COUNT",
    }
    del again["minimum"], again["maximum"]
    assert workspace.write(custom_kpi.define, again)[1] == "UPDATED"
    assert told() == ("Mine", "我的", "说明", "promoters", "COUNT", None, 2)


def test_one_workspace_does_not_know_anothers(workspace, elsewhere):
    name = define(workspace, "MINE", "orders", unit="COUNT")
    put(workspace, "order", sold("o1", "30", may(3), "c1"))
    assert value(workspace, name) == 1
    with pytest.raises(Invalid, match="defines no KPI 'MINE'"):
        ask(elsewhere, name)
    with pytest.raises(Invalid, match="defines no KPI 'MINE'"):
        elsewhere.write(custom_kpi.delete, "MINE")
    define(elsewhere, "MINE", "leads", unit="COUNT")
    assert value(elsewhere, name) == "INPUT_NOT_CONFIGURED"
    assert value(workspace, name) == 1


def test_so_many_and_no_more(workspace, monkeypatch):
    monkeypatch.setattr(custom_kpi, "MOST", 2)
    define(workspace, "A", "orders", unit="COUNT")
    define(workspace, "B", "orders", unit="COUNT")
    assert refused(workspace, key="C", unit="COUNT")[:2] == ("TOO_MANY", "key")
    define(workspace, "A", "leads", unit="COUNT")  # which is no new one
    workspace.write(custom_kpi.delete, "B")
    define(workspace, "C", "orders", unit="COUNT")


def test_who_may_not_define_defines_nothing(workspace):
    for scopes in (ORDINARY - {Scope.KPI_WRITE}, {Scope.KPI_READ}):
        with pytest.raises(Forbidden, match="kpi:write"):
            define(workspace, "MINE", "orders", unit="COUNT", by=workspace.actor(scopes))
    assert workspace.read(custom_kpi.everything) == []
    define(workspace, "MINE", "orders", unit="COUNT", by=workspace.alice)
    with pytest.raises(Forbidden, match="kpi:write"):
        workspace.write(custom_kpi.delete, "MINE", by=workspace.bob)
    assert len(workspace.read(custom_kpi.everything)) == 1


def aim(people, name, **more):
    days = {"from_": may(1), "before": date(2026, 7, 1), "kind": "ABSOLUTE", "value": 5}
    return people.write(target.set_, {"external_id": name, "kpi": "CUSTOM", **days, **more})


@pytest.mark.slow
def test_a_target_can_be_set_for_it_and_keeps_it(told):
    name = define(told, "MINE", "100 * promoters / nps_answers")
    row, outcome, _ = aim(told, "t", custom="MINE")
    assert (row.kpi, row.custom, row.variant, outcome) == ("CUSTOM", "MINE", "default", "CREATED")
    before = ask(told, name, Span(date(2026, 3, 1), date(2026, 5, 1))).figure.value
    assert row.baseline == before
    from app.services import target_progress

    (found,) = told.read(target_progress.progress, [row.id])
    assert found.pace.state in ("ON_TRACK", "AT_RISK")
    other, *_ = aim(told, "u", kpi="REFERRAL_INTENT")
    (same,) = told.read(target_progress.progress, [other.id])
    assert same.pace == found.pace  # the catalogue's own KPI of the same formula
    question = kpi.Question(name, MAY)
    (matching,) = told.read(target_progress.matching, [(question, "default", (MAY,))])
    assert [one.external_id for one in matching] == ["t"]
    (goals,) = told.read(target_progress.goals, [(question, "default", (Span(may(1), date(2026, 6, 2)),))])
    assert goals == [5]
    with pytest.raises(Invalid, match="'t'"):
        told.write(custom_kpi.delete, "MINE")
    assert refused(told, formula="promoters", unit="COUNT")[:2] == ("CONFLICT", "unit")
    define(told, "MINE", "100 * detractors / nps_answers")  # another formula of the same unit may be
    told.write(target.delete, Ref(external_id="t"))
    told.write(custom_kpi.delete, "MINE")
    with pytest.raises(Invalid, match="defines no KPI"):
        aim(told, "t", custom="MINE")


@pytest.mark.parametrize(
    ("kpi_", "custom"), [("CUSTOM", None), ("CSAT", "MINE"), ("CUSTOM", "NONE"), ("CUSTOM", "a\0")]
)
def test_a_target_for_what_there_is_not_is_refused(workspace, kpi_, custom):
    define(workspace, "MINE", "orders", unit="COUNT")
    with pytest.raises(AppError) as caught:
        aim(workspace, "t", kpi=kpi_, custom=custom)
    assert caught.value.problems[0].path == ("custom",)


def test_what_can_be_read_no_more_says_so_and_can_be_mended(workspace, database):
    from sqlalchemy import text

    from app import migrate

    define(workspace, "MINE", "orders", unit="COUNT")
    engine = migrate.owner_engine(database)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SET app.tenant = '{workspace.id}'"))
        connection.execute(text("UPDATE custom_kpi SET formula = 'ordres'"))
    engine.dispose()
    with pytest.raises(Invalid, match="did you mean orders"):
        ask(workspace, internal("MINE"))
    assert workspace.write(custom_kpi.delete, "MINE").key == "MINE"
