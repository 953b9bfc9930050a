"""What an upsert makes of a customer's spells: told as small histories, each outcome written down by hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Code, Invalid
from app.models.base import FOREVER
from app.models.customer import CustomerStatus
from app.services.spell import Dates, Wish, status_of, wished

JAN, MAR, MAY, JUL, SEP = (date(2026, month, 1) for month in (1, 3, 5, 7, 9))
TODAY = date(2026, 6, 15)
ACTIVE, CHURNED, PROSPECT = CustomerStatus.ACTIVE, CustomerStatus.CHURNED, CustomerStatus.PROSPECT


def wish(status=None, history=None, **given_):
    """What an upsert says; only names that are given were present."""
    return Wish(frozenset(given_), **given_, status=status, history=history)


ONCE = [Dates(JAN)]
LEFT = [Dates(JAN, MAR, "price")]
RETURNED = [Dates(JAN, MAR, "price"), Dates(MAY)]
TWICE_LEFT = [Dates(JAN, MAR, "price"), Dates(MAY, date(2026, 6, 1), "moved")]


@pytest.mark.parametrize(
    ("now", "said", "then"),
    [
        # joining
        ([], wish(), []),
        ([], wish(joined=JAN), [Dates(JAN)]),
        ([], wish(joined=JAN, churned=MAR), [Dates(JAN, MAR)]),
        ([], wish(joined=JAN, churned=MAR, reason="price"), LEFT),
        ([], wish(joined=None), []),
        ([], wish(joined=None, churned=None, reason=None), []),
        ([], wish(churned=None), []),
        ([], wish(reason="price"), []),
        ([], wish(joined=SEP), [Dates(SEP)]),  # a day to come
        # leaving
        (ONCE, wish(churned=MAR), [Dates(JAN, MAR)]),
        (ONCE, wish(churned=MAR, reason="price"), LEFT),
        (ONCE, wish(joined=JAN, churned=MAR, reason="price"), LEFT),
        (ONCE, wish(churned=SEP), [Dates(JAN, SEP)]),
        (ONCE, wish(reason="price"), ONCE),  # nobody has left
        (ONCE, wish(churned=None), ONCE),
        # returning: from the first day without on
        (LEFT, wish(joined=MAY), RETURNED),
        (LEFT, wish(joined=MAY, churned=None, reason=None), RETURNED),
        (LEFT, wish(joined=MAR), [Dates(JAN, MAR, "price"), Dates(MAR)]),
        (LEFT, wish(joined=MAY, churned=date(2026, 6, 1), reason="moved"), TWICE_LEFT),
        # correcting
        (ONCE, wish(joined=MAR), [Dates(MAR)]),
        (ONCE, wish(joined=date(2025, 12, 1)), [Dates(date(2025, 12, 1))]),
        (LEFT, wish(joined=date(2026, 2, 1)), [Dates(date(2026, 2, 1), MAR, "price")]),
        (LEFT, wish(churned=date(2026, 4, 1)), [Dates(JAN, date(2026, 4, 1), "price")]),
        (LEFT, wish(reason="service"), [Dates(JAN, MAR, "service")]),
        (LEFT, wish(reason=None), [Dates(JAN, MAR)]),
        (LEFT, wish(churned=None), [Dates(JAN)]),  # never left after all; nothing to give a reason for
        (RETURNED, wish(joined=date(2026, 4, 1)), [Dates(JAN, MAR, "price"), Dates(date(2026, 4, 1))]),
        (RETURNED, wish(joined=JAN, churned=date(2026, 2, 1)), [Dates(JAN, date(2026, 2, 1), "price"), Dates(MAY)]),
        (RETURNED, wish(joined=JAN, reason="service"), [Dates(JAN, MAR, "service"), Dates(MAY)]),
        (RETURNED, wish(reason=None), RETURNED),  # said of the spell that still runs
        (
            [Dates(MAY)],
            wish(joined=JAN, churned=MAR, reason="price"),
            RETURNED,
        ),  # a spell from before what was known
        # clearing
        (ONCE, wish(joined=None), []),
        (LEFT, wish(joined=None, churned=None, reason=None), []),
        (RETURNED, wish(joined=None), []),  # never was a customer
        # a status without dates takes effect today
        ([], wish(ACTIVE), [Dates(TODAY)]),
        ([], wish(PROSPECT), []),
        (ONCE, wish(ACTIVE), ONCE),
        (ONCE, wish(CHURNED), [Dates(JAN, TODAY)]),
        (ONCE, wish(CHURNED, reason="price"), [Dates(JAN, TODAY, "price")]),
        (LEFT, wish(CHURNED), LEFT),
        (LEFT, wish(ACTIVE), [*LEFT, Dates(TODAY)]),
        (LEFT, wish(ACTIVE, reason=None), [*LEFT, Dates(TODAY)]),
        ([Dates(JAN, SEP)], wish(CHURNED), [Dates(JAN, SEP)]),  # has given notice: the date is known
        ([Dates(JAN, SEP)], wish(ACTIVE), [Dates(JAN, SEP)]),
        ([Dates(JAN, TODAY)], wish(ACTIVE), [Dates(JAN, TODAY), Dates(TODAY)]),
        # a status with dates: the dates say when
        ([], wish(ACTIVE, joined=JAN), ONCE),
        ([], wish(CHURNED, joined=JAN, churned=MAR, reason="price"), LEFT),
        ([], wish(CHURNED, joined=JAN), [Dates(JAN, TODAY)]),
        (LEFT, wish(ACTIVE, churned=None), ONCE),
        (ONCE, wish(PROSPECT, joined=None), []),
        (RETURNED, wish(PROSPECT, joined=None), []),
        # a whole history replaces what was known
        (RETURNED, wish(history=(Dates(JAN, MAR),)), [Dates(JAN, MAR)]),
        ([], wish(history=(Dates(MAY), Dates(JAN, MAR, "price"))), RETURNED),
        (RETURNED, wish(history=()), []),
        ([], wish(history=(Dates(JAN, MAR), Dates(MAR))), [Dates(JAN, MAR), Dates(MAR)]),
    ],
)
def test_a_history_after_what_was_said(now, said, then):
    assert wished(now, said, TODAY) == then
    assert wished(then, said, TODAY) == then, "said again, it changed something"


@pytest.mark.parametrize(
    ("now", "said", "path", "code"),
    [
        ([], wish(churned=MAR), "churnedOn", Code.INVALID),
        ([], wish(churned=MAR, reason="price"), "churnedOn", Code.INVALID),
        ([], wish(joined=None, churned=MAR), "churnedOn", Code.INVALID),
        (RETURNED, wish(joined=None, churned=MAR), "churnedOn", Code.INVALID),
        ([], wish(joined=MAR, churned=JAN), "churnedOn", Code.OUT_OF_RANGE),
        ([], wish(joined=JAN, churned=JAN), "churnedOn", Code.OUT_OF_RANGE),
        (ONCE, wish(churned=JAN), "churnedOn", Code.OUT_OF_RANGE),
        (LEFT, wish(churned=date(2025, 1, 1)), "churnedOn", Code.OUT_OF_RANGE),
        (RETURNED, wish(joined=JAN, churned=JUL), "joinedOn", Code.CONFLICT),  # into the spell that follows
        (RETURNED, wish(joined=JAN, churned=None), "joinedOn", Code.CONFLICT),
        ([], wish(CHURNED), "status", Code.INVALID),
        (ONCE, wish(PROSPECT), "status", Code.INVALID),
        (LEFT, wish(PROSPECT), "status", Code.INVALID),
        ([], wish(PROSPECT, joined=JAN), "status", Code.INVALID),
        (ONCE, wish(ACTIVE, churned=MAR), "status", Code.INVALID),
        ([], wish(ACTIVE, joined=JAN, churned=MAR), "status", Code.INVALID),
        ([], wish(history=(Dates(JAN, MAR), Dates(date(2026, 2, 1)))), "joinedOn", Code.CONFLICT),
        ([], wish(history=(Dates(JAN), Dates(MAR))), "joinedOn", Code.CONFLICT),
        ([], wish(history=(Dates(JAN, MAR), Dates(JAN, MAR, "price"))), "joinedOn", Code.CONFLICT),  # one has no reason
        ([], wish(history=(Dates(MAR, JAN),)), "churnedOn", Code.OUT_OF_RANGE),
        ([], wish(history=(Dates(MAR, MAR),)), "churnedOn", Code.OUT_OF_RANGE),
    ],
)
def test_dates_that_contradict_each_other_are_refused_where_they_do(now, said, path, code):
    before = list(now)
    with pytest.raises(Invalid) as refused:
        wished(now, said, TODAY)
    (problem,) = refused.value.problems
    assert (problem.path, problem.code) == ((path,), code)
    assert now == before


days = st.dates(date(2024, 1, 1), date(2027, 12, 31))
some = st.fixed_dictionaries(
    {},
    optional={
        "joined": st.none() | days,
        "churned": st.none() | days,
        "reason": st.none() | st.sampled_from(["price"]),
    },
)
wishes = st.builds(
    lambda given_, status: wish(status, **given_), some, st.sampled_from([None, ACTIVE, CHURNED, PROSPECT])
)


def told(said):
    """The spells after everything that was said and made sense."""
    spells: list[Dates] = []
    for one in said:
        try:
            spells = wished(spells, one, TODAY)
        except Invalid:
            continue
    return spells


@given(st.lists(wishes, max_size=8))
def test_whatever_is_said_spells_are_in_order_and_apart(said):
    spells = told(said)
    flat = [day for spell in spells for day in (spell.start, spell.end)]
    assert all(spell.start < spell.end for spell in spells)
    assert flat == sorted(flat)
    assert all(spell.reason is None or spell.end < FOREVER for spell in spells)


@given(st.lists(wishes, max_size=6), wishes)
def test_saying_it_twice_is_saying_it_once(said, last):
    now = told(said)
    try:
        then = wished(now, last, TODAY)
    except Invalid:
        return
    assert wished(then, last, TODAY) == then


@given(st.lists(wishes, max_size=6), some)
def test_dates_are_never_read_from_the_clock(said, given_):
    now = told(said)
    answers = []
    for today in (TODAY, date(2031, 1, 1)):
        try:
            answers.append(wished(now, wish(**given_), today))
        except Invalid as refused:
            answers.append(refused.problems)
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("spells", "status"),
    [
        ([], PROSPECT),
        (ONCE, ACTIVE),
        (LEFT, CHURNED),
        (RETURNED, ACTIVE),
        (TWICE_LEFT, CHURNED),
        ([Dates(JAN, TODAY)], CHURNED),  # today is the first day without
        ([Dates(TODAY)], ACTIVE),
        ([Dates(JAN, SEP)], ACTIVE),
    ],
)
def test_where_a_customer_stands_today(spells, status):
    assert status_of(spells, TODAY) is status


def test_a_reason_beside_a_return_is_not_that_of_the_time_before():
    """Whoever is active again has not left: said once or twice, the earlier time keeps what was said of it."""
    before = told([wish(ACTIVE, joined=JAN), wish(CHURNED)])
    again = wish(ACTIVE, joined=JAN, reason="price")
    once = wished(before, again, TODAY)
    assert [spell.reason for spell in once] == [None, None]
    assert wished(once, again, TODAY) == once
