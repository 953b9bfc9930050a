"""Contracts by hand: what they come to in a month, how much of it stays, and what is refused."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
import stored
from trading import (
    agreed,
    ask,
    assert_a_rebuild_changes_nothing,
    belong,
    finish_rebuild,
    form,
    meet,
    put,
    record,
    slices,
    take_back,
    value,
    worth,
)

from app.errors import Code
from app.kpis.dimension import Dimension
from app.services import workspace as workspaces
from app.services.period import Grain, Span
from app.services.slices import Filter

JAN, FEB, MAR, APR = (date(2026, month, 1) for month in (1, 2, 3, 4))
MARCH = Span(MAR, APR)


def test_what_is_paid_by_the_year_is_a_twelfth_a_month(workspace):
    rows = [
        agreed("month", "a", JAN, None, (JAN, "10"), interval="MONTH"),
        agreed("quarter", "b", JAN, None, (JAN, "100"), interval="QUARTER"),
        *(agreed(f"year {n}", "c", JAN, None, (JAN, "100"), interval="YEAR") for n in range(3)),
        agreed("called off", "d", JAN, None, (JAN, "1000"), status="CANCELLED"),
        agreed("not yet", "d", JAN, None, (JAN, "1000"), status="PENDING"),
    ]
    put(workspace, "contract", *rows)
    # 10 + 100 / 3 + 3 × 100 / 12, with nothing lost to rounding
    figure = ask(workspace, "MRR", MARCH).figure
    assert figure.exact == Fraction(10) + Fraction(100, 3) + 25
    assert value(workspace, "MRR", MARCH, "annual") == 120 + 400 + 300


def test_amounts_hold_from_their_days(workspace):
    terms = ((FEB, "10"), (date(2026, 3, 15), "20"), (APR, "0"))
    put(workspace, "contract", agreed("k", "ann", JAN, date(2026, 6, 1), *terms))
    series = ask(workspace, "MRR", Span(JAN, date(2026, 5, 1)), grain=Grain.MONTH)
    assert [figure.value for figure in series.figures[""]] == [0, 10, 20, 0]
    assert value(workspace, "MRR", Span(MAR, date(2026, 3, 15))) == 10
    assert value(workspace, "MRR", Span(MAR, date(2026, 3, 16))) == 20
    # what is planned has not happened: a running period counts to the end of today
    put(workspace, "contract", agreed("k", "ann", JAN, date(2026, 6, 20), (JAN, "10")))
    june = Span(date(2026, 6, 1), date(2026, 7, 1))
    assert value(workspace, "MRR", june) == 10
    assert value(workspace, "GROSS_REVENUE_RETENTION", june) == 100


COHORT = {
    # by customer, the contracts that ran on the first of March and on its last day: (from, before, amount)
    "keeps": [(JAN, None, "100")],
    "leaves": [(JAN, date(2026, 3, 10), "50")],
    "pays less": [(JAN, date(2026, 3, 5), "40"), (date(2026, 3, 5), None, "10")],
    "pays more": [(JAN, None, "60"), (date(2026, 3, 20), None, "90")],
    "moves": [(JAN, date(2026, 3, 5), "30"), (date(2026, 3, 9), None, "30")],
    "is new": [(date(2026, 3, 2), None, "500")],
    "was gone": [(JAN, FEB, "70"), (date(2026, 3, 2), None, "70")],
    "is brief": [(date(2026, 3, 2), date(2026, 3, 5), "5")],
}


def test_revenue_that_stays(workspace):
    """Of 280 at the start 200 stay, none counted for more than at the start; with what others pay more it is 290."""
    rows = [
        agreed(f"{who} {n}", who, first, before, (first, amount))
        for who, some in COHORT.items()
        for n, (first, before, amount) in enumerate(some)
    ]
    put(workspace, "contract", *rows)
    gross, net = (ask(workspace, f"{key}_REVENUE_RETENTION", MARCH).figure for key in ("GROSS", "NET"))
    assert (gross.numerator, gross.denominator, gross.value) == (200, 280, pytest.approx(100 * 200 / 280))
    assert (net.numerator, net.denominator, net.value) == (290, 280, pytest.approx(100 * 290 / 280))
    assert value(workspace, "MRR", MARCH) == 100 + 10 + 150 + 30 + 500 + 70
    before = ask(workspace, "GROSS_REVENUE_RETENTION", MARCH).figure
    take_back(workspace, "contract", "leaves 0", "is brief 0")
    assert ask(workspace, "GROSS_REVENUE_RETENTION", MARCH).figure.value == pytest.approx(100 * 200 / 230)
    put(workspace, "contract", *(row for row in rows if row["external_id"] in ("leaves 0", "is brief 0")))
    assert ask(workspace, "GROSS_REVENUE_RETENTION", MARCH).figure == before
    by = ask(workspace, "NET_REVENUE_RETENTION", MARCH, by=Dimension.CUSTOMER)
    assert sorted(row[0].value or 0 for row in by.figures.values()) == [0, 0, 0, 25, 100, 100, 250]


def test_of_nothing_at_the_start_nothing_is_kept(workspace):
    keys = ("MRR", "GROSS_REVENUE_RETENTION", "NET_REVENUE_RETENTION")
    assert {value(workspace, key, MARCH) for key in keys} == {"INPUT_NOT_CONFIGURED"}
    put(workspace, "contract", agreed("k", "ann", date(2026, 3, 10), None, (date(2026, 3, 10), "10")))
    assert [value(workspace, key, MARCH) for key in keys] == [10, "ZERO_DENOMINATOR", "ZERO_DENOMINATOR"]
    assert [value(workspace, key, Span(JAN, FEB)) for key in keys] == [0, "NO_DATA", "NO_DATA"]


def test_a_change_of_product_is_a_loss_of_one_and_no_gain_of_the_other(workspace):
    tea = agreed("k1", "ann", JAN, date(2026, 3, 10), (JAN, "10"), product="tea")
    cups = agreed("k2", "ann", date(2026, 3, 10), None, (date(2026, 3, 10), "30"), product="cups")
    put(workspace, "contract", tea, cups)
    assert value(workspace, "GROSS_REVENUE_RETENTION", MARCH) == 100
    assert value(workspace, "NET_REVENUE_RETENTION", MARCH) == 300
    told = slices(workspace, "NET_REVENUE_RETENTION", Dimension.PRODUCT, period=MARCH)
    assert told == {"tea": 0, "cups": "ZERO_DENOMINATOR"}
    narrowed = (Filter(Dimension.PRODUCT, ("tea",)), Filter(Dimension.CUSTOMER_KIND, ("",)))
    assert value(workspace, "NET_REVENUE_RETENTION", MARCH, filters=narrowed) == 0
    assert value(workspace, "MRR", Span(JAN, FEB), filters=narrowed) == 10


def test_each_amount_is_worth_what_its_first_day_says(workspace, database):
    put(workspace, "rate", worth("a", "USD", "0.5", JAN))
    row = agreed("k", "ann", JAN, None, (JAN, "10"), (MAR, "20"), currency="USD")
    put(workspace, "contract", row, agreed("e", "bob", JAN, None, (JAN, "1")))
    kpis = ("MRR", "GROSS_REVENUE_RETENTION", "NET_REVENUE_RETENTION")
    assert value(workspace, "MRR", Span(JAN, FEB)) == 6
    # without a rate of March only what lies in it has no value
    assert {value(workspace, key, MARCH) for key in kpis} == {"MISSING_FX"}
    put(workspace, "rate", worth("b", "USD", "0.6", MAR))
    assert [value(workspace, key, MARCH) for key in kpis] == [13, 100, pytest.approx(100 * 13 / 6)]
    put(workspace, "rate", worth("b", "USD", "0.1", MAR))
    assert [value(workspace, key, MARCH) for key in kpis] == [3, 50, 50]
    assert_a_rebuild_changes_nothing(database, workspace)
    take_back(workspace, "rate", "b")
    assert value(workspace, "MRR", MARCH) == "MISSING_FX"
    put(workspace, "contract", row | {"before": MAR, "terms": row["terms"][:1]})
    assert [value(workspace, key, MARCH) for key in kpis] == [1, pytest.approx(100 / 6), pytest.approx(100 / 6)]


def test_another_currency_of_the_workspace_prices_everything_anew(workspace, database):
    put(workspace, "rate", worth("a", "USD", "0.5", JAN))
    put(workspace, "contract", agreed("k", "ann", JAN, FEB, (JAN, "10"), currency="USD"))
    put(workspace, "contract", agreed("k", "ann", JAN, MAR, (JAN, "12"), currency="USD"))
    january = Span(JAN, FEB)
    assert value(workspace, "MRR", january) == 6
    workspace.write(workspaces.update, {"currency": "USD"})
    assert value(workspace, "MRR", january) == "PREPARING"
    finish_rebuild(workspace)
    assert [value(workspace, "MRR", Span(at, at.replace(day=2))) for at in (JAN, FEB, MAR)] == [12, 12, 0]
    put(workspace, "contract", agreed("k", "ann", JAN, FEB, (JAN, "14"), currency="USD"))
    assert [value(workspace, "MRR", Span(at, at.replace(day=2))) for at in (JAN, FEB, MAR)] == [14, 0, 0]
    assert_a_rebuild_changes_nothing(database, workspace)


def test_contracts_go_with_the_team_of_their_first_day(workspace):
    form(workspace, "red", "blue")
    belong(workspace, "eva", ("red", None, None))
    for number, first in enumerate((JAN, FEB)):
        put(workspace, "contract", agreed(f"k{number}", "ann", first, None, (first, 10), staff="eva"))
    assert slices(workspace, "MRR", Dimension.TEAM, period=MARCH) == {"red": 20}
    belong(workspace, "eva", ("red", None, FEB), ("blue", FEB, None))
    assert slices(workspace, "MRR", Dimension.TEAM, period=MARCH) == {"red": 10, "blue": 10}
    assert slices(workspace, "MRR", Dimension.STAFF, period=MARCH) == {"eva": 20}


def test_the_same_again_changes_nothing_and_a_correction_all_of_it(workspace, database):
    row = agreed("k", "ann", JAN, None, (JAN, "10"), (MAR, "20"), channel="web")
    assert put(workspace, "contract", row) == ["CREATED"]
    before = stored.rows(database, "recurrence", workspace.id)
    assert len(before) == 3
    assert put(workspace, "contract", row) == ["UNCHANGED"]
    assert stored.rows(database, "recurrence", workspace.id) == before
    changes = (
        {"from_": FEB, "terms": [{"from_": FEB, "amount": Decimal(10)}]},
        {"customer": "bob"},
        {"status": "PENDING"},
        {"interval": "YEAR"},
        {"before": MAR, "reason": "price", "churn_kind": "VOLUNTARY", "terms": row["terms"][:1]},
        {"channel": None, "product": "tea", "campaign": "spring"},
        {"terms": None},
    )
    for change in changes:
        assert put(workspace, "contract", row | change) == ["UPDATED"], change
        assert put(workspace, "contract", row) == ["UPDATED"], change
        net = {}
        for entry in stored.rows(database, "recurrence", workspace.id):
            cell = tuple(v for name, v in entry.items() if name not in ("id", "sign", "known_on"))
            net[cell] = net.get(cell, 0) + entry["sign"]
        assert sorted(n for n in net.values() if n) == [-1, 1, 1], change
    assert_a_rebuild_changes_nothing(database, workspace)


def test_a_test_customer_s_contracts_count_nothing(workspace, database):
    put(workspace, "contract", agreed("k", "ann", JAN, None, (JAN, "10")), agreed("m", "bob", JAN, None, (JAN, "1")))
    meet(workspace, {"external_id": "ann", "is_test": True, "region": "north"})
    assert value(workspace, "MRR", MARCH) == 1
    meet(workspace, {"external_id": "ann", "is_test": False})
    assert value(workspace, "MRR", MARCH) == 11
    # a stub that has become whole gives its contracts what they lacked
    assert slices(workspace, "MRR", Dimension.REGION, period=MARCH) == {"north": 10, "": 1}
    assert_a_rebuild_changes_nothing(database, workspace)


def _of(amount):
    return {"terms": [{"from_": JAN, "amount": Decimal(amount)}]}


GOOD = agreed("k", "ann", JAN, APR, (JAN, "10"), (MAR, "20"))
BAD = {
    "ends before it begins": ({"before": JAN, "terms": None}, Code.OUT_OF_RANGE, ("before",)),
    "ends on no day": ({"before": date(2025, 12, 31), "terms": None}, Code.OUT_OF_RANGE, ("before",)),
    "terms out of order": (
        {"terms": [{"from_": MAR, "amount": Decimal(1)}, {"from_": FEB, "amount": Decimal(1)}]},
        Code.CONFLICT,
        ("terms", "1", "from"),
    ),
    "two terms of one day": (
        {"terms": [{"from_": MAR, "amount": Decimal(1)}, {"from_": MAR, "amount": Decimal(2)}]},
        Code.CONFLICT,
        ("terms", "1", "from"),
    ),
    "a term before": (
        {"terms": [{"from_": date(2025, 12, 31), "amount": Decimal(1)}]},
        Code.OUT_OF_RANGE,
        ("terms", "0", "from"),
    ),
    "a term after": ({"terms": [{"from_": APR, "amount": Decimal(1)}]}, Code.OUT_OF_RANGE, ("terms", "0", "from")),
    "too many decimals": (_of("0.001"), Code.INVALID, ("terms", "0", "amount")),
    "less than nothing": (_of(-1), Code.OUT_OF_RANGE, ("terms", "0", "amount")),
    "too much": (_of(10**12), Code.OUT_OF_RANGE, ("terms", "0", "amount")),
    "no currency": ({"currency": "XYZ"}, Code.INVALID, ("currency",)),
    "a reason for no end": ({"before": None, "reason": "price"}, Code.INVALID, ("reason",)),
    "a kind of no end": ({"before": None, "churn_kind": "VOLUNTARY"}, Code.INVALID, ("churnKind",)),
    "no such interval": ({"interval": "WEEK"}, Code.INVALID, ("interval",)),
    "no such kind": ({"churn_kind": "FORCED"}, Code.INVALID, ("churnKind",)),
    "a customer of nobody": ({"customer": ""}, Code.REQUIRED, ("customer",)),
}


@pytest.mark.some(5)
@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_is_refused_with_its_path(workspace, database, name):
    change, code, path = BAD[name]
    before = stored.everything(database)
    (result,) = record(workspace, "contract", GOOD | change)
    found = [(problem.code, problem.path) for problem in result.problems]
    assert (code, path) in [(one, where[: len(path)]) for one, where in found], found
    assert len(found) == 1
    assert stored.everything(database) == before


def test_every_fault_of_a_row_is_told_at_once(workspace):
    terms = [{"from_": date(2025, 1, 1), "amount": Decimal("0.001")}, {"from_": JAN, "amount": Decimal(1)}]
    (result,) = record(workspace, "contract", GOOD | {"before": JAN, "terms": terms})
    assert {problem.path for problem in result.problems} == {
        ("before",),
        ("terms", "0", "amount"),
        ("terms", "0", "from"),
        ("terms", "1", "from"),
    }
