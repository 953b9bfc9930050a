"""How many targets were met, against plain Python: what is due, what is met, who may know, and what is too much."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import index_oracle
import pytest
from surveying import answer, take_back
from trading import MAY, ask, may, meet, value

from app.actor import ORDINARY, Scope
from app.errors import Forbidden, Invalid, Limited
from app.kpis.dimension import Dimension
from app.services import judgement, kpi, target
from app.services.period import Grain, NamedPeriod, Span
from app.services.row import Ref
from app.services.slices import Filter

KEY = "TARGET_ATTAINMENT"
JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))


def aim(people, name, first, before, goal, of="CSAT", **more):
    """Set a target."""
    days = {"from_": first, "before": before, "kind": "ABSOLUTE", "value": goal}
    return people.write(target.set_, {"external_id": name, "kpi": of, **days, **more})


def rate(people, day, *scores, **more):
    at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    answer(
        people,
        *(
            {"external_id": f"{day}-{n}{more}", "kind": "CSAT", "score": s, "occurred_at": at, **more}
            for n, s in enumerate(scores)
        ),
    )


def parts(people, period=MAY, **more):
    figure = ask(people, KEY, period, **more).figure
    return figure.numerator, figure.denominator, figure.value if figure.reason is None else figure.reason.value


def test_a_target_is_due_on_its_last_day_once_that_is_over(workspace, clock):
    assert value(workspace, KEY) == "INPUT_NOT_CONFIGURED"
    rate(workspace, may(4), 5, 5, 5, 1)  # 75 %
    aim(workspace, "met", may(1), may(11), 75)
    aim(workspace, "missed", may(1), may(12), 75.1)
    aim(workspace, "june", may(1), date(2026, 6, 2), 70)  # its last day is the first of June
    aim(workspace, "may", may(1), date(2026, 6, 1), 70)  # and this one's the last of May
    aim(workspace, "empty", may(20), may(21), 10)  # nobody said anything on that day
    aim(workspace, "running", may(1), date(2026, 6, 16), 1)  # the fifteenth of June is today
    assert parts(workspace) == (2, 4, 50)
    assert parts(workspace, JUNE) == (1, 1, 100)
    clock.advance(days=1)
    assert parts(workspace, JUNE) == (2, 2, 100)
    assert parts(workspace, Span(date(2025, 1, 1), date(2025, 2, 1)))[2] == "NO_DATA"
    assert parts(workspace, NamedPeriod.ALL_TIME) == (4, 6, pytest.approx(400 / 6))


def test_it_follows_what_is_learnt_later(workspace):
    rate(workspace, may(4), 5, 1)
    aim(workspace, "t", may(1), may(11), 60)
    assert parts(workspace) == (0, 1, 0)
    take_back(workspace, "feedback", f"{may(4)}-1{{}}")
    assert parts(workspace) == (1, 1, 100)
    workspace.write(target.delete, Ref(external_id="t"))
    assert parts(workspace)[2] == "INPUT_NOT_CONFIGURED"


def test_targets_for_itself_are_not_among_them(workspace):
    rate(workspace, may(4), 5)
    aim(workspace, "csat", may(1), may(11), 60)
    aim(workspace, "self", may(1), may(12), 100, of=KEY)
    assert parts(workspace) == (1, 1, 100)
    aim(workspace, "now", may(1), date(2026, 7, 1), 100, of=KEY)
    assert ask(workspace, KEY, Span(may(1), date(2026, 7, 1))).figure.value == 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_any_targets_by_month(make_workspace, seed):
    workspace = make_workspace(small_cell_k=1)
    rng = Random(seed)  # noqa: S311 - repeatable, not secret
    first, today = date(2026, 1, 1), date(2026, 6, 15)
    days = [first + timedelta(days=n) for n in range((today - first).days)]
    said = [(rng.choice(days), rng.randint(1, 5), rng.choice(("web", "shop"))) for _ in range(150)]
    gone = {f"c{n}": rng.choice(days) + timedelta(days=1) for n in range(30)}
    answer(
        workspace,
        *(
            {
                "external_id": f"f{n}",
                "kind": "CSAT",
                "score": s,
                "channel": c,
                "occurred_at": datetime(d.year, d.month, d.day, 10, tzinfo=UTC),
            }
            for n, (d, s, c) in enumerate(said)
        ),
    )
    meet(workspace, *({"external_id": n, "joined_on": date(2025, 1, 1), "churned_on": d} for n, d in gone.items()))
    told = []
    for n in range(25):
        start, goal = rng.choice(days), rng.randint(0, 100)
        end = start + timedelta(days=rng.randint(1, 60))
        if n % 3 == 0:  # the fewer go the better
            goal = rng.randint(0, 8)
            aim(workspace, f"t{n}", start, end, goal, of="CHURNED_CUSTOMERS")
            reached, up = sum(start <= day < end for day in gone.values()), False
        else:
            channel = rng.choice(("web", "shop", None))
            scope = [Filter(Dimension.CHANNEL, (channel,))] if channel else None
            aim(workspace, f"t{n}", start, end, goal, scope=scope)
            scores = [s for d, s, c in said if start <= d < end and channel in (None, c)]
            reached, up = (100 * sum(s >= 4 for s in scores) / len(scores) if scores else None), True
        told.append({"last": end - timedelta(days=1), "goal": goal, "value": reached, "up": up})
    year = Span(first, date(2026, 9, 1))
    found = ask(workspace, KEY, year, grain=Grain.MONTH)
    for span, figure in zip(found.spans, found.figures[""], strict=True):
        expected = index_oracle.attained(told, span.start, span.end, today)
        if span.start > today:
            assert figure.reason == "PERIOD_NOT_STARTED"
        else:
            assert (figure.numerator, figure.denominator) == expected, span
    assert parts(workspace, year)[:2] == index_oracle.attained(told, year.start, year.end, today)


def test_it_says_the_same_to_everybody(workspace):
    for n in range(3):  # three people are too few for their channel to be shown to Bob
        rate(workspace, may(4), 5, channel="web", customer=f"c{n}")
    rate(workspace, may(5), *([5] * 9), channel="shop")
    aim(workspace, "web", may(1), may(11), 60, scope=[Filter(Dimension.CHANNEL, ("web",))])
    aim(workspace, "all", may(1), may(11), 60)
    answers = [workspace.read(kpi.answer, [kpi.Question(KEY, MAY)], by=who) for who in (workspace.alice, workspace.bob)]
    assert [(one.figure.numerator, one.figure.denominator) for (one,) in answers] == [(1, 2)] * 2


def test_who_may_not_read_targets_is_not_told(workspace):
    rate(workspace, may(4), 5)
    aim(workspace, "t", may(1), may(11), 60)
    dana = workspace.actor(ORDINARY - {Scope.TARGET_READ})
    refused, told = workspace.read(kpi.answer, [kpi.Question(KEY, MAY), kpi.Question("CSAT", MAY)], by=dana)
    assert isinstance(refused, Forbidden)
    assert "target:read" in str(refused)
    assert told.figure.value == 100


def test_what_it_was_on_an_earlier_day_is_not_kept(workspace):
    with pytest.raises(Invalid, match="known now"):
        ask(workspace, KEY, known_on=may(31))
    with pytest.raises(Invalid, match="cannot be cut by CHANNEL"):
        ask(workspace, KEY, by=Dimension.CHANNEL)


def test_more_than_are_judged_at_once_are_refused(workspace, monkeypatch):
    monkeypatch.setattr(judgement, "MOST", 2)
    for n in range(3):
        aim(workspace, f"t{n}", may(1), may(11 + n), 60)
    with pytest.raises(Limited, match="More than 2 targets"):
        ask(workspace, KEY)
    assert parts(workspace, Span(may(1), may(12)))[1] == 2


def test_another_workspaces_targets_do_not_count(workspace, elsewhere):
    rate(elsewhere, may(4), 5)
    aim(elsewhere, "t", may(1), may(11), 60)
    assert value(workspace, KEY) == "INPUT_NOT_CONFIGURED"
    assert value(elsewhere, KEY) == 100
