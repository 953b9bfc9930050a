"""Answers to surveys about the relationship and to those after a transaction are not pooled in silence."""

from datetime import date

import pytest
import stored
from surveying import answer, ask, invite, invited, take_back
from trading import MAY, assert_a_rebuild_changes_nothing, may, meet, put, sold
from trading import ask as figure_of

from app.kpis.dimension import Dimension
from app.services import breakdown, kpi, survey
from app.services.period import Grain, Span
from app.services.row import Ref
from app.services.slices import Filter

JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))
KPIS = (("NPS", None), ("NPS", "latest_per_customer"), ("NPS", "account_average"), ("REFERRAL_INTENT", None))


def said(name, of=None, day=4, score=9, **more):
    """An answer to the recommendation question on a day of May, in a survey."""
    row = {"external_id": name, "kind": "NPS", "score": score, "occurred_at": may(day)}
    return row | ({"survey": of} if of else {}) | more


def when(people, key, occasion):
    people.write(survey.upsert, {"external_id": key, "name": key, "occasion": occasion})


def is_mixed(people, key="NPS", period=MAY, variant=None, **more):
    return _says(figure_of(people, key, period, variant, **more).figure)


def _says(figure):
    assert figure.reason is None
    return "MIXED_SURVEYS" in figure.flags


def by(people, dimension, variant=None, **more):
    """Which slices are flagged."""
    found = figure_of(people, "NPS", MAY, variant, by=dimension, **more)
    return {found.slices[key].key: _says(row[0]) for key, row in found.figures.items()}


@pytest.fixture
def told(workspace):
    """The yearly survey asks about the relationship, the other one after a purchase, and one says nothing of that."""
    when(workspace, "yearly", "RELATIONSHIP")
    when(workspace, "purchase", "TRANSACTIONAL")
    when(workspace, "any", None)
    return workspace


def test_only_answers_of_both_sorts_are_flagged(told, database):
    def each():
        return {is_mixed(told, key, MAY, variant) for key, variant in KPIS}

    answer(told, said("r1", "yearly"), said("r2", "yearly", score=2), said("n"), said("a", "any"))
    assert each() == {False}
    answer(told, said("t1", "purchase", score=None), said("t2", "purchase", kind="CSAT", score=5))
    assert each() == {False}  # what was skipped says nothing, and satisfaction is another question
    answer(told, said("t3", "purchase"))
    assert each() == {True}
    assert figure_of(told, "NPS").figure.value == 60  # four for and one against, of five: pooled all the same
    assert figure_of(told, "NPS").figure.flags == ("LOW_SAMPLE", "MIXED_SURVEYS")
    assert_a_rebuild_changes_nothing(database, told)
    assert each() == {True}
    take_back(told, "feedback", "r1", "r2")
    assert each() == {False}


def test_of_satisfaction_nothing_is_said(told):
    for number, key in enumerate(("yearly", "purchase")):
        answer(told, said(f"c{number}", key, kind="CSAT", score=5))
    for key, variant in (("CSAT", None), ("CSAT", "account_average"), ("CSAT_MEAN", None), ("CSAT_MEAN", "raw")):
        assert figure_of(told, key, MAY, variant).figure.flags == ("LOW_SAMPLE",)


def test_every_point_slice_and_comparison_says_it_of_its_own_answers(told):
    answer(
        told,
        said("a", "yearly", 2, channel="web"),
        said("b", "purchase", 3, channel="web", tags=["late"]),
        said("c", "purchase", 12, channel="shop", tags=["late"]),
        said("d", "yearly", 13, tags=["late"]),
        said("e", "any", 20, channel="app"),
    )
    june = {"occurred_at": date(2026, 6, 3)}
    answer(told, said("f", "purchase", **june), said("g", "purchase", **june))
    weeks = figure_of(told, "NPS", MAY, grain=Grain.WEEK).figures[""]
    assert ["MIXED_SURVEYS" in one.flags for one in weeks] == [
        True,
        False,
        True,
        False,
        False,
    ]  # the first has three days
    assert by(told, Dimension.CHANNEL) == {"web": True, "shop": False, "app": False, "": False}
    assert by(told, Dimension.TAG) == {"late": True, "": False}
    assert by(told, Dimension.SURVEY) == {"yearly": False, "purchase": False, "any": False}
    web = Filter(Dimension.CHANNEL, ("web",))
    assert is_mixed(told, filters=(web,))
    assert not is_mixed(told, filters=(web, Filter(Dimension.TAG, ("late",))))  # counted from the facts
    assert not is_mixed(told, filters=(Filter(Dimension.SURVEY, ("purchase", "any")),))
    assert (is_mixed(told), is_mixed(told, period=JUNE)) == (True, False)
    rest = breakdown.arrange(figure_of(told, "NPS", MAY, by=Dimension.CHANNEL), 1, by="WEIGHT", descending=True)
    assert (rest.rows[0].key, _says(rest.rows[0].figure), _says(rest.other.figure)) == ("web", True, True)


def test_the_latest_answer_of_each_customer_is_what_mixes(told):
    answer(told, said("a", "yearly", 2, customer="ann"), said("b", "purchase", 3, customer="ann"))
    assert is_mixed(told)
    assert not is_mixed(told, variant="latest_per_customer")
    answer(told, said("c", "yearly", 4, customer="ben"))
    assert is_mixed(told, variant="latest_per_customer")


def test_accounts_that_are_not_heard_do_not_mix(told):
    for name in ("acme", "bolt"):
        meet(told, {"external_id": name, "kind": "ACCOUNT"})
    meet(told, {"external_id": "ann", "parent": Ref(external_id="acme"), "is_key_contact": True})
    meet(told, {"external_id": "ben", "parent": Ref(external_id="bolt")})
    answer(told, said("a", "yearly", customer="ann", channel="web"), said("b", "purchase", customer="ben"))
    put(told, "order", sold("o1", "100", may(1), "acme"))
    assert is_mixed(told, variant="account_average")
    assert not is_mixed(told, variant="revenue_weighted")  # Bolt bought nothing
    assert not is_mixed(told, variant="key_contact")
    put(told, "order", sold("o2", "100", may(1), "ben"))
    assert is_mixed(told, variant="revenue_weighted")
    assert by(told, Dimension.CHANNEL, "revenue_weighted") == {"web": False, "": False}
    meet(told, {"external_id": "ben", "is_key_contact": True})
    assert is_mixed(told, variant="key_contact")


# what a survey was


def test_an_answer_keeps_what_its_survey_was_when_it_was_recorded(told, database):
    first = said("a", "yearly")
    answer(told, first, said("b", "purchase"))
    when(told, "purchase", "RELATIONSHIP")
    assert is_mixed(told)
    assert answer(told, first, said("b", "purchase", score=10)) == ["UNCHANGED", "UPDATED"]
    assert is_mixed(told)
    answer(told, said("b", "any"))  # now it is to a survey that says nothing
    assert not is_mixed(told)
    answer(told, said("b", "purchase"))  # and to one of which another thing is known than was
    assert not is_mixed(told)
    take_back(told, "feedback", "a")
    when(told, "yearly", "TRANSACTIONAL")
    assert answer(told, first) == ["CREATED"]
    assert is_mixed(told)
    assert_a_rebuild_changes_nothing(database, told)


def test_an_answer_to_a_survey_that_said_nothing_takes_it_when_it_is_corrected(told, database):
    answer(told, said("a", "yearly"), said("b", "new"))
    when(told, "new", "TRANSACTIONAL")
    assert answer(told, said("b", "new")) == ["UNCHANGED"]
    assert not is_mixed(told)
    assert answer(told, said("b", "new", score=10)) == ["UPDATED"]
    assert is_mixed(told)
    log = [one for one in stored.rows(database, "change", told.id) if one["noun"] == "Feedback"]
    assert [one["fields"] for one in log if one["fields"]] == [["score", "position"]]  # what was told


def test_an_answer_goes_by_the_survey_of_its_invitation(told, database):
    answer(told, said("a", "yearly", 11), said("b", day=11, invitation="i"))
    assert not is_mixed(told)
    invite(told, invited("i", survey="purchase"))  # comes later than its answer
    assert is_mixed(told)
    when(told, "purchase", None)
    invite(told, invited("i", survey="yearly"))
    assert not is_mixed(told)
    invite(told, invited("i", survey="purchase"))
    assert not is_mixed(told)
    when(told, "purchase", "TRANSACTIONAL")
    answer(told, said("c", day=11, invitation="i", score=10))
    assert is_mixed(told)  # of two answers to one invitation the later one counts
    take_back(told, "feedback", "c")
    assert not is_mixed(told)
    assert_a_rebuild_changes_nothing(database, told)


def test_what_was_known_earlier_says_what_it_mixed_then(told, clock):
    ask(told, "yearly", occasion="RELATIONSHIP")
    answer(told, said("a", "yearly"), said("b", "purchase"))
    clock.advance(days=2)
    answer(told, said("b", "any"))
    assert not is_mixed(told)
    assert is_mixed(told, known_on=date(2026, 6, 15))


# what strangers may see


def test_what_is_hidden_does_not_say_what_it_mixes(told):
    """Bob, who sees nothing personal, is not told of three people what they were asked."""
    many = [said(f"w{n}", "yearly", customer=f"w{n}", channel="web") for n in range(6)]
    few = [said(f"s{n}", ("yearly", "purchase")[n % 2], customer=f"s{n}", channel="shop") for n in range(3)]
    more = [said(f"m{n}", "yearly", customer=f"m{n}", channel="app") for n in range(7)]
    answer(told, *many, *few, *more)

    def seen(who, **more):
        (found,) = told.read(kpi.answer, [kpi.Question("NPS", MAY, **more)], by=who)
        return {key and found.slices[key].key: (row[0].reason, row[0].flags) for key, row in found.figures.items()}

    low, both = ("LOW_SAMPLE",), ("LOW_SAMPLE", "MIXED_SURVEYS")
    assert seen(told.alice, by=Dimension.CHANNEL) == {"web": (None, low), "shop": (None, both), "app": (None, low)}
    hidden = ("SUPPRESSED_SMALL_CELL", ())
    # the smallest other one is hidden with it
    assert seen(told.bob, by=Dimension.CHANNEL) == {"web": hidden, "shop": hidden, "app": (None, low)}
    assert seen(told.bob, filters=(Filter(Dimension.CHANNEL, ("shop",)),)) == {"": hidden}
    assert seen(told.bob) == {"": (None, both)}
