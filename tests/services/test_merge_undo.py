"""Merges taken back, by hand: what either customer has again, what stays, and what stands in the way."""

from datetime import date
from itertools import pairwise

import pytest
import stored
from sqlalchemy import text
from trading import CREATE, assert_a_rebuild_changes_nothing, back, meet, put, sold, value

from app import ids
from app.errors import Code, Invalid
from app.services import customer, customer_delete, customer_link, feedback, invitation, merge, merge_undo, ref, segment
from app.services.period import Span
from app.services.row import Options, Ref

SPRING = Span(date(2026, 3, 1), date(2026, 6, 1))
DAY = date(2026, 5, 4)


def join(people, gone, kept):
    return people.write(merge.merge, Ref(external_id=gone), Ref(external_id=kept))[1].value


def part(people, gone):
    return people.write(merge_undo.undo, Ref(external_id=gone))


def refused(people, wanted, *words):
    """Whether the undo is a conflict that says so."""
    with pytest.raises(Invalid) as caught:
        people.write(merge_undo.undo, wanted if isinstance(wanted, Ref) else Ref(external_id=wanted))
    (problem,) = caught.value.problems
    return (problem.code, problem.path) == (Code.CONFLICT, ("from",)) and all(
        word in problem.message.en for word in words
    )


def rows(people, table="customer"):
    return stored.rows(people.door.settings, table, people.id)


def named(people, name):
    """The customer that a name means."""
    (id_,) = {row["customer_id"] for row in rows(people, "customer_external_id") if row["external_id"] == name}
    return next(row for row in rows(people) if row["id"] == id_)


def said(people, name, *columns):
    return tuple(named(people, name)[column] for column in columns)


def global_id(people, name):
    return Ref(id=ids.encode("Customer", named(people, name)["id"]))


def times(people, name):
    one = named(people, name)["id"]
    return [(spell.start, spell.reason) for spell in people.read(customer.spells, [one])[one]]


def test_either_has_again_what_was_said_of_it(workspace):
    own = {"email": "a@example.com", "segment": "gold", "attributes": {"tier": 1}, "is_key_contact": True}
    meet(workspace, {"external_id": "old", **own}, {"external_id": "ann", "name": "Ann", "attributes": {"tag": "x"}})
    columns = ("name", "email", "phone", "segment", "attributes", "is_key_contact", "first_contact_at", "is_stub")
    before = [said(workspace, name, *columns) for name in ("old", "ann")]
    join(workspace, "old", "ann")
    assert said(workspace, "ann", "email", "attributes") == ("a@example.com", {"tier": 1, "tag": "x"})
    assert part(workspace, "old").outcome.value == "UPDATED"
    assert [said(workspace, name, *columns) for name in ("old", "ann")] == before
    assert part(workspace, "old").outcome.value == "UNCHANGED"
    assert join(workspace, "old", "ann") == "UPDATED"  # and so on
    part(workspace, "old")
    assert [said(workspace, name, *columns) for name in ("old", "ann")] == before


def test_what_was_changed_since_stays(workspace):
    meet(
        workspace,
        {"external_id": "old", "email": "a@example.com", "region": "n", "attributes": {"a": 1, "b": 1}},
        {"external_id": "ann"},
    )
    join(workspace, "old", "ann")
    meet(workspace, {"external_id": "ann", "email": "new@example.com", "attributes": {"a": 2, "b": 1, "c": 1}})
    part(workspace, "old")
    assert said(workspace, "ann", "email", "region", "attributes") == ("new@example.com", None, {"a": 2, "c": 1})
    assert said(workspace, "old", "email", "region", "attributes") == ("a@example.com", "n", {"a": 1, "b": 1})


def test_a_stub_that_became_whole_by_it_is_one_again_unless_somebody_spoke(workspace, database):
    for name in ("o1", "o2"):
        put(workspace, "order", sold(name, 10, DAY, f"stub of {name}"))
    meet(workspace, {"external_id": "old", "segment": "gold"}, {"external_id": "other", "segment": "tin"})
    join(workspace, "old", "stub of o1")
    join(workspace, "other", "stub of o2")
    meet(workspace, {"external_id": "stub of o2", "name": "Ann"})
    assert {row["segment"] for row in rows(workspace, "customer_order")} == {"gold", "tin"}
    for name in ("old", "other"):
        part(workspace, name)
    assert said(workspace, "stub of o1", "is_stub", "segment") == (True, None)
    assert said(workspace, "stub of o2", "is_stub", "name", "segment") == (False, "Ann", None)
    frozen = {row["external_id"]: row["segment"] for row in rows(workspace, "customer_order")}
    assert frozen == {"o1": None, "o2": "tin"}
    assert_a_rebuild_changes_nothing(database, workspace)


@pytest.mark.parametrize("who", ["old", "ann"])
def test_an_objection_is_never_lost(workspace, who):
    meet(workspace, {"external_id": "old"}, {"external_id": "ann"}, {"external_id": who, "profiling_opt_out": True})
    join(workspace, "old", "ann")
    part(workspace, "old")
    assert [said(workspace, name, "profiling_opt_out") for name in ("old", "ann")] == [(True,), (True,)]


def test_times_as_a_customer_part_but_for_those_that_were_changed(workspace, database):
    def stay(first, before=None, reason=None):
        return {"from_": date(2026, first, 1), "before": before and date(2026, before, 1), "reason": reason}

    meet(workspace, {"external_id": "old", "history": [stay(1, 3, "price"), stay(4)]})
    meet(workspace, {"external_id": "ann", "history": [stay(1, 2, "moved"), stay(2, 3), stay(5)]})
    before = [times(workspace, name) for name in ("old", "ann")]
    join(workspace, "old", "ann")
    assert len(times(workspace, "ann")) == 2
    part(workspace, "old")
    assert [times(workspace, name) for name in ("old", "ann")] == before
    join(workspace, "old", "ann")
    meet(workspace, {"external_id": "ann", "churned_on": date(2026, 6, 1), "churn_reason": "late"})
    part(workspace, "old")
    assert times(workspace, "old") == before[0]
    assert times(workspace, "ann") == [*before[1][:2], (date(2026, 4, 1), "late")]
    assert said(workspace, "ann", "status", "joined_on", "churned_on") == (
        "CHURNED",
        date(2026, 4, 1),
        date(2026, 6, 1),
    )
    assert_a_rebuild_changes_nothing(database, workspace)


def test_accounts_stand_as_they_stood(workspace):
    above = {"hq": None, "ann": "hq", "old": "ann", "below": "old", "beside": "old"}
    meet(workspace, *({"external_id": name, "parent": up and Ref(external_id=up)} for name, up in above.items()))

    def tree():
        called = {named(workspace, name)["id"]: name for name in above}
        return {name: called.get(named(workspace, name)["parent_id"]) for name in above}

    assert tree() == above
    for gone, kept in (("old", "ann"), ("ann", "old"), ("hq", "beside")):
        join(workspace, gone, kept)
        part(workspace, gone)
        assert tree() == above, (gone, kept)
    join(workspace, "old", "ann")
    meet(workspace, {"external_id": "beside", "parent": Ref(external_id="hq")})
    part(workspace, "old")
    assert tree() == above | {"beside": "hq"}


def test_nobody_comes_to_stand_above_themselves(workspace):
    meet(
        workspace,
        {"external_id": "up"},
        {"external_id": "old", "parent": Ref(external_id="up")},
        {"external_id": "ann"},
    )
    meet(workspace, {"external_id": "low", "parent": Ref(external_id="old")})
    join(workspace, "old", "ann")
    meet(workspace, {"external_id": "ann", "parent": None})
    meet(workspace, {"external_id": "up", "parent": Ref(external_id="low")})
    before = stored.everything(workspace.door.settings)
    assert refused(workspace, "old", "above itself")
    assert stored.everything(workspace.door.settings) == before
    meet(workspace, {"external_id": "up", "parent": None})
    assert part(workspace, "old").outcome.value == "UPDATED"


def test_no_merge_has_anybody_stand_above_themselves(workspace):
    def meet_in_line(*names):
        meet(workspace, {"external_id": names[0]})
        for above, below in pairwise(names):
            meet(workspace, {"external_id": below, "parent": Ref(external_id=above)})

    def parents(*names):
        """Who stands above each, by the first of their names."""
        known = sorted(rows(workspace, "customer_external_id"), key=lambda row: row["external_id"], reverse=True)
        called = {row["customer_id"]: row["external_id"] for row in known}
        return [called.get(*said(workspace, name, "parent_id")) for name in names]

    meet_in_line("top", "gone", "between", "kept")
    join(workspace, "gone", "kept")
    assert parents("top", "kept", "between") == [None, "top", "gone"]  # which now means "kept", too
    part(workspace, "gone")
    assert parents("top", "gone", "between", "kept") == [None, "top", "gone", "between"]
    join(workspace, "kept", "top")
    assert parents("top", "gone", "between") == [None, "kept", "gone"]  # "kept" is "top"


def test_memberships_part_and_what_came_or_ended_since_stays(workspace):
    for key in ("vip", "ended", "gone"):
        workspace.write(segment.upsert, {"external_id": key, "name": key, "kind": "MANUAL"})
    meet(workspace, {"external_id": "old"}, {"external_id": "ann"})

    def pick(write, key, who, day):
        workspace.write(write, Ref(external_id=key), [Ref(external_id=who)], date(2026, day, 1))

    for key, who, first in (
        ("vip", "old", 1),
        ("vip", "ann", 3),
        ("ended", "old", 2),
        ("ended", "ann", 1),
        ("gone", "old", 1),
    ):
        pick(segment.add, key, who, first)
    join(workspace, "old", "ann")
    pick(segment.remove, "ended", "ann", 5)
    pick(segment.add, "ended", "ann", 6)
    workspace.write(segment.delete, Ref(external_id="gone"))
    part(workspace, "old")
    keys = {row["id"]: row["key"] for row in rows(workspace, "segment")}
    found = {
        (name, keys[row["segment_id"]], row["starts_on"].month, row["ends_on"].month)
        for name in ("old", "ann")
        for row in rows(workspace, "segment_member")
        if row["customer_id"] == named(workspace, name)["id"]
    }
    open_ = 12
    assert found == {
        ("old", "vip", 1, open_),
        ("old", "ended", 2, open_),
        ("ann", "vip", 3, open_),
        ("ann", "ended", 1, 5),
        ("ann", "ended", 6, open_),
    }


def test_stages_are_stated_of_whom_they_were(workspace):
    for name, stage in (("old", "EXPAND"), ("eve", "EXPAND"), ("cy", "RETAIN")):
        meet(workspace, {"external_id": name, "lifecycle_stage": stage, "lifecycle_stage_from": DAY})
    meet(workspace, {"external_id": "ann"})
    for gone, kept in (("old", "ann"), ("eve", "cy")):
        join(workspace, gone, kept)
        part(workspace, gone)
    called = {named(workspace, name)["id"]: name for name in ("old", "ann", "eve", "cy")}
    found = {(called[row["customer_id"]], row["starts_on"], row["stage"]) for row in rows(workspace, "stated_stage")}
    assert found == {("old", DAY, "EXPAND"), ("eve", DAY, "EXPAND"), ("cy", DAY, "RETAIN")}


def test_what_came_since_stays_but_for_what_follows(workspace, database):
    meet(workspace, {"external_id": "old"}, {"external_id": "ann"})
    put(workspace, "order", sold("o1", 10, DAY, "old"), sold("o2", 5, DAY, "ann"))
    sent = {"external_id": "i", "customer": Ref(external_id="old"), "occurred_at": DAY}
    workspace.write(invitation.record_batch, [sent], CREATE)
    join(workspace, "old", "ann")
    put(workspace, "order", sold("o3", 7, DAY, "old"), sold("o4", 7, DAY, "ann"))
    put(workspace, "refund", back("r1", "o1", 2, DAY), back("r2", "o2", 1, DAY))
    answer = {"external_id": "f", "kind": "CSAT", "score": 5, "occurred_at": DAY, "invitation": Ref(external_id="i")}
    workspace.write(feedback.record_batch, [answer], CREATE)
    assert part(workspace, "old").staying == 2
    whose = {
        row["external_id"]: row["customer_id"]
        for table in ("customer_order", "refund", "feedback", "invitation")
        for row in rows(workspace, table)
    }
    old, ann = (named(workspace, name)["id"] for name in ("old", "ann"))
    assert whose == {"o1": old, "r1": old, "i": old, "f": old, "o2": ann, "r2": ann, "o3": ann, "o4": ann}
    put(workspace, "order", sold("o3", 7, DAY, "old"))  # recorded again, it is whose it is
    buyers = {row["customer_id"]: (row["orders"], row["value"]) for row in rows(workspace, "buyer")}
    assert buyers == {old: (2, 1500), ann: (2, 1100)}
    assert_a_rebuild_changes_nothing(database, workspace)


def test_a_day_in_between_is_told_as_it_was_known_then(workspace, clock):
    meet(workspace, *({"external_id": name, "joined_on": date(2026, 4, 1)} for name in ("old", "ann")))
    put(workspace, "order", sold("o1", 10, DAY, "old"), sold("o2", 10, DAY, "ann"))
    days = [clock.now.date()]
    for change in (join, part):
        clock.advance(days=2)
        change(workspace, *("old", "ann")[: 2 if change is join else 1])
        days.append(clock.now.date())
    for key in ("NEW_CUSTOMERS", "ACTIVE_CUSTOMERS"):
        assert [value(workspace, key, SPRING, known_on=day) for day in days] == [2, 1, 2]
    assert value(workspace, "NEW_CUSTOMERS", SPRING) == 2


# what stands in the way


def test_chains_are_undone_in_the_reverse_order(workspace):
    meet(workspace, *({"external_id": name, "email": f"{name}@example.com"} for name in "abcd"))
    first = {name: named(workspace, name) for name in "abcd"}
    for pair in ("ab", "cb", "bd"):
        join(workspace, *pair)
    ends = {row["merged_into_id"] for row in rows(workspace)} - {None}
    assert ends == {first["d"]["id"]}  # whichever way they came
    a, b, c = (Ref(id=ids.encode("Customer", first[name]["id"])) for name in "abc")
    with workspace.door.snapshot(workspace.system) as uow:
        assert ref.customers(uow, [a]) == {a: first["d"]["id"]}
    for wanted in (a, "a", c, "c"):
        assert refused(workspace, wanted, b.id)
    assert workspace.write(merge_undo.undo, b).kept.id == first["d"]["id"]
    for wanted in (a, "a"):
        assert refused(workspace, wanted, c.id)
    part(workspace, "c")
    part(workspace, "a")
    now = {name: named(workspace, name) for name in "abcd"}
    news = ("version", "updated_at")
    for name in "abcd":
        assert {k: v for k, v in now[name].items() if k not in news} == {
            k: v for k, v in first[name].items() if k not in news
        }


def test_who_is_no_part_of_anybody_is_told_so(workspace):
    meet(workspace, {"external_id": "old"}, {"external_id": "ann"})
    assert refused(workspace, "old", "no other one")
    join(workspace, "old", "ann")
    for wanted in ("ann", global_id(workspace, "ann")):
        assert refused(workspace, wanted, "no other one")
    with pytest.raises(Invalid) as caught:
        part(workspace, "nobody")
    assert [one.code for one in caught.value.problems] == [Code.NOT_FOUND]


def test_a_merge_from_before_there_was_an_undo(workspace, database):
    meet(workspace, {"external_id": "old"}, {"external_id": "ann"})
    wanted = global_id(workspace, "old")
    join(workspace, "old", "ann")
    stored.execute(database, text("DELETE FROM customer_merge_record"), text("DELETE FROM customer_merge"))
    assert refused(workspace, wanted, "before merges could be undone")
    assert refused(workspace, "old", "no other one")  # the name says nothing of it any more


@pytest.mark.parametrize("names", [["old"], ["old", "ann"]])
def test_nothing_that_is_personal_outlives_a_deletion(workspace, database, names):
    shy = "shy@example.com"
    meet(
        workspace,
        {"external_id": "old", "email": shy, "attributes": {"a": shy}},
        {"external_id": "ann", "email": "x@x.x"},
    )
    put(workspace, "order", sold("o1", 10, DAY, "old"))
    wanted = global_id(workspace, "old")
    join(workspace, "old", "ann")
    assert shy in str(rows(workspace, "customer_merge"))
    everything = stored.everything(database)
    assert shy not in str(everything["change"] + everything["idempotency"] + everything["customer_merge_record"])
    meet(workspace, {"external_id": "ann", "attributes": {}})
    workspace.write(customer_delete.delete_batch, [{"external_id": name} for name in names], Options())
    assert rows(workspace, "customer_merge") == rows(workspace, "customer_merge_record") == []
    assert shy not in str(stored.everything(database))
    with pytest.raises(Invalid):
        workspace.write(merge_undo.undo, wanted)


def test_nothing_is_kept_once_it_is_undone(workspace):
    meet(workspace, {"external_id": "old", "email": "a@example.com"}, {"external_id": "ann"})
    put(workspace, "order", sold("o1", 10, DAY, "old"))
    join(workspace, "old", "ann")
    part(workspace, "old")
    (record,) = rows(workspace, "customer_merge")
    assert (record["document"], rows(workspace, "customer_merge_record")) == ({}, [])


def test_neither_is_left_without_a_name(workspace):
    meet(workspace, {"external_id": "old"}, {"external_id": "ann"})
    wanted, ann = global_id(workspace, "old"), global_id(workspace, "ann")
    join(workspace, "old", "ann")
    for name, words in (("old", "None of the names"), ("ann", "without a name")):
        workspace.write(customer_link.unlink, {"external_id": name}, Options())
        before = stored.everything(workspace.door.settings)
        assert refused(workspace, wanted, words)
        assert stored.everything(workspace.door.settings) == before
        workspace.write(customer_link.link, {"external_id": name, "customer": ann}, Options())
    assert workspace.write(merge_undo.undo, wanted).outcome.value == "UPDATED"
    assert named(workspace, "old")["id"] != named(workspace, "ann")["id"]
