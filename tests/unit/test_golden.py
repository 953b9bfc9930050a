"""The golden vectors once more, through the door and out of either database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.actor import Scope
from app.kpis.dimension import Dimension
from app.kpis.figure import Figure, KpiFlag, NullReason
from app.models.feedback import FeedbackKind
from app.models.rollup import RollupState
from app.services import customer, feedback, kpi
from app.services.kpi import Question
from app.services.period import Grain, Span
from app.services.row import Options, Outcome, Ref
from app.services.slices import Filter
from app.uow import writes

MARCH = Span(date(2026, 3, 1), date(2026, 4, 1))
CREATE = Options(create_missing=True)


def send(people, service, rows, options=CREATE):
    """Record rows in batches, all of which must be taken."""
    for start in range(0, len(rows), 500):
        results = people.write(service, rows[start : start + 500], options)
        assert {result.outcome for result in results} == {Outcome.CREATED}


def ask(people, *questions, by=None):
    """The answers to some questions."""
    return people.read(kpi.answer, questions, by=by or people.system)


def value(people, key, variant=None, period=MARCH, filters=(), by=None):
    """The figure of one question."""
    (answer,) = ask(people, Question(key, period, variant, filters), by=by)
    return answer.figure


def answered(number, score, day, **more):
    """A CSAT answer."""
    return {"external_id": f"f{number}", "kind": FeedbackKind.CSAT, "score": score, "occurred_at": day, **more}


# retention


def joined(name, start, end=None, reason=None, **more):
    """A customer with dates."""
    row = {"external_id": name, "joined_on": start, **more}
    return row | ({"churned_on": end} if end else {}) | ({"churn_reason": reason} if reason else {})


def a_thousand_at_the_start():
    """S = 1000 with 50 of them lost in March; 200 new, 20 of those lost; and some who must not count."""
    early, late, march = date(2026, 1, 1), date(2026, 2, 28), [MARCH.start + timedelta(days=n) for n in range(31)]
    reasons = ["price"] * 30 + ["service"] * 15 + [None] * 5
    rows = [joined(f"lost {n}", early, march[n % 31], reasons[n]) for n in range(50)]
    rows += [joined(f"stays {n}", late if n % 2 else early) for n in range(900)]
    rows += [joined(f"leaves later {n}", early, date(2026, 4, 1 + n % 9)) for n in range(50)]
    rows += [joined(f"new {n}", march[n % 31]) for n in range(180)]
    rows += [joined(f"new and lost {n}", march[n % 15], march[n % 15 + 16]) for n in range(20)]
    # gone before, on the eve; joined after the end; a prospect; somebody of our own
    rows += [joined(f"gone {n}", early, late) for n in range(30)]
    rows += [joined(f"after {n}", MARCH.end) for n in range(7)]
    rows += [{"external_id": f"prospect {n}"} for n in range(10)]
    rows += [joined(f"test {n}", early, march[5], is_test=True) for n in range(5)]
    return rows


def test_retention_of_a_thousand_of_whom_fifty_left(workspace):
    send(workspace, customer.upsert_batch, a_thousand_at_the_start())
    shown = {
        (key, variant): (figure.value, figure.numerator, figure.denominator)
        for key, variant in [
            ("CHURN_RATE", None),
            ("CHURN_RATE", "churned_over_start"),
            ("CHURN_RATE", "churned_over_start_plus_new"),
            ("RETENTION_RATE", None),
            ("RETENTION_RATE", "net_count"),
            ("NEW_CUSTOMERS", None),
            ("CHURNED_CUSTOMERS", None),
            ("ACTIVE_CUSTOMERS", None),
        ]
        for figure in [value(workspace, key, variant)]
    }
    assert shown == {
        ("CHURN_RATE", None): (5, 50, 1_000),
        ("CHURN_RATE", "churned_over_start"): (7, 70, 1_000),
        ("CHURN_RATE", "churned_over_start_plus_new"): (pytest.approx(5.833, abs=5e-4), 70, 1_200),
        ("RETENTION_RATE", None): (95, 950, 1_000),
        ("RETENTION_RATE", "net_count"): (93, 930, 1_000),
        ("NEW_CUSTOMERS", None): (200, 200, None),
        ("CHURNED_CUSTOMERS", None): (70, 70, None),
        ("ACTIVE_CUSTOMERS", None): (1_130, 1_130, None),
    }
    (by_reason,) = ask(workspace, Question("CHURN_RATE", MARCH, by=Dimension.REASON))
    parts = {key: (figure.value, figure.numerator, figure.denominator) for key, (figure,) in by_reason.figures.items()}
    assert parts == {"price": (3, 30, 1_000), "service": (1.5, 15, 1_000), "": (0.5, 5, 1_000)}


def test_who_returns_in_time_was_retained_and_is_not_new(workspace):
    def was(name, *stays):
        return {"external_id": name, "history": [{"from_": start, "before": end} for start, end in stays]}

    jan, back = date(2026, 1, 1), date(2026, 3, 20)
    rows = [was(f"stays {n}", (jan, None)) for n in range(7)]
    rows += [
        was("returns", (jan, date(2026, 3, 5)), (back, None)),
        was("returns and leaves", (jan, date(2026, 3, 5)), (date(2026, 3, 10), date(2026, 3, 25))),
        was("returns too late", (jan, date(2026, 3, 5)), (date(2026, 4, 1), None)),
        was("was away at the start", (jan, date(2026, 2, 1)), (back, None)),
    ]
    send(workspace, customer.upsert_batch, rows)
    churn, crr = value(workspace, "CHURN_RATE"), value(workspace, "RETENTION_RATE")
    assert (churn.value, churn.numerator, churn.denominator) == (20, 2, 10)
    assert churn.value + crr.value == 100
    assert value(workspace, "CHURN_RATE", "churned_over_start").numerator == 4
    assert value(workspace, "NEW_CUSTOMERS").value == 0
    assert value(workspace, "ACTIVE_CUSTOMERS").value == 9


# satisfaction


def test_csat_of_two_days_adds_the_parts_before_it_divides(workspace):
    first, second = date(2026, 3, 1), date(2026, 3, 2)
    rows = [answered(0, 5, first)]
    rows += [answered(1 + n, 4 if n < 45 else 3, second) for n in range(90)]
    rows += [answered(100 + n, None, second) for n in range(9)]  # skipped
    send(workspace, feedback.record_batch, rows)
    whole = value(workspace, "CSAT")
    assert (whole.numerator, whole.denominator) == (46, 91)
    assert whole.value == 100 * 46 / 91 == pytest.approx(50.549, abs=5e-4)
    (days,) = ask(workspace, Question("CSAT", Span(first, date(2026, 3, 4)), grain=Grain.DAY))
    assert [figure.value for figure in days.figures[""]] == [100, 50, None]
    assert [figure.reason for figure in days.figures[""]] == [None, None, NullReason.NO_DATA]


def test_nps_of_32_13_and_6(workspace):
    scores = [9, 10] * 16 + [7] * 13 + [0, 1, 2, 3, 4, 6] + [None] * 4
    rows = [answered(n, score, MARCH.start) | {"kind": FeedbackKind.NPS} for n, score in enumerate(scores)]
    send(workspace, feedback.record_batch, rows)
    nps = value(workspace, "NPS")
    assert nps.value == pytest.approx(50.9804, abs=5e-5)
    assert nps.interval == pytest.approx((29.2949, 67.0014), abs=5e-5)
    assert (nps.numerator, nps.denominator) == (26, 51)


# small cells

HIDDEN = Figure(None, NullReason.SUPPRESSED_SMALL_CELL)


def said_on(channels):
    """CSAT answers per channel, from a list of who gave them (None: nobody known)."""
    rows = []
    for channel, people in channels.items():
        for who in people:
            row = answered(len(rows), 5, date(2026, 3, 10), channel=Ref(external_id=channel))
            rows.append(row | ({"customer": Ref(external_id=who)} if who else {}))
    return rows


def by_channel(people, by):
    """The figure of every channel by its key, as somebody sees it."""
    (answer,) = ask(people, Question("CSAT", MARCH, by=Dimension.CHANNEL), by=by)
    return {answer.slices[key].key: figure for key, (figure,) in answer.figures.items()}


def only(channel):
    return (Filter(Dimension.CHANNEL, (channel,)),)


def test_a_group_is_small_by_its_people_not_by_its_answers(workspace):
    # nine answers of four people at the shop, five of five on the web, and two of them at both
    send(
        workspace,
        feedback.record_batch,
        said_on({"shop": ["a", "b", "c", "d"] * 2 + ["a"], "web": ["a", "b", "x", "y", "z"], "fair": [*"klmnopq"]}),
    )
    seen = by_channel(workspace, workspace.bob)
    assert seen["shop"] == HIDDEN
    # a lone gap could be filled in from the total: the next smallest goes with it
    assert seen["web"] == HIDDEN
    assert (seen["fair"].value, seen["fair"].denominator) == (100, 7)
    assert value(workspace, "CSAT", by=workspace.bob).denominator == 9 + 5 + 7


def test_who_may_see_persons_sees_small_groups(workspace):
    send(workspace, feedback.record_batch, said_on({"shop": ["a", "b"], "web": [*"klmnopq"]}))
    for actor in (workspace.alice, workspace.system, workspace.actor({Scope.KPI_READ, Scope.PERSONAL_READ})):
        seen = by_channel(workspace, actor)
        assert {name: figure.denominator for name, figure in seen.items()} == {"shop": 2, "web": 7}
        assert value(workspace, "CSAT", filters=only("shop"), by=actor).value == 100


@pytest.mark.parametrize(
    ("channels", "hidden"),
    [
        # two gaps of three people each are six that nobody can tell apart
        ({"shop": "abc", "post": "def", "web": "klmno", "fair": "pqrstu"}, {"shop", "post"}),
        # two of one person each are still too few: the next smallest goes with them
        ({"shop": "a", "post": "b", "web": "klmno", "fair": "pqrstu"}, {"shop", "post", "web"}),
        ({"shop": "a", "web": "klmno", "fair": "pqrstu"}, {"shop", "web"}),
        ({"web": "klmno", "fair": "pqrstu"}, set()),
    ],
)
def test_what_is_hidden_cannot_be_had_by_subtraction(workspace, channels, hidden):
    send(workspace, feedback.record_batch, said_on({name: [*people] for name, people in channels.items()}))
    seen = by_channel(workspace, workspace.bob)
    assert {name for name, figure in seen.items() if figure == HIDDEN} == hidden
    shown = {name: len(people) for name, people in channels.items() if name not in hidden}
    assert {name: figure.denominator for name, figure in seen.items() if figure != HIDDEN} == shown


def test_anonymous_answers_count_as_one_person_each(workspace):
    send(workspace, feedback.record_batch, said_on({"web": [*"klmno"], "fair": [None] * 5}))
    seen = by_channel(workspace, workspace.bob)
    assert {name: figure.denominator for name, figure in seen.items()} == {"web": 5, "fair": 5}
    assert seen["web"].flags == (KpiFlag.LOW_SAMPLE,)


def test_a_small_group_alone_is_hidden_with_its_parts(workspace):
    channels = {"shop": ["a", "b", "c", "d"] * 3, "web": [*"klmno"], "fair": [*"pqrst"]}
    send(workspace, feedback.record_batch, said_on(channels))
    for key in ("CSAT", "CSAT_MEAN"):
        assert value(workspace, key, filters=only("shop"), by=workspace.bob) == HIDDEN
        assert value(workspace, key, filters=only("web"), by=workspace.bob).denominator == 5
    assert value(workspace, "CSAT_MEAN", "raw", filters=only("shop"), by=workspace.bob) == HIDDEN
    # how many there were is no opinion
    assert value(workspace, "FEEDBACK_COUNT", filters=only("shop"), by=workspace.bob).value == 12


def test_all_but_a_small_group_is_hidden_too(workspace):
    send(workspace, feedback.record_batch, said_on({"shop": ["a"], "web": [*"klmno"], "fair": [*"pqrst"]}))
    but_the_shop = (Filter(Dimension.CHANNEL, None, ("shop",)),)
    assert value(workspace, "CSAT", by=workspace.bob).denominator == 11
    assert value(workspace, "CSAT", filters=but_the_shop, by=workspace.bob) == HIDDEN
    both = (Filter(Dimension.CHANNEL, ("web", "fair")),)
    assert value(workspace, "CSAT", filters=both, by=workspace.bob) == HIDDEN
    assert value(workspace, "CSAT", filters=but_the_shop, by=workspace.alice).denominator == 10


def test_a_series_of_a_group_hides_what_its_total_would_tell(workspace):
    rows = said_on({"shop": [*"abcde"]})
    rows += [row | {"external_id": f"again {n}", "occurred_at": date(2026, 3, 11)} for n, row in enumerate(rows[:4])]
    more = said_on({"shop": [*"abcdef"]})
    rows += [row | {"external_id": f"more {n}", "occurred_at": date(2026, 3, 13)} for n, row in enumerate(more)]
    send(workspace, feedback.record_batch, rows)
    asked = Question("CSAT", Span(date(2026, 3, 10), date(2026, 3, 14)), None, only("shop"), grain=Grain.DAY)
    (answer,) = ask(workspace, asked, by=workspace.bob)
    five, four, none, six = answer.figures[""]
    assert (four, five) == (HIDDEN, HIDDEN)  # the eleventh has four people, the tenth would tell of them
    assert (none.reason, six.denominator) == (NullReason.NO_DATA, 6)


def test_a_group_that_was_small_when_it_was_known_is_hidden_as_it_was_known(workspace, clock):
    def as_known(day, by):
        (answer,) = ask(workspace, Question("CSAT", MARCH, None, only("shop"), known_on=day), by=by)
        return answer.figure

    yesterday, today = date(2026, 6, 14), date(2026, 6, 15)
    clock.set(datetime(2026, 6, 14, 12, tzinfo=UTC))
    send(workspace, feedback.record_batch, said_on({"shop": ["a"], "web": [*"klmno"]}))
    clock.set(datetime(2026, 6, 15, 12, tzinfo=UTC))
    later = said_on({"shop": [*"bcdefg"]})
    send(workspace, feedback.record_batch, [row | {"external_id": f"later {n}"} for n, row in enumerate(later)])
    assert as_known(today, workspace.bob).denominator == 7
    assert as_known(yesterday, workspace.bob) == HIDDEN
    assert as_known(yesterday, workspace.alice).denominator == 1


@pytest.mark.parametrize(("k", "shown"), [(1, {"shop": 1, "web": 5}), (6, {}), (5, {})])
def test_how_small_is_small_is_the_workspaces_choice(make_workspace, k, shown):
    people = make_workspace(small_cell_k=k)
    send(people, feedback.record_batch, said_on({"shop": ["a"], "web": [*"klmno"]}))
    seen = by_channel(people, people.bob)
    assert {name: figure.denominator for name, figure in seen.items() if figure != HIDDEN} == shown


# why there is no value


def reason(people, key="CSAT", period=MARCH, by=None, **more):
    """Value and reason of one question."""
    (answer,) = ask(people, Question(key, period, **more), by=by)
    return answer.figure.value, answer.figure.reason


def test_of_several_reasons_the_first_is_given(workspace, clock):
    future = Span(date(2026, 7, 1), date(2026, 8, 1))
    clock.set(datetime(2026, 6, 15, tzinfo=UTC))
    # nothing was ever recorded: even a count is not a true zero, nor does it matter that the time has not come
    for period in (MARCH, future):
        for key in ("CSAT", "FEEDBACK_COUNT", "NEW_CUSTOMERS", "CHURN_RATE"):
            assert reason(workspace, key, period) == (None, NullReason.INPUT_NOT_CONFIGURED)
    send(workspace, feedback.record_batch, [answered(0, None, MARCH.start, channel=Ref(external_id="shop"))])
    assert reason(workspace, period=future) == (None, NullReason.PERIOD_NOT_STARTED)
    assert reason(workspace, "FEEDBACK_COUNT", future) == (None, NullReason.PERIOD_NOT_STARTED)
    assert reason(workspace, period=Span(date(2026, 2, 1), MARCH.start)) == (None, NullReason.NO_DATA)
    assert reason(workspace, "FEEDBACK_COUNT", Span(date(2026, 2, 1), MARCH.start)) == (0, None)
    assert reason(workspace) == (None, NullReason.ZERO_DENOMINATOR)
    assert reason(workspace, "NPS") == (None, NullReason.INPUT_NOT_CONFIGURED)
    # customers are another input, of which there is still nothing
    assert reason(workspace, "NEW_CUSTOMERS") == (None, NullReason.INPUT_NOT_CONFIGURED)
    send(workspace, feedback.record_batch, [answered(1, 5, MARCH.start, channel=Ref(external_id="shop"))])
    assert reason(workspace, filters=only("shop"), by=workspace.bob) == (None, NullReason.SUPPRESSED_SMALL_CELL)

    @writes(Scope.WORKSPACE_ADMIN)
    def forget(uow):
        for state in uow.session.query(RollupState):
            state.fingerprint = "of another time"

    workspace.write(forget)
    for period in (MARCH, future):
        for key in ("CSAT", "FEEDBACK_COUNT", "NEW_CUSTOMERS"):
            assert reason(workspace, key, period) == (None, NullReason.PREPARING)
    assert reason(workspace, filters=only("shop"), by=workspace.bob) == (None, NullReason.PREPARING)
