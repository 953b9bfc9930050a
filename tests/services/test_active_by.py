"""Who counts as a customer, by hand: the vectors of the canon on each basis, and what follows from changing it."""

from datetime import UTC, date, datetime, timedelta

import pytest
import stored
from trading import CREATE, agreed, ask, brought, finish_rebuild, meet, put, slices, sold, take_back, used, value

from app.errors import Invalid
from app.kpis.dimension import Dimension
from app.models.base import FOREVER
from app.services import customer, movement, tenure
from app.services import workspace as workspaces
from app.services.kpi import Question
from app.services.period import Span
from app.worker import Worker

MARCH = Span(date(2026, 3, 1), date(2026, 4, 1))
WINDOW = 10


def feb(day):
    return date(2026, 2, day)


def mar(day):
    return date(2026, 3, day)


def count_by(people, basis, **more):
    """Count by a basis, and wait until that is done."""
    people.write(workspaces.update, {"active_by": basis, **more})
    finish_rebuild(people)


STAYS = (feb(20), mar(1), mar(10), mar(20), mar(28))
GROUPS = {
    # of a hundred at the start five are lost, and three go and come back; of twenty who join two leave again
    "stayed": (92, [(feb(1), None)], STAYS),
    "returned": (3, [(feb(1), mar(7)), (mar(20), None)], (feb(25), mar(20), mar(28))),
    "lost": (5, [(feb(1), mar(7))], (feb(25),)),
    "joined": (18, [(mar(25), None)], (mar(25),)),
    "brief": (2, [(mar(5), mar(15))], (mar(5),)),
    # who was one before, and who will be, count for nothing
    "gone": (4, [(feb(1), feb(11))], (feb(1),)),
    "later": (4, [(date(2026, 4, 1), None)], (date(2026, 4, 1),)),
}


def tell(people, basis):
    """The same story on a basis: times as the source says them, contracts, or purchases and uses."""
    names = {f"{group} {n}": group for group, (size, *_) in GROUPS.items() for n in range(size)}
    if basis == "STATUS":
        for name, group in names.items():
            times = [{"from_": first, "before": before} for first, before in GROUPS[group][1]]
            meet(people, {"external_id": name, "history": times})
    elif basis == "CONTRACT":
        rows = [
            agreed(f"{name} {place}", name, first, before, (first, 10))
            for name, group in names.items()
            for place, (first, before) in enumerate(GROUPS[group][1])
        ]
        put(people, "contract", *rows)
    else:
        rows = [(name, day) for name, group in names.items() for day in GROUPS[group][2]]
        bought = [sold(f"o{n}", 5, day, name) for n, (name, day) in enumerate(rows) if n % 2]
        did = [used(f"u{n}", name, day) for n, (name, day) in enumerate(rows) if not n % 2]
        for noun, some in (("order", bought), ("engagement", did)):
            for start in range(0, len(some), 500):
                put(people, noun, *some[start : start + 500])


@pytest.mark.some(1)
@pytest.mark.parametrize("basis", ["ACTIVITY", "CONTRACT", "STATUS"])
def test_a_hundred_at_the_start(workspace, basis):
    """The canon's vector on every basis: whether it is chosen before or after everything is told."""
    is_before = basis == "ACTIVITY"
    if is_before:
        count_by(workspace, basis, inactivity_window_days=WINDOW)
    tell(workspace, basis)
    if not is_before:
        count_by(workspace, basis, inactivity_window_days=WINDOW)
    told = {
        (key, variant): value(workspace, key, MARCH, variant)
        for key, variant in (
            ("NEW_CUSTOMERS", None),
            ("ACTIVE_CUSTOMERS", None),
            ("RETENTION_RATE", None),
            ("RETENTION_RATE", "net_count"),
            ("CHURN_RATE", None),
            ("CHURN_RATE", "churned_over_start"),
            ("CHURN_RATE", "churned_over_start_plus_new"),
        )
    }
    assert told == {
        ("NEW_CUSTOMERS", None): 20,
        ("ACTIVE_CUSTOMERS", None): 92 + 3 + 18,
        ("RETENTION_RATE", None): 95,
        ("RETENTION_RATE", "net_count"): 93,
        ("CHURN_RATE", None): 5,
        # three left and came back: all departures are ten, where the canon has seven without them
        ("CHURN_RATE", "churned_over_start"): 10,
        ("CHURN_RATE", "churned_over_start_plus_new"): pytest.approx(1000 / 120),
    }
    (moved,) = workspace.read(movement.movements, [Question("RETENTION_RATE", MARCH)])
    assert (moved.intra_period_churn, moved.reactivated) == (2, 3)
    settles = {key: ask(workspace, key, MARCH).settles_in for key in ("CHURN_RATE", "CLV", "NEW_CUSTOMERS")}
    late = WINDOW if basis == "ACTIVITY" else 0
    assert settles == {"CHURN_RATE": late, "CLV": late, "NEW_CUSTOMERS": 0}


def test_a_departure_is_written_on_its_day_and_not_before(workspace, database, clock):
    clock.set(datetime(2026, 3, 10, 9, tzinfo=UTC))
    count_by(workspace, "ACTIVITY", inactivity_window_days=WINDOW)
    put(workspace, "order", sold("o1", 5, mar(10), "ann"))

    def ledger():
        rows = [row for row in stored.rows(database, "spell", workspace.id) if row["is_counted"]]
        told = [(row["starts_on"], row["ends_on"], row["sign"], row["known_on"]) for row in rows]
        return sorted(told, key=lambda row: (row[3], row[2]))

    lasting = (mar(10), FOREVER, 1, mar(10))
    assert ledger() == [lasting]
    clock.set(datetime(2026, 3, 15, 9, tzinfo=UTC))
    put(workspace, "engagement", used("u1", "ann", mar(15)))  # going on in time changes nothing that is stored
    assert ledger() == [lasting]
    for day in (20, 24):
        clock.set(datetime(2026, 3, day, 9, tzinfo=UTC))
        Worker(workspace.door).drain()  # who was due on the 20th has been seen since
    assert ledger() == [lasting]
    assert value(workspace, "CHURNED_CUSTOMERS", MARCH) == 0
    clock.set(datetime(2026, 3, 25, 0, 30, tzinfo=UTC))
    Worker(workspace.door).drain()
    assert ledger() == [lasting, (mar(10), FOREVER, -1, mar(25)), (mar(10), mar(25), 1, mar(25))]
    assert value(workspace, "CHURNED_CUSTOMERS", MARCH) == 1
    assert value(workspace, "CHURNED_CUSTOMERS", MARCH, known_on=mar(24)) == 0
    # what comes late takes it back
    put(workspace, "engagement", used("u2", "ann", mar(16)))
    assert value(workspace, "CHURNED_CUSTOMERS", MARCH) == 0
    clock.set(datetime(2026, 3, 26, 0, 30, tzinfo=UTC))
    Worker(workspace.door).drain()
    assert value(workspace, "CHURNED_CUSTOMERS", MARCH) == 1


def test_the_window_is_met_to_the_day(workspace):
    count_by(workspace, "ACTIVITY", inactivity_window_days=WINDOW)
    days = {"just": (mar(1), mar(11)), "late": (mar(1), mar(12)), "same": (mar(1), mar(1))}
    rows = [sold(f"{name} {n}", 5, day, name) for name, some in days.items() for n, day in enumerate(some)]
    put(workspace, "order", *rows)
    results = workspace.write(customer.upsert_batch, [{"external_id": name} for name in days], CREATE)
    found = workspace.read(tenure.spells, [result.id for result in results])
    times = [[(one.start, one.end) for one in found[result.id]] for result in results]
    spells = dict(zip(days, times, strict=True))
    assert spells == {
        "just": [(mar(1), mar(21))],
        "late": [(mar(1), mar(11)), (mar(12), mar(22))],
        "same": [(mar(1), mar(11))],
    }


@pytest.mark.slow
def test_until_it_is_counted_anew_nothing_is_said(workspace):
    tell(workspace, "STATUS")
    put(workspace, "order", sold("o1", 5, mar(10), "ann"))
    assert value(workspace, "ACTIVE_CUSTOMERS", MARCH) == 113
    workspace.write(workspaces.update, {"active_by": "ACTIVITY"})
    keys = ("NEW_CUSTOMERS", "CHURN_RATE", "ACTIVE_CUSTOMERS", "COST_TO_SERVE")
    assert {value(workspace, key, MARCH) for key in keys} == {"PREPARING"}
    (moved,) = workspace.read(movement.movements, [Question("CHURN_RATE", MARCH)])
    assert moved is None
    Worker(workspace.door).drain()
    assert value(workspace, "ACTIVE_CUSTOMERS", MARCH) == 1
    # what the sources said is kept, and answers again as soon as it is asked for
    count_by(workspace, "STATUS")
    assert value(workspace, "ACTIVE_CUSTOMERS", MARCH) == 113


def test_another_window_or_other_types_count_anew_where_it_goes_by_activity(workspace):
    put(workspace, "engagement", used("u1", "ann", mar(1), "login"), used("u2", "bob", mar(1), "view"))
    workspace.write(workspaces.update, {"inactivity_window_days": 40})
    assert value(workspace, "ACTIVE_CUSTOMERS", MARCH) == "INPUT_NOT_CONFIGURED"  # it goes by status still
    count_by(workspace, "ACTIVITY")
    assert value(workspace, "ACTIVE_CUSTOMERS", MARCH) == 2
    for change, active in (
        ({"engagement_types": ["login"]}, 1),
        ({"inactivity_window_days": 20}, 0),
        ({"engagement_types": None, "inactivity_window_days": 31}, 2),
    ):
        workspace.write(workspaces.update, change)
        assert value(workspace, "ACTIVE_CUSTOMERS", MARCH) == "PREPARING"
        finish_rebuild(workspace)
        assert value(workspace, "ACTIVE_CUSTOMERS", MARCH) == active


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_a_window_that_cannot_be_is_refused(workspace, database, days):
    before = stored.everything(database)
    with pytest.raises(Invalid) as error:
        workspace.write(workspaces.update, {"active_by": "ACTIVITY", "inactivity_window_days": days})
    assert [problem.path for problem in error.value.problems] == [("inactivityWindowDays",)]
    assert stored.everything(database) == before


def test_what_rests_on_customers_goes_by_the_basis(workspace):
    """Who was won by a referral, what a customer costs to win, and of whom a hundred use the product."""
    meet(workspace, {"external_id": "ann", "joined_on": date(2026, 1, 1)})
    put(workspace, "referral", brought("w1", "ann", "bob", mar(1)))
    put(workspace, "order", sold("o1", 5, mar(2), "bob"), sold("o2", 5, mar(3), "cy"))
    rates = ("REFERRAL_RATE", "ENGAGEMENT_RATE")
    put(workspace, "engagement", used("u1", "bob", mar(4)))
    assert [value(workspace, key, MARCH) for key in rates] == ["NO_DATA", 100]
    count_by(workspace, "ACTIVITY")
    assert [value(workspace, key, MARCH) for key in rates] == [50, 50]
    assert value(workspace, "REFERRAL_RATE", MARCH, "invitations_converted") == 100
    count_by(workspace, "CONTRACT")
    put(workspace, "contract", agreed("k1", "bob", mar(9), None), agreed("k2", "cy", mar(9), None))
    assert [value(workspace, key, MARCH) for key in rates] == [50, 50]
    take_back(workspace, "contract", "k1")
    assert [value(workspace, key, MARCH) for key in rates] == [0, 100]


def test_a_contract_that_begins_in_days_to_come_counts_from_its_day(workspace, clock):
    clock.set(datetime(2026, 3, 10, 9, tzinfo=UTC))
    count_by(workspace, "CONTRACT")
    put(workspace, "referral", brought("w1", "ann", "bob", mar(1)))
    put(workspace, "contract", agreed("k1", "bob", mar(20), date(2026, 3, 25)))
    for day, new, churned, won in ((10, 0, 0, 0), (20, 1, 0, 100), (24, 1, 0, 100), (25, 1, 1, 100)):
        clock.set(datetime(2026, 3, day, 9, tzinfo=UTC))
        Worker(workspace.door).drain()
        found = [value(workspace, key, MARCH) for key in ("NEW_CUSTOMERS", "CHURNED_CUSTOMERS")]
        found.append(value(workspace, "REFERRAL_RATE", MARCH, "invitations_converted"))
        assert found == [new, churned, won], day


def test_departures_are_told_apart_by_kind(workspace, database):
    days = {"from_": feb(1), "before": mar(5)}
    for name, kind in (("a", "VOLUNTARY"), ("b", "INVOLUNTARY"), ("c", "VOLUNTARY"), ("d", None)):
        meet(workspace, {"external_id": name, "history": [{**days, "churn_kind": kind, "reason": "x"}]})
    meet(workspace, {"external_id": "e", "joined_on": feb(1)})
    told = slices(workspace, "CHURN_RATE", Dimension.CHURN_KIND, period=MARCH)
    assert told == {"VOLUNTARY": 40, "INVOLUNTARY": 20, "": 20}
    meet(workspace, {"external_id": "d", "churn_kind": "INVOLUNTARY"})
    meet(workspace, {"external_id": "a", "churned_on": None})
    told = slices(workspace, "CHURNED_CUSTOMERS", Dimension.CHURN_KIND, period=MARCH)
    assert told == {"VOLUNTARY": 1, "INVOLUNTARY": 2}
    said = sorted(str(row["churn_kind"]) for row in stored.rows(database, "customer", workspace.id))
    assert said == ["INVOLUNTARY", "INVOLUNTARY", "None", "None", "VOLUNTARY"]


def test_whoever_comes_and_goes_again_and_again_counts_once(workspace):
    """Somebody's last time inside decides: who came to go, who is back, who was there before."""
    days = [mar(2), mar(4), mar(6), mar(8)]
    times = {
        "twice brief": [(days[0], days[1]), (days[2], days[3])],
        "brief, then stays": [(days[0], days[1]), (days[2], None)],
        "there, left, brief": [(feb(1), days[0]), (days[1], days[2])],
        "there, left, brief, back": [(feb(1), days[0]), (days[1], days[2]), (days[3], None)],
        "leaves at once": [(feb(1), mar(1))],
        "ends with the period": [(days[0], date(2026, 4, 1))],
    }
    for name, some in times.items():
        meet(workspace, {"external_id": name, "history": [{"from_": a, "before": b} for a, b in some]})
    (moved,) = workspace.read(movement.movements, [Question("CHURN_RATE", MARCH)])
    assert (moved.intra_period_churn, moved.reactivated) == (1, 1)
    spans = [Span(MARCH.start + timedelta(days=n), MARCH.end) for n in range(7)]
    found = workspace.read(movement.movements, [Question("CHURN_RATE", span) for span in spans])
    # the first of them; while that one was there at the start the third; then the first again, then nobody
    assert [one.intra_period_churn for one in found] == [1, 1, 1, 1, 1, 1, 0]
