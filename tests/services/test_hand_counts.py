"""Numbers that were counted by hand, through the services and both databases."""

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from app.kpis.dimension import Dimension
from app.services import customer, feedback, kpi, rollup
from app.services.period import Grain, NamedPeriod, Span
from app.services.row import Options, Ref
from app.services.slices import Filter

CREATE = Options(create_missing=True)
MAY = Span(date(2026, 5, 1), date(2026, 6, 1))
_numbers = count()


def say(people, kind, scores, at=datetime(2026, 5, 10, 12, tzinfo=UTC), **more):
    """Record answers with these scores (None: skipped)."""
    rows = [
        {"external_id": f"f{next(_numbers)}", "kind": kind, "score": score, "occurred_at": at, **more}
        for score in scores
    ]
    for start in range(0, len(rows), 500):
        results = people.write(feedback.record_batch, rows[start : start + 500], CREATE)
        assert {result.outcome for result in results} == {"CREATED"}


def meet(people, *rows):
    """Upsert customers."""
    rows = [{"external_id": f"c{next(_numbers)}", **row} for row in rows]
    for start in range(0, len(rows), 500):
        for result in people.write(customer.upsert_batch, rows[start : start + 500], CREATE):
            assert not result.problems


def ask(people, key, period=MAY, variant=None, **more):
    """The answer to one question."""
    (answer,) = people.read(kpi.answer, [kpi.Question(key, period, variant, **more)])
    if isinstance(answer, Exception):
        raise answer
    return answer


def value(people, key, period=MAY, variant=None, **more):
    """The value, or the reason why there is none."""
    figure = ask(people, key, period, variant, **more).figure
    return figure.value if figure.reason is None else figure.reason.value


def slices(people, key, by, variant=None, **more):
    """The values of a breakdown by key."""
    answer = ask(people, key, MAY, variant, by=by, **more)
    return {answer.slices[inner].key: row[0].value for inner, row in answer.figures.items()}


def test_nps(workspace):
    say(workspace, "NPS", [9] * 20 + [10] * 12 + [7] * 6 + [8] * 7 + [6, 5, 4, 2, 1, 0])
    figure = ask(workspace, "NPS").figure
    assert figure.value == pytest.approx(50.9804, abs=1e-4)
    assert figure.interval == pytest.approx((29.2949, 67.0014), abs=1e-4)
    assert (figure.numerator, figure.denominator, figure.sample) == (26, 51, 51)
    assert value(workspace, "REFERRAL_INTENT") == pytest.approx(100 * 32 / 51)


def test_nps_with_skipped_answers(workspace):
    say(workspace, "NPS", [9] * 40 + [8] * 20 + [3] * 20 + [None] * 20)
    assert value(workspace, "NPS") == 25.0


def test_csat_sums_the_parts_and_then_divides(workspace):
    say(workspace, "CSAT", [5], datetime(2026, 5, 3, 12, tzinfo=UTC))
    say(workspace, "CSAT", [4] * 45 + [3] * 45, datetime(2026, 5, 4, 12, tzinfo=UTC))
    answer = ask(workspace, "CSAT", Span(date(2026, 5, 3), date(2026, 5, 5)), grain=Grain.DAY)
    assert [figure.value for figure in answer.figures[""]] == [100.0, 50.0]
    assert value(workspace, "CSAT") == pytest.approx(50.549, abs=1e-3)


def test_an_answer_satisfies_from_seventy_percent_of_its_scale(workspace):
    """Every answer that a scale has is given once; how many of them satisfy."""
    satisfied = {
        (1, 3): 1,
        (1, 5): 2,
        (1, 6): 2,
        (1, 7): 2,
        (0, 10): 4,
        (1, 10): 3,
        (5, 1): 2,
        (-2, 2): 2,
        (0, 1): 1,
    }
    for worst, best in satisfied:
        scores = range(min(worst, best), max(worst, best) + 1)
        scale = {"scale_worst": worst, "scale_best": best, "survey": Ref(external_id=f"{worst} to {best}")}
        say(workspace, "CSAT", scores, **scale)
        say(workspace, "REVIEW", scores, **scale)

    def by_scale(key, variant=None):
        answer = ask(workspace, key, variant=variant, by=Dimension.SURVEY)
        return {answer.slices[inner].key: row[0] for inner, row in answer.figures.items()}

    expected = {f"{worst} to {best}": (n, abs(best - worst) + 1) for (worst, best), n in satisfied.items()}
    for key in ("CSAT", "REVIEW_SCORE"):
        assert {name: (f.numerator, f.denominator) for name, f in by_scale(key).items()} == expected
    assert {name: f.value for name, f in by_scale("CSAT_MEAN").items()} == {
        name: pytest.approx(50, abs=1e-4) for name in expected
    }
    assert {name: f.value for name, f in by_scale("CSAT_MEAN", "raw").items()} == {
        f"{worst} to {best}": (worst + best) / 2 for worst, best in satisfied
    }


def test_scales_compare_by_position_and_never_mix_raw(workspace):
    say(workspace, "CSAT", [5])
    say(workspace, "CSAT", [0], scale_worst=0, scale_best=10)
    say(workspace, "CES", [1, 2], scale_worst=7, scale_best=1)
    assert value(workspace, "CSAT_MEAN") == 50.0
    assert value(workspace, "CSAT_MEAN", variant="raw") == "MIXED_SCALES"
    assert value(workspace, "CES") == pytest.approx(100 * (6 / 6 + 5 / 6) / 2, abs=1e-4)


def test_nothing_is_not_zero(workspace):
    assert value(workspace, "CSAT") == "INPUT_NOT_CONFIGURED"
    assert value(workspace, "FEEDBACK_COUNT") == "INPUT_NOT_CONFIGURED"
    assert value(workspace, "ACTIVE_CUSTOMERS") == "INPUT_NOT_CONFIGURED"
    say(workspace, "COMMENT", [None])
    say(workspace, "NPS", [None])
    assert value(workspace, "FEEDBACK_COUNT") == 2
    assert value(workspace, "FEEDBACK_COUNT", Span(date(2026, 4, 1), date(2026, 5, 1))) == 0
    assert value(workspace, "NPS") == "ZERO_DENOMINATOR"
    assert value(workspace, "NPS", variant="latest_per_customer") == "ZERO_DENOMINATOR"
    assert value(workspace, "NPS", Span(date(2026, 4, 1), date(2026, 5, 1))) == "NO_DATA"
    assert value(workspace, "NPS", Span(date(2026, 6, 16), date(2026, 7, 1))) == "PERIOD_NOT_STARTED"
    # feedback of other kinds makes no satisfaction
    assert value(workspace, "CSAT") == "INPUT_NOT_CONFIGURED"
    assert value(workspace, "CSAT", Span(date(2026, 6, 16), date(2026, 7, 1))) == "INPUT_NOT_CONFIGURED"


@pytest.fixture
def thousand(workspace):
    """A thousand at the start of May, 50 of whom leave; 200 new in May, 20 of whom leave."""
    old, new, left = date(2026, 1, 10), date(2026, 5, 10), date(2026, 5, 20)
    meet(workspace, *({"joined_on": old} for _ in range(950)))
    meet(workspace, *({"joined_on": old, "churned_on": left, "churn_reason": "price"} for _ in range(50)))
    meet(workspace, *({"joined_on": new} for _ in range(180)))
    meet(workspace, *({"joined_on": new, "churned_on": left} for _ in range(20)))
    return workspace


def test_churn_of_a_thousand(thousand):
    assert value(thousand, "CHURN_RATE") == 5
    assert value(thousand, "RETENTION_RATE") == 95
    assert value(thousand, "CHURN_RATE", variant="churned_over_start") == 7
    assert value(thousand, "CHURN_RATE", variant="churned_over_start_plus_new") == pytest.approx(5.833, abs=1e-3)
    assert value(thousand, "RETENTION_RATE", variant="net_count") == 93
    assert value(thousand, "NEW_CUSTOMERS") == 200
    assert value(thousand, "CHURNED_CUSTOMERS") == 70
    assert value(thousand, "ACTIVE_CUSTOMERS") == 1130
    assert slices(thousand, "CHURN_RATE", Dimension.REASON) == {"price": 5, "": 0}
    assert slices(thousand, "CHURN_RATE", Dimension.REASON, "churned_over_start") == {"price": 5, "": 2}


def test_whoever_joins_at_the_start_is_new_and_whoever_leaves_then_was_there(workspace):
    start, end = MAY.start, MAY.end
    day = timedelta(days=1)
    meet(
        workspace,
        {"joined_on": start},  # new
        {"joined_on": start - day},  # there
        {"joined_on": start - day, "churned_on": start},  # there, and lost on the first day
        {"joined_on": start - 2 * day, "churned_on": start - day},  # gone before
        {"joined_on": start - day, "churned_on": end},  # there; lost only in June
        {"joined_on": start - day, "churned_on": end - day},  # lost on the last day
        {"joined_on": end - day},  # new on the last day
        {"joined_on": end},  # new in June
    )
    assert value(workspace, "NEW_CUSTOMERS") == 2
    assert value(workspace, "CHURNED_CUSTOMERS") == 2
    assert value(workspace, "CHURN_RATE") == 50
    assert value(workspace, "ACTIVE_CUSTOMERS") == 4
    assert value(workspace, "ACTIVE_CUSTOMERS", Span(start - day, start)) == 4
    figure = ask(workspace, "RETENTION_RATE").figure
    assert (figure.numerator, figure.denominator) == (2, 4)


def test_whoever_returns_in_time_is_retained_and_not_new(workspace):
    history = [
        {"from_": date(2026, 1, 1), "before": date(2026, 5, 5), "reason": "price"},
        {"from_": date(2026, 5, 20)},
    ]
    meet(workspace, {"history": history}, {"joined_on": date(2026, 1, 1)})
    assert value(workspace, "RETENTION_RATE") == 100
    assert value(workspace, "CHURN_RATE") == 0
    assert value(workspace, "CHURNED_CUSTOMERS") == 1
    assert value(workspace, "NEW_CUSTOMERS") == 0
    assert value(workspace, "RETENTION_RATE", Span(date(2026, 5, 1), date(2026, 5, 20))) == 50
    assert slices(workspace, "CHURN_RATE", Dimension.REASON) == {"price": 0}


def test_months_do_not_add_up_to_a_year_of_retention(workspace):
    """Who leaves in February and is back in April is lost to the first quarter, and to no half-year."""
    meet(
        workspace,
        {"history": [{"from_": date(2025, 1, 1), "before": date(2026, 2, 5)}, {"from_": date(2026, 4, 5)}]},
        {"joined_on": date(2025, 1, 1)},
    )
    answer = ask(workspace, "RETENTION_RATE", Span(date(2026, 1, 1), date(2026, 6, 1)), grain=Grain.MONTH)
    assert [figure.value for figure in answer.figures[""]] == [100, 50, 100, 100, 100]
    assert [figure.denominator for figure in answer.figures[""]] == [2, 2, 1, 1, 2]
    assert value(workspace, "RETENTION_RATE", Span(date(2026, 1, 1), date(2026, 4, 1))) == 50
    assert value(workspace, "RETENTION_RATE", Span(date(2026, 1, 1), date(2026, 6, 1))) == 100


@pytest.mark.parametrize(
    ("zone", "at", "day"),
    [
        ("Europe/Berlin", datetime(2026, 3, 28, 22, 59, tzinfo=UTC), date(2026, 3, 28)),
        ("Europe/Berlin", datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29)),
        ("Europe/Berlin", datetime(2026, 3, 29, 21, 59, tzinfo=UTC), date(2026, 3, 29)),  # a day of 23 hours
        ("Europe/Berlin", datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
        ("America/New_York", datetime(2025, 11, 2, 4, 0, tzinfo=UTC), date(2025, 11, 2)),
        ("America/New_York", datetime(2025, 11, 3, 4, 59, tzinfo=UTC), date(2025, 11, 2)),  # a day of 25 hours
        ("America/New_York", datetime(2025, 11, 3, 5, 0, tzinfo=UTC), date(2025, 11, 3)),
        ("Asia/Shanghai", datetime(2026, 2, 28, 16, 0, tzinfo=UTC), date(2026, 3, 1)),
        ("Pacific/Kiritimati", datetime(2025, 12, 31, 10, 0, tzinfo=UTC), date(2026, 1, 1)),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # reckoned before it is stored
def test_a_day_is_the_workspace_s(make_workspace, database, zone, at, day):
    people = make_workspace(time_zone=zone)
    say(people, "COMMENT", [None], at)
    around = Span(day - timedelta(days=1), day + timedelta(days=2))
    answer = ask(people, "FEEDBACK_COUNT", around, grain=Grain.DAY)
    assert [figure.value for figure in answer.figures[""]] == [0, 1, 0]


def test_all_time_is_from_the_first_to_the_last_day(workspace):
    say(workspace, "CSAT", [5], datetime(2019, 2, 3, 12, tzinfo=UTC))
    say(workspace, "CSAT", [1])
    answer = ask(workspace, "CSAT", NamedPeriod.ALL_TIME)
    assert answer.span == Span(date(2019, 2, 3), date(2026, 6, 16))
    assert answer.figure.value == 50


# what is frozen, and what is restated


def test_a_fact_keeps_the_dimensions_of_its_time(workspace):
    meet(workspace, {"external_id": "c", "region": "north", "segment": "gold"})
    say(workspace, "CSAT", [5], customer=Ref(external_id="c"))
    meet(workspace, {"external_id": "c", "region": "south", "segment": None})
    say(workspace, "CSAT", [1], customer=Ref(external_id="c"))
    assert slices(workspace, "CSAT", Dimension.REGION) == {"north": 100, "south": 0}
    assert slices(workspace, "CSAT", Dimension.SEGMENT) == {"gold": 100, "": 0}


def test_the_test_flag_reaches_back_and_nothing_else_does(workspace):
    meet(workspace, {"external_id": "c", "region": "north", "joined_on": date(2026, 5, 2)})
    say(workspace, "CSAT", [5], customer=Ref(external_id="c"))
    meet(workspace, {"external_id": "c", "region": "south"})
    meet(workspace, {"external_id": "c", "is_test": True})
    assert value(workspace, "FEEDBACK_COUNT") == 0
    assert value(workspace, "NEW_CUSTOMERS") == 0
    meet(workspace, {"external_id": "c", "is_test": False})
    assert slices(workspace, "CSAT", Dimension.REGION) == {"north": 100}
    assert slices(workspace, "NEW_CUSTOMERS", Dimension.REGION) == {"north": 1}


def test_a_stub_that_becomes_whole_gives_its_facts_what_they_lacked(workspace):
    say(workspace, "CSAT", [5, 1], customer=Ref(external_id="c"))
    assert slices(workspace, "CSAT", Dimension.REGION) == {"": 50}
    meet(workspace, {"external_id": "c", "region": "north", "acquisition_channel": Ref(external_id="ads")})
    assert slices(workspace, "CSAT", Dimension.REGION) == {"north": 50}
    assert slices(workspace, "CSAT", Dimension.ACQUISITION_CHANNEL) == {"ads": 50}


def test_a_spell_whose_first_day_is_corrected_stays_the_same_spell(workspace):
    meet(workspace, {"external_id": "c", "region": "north", "joined_on": date(2026, 5, 7)})
    meet(workspace, {"external_id": "c", "region": "south"})
    meet(workspace, {"external_id": "c", "joined_on": date(2026, 5, 3)})
    assert slices(workspace, "NEW_CUSTOMERS", Dimension.REGION) == {"north": 1}
    meet(workspace, {"external_id": "c", "churned_on": date(2026, 5, 20)})
    meet(workspace, {"external_id": "c", "joined_on": date(2026, 5, 25)})
    assert slices(workspace, "CHURNED_CUSTOMERS", Dimension.REGION) == {"north": 1}
    assert slices(workspace, "ACTIVE_CUSTOMERS", Dimension.REGION) == {"south": 1, "north": 0}


def test_a_spell_from_before_what_was_known_has_its_reason(workspace):
    meet(workspace, {"external_id": "c", "joined_on": date(2026, 5, 20)})
    earlier = {"joined_on": date(2026, 5, 1), "churned_on": date(2026, 5, 9), "churn_reason": "price"}
    meet(workspace, {"external_id": "c", **earlier})
    assert slices(workspace, "CHURNED_CUSTOMERS", Dimension.REASON) == {"price": 1}


def test_whoever_never_was_a_customer_leaves_no_trace(workspace):
    meet(workspace, {"external_id": "c", "joined_on": date(2026, 5, 2), "churned_on": date(2026, 5, 9)})
    meet(workspace, {"external_id": "c", "joined_on": date(2026, 5, 20)})
    for _ in range(2):
        meet(workspace, {"external_id": "c", "joined_on": None})
        told = {value(workspace, f"{what}_CUSTOMERS") for what in ("NEW", "CHURNED", "ACTIVE")}
        assert told == {"INPUT_NOT_CONFIGURED"}  # as if nobody had ever been told of
    meet(workspace, {"external_id": "d", "joined_on": date(2026, 7, 1)})
    assert [value(workspace, f"{what}_CUSTOMERS") for what in ("NEW", "CHURNED", "ACTIVE")] == [0, 0, 0]
    assert slices(workspace, "ACTIVE_CUSTOMERS", Dimension.REGION) == {}


# the latest answer of each customer


def test_of_each_customer_the_latest_answer_counts(workspace):
    cara = {"customer": Ref(external_id="cara")}
    web, shop = ({"channel": Ref(external_id=key)} for key in ("web", "shop"))
    days = [datetime(2026, 5, day, 12, tzinfo=UTC) for day in (1, 2, 3)]
    say(workspace, "NPS", [10], days[1], **cara, **web, tags=["a", "b"])
    say(workspace, "NPS", [0], days[0], **cara, **shop, tags=["b"])
    say(workspace, "NPS", [None], days[2], **cara)
    say(workspace, "NPS", [9, 3], days[0])
    latest = "latest_per_customer"
    assert ask(workspace, "NPS", variant=latest).figure.denominator == 3
    assert value(workspace, "NPS", variant=latest) == pytest.approx(100 / 3)
    assert value(workspace, "NPS", Span(date(2026, 5, 1), date(2026, 5, 2)), latest) == pytest.approx(-100 / 3)
    assert slices(workspace, "NPS", Dimension.CHANNEL, latest) == {"web": 100, "shop": -100, "": 0}
    assert slices(workspace, "NPS", Dimension.TAG, latest) == {"a": 100, "b": 100, "": 0}
    for by, key in ((Dimension.CHANNEL, "shop"), (Dimension.TAG, "b")):
        only = (Filter(by, (key,)),)
        assert value(workspace, "NPS", MAY, latest, filters=only) == slices(workspace, "NPS", by, latest)[key]


def test_a_slice_with_nothing_of_the_kind_is_not_shown(workspace):
    """Whether the rollups answer or the facts are counted."""
    north = {"customer": Ref(external_id="n"), "channel": Ref(external_id="web")}
    south = {"customer": Ref(external_id="s"), "channel": Ref(external_id="web")}
    meet(workspace, {"external_id": "n", "region": "north"}, {"external_id": "s", "region": "south"})
    say(workspace, "CSAT", [5], **north)
    say(workspace, "CES", [5], **south)
    web = (Filter(Dimension.CHANNEL, ("web",)),)
    assert slices(workspace, "CSAT", Dimension.REGION) == {"north": 100}
    assert slices(workspace, "CSAT", Dimension.REGION, filters=web) == {"north": 100}


def test_a_breakdown_by_tag_is_answered_to_those_who_see_nothing_personal(workspace):
    say(workspace, "CSAT", [5] * 6, tags=["a"])
    say(workspace, "CSAT", [1] * 5, tags=["b", "a"])
    (answer,) = workspace.read(kpi.answer, [kpi.Question("CSAT", MAY, by=Dimension.TAG)], by=workspace.bob)
    assert {key: row[0].denominator for key, row in answer.figures.items()} == {"a": 11, "b": 5}


# as known on a day


def test_what_was_known_on_a_day(workspace, clock):
    when = {day: datetime(2026, 6, day, 12, tzinfo=UTC) for day in (1, 2, 3, 4)}
    clock.set(when[1])
    workspace.write(feedback.record_batch, [_scored(5)], CREATE)
    clock.set(when[2])
    workspace.write(feedback.record_batch, [_scored(1)], CREATE)
    clock.set(when[3])
    workspace.write(feedback.delete_batch, [{"external_id": "late"}], Options())
    clock.set(when[4])

    def known(day):
        return value(workspace, "CSAT", known_on=date(2026, 6, day))

    for _ in range(2):
        # what was known stays known, though there is none any more
        assert [known(day) for day in (1, 2, 3, 4)] == [100, 0, "INPUT_NOT_CONFIGURED", "INPUT_NOT_CONFIGURED"]
        assert value(workspace, "CSAT") == "INPUT_NOT_CONFIGURED"
        workspace.write(rollup.compact)
    say(workspace, "CSAT", [1], occurred_at=datetime(2026, 4, 1, tzinfo=UTC))
    assert [known(day) for day in (1, 2, 3, 4)] == [100, 0, "NO_DATA", "NO_DATA"]
    assert value(workspace, "FEEDBACK_COUNT", known_on=date(2026, 5, 31)) == 0


def _scored(score):
    return {"external_id": "late", "kind": "CSAT", "score": score, "occurred_at": datetime(2026, 5, 10, tzinfo=UTC)}
