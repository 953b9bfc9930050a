"""The loyalty index against plain Python: what it is the mean of, what is left out, and whom it might betray."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import index_oracle
import pytest
from surveying import answer
from trading import MAY, ask, brought, may, meet, put, slices, sold, value

from app.kpis.dimension import Dimension
from app.services.period import Grain, Span

KEY = "LOYALTY_INDEX"
YEAR = Span(date(2025, 7, 1), date(2026, 7, 1))


def noon(day):
    return datetime(day.year, day.month, day.day, 10, tzinfo=UTC)


def nps(people, *scores, day=None, **more):
    rows = [(f"a{day}{n}{more}", score) for n, score in enumerate(scores)]
    at = noon(day or may(20))
    answer(people, *({"external_id": x, "kind": "NPS", "score": s, "occurred_at": at, **more} for x, s in rows))


def parts(people, period=MAY, **more):
    """The figures that the index is the mean of."""
    return {one.key: found for one, found in ask(people, KEY, period, **more).figure.components}


def test_it_is_the_mean_of_three(workspace):
    meet(workspace, *({"external_id": f"c{n}", "joined_on": may(n)} for n in (1, 2, 3, 4)))
    put(workspace, "referral", brought("w1", "x", "c1", may(1)))
    put(workspace, "order", *(sold(f"o{n}", 5, may(9), f"c{min(n, 5)}") for n in (1, 1.5, 2, 3, 4, 5, 6)))
    nps(workspace, 10, 9, 9, 0)
    # 1 of 6 bought twice (c5), 1 of 4 was brought, and (3 − 1) of 4 are 50 points, half of the way from −100 to 100
    found = parts(workspace)
    assert found == {"REPEAT_PURCHASE_RATE": pytest.approx(100 / 6), "REFERRAL_RATE": 25, "NPS": 75}
    assert value(workspace, KEY) == pytest.approx((100 / 6 + 25 + 75) / 3)
    figure = ask(workspace, KEY).figure
    assert (figure.numerator, figure.denominator, figure.sample, figure.interval) == (None, None, None, None)


def test_what_has_no_value_is_left_out_and_told(workspace):
    assert value(workspace, KEY) == "INPUT_NOT_CONFIGURED"
    nps(workspace, 10, 5)
    assert value(workspace, KEY) == 50
    assert parts(workspace) == {"REPEAT_PURCHASE_RATE": None, "REFERRAL_RATE": None, "NPS": 50}
    meet(workspace, {"external_id": "c1", "joined_on": may(3)})
    # somebody new, but nobody ever said who brings whom: that is no rate of 0
    assert parts(workspace)["REFERRAL_RATE"] is None
    put(workspace, "referral", brought("w1", "x", "y", date(2026, 1, 5)))
    assert parts(workspace) == {"REPEAT_PURCHASE_RATE": None, "REFERRAL_RATE": 0, "NPS": 50}
    assert value(workspace, KEY) == 25
    put(workspace, "order", sold("o1", 5, may(9)))
    assert parts(workspace)["REPEAT_PURCHASE_RATE"] is None  # a buyer who is not known is no customer
    put(workspace, "order", sold("o2", 5, may(9), "c1"))
    assert parts(workspace) == {"REPEAT_PURCHASE_RATE": 0, "REFERRAL_RATE": 0, "NPS": 50}
    assert value(workspace, KEY) == pytest.approx(50 / 3)
    quiet = Span(date(2024, 1, 1), date(2024, 2, 1))
    assert value(workspace, KEY, quiet) == "NO_DATA"
    assert set(parts(workspace, quiet).values()) == {None}


def test_skipped_questions_are_no_value(workspace):
    meet(workspace, {"external_id": "c1", "joined_on": date(2026, 1, 1)})
    put(workspace, "referral", brought("w1", "x", "y", date(2026, 1, 5)))
    put(workspace, "order", sold("o1", 5, date(2026, 1, 9), "c1"))
    nps(workspace, None)
    assert value(workspace, KEY) == "NO_DATA"


@pytest.mark.parametrize("seed", range(2))
def test_any_year_by_month_and_by_segment(workspace, seed):
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    people = [f"c{n}" for n in range(40)]
    segment = {name: rng.choice(("gold", "new")) for name in people}

    def some_day():
        return date(2025, 7, 1) + timedelta(days=rng.randrange(340))

    joined = {name: some_day() for name in people}
    meet(workspace, *({"external_id": n, "joined_on": joined[n], "segment": segment[n]} for n in people))
    orders = [sold(f"o{n}", 5, some_day(), rng.choice(people)) for n in range(90)]
    referrals = [brought(f"w{n}", f"c{n}", f"c{n + rng.randint(1, 5)}", some_day()) for n in range(20)]
    answers = [
        {"external_id": f"a{n}", "customer": rng.choice(people), "score": rng.randint(0, 10), "kind": "NPS"}
        for n in range(120)
    ]
    answers = [one | {"occurred_at": noon(some_day())} for one in answers]
    put(workspace, "order", *orders)
    put(workspace, "referral", *referrals)
    answer(workspace, *answers)
    found = ask(workspace, KEY, YEAR, grain=Grain.MONTH)
    for span, figure in zip(found.spans, found.figures[""], strict=True):
        expected = index_oracle.components(orders, joined, referrals, answers, span.start, span.end)
        assert {one.key: value for one, value in figure.components} == {
            key: None if value is None else pytest.approx(float(value)) for key, value in expected.items()
        }
        assert figure.value == pytest.approx(index_oracle.index(expected))
    for name, told in slices(workspace, KEY, Dimension.SEGMENT, period=YEAR).items():
        mine = {one for one in people if segment[one] == name}
        theirs = index_oracle.components(
            [one for one in orders if one["customer"] in mine],
            {one: day for one, day in joined.items() if one in mine},
            referrals,
            [one for one in answers if one["customer"] in mine],
            YEAR.start,
            YEAR.end,
        )
        assert told == pytest.approx(index_oracle.index(theirs)), name


def test_what_few_people_said_is_not_told_by_the_index_either(workspace):
    meet(
        workspace,
        *({"external_id": f"c{n}", "segment": "many" if n else "one", "joined_on": may(2)} for n in range(9)),
    )
    put(workspace, "order", *(sold(f"o{n}", 5, may(3), f"c{n}") for n in range(9)))
    for n in range(9):
        nps(workspace, 0 if n == 0 else 10, customer=f"c{n}")
    assert set(slices(workspace, KEY, Dimension.SEGMENT)) == {"one", "many"}

    def seen(actor):
        from app.services import kpi

        (found,) = workspace.read(kpi.answer, [kpi.Question(KEY, MAY, by=Dimension.SEGMENT)], by=actor)
        return {found.slices[key].key: row[0] for key, row in found.figures.items()}

    for one in seen(workspace.bob).values():  # the other one too, or it could be had by subtraction
        assert (one.value, one.reason, one.components) == (None, "SUPPRESSED_SMALL_CELL", ())
    assert seen(workspace.alice)["one"].value == 0
