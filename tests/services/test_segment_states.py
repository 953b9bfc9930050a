"""Segments and stages beside contracts, returns, cohorts and accounts, counted by hand: who belonged on which day."""

from datetime import date

import orjson
import pytest
import stored
from test_segment_kpis import answers, by_hand, leave
from trading import CREATE, MAY, agreed, may, meet, put, sold, value

from app.kpis.dimension import Dimension
from app.models.spell import ActiveBasis
from app.schema.filters import from_parts
from app.services import cohort_table, feedback, lifecycle, movement, segment
from app.services import workspace as workspaces
from app.services.cohort_count import CohortMeasure
from app.services.cohort_table import Wanted
from app.services.kpi import Question
from app.services.period import Span
from app.services.row import Ref
from app.services.slices import Filter
from app.worker import Worker

SEGMENT = Dimension.SEGMENT
VIP = (Filter(SEGMENT, ("vip",)),)
YEAR = date(2026, 1, 1)
RECURRING = ("MRR", "GROSS_REVENUE_RETENTION", "NET_REVENUE_RETENTION")


@pytest.fixture
def contracts(workspace):
    """Ann belongs from 10 May on, bob until 25 May, cat always; dan never."""
    put(
        workspace,
        "contract",
        agreed("a", "ann", YEAR, None, (YEAR, "10"), (may(15), "30")),
        agreed("b", "bob", YEAR, may(20), (YEAR, "20")),
        agreed("c", "cat", may(5), None, (may(5), "50")),
        agreed("d", "dan", YEAR, None, (YEAR, "70"), (may(12), "7")),
    )
    by_hand(workspace, "vip", ["bob", "cat"])
    workspace.write(segment.add, Ref(external_id="vip"), [Ref(external_id="ann")], may(10))
    leave(workspace, "vip", ["bob"], may(25))
    return workspace


@pytest.mark.some(2)
@pytest.mark.parametrize(
    ("span", "mrr", "gross", "net"),
    [
        # at the end ann and cat belong; of those who belonged before May only bob had anything, and he went
        (MAY, 80, 0, 0),
        (Span(date(2026, 4, 1), MAY.start), 20, 100, 100),
        # on 10 May all three belong: of 80, bob's 20 went and ann brought 20 more
        (Span(may(11), MAY.end), 80, 75, 100),
        (Span(may(11), may(21)), 80, 75, 100),
    ],
)
def test_recurring_revenue_is_that_of_who_belongs_at_the_start_and_at_the_end(contracts, span, mrr, gross, net):
    assert [value(contracts, key, span, filters=VIP) for key in RECURRING] == [mrr, gross, net]
    cut = answers(contracts, [Question(key, span, by=SEGMENT) for key in RECURRING])
    assert [_figure(one, "vip").value for one in cut] == [mrr, gross, net]


def _figure(answer, key):
    """The figure of the slice that is called `key`."""
    (inner,) = (inner for inner, named in answer.slices.items() if named.key == key)
    return answer.figures[inner][0]


def test_who_came_back_is_asked_of_the_day_before_and_who_was_there_briefly_of_the_day_of_leaving(workspace):
    stays = {"ann": [(YEAR, may(5)), (may(10), None)], "bob": [(YEAR, may(5)), (may(10), None)]}
    stays |= {"cat": [(may(3), may(20))], "dan": [(may(3), may(20))]}
    for who, times in stays.items():
        meet(workspace, {"external_id": who, "history": [{"from_": a, "before": b} for a, b in times]})
    by_hand(workspace, "vip", ["bob", "dan"])
    for who, day in (("ann", may(6)), ("cat", may(10))):
        workspace.write(segment.add, Ref(external_id="vip"), [Ref(external_id=who)], day)
    leave(workspace, "vip", ["bob"], may(3))
    leave(workspace, "vip", ["dan"], may(15))

    def moved(*filters):
        (found,) = workspace.read(movement.movements, [Question("RETENTION_RATE", MAY, None, filters)])
        return found.reactivated, found.intra_period_churn

    assert moved() == (2, 2)
    assert moved(*VIP) == (1, 1)  # bob, who belonged before; cat, who belonged when she left
    assert value(workspace, "RETENTION_RATE", MAY, filters=VIP) == 100


def test_cohorts_are_of_those_who_belonged_when_they_came(workspace, monkeypatch):
    meet(workspace, *({"external_id": who, "joined_on": date(2026, 3, day)} for who, day in (("ann", 2), ("bob", 9))))
    by_hand(workspace, "vip", ["ann", "bob"], date(2026, 3, 5))

    def size(key):
        wanted = Wanted(
            CohortMeasure.CUSTOMERS, Span(date(2026, 3, 1), date(2026, 4, 1)), 2, (Filter(SEGMENT, (key,)),)
        )
        (table,) = workspace.read(cohort_table.tables, [wanted])
        return table.rows[0].size, table.rows[0].reason

    assert size("vip") == (1, None)
    monkeypatch.setattr(segment, "AT_ONCE", 1)
    put(workspace, "order", sold("o1", 1, date(2026, 3, 3), "ann"))
    rule = {"external_id": "s", "name": "S", "rule": {"orders": {"at_least": 1}}, "members_from": YEAR}
    workspace.write(segment.upsert, rule)
    (moved,) = workspace.read(movement.movements, [Question("CHURN_RATE", MAY, None, (Filter(SEGMENT, ("s",)),))])
    assert moved is None
    assert (size("s")[0], size("s")[1].value) == (None, "PREPARING")
    Worker(workspace.door).drain()
    assert size("s") == (1, None)


def test_stages_follow_who_counts_as_a_customer(workspace):
    """By contracts, the source's word is not asked: ann's contract ran from 1 to 19 May."""
    meet(workspace, {"external_id": "ann", "joined_on": YEAR})
    put(workspace, "contract", agreed("a", "ann", may(1), may(20), (may(1), "10")))

    def history():
        (row,) = stored.rows(workspace.door.settings, "customer")
        (stays,) = workspace.read(lifecycle.history, [row["id"]]).values()
        return [(one.stage.value, one.start) for one in stays]

    assert history() == [("ACQUIRE", None), ("RETAIN", YEAR)]
    workspace.write(workspaces.update, {"active_by": ActiveBasis.CONTRACT})
    Worker(workspace.door).drain()
    assert history() == [("ACQUIRE", None), ("RETAIN", may(1)), ("ACQUIRE", may(20))]


@pytest.mark.parametrize(
    ("filter_", "parts"),
    [
        (Filter(SEGMENT, ("a",), ("b",)), ["SEGMENT", ("a",), ("b",)]),
        (Filter(Dimension.ATTRIBUTE, None, ("b",), "plan"), ["ATTRIBUTE", None, ("b",), "plan"]),
        (Filter(Dimension.CUSTOMER, ("c",), (), None, True), ["CUSTOMER", ("c",), (), True]),
    ],
)
def test_a_filter_is_read_from_what_names_it(filter_, parts):
    assert filter_.parts == parts
    assert from_parts(orjson.dumps([parts]).decode()) == (filter_,)


def test_a_filter_is_not_read_from_what_names_none():
    for wrong in ('[["CUSTOMER", [1], []]]', '[["ATTRIBUTE", ["a"], [], 1]]', '[["ATTRIBUTE", ["a"], [], false]]'):
        assert from_parts(wrong) is None


def test_accounts_are_counted_of_a_segment(workspace):
    meet(workspace, {"external_id": "acme", "kind": "ACCOUNT"}, {"external_id": "zed", "kind": "ACCOUNT"})
    people = {"ann": "acme", "bob": "acme", "cat": "zed"}
    meet(workspace, *({"external_id": who, "parent": Ref(external_id=of)} for who, of in people.items()))
    scores = {"ann": 10, "bob": 0, "cat": 10}
    rows = [
        {"external_id": who, "kind": "NPS", "score": score, "customer": Ref(external_id=who), "occurred_at": may(7)}
        for who, score in scores.items()
    ]
    assert not any(one.problems for one in workspace.write(feedback.record_batch, rows, CREATE))
    by_hand(workspace, "vip", ["ann", "cat"])
    account, vip = (Question("NPS", MAY, "account_average", filters) for filters in ((), VIP))
    assert [one.figure.value for one in answers(workspace, [account, vip])] == [50, 100]  # (0 + 100) ÷ 2
    (cut,) = answers(workspace, [Question("NPS", MAY, "account_average", by=SEGMENT)])
    assert _figure(cut, "vip").value == 100
