"""Survey figures by account by hand, everybody below a customer, and what of it strangers may see."""

from datetime import date
from math import sqrt

import pytest
from trading import CREATE, MAY, ask, back, may, meet, put, sold, value, worth

from app import ids
from app.errors import Invalid
from app.kpis.dimension import Dimension
from app.services import customer, feedback, kpi
from app.services import merge as merging
from app.services.row import Ref
from app.services.slices import Filter

AVERAGE, WEIGHTED, KEY = "account_average", "revenue_weighted", "key_contact"


def say(people, who, *scores, kind="NPS", day=4):
    """Answers of somebody, of whom nothing else need be known."""
    rows = [
        {"external_id": f"{who}{kind}{day}-{n}", "kind": kind, "score": score, "occurred_at": may(day)}
        | ({"customer": Ref(external_id=who)} if who else {})
        for n, score in enumerate(scores)
    ]
    assert not any(result.problems for result in people.write(feedback.record_batch, rows, CREATE))


def know(people, name, kind=None, above=None, **more):
    meet(people, {"external_id": name, "kind": kind, "parent": Ref(external_id=above) if above else None, **more})


@pytest.fixture
def told(workspace):
    """Acme has two people, one of them key; Bolt has one and a branch; Solo is alone; and one answer is anonymous."""
    for name, kind, above in (
        ("acme", "ACCOUNT", None),
        ("ann", "PERSON", "acme"),
        ("bob", "PERSON", "acme"),
        ("bolt", "ACCOUNT", None),
        ("branch", "ACCOUNT", "bolt"),
        ("cy", "PERSON", "bolt"),
        ("di", "PERSON", "branch"),
        ("solo", "PERSON", None),
    ):
        know(workspace, name, kind, above)
    meet(workspace, {"external_id": "ann", "is_key_contact": True}, {"external_id": "solo", "is_key_contact": True})
    say(workspace, "ann", 10, 9, 10)
    say(workspace, "bob", 2)  # Acme: 3 for, 1 against, of 4
    say(workspace, "acme", 8)  # an answer of the account itself: ½ … of 5
    say(workspace, "cy", 3)  # Bolt: −1
    say(workspace, "di", 9)  # its branch is an account by itself: 1
    say(workspace, "solo", 8)  # 0
    say(workspace, None, 0)  # −1
    return workspace


def test_every_account_counts_once(told):
    figure = ask(told, "NPS", MAY, AVERAGE).figure
    means = [2 / 5, -1, 1, 0, -1]
    assert (figure.numerator, figure.denominator, figure.sample) == (pytest.approx(sum(means)), 5, 5)
    assert figure.value == pytest.approx(100 * sum(means) / 5)
    assert (figure.interval, set(figure.flags)) == (None, {"LOW_SAMPLE"})
    assert value(told, "NPS", MAY) == pytest.approx(100 * (4 - 3) / 9)


def test_an_account_weighs_what_it_and_its_people_bought_in_twelve_months(told):
    put(
        told,
        "order",
        sold("o1", "700", may(1), "acme"),
        sold("o2", "100", date(2025, 6, 1), "bob"),
        sold("o3", "9999", date(2025, 5, 31), "ann"),  # the day before the year
        sold("o4", "9999", date(2026, 6, 1), "ann"),  # the day after
        sold("o5", "250", may(2), "cy"),
        sold("o6", "50", may(3), "solo", status="CANCELLED"),
        sold("o7", "40", may(3), "di"),
    )
    put(told, "refund", back("r1", "o5", "50", date(2026, 6, 9)), back("r2", "o7", "40", may(9)))
    figure = ask(told, "NPS", MAY, WEIGHTED).figure
    # Acme 800 × 2/5, Bolt 200 × −1; the branch gave all back, Solo bought nothing, and nobody knows the last one
    assert (figure.numerator, figure.denominator, figure.sample) == (pytest.approx(120), 1000, 2)
    assert figure.value == pytest.approx(12)
    assert [(one.key, count) for one, count in figure.left_out] == [("NO_REVENUE", 3)]
    assert figure.interval is None


@pytest.mark.slow
def test_without_orders_or_a_rate_nothing_can_be_weighed(told):
    assert value(told, "NPS", MAY, WEIGHTED) == "INPUT_NOT_CONFIGURED"
    put(told, "order", sold("o1", "700", may(1), "stranger", currency="USD"))
    assert value(told, "NPS", MAY, WEIGHTED) == "ZERO_DENOMINATOR"
    put(told, "order", sold("o2", "700", may(1), "ann", currency="USD"), sold("o3", "70", may(1), "cy"))
    assert value(told, "NPS", MAY, WEIGHTED) == "MISSING_FX"
    put(told, "rate", worth("x1", "USD", "2", may(1)))


def test_only_key_contacts_are_heard(told):
    figure = ask(told, "NPS", MAY, KEY).figure
    assert (figure.numerator, figure.denominator, figure.sample) == (3, 4, 4)
    assert figure.interval == pytest.approx(ask(told, "NPS", MAY, filters=_of(told, "ann", "solo")).figure.interval)
    meet(told, {"external_id": "ann", "is_key_contact": None}, {"external_id": "solo", "is_key_contact": False})
    assert value(told, "NPS", MAY, KEY) == "NO_DATA"


def test_who_is_merged_stays_a_key_contact(told):
    told.write(merging.merge, Ref(external_id="ann"), Ref(external_id="cy"))
    figure = ask(told, "NPS", MAY, KEY).figure
    assert (figure.numerator, figure.denominator) == (3 - 1, 5)
    # Cy's answers, Ann's among them, are Bolt's: ½; Acme keeps Bob's and its own: −½
    assert ask(told, "NPS", MAY, AVERAGE).figure.numerator == pytest.approx(0.5 - 0.5 + 1 + 0 - 1)


def test_satisfaction_is_taken_by_account_too(told):
    say(told, "ann", 5, 4, 1, 1, kind="CSAT")
    say(told, "solo", 4, kind="CSAT")
    put(told, "order", sold("o1", "300", may(1), "bob"), sold("o2", "100", may(1), "solo"))
    assert value(told, "CSAT", MAY, AVERAGE) == 75
    assert value(told, "CSAT", MAY, WEIGHTED) == 62.5
    assert value(told, "CSAT", MAY, KEY) == 60


def test_from_thirty_accounts_on_there_is_an_interval_if_they_differ(workspace):
    for number in range(29):
        say(workspace, f"p{number}", 10)
    assert ask(workspace, "NPS", MAY, AVERAGE).figure.interval is None
    say(workspace, "p29", 9)
    assert ask(workspace, "NPS", MAY, AVERAGE).figure.interval is None  # all say the same
    say(workspace, "p29", 0, 0, 0, day=5)  # of four one for and three against
    figure = ask(workspace, "NPS", MAY, AVERAGE).figure
    values = [100.0] * 29 + [-50.0]
    mean = sum(values) / 30
    spread = 1.959964 * sqrt(sum((one - mean) ** 2 for one in values) / 29 / 30)
    assert figure.interval == (pytest.approx(mean - spread), pytest.approx(min(100, mean + spread)))
    assert not figure.flags


# everybody below


def _of(people, *names, **more):
    return (Filter(Dimension.CUSTOMER, tuple(_id(people, name) for name in names), **more),)


def _id(people, name):
    return ids.encode("Customer", people.read(customer.LIST.find, Ref(external_id=name)).id)


def test_a_parent_includes_everybody_below_when_asked(told):
    def answers(*names, **more):
        return ask(told, "NPS", MAY, filters=_of(told, *names, **more)).figure.denominator

    assert answers("bolt") == 0
    assert answers("bolt", with_descendants=True) == 2
    assert answers("acme", with_descendants=True) == 5
    assert answers("acme", "branch", with_descendants=True) == 6
    know(told, "acme", "ACCOUNT", "branch")
    assert answers("bolt", with_descendants=True) == 7
    others = (Filter(Dimension.CUSTOMER, None, (_id(told, "bolt"),), with_descendants=True),)
    assert ask(told, "NPS", MAY, filters=others).figure.denominator == 2
    put(
        told, "order", sold("o1", "30", may(1), "di"), sold("o2", "12", may(1), "bolt"), sold("o3", "1", may(1), "solo")
    )
    assert value(told, "REVENUE", MAY, filters=_of(told, "bolt", with_descendants=True)) == 42
    assert value(told, "REVENUE", MAY, filters=_of(told, "bolt")) == 12


def test_only_customers_have_others_below_them(told):
    with pytest.raises(Invalid) as refused:
        ask(told, "NPS", MAY, filters=(Filter(Dimension.SEGMENT, ("",), with_descendants=True),))
    assert [problem.path for problem in refused.value.problems] == [("filter", "0", "withDescendants")]


# what strangers may see


def seen(people, variant, by=None, **more):
    question = kpi.Question("NPS", MAY, variant, **more)
    (answer,) = people.read(kpi.answer, [question], by=by or people.bob)
    return answer.figure.reason or answer.figure.value


@pytest.mark.slow
def test_few_key_contacts_and_few_who_weigh_are_hidden(told):
    put(told, "order", sold("o1", "300", may(1), "bob"))
    assert seen(told, KEY) == seen(told, WEIGHTED) == "SUPPRESSED_SMALL_CELL"  # two people, three people
    assert seen(told, AVERAGE) == value(told, "NPS", MAY, AVERAGE)  # of all who answered
    assert seen(told, KEY, by=told.alice) == value(told, "NPS", MAY, KEY)
    for number in range(3):
        know(told, f"more{number}", "PERSON", "acme", is_key_contact=True)
        say(told, f"more{number}", 9)
    assert seen(told, WEIGHTED) == value(told, "NPS", MAY, WEIGHTED)  # six of Acme
    assert seen(told, KEY) == value(told, "NPS", MAY, KEY)  # five, and five others
    meet(told, {"external_id": "cy", "is_key_contact": True})
    assert seen(told, KEY) == "SUPPRESSED_SMALL_CELL"  # or the four others could be told from the whole
