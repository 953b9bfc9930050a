"""The feed of changes: all of it, in order, from any cursor on, and of what may be read only."""

from datetime import UTC, datetime

import pytest
import stored
from following import follow, said
from sqlalchemy import delete, update
from sqlmodel import SQLModel

from app import ids
from app.actor import ORDINARY, Scope
from app.errors import Code, Forbidden, Invalid
from app.models.change import RecordType
from app.services import change, channel, customer, feed, feedback, merge, order, segment, target
from app.services.row import Options, Ref
from app.services.subject import SUBJECTS, spelled
from app.worker import Worker

CHANGE, HEAD = (SQLModel.metadata.tables[name] for name in ("change", "change_head"))
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
CREATE = Options(create_missing=True)
GOAL = {"external_id": "t", "kpi": "CSAT", "kind": "ABSOLUTE"}
STORY = [  # what the fixture does, by hand
    ("Workspace", "CREATED", 1),
    ("Channel", "CREATED", 1),
    ("Customer", "CREATED", 1),
    ("Customer", "CREATED", 1),
    ("Order", "CREATED", 1),
    ("Order", "UPDATED", 2),
    ("Channel", "UPDATED", 2),
    ("Order", "DELETED", 3),
    ("Customer", "CREATED", 1),  # a stub that the answer names
    ("Feedback", "CREATED", 1),
    ("Segment", "CREATED", 1),
    ("Segment", "UPDATED", 2),
    ("Segment", "DELETED", 3),
    ("Target", "CREATED", 1),
    ("Target", "DELETED", 2),
    ("Customer", "DELETED", 2),
    ("Customer", "UPDATED", 2),
]


def bought(**more):
    return {"external_id": "o", "amount": "20", "currency": "EUR", "occurred_at": NOON, **more}


@pytest.fixture
def tale(workspace):
    """A workspace in which some things happened, sealed now and then."""
    write, seal = workspace.write, lambda: workspace.write(change.seal)
    write(channel.upsert, {"external_id": "web", "name": "Web"}, by=workspace.alice)
    write(customer.upsert_batch, [{"external_id": "c0"}, {"external_id": "c1", "region": "north"}], Options())
    seal()
    write(order.record_batch, [bought()], Options())
    write(order.record_batch, [bought(amount="30", channel=Ref(external_id="web"))], Options())
    write(channel.upsert, {"external_id": "web", "name": "Net"})
    write(order.delete_batch, [{"external_id": "o"}], Options())
    seal()
    who = {"customer": Ref(external_id="c9"), "kind": "CSAT", "score": 5, "occurred_at": NOON}
    write(feedback.record_batch, [{"external_id": "f", **who}], CREATE)
    write(segment.upsert, {"external_id": "s", "name": "S", "kind": "MANUAL"})
    write(segment.add, Ref(external_id="s"), [Ref(external_id="c0")], None)
    write(segment.delete, Ref(external_id="s"))
    dates = {"from_": NOON.date(), "before": NOON.date().replace(month=7)}
    write(target.set_, GOAL | {"value": 80, **dates})
    write(target.delete, Ref(external_id="t"))
    write(merge.merge, Ref(external_id="c1"), Ref(external_id="c0"))
    seal()
    return workspace


def test_it_tells_everything_in_the_order_of_commit(tale):
    told, _, _ = follow(tale)
    assert [said(one) for one in told] == STORY
    assert [one.seq for one in told] == list(range(1, len(STORY) + 1))
    assert {one.actor for one in told} == {"system", "alice"}


def test_from_any_cursor_on_it_tells_the_rest(tale):
    whole, cursors, end = follow(tale)
    assert end == cursors[-1] == tale.read(feed.now)
    for place, cursor in enumerate(cursors):
        for size in (1, 2, 3, 500):
            told, more, last = follow(tale, cursor, size=size)
            assert told == whole[place + 1 :]
            assert more == cursors[place + 1 :]
            assert last == end


def test_what_is_not_sealed_yet_comes_later_and_not_twice(tale, workspace):
    _, _, end = follow(tale)
    workspace.write(channel.upsert, {"external_id": "new", "name": "New"})
    assert follow(tale, end) == ([], [], end)
    workspace.write(change.seal)
    told, _, last = follow(tale, end)
    assert [said(one) for one in told] == [("Channel", "CREATED", 1)]
    assert follow(tale, last) == ([], [], last)


def test_from_now_on_only_what_comes_after(workspace):
    assert workspace.read(feed.page, 10).changes == []
    start = workspace.read(feed.now)  # before anything is sealed: the making of the workspace comes after it
    workspace.write(change.seal)
    head = workspace.read(feed.now)
    workspace.write(channel.upsert, {"external_id": "web", "name": "Web"})
    workspace.write(change.seal)
    assert [said(one) for one in follow(workspace, start)[0]] == [
        ("Workspace", "CREATED", 1),
        ("Channel", "CREATED", 1),
    ]
    assert [said(one) for one in follow(workspace, head)[0]] == [("Channel", "CREATED", 1)]


@pytest.mark.slow
def test_who_sleeps_for_a_month_catches_up(tale, clock):
    _, _, end = follow(tale)
    made = []
    for day in range(31):
        clock.advance(days=1)
        tale.write(channel.upsert, {"external_id": f"d{day}", "name": "Day"})
        made.append(("Channel", "CREATED", 1))
        Worker(tale.door).drain()  # whatever cleans up has cleaned up
    told, _, _ = follow(tale, end, size=4)
    assert [said(one) for one in told if one.noun == "Channel"] == made
    assert [one.seq for one in told] == list(range(len(STORY) + 1, len(STORY) + 1 + len(told)))


def test_what_is_gone_is_still_called_as_it_was(tale):
    told, _, _ = follow(tale)
    gone = {one.noun: one for one in told if one.action.value == "DELETED"}
    (known,) = tale.read(SUBJECTS[RecordType.ORDER].known, [gone["Order"].record_id]).values()
    assert known.names == [("default", "o")]
    assert (gone["Segment"].source, gone["Segment"].external_id) == (None, "s")
    assert (gone["Target"].source, gone["Target"].external_id) == ("default", "t")


def test_what_became_of_a_merged_customer(tale):
    told, _, _ = follow(tale)
    gone, kept = told[-2:]
    known = tale.read(SUBJECTS[RecordType.CUSTOMER].known, [gone.record_id, kept.record_id])
    assert known[gone.record_id].merged_into == kept.record_id
    assert known[gone.record_id].names == []
    assert known[kept.record_id].names == [("default", "c0"), ("default", "c1")]
    assert spelled("Customer", gone.fields) == ["mergedInto"]
    assert spelled("Customer", kept.fields) == ["externalIds", "region"]


def test_a_deletion_that_came_first_is_told_too(workspace):
    stamp = {"source_updated_at": NOON}
    workspace.write(order.delete_batch, [{"external_id": "never", **stamp}], Options())
    workspace.write(order.delete_batch, [{"external_id": "never", **stamp}], Options())
    workspace.write(change.seal)
    (_, grave) = follow(workspace)[0]
    assert said(grave) == ("Order", "DELETED", 1)
    (known,) = workspace.read(SUBJECTS[RecordType.ORDER].known, [grave.record_id]).values()
    assert known.names == [("default", "never")]


def test_what_may_not_be_read_is_not_told(tale):
    whole, _, end = follow(tale)
    for type_, subject in SUBJECTS.items():
        reader = tale.actor(ORDINARY - {subject.scope})
        mine = [one for one in whole if SUBJECTS[RecordType(one.noun)].scope is not subject.scope]
        assert follow(tale, by=reader, size=2)[::2] == (mine, end)
        with pytest.raises(Forbidden, match=subject.scope.value):
            tale.read(feed.page, 10, None, [type_], by=reader)
    blind = tale.actor({Scope.CHANGE_READ})
    assert follow(tale, by=blind) == ([], [], end)


@pytest.mark.slow
@pytest.mark.parametrize("span", [1, 3, 20_000])
def test_some_types_only_however_rare(tale, monkeypatch, span):
    """However far a page looks: where few are meant, it is short, and the next one goes on where it ended."""
    whole, _, end = follow(tale)
    monkeypatch.setattr(feed, "SPAN", span)
    for types in ([RecordType.TARGET], [RecordType.ORDER, RecordType.CHANNEL], [RecordType.COST], []):
        mine = [one for one in whole if one.noun in types]
        for size in (1, 2, 500):
            assert follow(tale, size=size, types=types)[::2] == (mine, end)


def test_a_cursor_that_was_not_given_here_is_refused(tale, elsewhere):
    elsewhere.write(change.seal)
    _, _, theirs = follow(elsewhere)
    _, _, mine = follow(tale)
    type_, parts = ids.decode(mine)
    forged = [ids.encode(type_, "2", *parts[1:]), ids.encode(type_, *parts[:2], "0" * 16), ids.encode(type_), mine[:-2]]
    other = tale.read(channel.LIST.page, *_first_page()).cursors[0]
    for cursor in (theirs, *forged, other, "", "x", "🙂"):
        with pytest.raises(Invalid) as refused:
            tale.read(feed.page, 10, cursor)
        assert [(one.code, one.path) for one in refused.value.problems] == [(Code.INVALID, ("after",))], cursor


def _first_page():
    from app.services.cursor import Order
    from app.services.page import Slice

    return Slice(first=1), None, [Order("key")]


def test_a_cursor_of_a_log_that_is_gone_is_refused(tale, database):
    """As after a backup was restored: whoever went on would miss what was written in between."""
    _, cursors, end = follow(tale)
    mine = CHANGE.c.tenant_id == tale.id
    last = len(STORY)
    kept = next(row for row in stored.rows(database, "change", tale.id) if row["seq"] == last - 2)
    restored = update(HEAD).where(HEAD.c.tenant_id == tale.id).values(seq=last - 2, hash=kept["hash"])
    stored.execute(database, delete(CHANGE).where(mine, CHANGE.c.seq > last - 2), restored)
    for turn in range(2):
        with pytest.raises(Invalid) as refused:
            tale.read(feed.page, 10, end)
        assert [(one.code, one.path) for one in refused.value.problems] == [(Code.CONFLICT, ("after",))]
        for number in range(4):  # and when as much has been written anew
            tale.write(channel.upsert, {"external_id": f"again{turn}{number}", "name": "Again"})
        tale.write(change.seal)
    assert len(follow(tale, cursors[last - 3])[0]) == 8


@pytest.mark.parametrize("size", [-1, 501, 10**9])
def test_a_page_has_its_bounds(tale, size):
    with pytest.raises(Invalid) as refused:
        tale.read(feed.page, size)
    assert [(one.code, one.path) for one in refused.value.problems] == [(Code.OUT_OF_RANGE, ("first",))]


def test_a_page_of_nothing_stays_where_it_is(tale):
    _, cursors, _ = follow(tale)
    page = tale.read(feed.page, 0, cursors[3])
    assert (page.changes, page.end, page.behind) == ([], cursors[3], len(STORY) - 4)
