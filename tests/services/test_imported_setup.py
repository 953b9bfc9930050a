"""How a company is set up goes in and comes out by files too, and an import of it is undone like any other."""

# ruff: noqa: E501 - a row stands on one line

from dataclasses import replace

import orjson
import pytest
from importing import counts, load, save, told, undo
from setting_up import ORDER, SETUP
from sqlmodel import select

from app.actor import ORDINARY, Rows, Scope
from app.errors import Forbidden
from app.models.bulk_export import Export
from app.models.bulk_import import Import, ImportEffect
from app.models.channel import Channel
from app.models.staff import Staff
from app.models.target import Target
from app.services import channel, segment
from app.services import workspace as workspaces
from app.services.bulk import BULK
from app.services.row import Ref
from app.worker import Worker

PEOPLE = [{"externalId": f"c{i}", "name": f"N{i}", "segment": "AB"[i % 2]} for i in range(6)]
TYPES = [one for one in ORDER if one in SETUP]


def furnish(people):
    """A company, and some customers."""
    for type_ in [one for one in ORDER if one in SETUP or one == "CUSTOMERS"]:
        rows = PEOPLE if type_ == "CUSTOMERS" else SETUP[type_]
        row = load(people, type_, rows)
        assert (row.state, row.rejected) == ("DONE", 0), (type_, told(people, row))


def saved(people):
    """All of it, as exports tell it."""
    Worker(people.door).drain()
    return {type_: save(people, type_, format="JSONL") for type_ in TYPES}


def begun(people):
    """How many imports and exports there are."""
    with people.door.snapshot(people.system) as uow:
        return [len(uow.session.scalars(select(model.id)).all()) for model in (Import, Export)]


WRONG = {
    "CHANNELS": ([{"externalId": "a", "name": "A"}, {"externalId": "b", "name": "B", "parent": "none"}, {"externalId": "c", "name": "C", "kind": "SHOP"}],
                 [(2, "There is no channel 'none'; send it first."), (3, "'SHOP' is none of the choices; use ")]),
    "TEAMS": ([{"externalId": "a", "name": "A"}, {"name": "B"}], [(2, "externalId is required.")]),
    "STAFF": ([{"externalId": "a", "name": "A"}, {"externalId": "b", "name": "B", "teams": [{"team": "none"}]}],
              [(2, "There is no team 'none'; send it first.")]),
    "SURVEYS": ([{"externalId": "a", "name": "A"}, {"externalId": "b", "name": "B", "questions": [{"key": "q", "kind": "NPS", "threshold": 3}]},
                 {"externalId": "c", "name": "C", "earlierEditions": [{"questions": []}]}],
                [(2, "Only questions of the kinds CSAT and REVIEW have a threshold"), (3, "earlierEditions needs the questions of now.")]),
    "BUSINESS_CALENDARS": ([{"externalId": "a", "name": "A", "versions": [{"timeZone": "UTC", "weeklyHours": []}]},
                            {"externalId": "b", "name": "B"}, {"externalId": "c", "name": "C", "versions": [{"timeZone": "Mars", "weeklyHours": []}]}],
                           [(2, "versions is required for a new calendar."), (3, "There is no time zone 'Mars'")]),
    "KPI_DEFINITIONS": ([SETUP["KPI_DEFINITIONS"][0] | {"key": "A"}, SETUP["KPI_DEFINITIONS"][0] | {"key": "B", "formula": "refunds /"}],
                        [(2, "At character ")]),
    "SEGMENTS": ([{"externalId": "a", "name": "A", "kind": "MANUAL"}, {"externalId": "b", "name": "B"},
                  {"externalId": "c", "name": "C", "rule": {"orders": {"least": 1}}}],
                 [(2, "A segment of kind RULE needs a rule or a template."), (3, "There is no field rule.orders.least")]),
    "SEGMENT_MEMBERS": ([{"segment": "vip", "customer": "c3"}, {"segment": "vip", "customer": "c99"}, {"segment": "none", "customer": "c3"},
                         {"segment": "vip", "customer": "c3", "from": "2026-07-01"}, {"segment": "vip", "customer": "c3", "from": "2026-02-01", "before": "2026-02-01"}],
                        [(2, "There is no customer 'c99'"), (3, "There is no segment 'none'"), (4, "from lies in the future."), (5, "before must be a day after from.")]),
    "TARGETS": ([{"externalId": "a", "kpi": "NPS", "kind": "ABSOLUTE", "value": 50, "from": "2026-06-01", "before": "2026-07-01"},
                 {"externalId": "b", "kpi": "NONE", "kind": "ABSOLUTE", "value": 50, "from": "2026-06-01", "before": "2026-07-01"},
                 {"externalId": "c", "kpi": "NPS", "kind": "DELTA_POINTS", "value": 5, "from": "2026-06-01", "before": "2026-07-01"},
                 {"externalId": "d", "kpi": "REVENUE", "kind": "ABSOLUTE", "value": 5, "from": "2026-06-01", "before": "2026-07-01", "scope": [{"by": "CUSTOMER", "anyOf": ["c99"]}]},
                 {"externalId": "e", "kpi": "NPS", "kind": "ABSOLUTE", "value": 5, "from": "2026-06-01", "before": "2026-07-02", "baseline": {"from": "2026-01-01"}}],
                [(2, "There is no KPI 'NONE'"), (3, "A DELTA_POINTS target needs a baseline"), (4, "There is no CUSTOMER 'c99'."), (5, "A baseline's period needs from and before.")]),
}  # fmt: skip


def test_wrong_rows_are_told_with_their_lines_and_the_good_ones_go_in(workspace):
    furnish(workspace)
    assert WRONG.keys() == SETUP.keys()
    for type_ in TYPES:
        lines, expected = WRONG[type_]
        row = load(workspace, type_, lines)
        found = told(workspace, row)
        assert [line for line, _ in found] == [line for line, _ in expected], (type_, found)
        for (_, why), (_, start) in zip(found, expected, strict=True):
            assert why.startswith(start), type_
        assert counts(row) == {"created": 1, "rejected": len(expected)}, type_


def test_who_may_not_write_or_read_a_noun_neither_imports_nor_exports_it(workspace):
    furnish(workspace)
    before = begun(workspace)
    for type_ in TYPES:
        for scope in (*BULK[type_].write_scopes, Scope.IMPORT_WRITE):
            with pytest.raises(Forbidden, match=f"needs the scope {scope.value}"):
                load(workspace, type_, SETUP[type_], by=workspace.actor(ORDINARY - {scope}))
        for scope in (*BULK[type_].read_scopes, Scope.EXPORT_WRITE):
            with pytest.raises(Forbidden, match=f"needs the scope {scope.value}"):
                save(workspace, type_, by=workspace.actor(ORDINARY - {scope}))
        bound = replace(workspace.alice, rows=Rows(sources=frozenset({"default"})))
        for call in (
            lambda by, of=type_: load(workspace, of, SETUP[of], by=by),
            lambda by, of=type_: save(workspace, of, by=by),
        ):
            with pytest.raises(Forbidden, match="whole workspace"):
                call(bound)
    assert BULK["TARGETS"].write_scopes == (Scope.TARGET_WRITE, Scope.KPI_READ)
    assert BULK["SEGMENT_MEMBERS"].read_scopes == (Scope.SEGMENT_READ, Scope.CUSTOMER_READ)
    assert begun(workspace) == before


def test_a_rule_that_asks_what_its_sender_may_not_see_is_a_wrong_row(workspace):
    rows = [
        {"externalId": "a", "name": "A", "rule": {"name": {"contains": "N"}}},
        {"externalId": "b", "name": "B", "kind": "MANUAL"},
    ]
    row = load(workspace, "SEGMENTS", rows, by=workspace.actor(ORDINARY - {Scope.PERSONAL_READ}))
    assert told(workspace, row) == [(1, "What this rule asks needs the scope personal:read.")]
    assert counts(row) == {"created": 1, "rejected": 1}


DAYS = {"from": "2026-06-01", "before": "2026-07-01"}
NEWS = {
    "CHANNELS": [{"externalId": "web", "name": "Net", "kind": "MOBILE", "medium": None, "parent": "shop"}, {"externalId": "new", "name": "New", "parent": "web"},
                 {"externalId": "newer", "name": "Newer", "parent": "new"}],
    "TEAMS": [{"externalId": "north", "name": "Nord"}, {"externalId": "west", "name": "West"}],
    "STAFF": [{"externalId": "ann", "name": "Anna", "teams": [{"team": "south"}]}, {"externalId": "bob", "name": "Rob", "teams": [{"team": "north"}]},
              {"externalId": "cid", "name": "Cid", "teams": [{"team": "north", "from": "2026-01-01"}]}],
    "BUSINESS_CALENDARS": [{"externalId": "de", "name": "Bonn", "versions": [{"timeZone": "UTC", "weeklyHours": []}]},
                           {"externalId": "us", "name": "US", "versions": [{"timeZone": "UTC", "weeklyHours": []}]}],
    "KPI_DEFINITIONS": [SETUP["KPI_DEFINITIONS"][0] | {"formula": "refunds / (revenue + refunds)", "about": {"en": "Other."}},
                        SETUP["KPI_DEFINITIONS"][0] | {"key": "NEW"}],
    "SEGMENTS": [{"externalId": "buyers", "name": "All", "description": None, "rule": {"all": [{"segment": {"anyOf": ["A"]}}]}, "membersFrom": None},
                 {"externalId": "vip", "name": "Very", "kind": "MANUAL"}, {"externalId": "a", "name": "A", "rule": {"segment": {"anyOf": ["A"]}}}],
    "SEGMENT_MEMBERS": [{"segment": "vip", "customer": "c1", "from": "2026-01-10", "before": "2026-02-10"}, {"segment": "vip", "customer": "c2", "from": "2026-01-10"},
                        {"segment": "buyers", "customer": "c2", "from": "2026-03-01", "before": "2026-03-02"}],
    "TARGETS": [SETUP["TARGETS"][0] | {"value": 7, "owner": None, "baseline": {"value": 3}}, SETUP["TARGETS"][1] | {"externalId": "t2 by another name", "stretch": 2000},
                {"externalId": "t9", "kpi": "NPS", "kind": "ABSOLUTE", "value": 50, **DAYS}],
}  # fmt: skip


@pytest.mark.slow
def test_what_an_import_made_goes_and_what_it_changed_is_as_before(workspace):
    furnish(workspace)
    stood = saved(workspace)
    for type_, rows in NEWS.items():
        known = set(stood[type_].splitlines())
        row = load(workspace, type_, rows)
        assert (row.created + row.updated, row.rejected) == (len(rows), 0), (type_, told(workspace, row))
        now = saved(workspace)
        assert set(now[type_].splitlines()) & known != known, type_
        row = undo(workspace, row)
        assert (row.state, row.undone, row.kept) == (
            "UNDONE",
            len({one.get("externalId", str(one)) for one in rows}),
            0,
        ), type_
        back = saved(workspace)
        if type_ == "SEGMENTS":  # who belonged meanwhile did
            back.pop("SEGMENT_MEMBERS"), now.pop("SEGMENT_MEMBERS")
        for other, file in back.items():
            assert sorted(file.splitlines()) == sorted(stood[other].splitlines()), (type_, other)
        stood = stood | saved(workspace)


def test_a_survey_asks_what_it_asked_before_in_another_edition(workspace):
    furnish(workspace)
    (stood,) = map(orjson.loads, saved(workspace)["SURVEYS"].splitlines())
    asked = [{"key": "r", "kind": "NPS"}]
    row = load(
        workspace,
        "SURVEYS",
        [
            {"externalId": "s1", "name": "Other", "questions": asked},
            {"externalId": "s2", "name": "Two", "questions": asked},
        ],
    )
    assert counts(row) == {"created": 1, "updated": 1}
    row = undo(workspace, row)
    assert (row.state, row.undone, row.kept) == ("UNDONE", 2, 0)
    (back,) = map(orjson.loads, saved(workspace)["SURVEYS"].splitlines())
    assert back | {"earlierEditions": None} == stood | {"earlierEditions": None}
    assert [[one["key"] for one in each["questions"]] for each in back["earlierEditions"]] == [["q"], [], ["q"], ["r"]]
    # an edition that was something else never was this survey's
    row = load(
        workspace,
        "SURVEYS",
        [{"externalId": "s1", "name": "S", "questions": asked, "earlierEditions": [{"questions": asked}]}],
    )
    ((_, why),) = told(workspace, row)
    assert why.startswith("Edition 1 asks something else here, and no edition ever changes")


@pytest.mark.slow
def test_what_others_refer_to_stays_as_a_stub(workspace):
    furnish(workspace)
    rows = [{"externalId": key, "name": key.upper()} for key in ("bought", "aimed", "free")]
    channels, staff = (
        load(workspace, "CHANNELS", rows),
        load(workspace, "STAFF", [{"externalId": "dan", "name": "Dan", "teams": [{"team": "north"}]}]),
    )
    calendars = load(
        workspace,
        "BUSINESS_CALENDARS",
        [{"externalId": "us", "name": "US", "versions": [{"timeZone": "UTC", "weeklyHours": []}]}],
    )
    load(
        workspace,
        "ORDERS",
        [{"externalId": "o1", "amount": "1", "currency": "EUR", "occurredAt": "2026-05-01", "channel": "bought"}],
    )
    events = [
        {"kind": "CUSTOMER_MESSAGE", "at": "2026-05-01T09:00:00Z"},
        {"kind": "NOTE", "at": "2026-05-01T10:00:00Z", "staff": "dan"},
    ]
    load(
        workspace,
        "INTERACTIONS",
        [{"externalId": "i1", "kind": "QUESTION", "occurredAt": "2026-05-01T09:00:00Z", "events": events}],
    )
    aimed = {
        "externalId": "t9",
        "kpi": "NPS",
        "kind": "ABSOLUTE",
        "value": 50,
        **DAYS,
        "scope": [{"by": "CHANNEL", "anyOf": ["aimed"]}],
    }
    load(workspace, "TARGETS", [aimed])
    workspace.write(workspaces.update, {"business_calendar": Ref(external_id="us")})
    for loaded, numbers in ((channels, (1, 2)), (staff, (0, 1)), (calendars, (0, 1))):
        row = undo(workspace, loaded)
        assert (row.state, (row.undone, row.kept)) == ("UNDONE", numbers), row.type
    with workspace.door.snapshot(workspace.system) as uow:
        assert {one.kept for one in uow.session.scalars(select(ImportEffect))} == {None, "REFERRED"}
        known = {
            one.key: (one.name, one.is_stub) for model in (Channel, Staff) for one in uow.session.scalars(select(model))
        }
    assert {key: known.get(key) for key in ("bought", "aimed", "free", "dan")} == {
        "bought": ("bought", True), "aimed": ("aimed", True), "free": None, "dan": ("dan", True),
    }  # fmt: skip
    assert save(workspace, "BUSINESS_CALENDARS", format="JSONL").count(b'"us"') == 1


def test_a_stub_is_one_again_and_what_somebody_has_changed_since_stays(workspace):
    load(
        workspace,
        "ORDERS",
        [{"externalId": "o1", "amount": "1", "currency": "EUR", "occurredAt": "2026-05-01", "channel": "x"}],
        create_missing=True,
    )
    row = load(
        workspace, "CHANNELS", [{"externalId": "x", "name": "X", "kind": "ONLINE"}, {"externalId": "y", "name": "Y"}]
    )
    assert counts(row) == {"created": 1, "updated": 1}
    workspace.write(channel.upsert, {"external_id": "y", "name": "Own"})
    row = undo(workspace, row)
    assert (row.undone, row.kept) == (1, 1)
    with workspace.door.snapshot(workspace.system) as uow:
        assert {(one.key, one.name, one.kind, one.is_stub) for one in uow.session.scalars(select(Channel))} == {
            ("x", "x", None, True),
            ("y", "Own", None, False),
        }


@pytest.mark.slow
def test_times_in_segments_that_changed_since_stay(workspace):
    furnish(workspace)
    row = load(
        workspace, "SEGMENT_MEMBERS", [{"segment": "vip", "customer": "c2"}, {"segment": "vip", "customer": "c3"}]
    )
    workspace.write(segment.remove, Ref(external_id="vip"), [Ref(external_id="c2")], None)
    row = undo(workspace, row)
    assert (row.state, row.undone, row.kept) == ("UNDONE", 1, 1)
    assert save(workspace, "SEGMENT_MEMBERS").count(b"c3") == 1  # with a rule, of before


def test_a_target_that_another_source_had_set_is_that_ones_again(workspace):
    first = {"externalId": "theirs", "kpi": "NPS", "kind": "ABSOLUTE", "value": 50, **DAYS}
    load(workspace, "TARGETS", [first], by=workspace.actor(source="crm"))
    row = load(workspace, "TARGETS", [first | {"externalId": "ours", "value": 60}])
    assert counts(row) == {"updated": 1}
    assert b"ours" in save(workspace, "TARGETS")
    assert undo(workspace, row).undone == 1
    with workspace.door.snapshot(workspace.system) as uow:
        assert [(one.source, one.external_id, one.value) for one in uow.session.scalars(select(Target))] == [
            ("crm", "theirs", 50)
        ]
    assert b"theirs" not in save(workspace, "TARGETS")


def test_a_file_does_not_change_the_kind_of_a_segment(workspace):
    load(workspace, "SEGMENTS", SETUP["SEGMENTS"])
    rule = {"segment": {"anyOf": ["A"]}}
    row = load(
        workspace,
        "SEGMENTS",
        [
            {"externalId": "vip", "name": "V", "kind": "RULE", "rule": rule},
            {"externalId": "buyers", "name": "B", "kind": "MANUAL"},
        ],
    )
    assert [why.split(", which")[0] for _, why in told(workspace, row)] == [
        "The segment is of kind MANUAL here", "The segment is of kind RULE here",
    ]  # fmt: skip


def test_a_rule_that_is_nested_without_end_is_a_wrong_row(workspace):
    deep = b'{"not":' * 400 + b'{"segment":{"anyOf":["A"]}}' + b"}" * 400
    row = load(workspace, "SEGMENTS", b'{"externalId":"a","name":"A","rule":' + deep + b"}\n", format="JSONL")
    ((_, why),) = told(workspace, row)
    assert why.startswith("rule is nested too deeply")


def test_a_table_of_members_is_all_it_takes(workspace):
    load(workspace, "CUSTOMERS", PEOPLE)
    load(workspace, "SEGMENTS", "externalId,name,kind\nvip,VIP,MANUAL\n")
    row = load(workspace, "SEGMENT_MEMBERS", "customer,segment\nc1,vip\nc2,vip\nc1,vip\n")
    assert counts(row) == {"created": 2, "unchanged": 1}
    assert save(workspace, "SEGMENT_MEMBERS")[3:] == (
        b"segment,customer,from,before\r\nvip,c1,2026-06-15,\r\nvip,c2,2026-06-15,\r\n"
    )


def test_channels_may_stand_anywhere_above_in_the_file_and_leave_from_above(workspace):
    lines = [
        {"externalId": f"c{i}", "name": f"N{i}", **({"parent": f"c{i // 2}"} if i > 1 else {})} for i in range(1, 121)
    ]
    row = load(workspace, "CHANNELS", lines, error_policy="REJECT_ALL")
    assert (row.state, counts(row)) == ("DONE", {"created": 120})
    # the one that came first is moved below the one that came last
    workspace.write(channel.upsert, {"external_id": "top", "name": "Top"})
    workspace.write(channel.upsert, {"external_id": "c1", "name": "N1", "parent": Ref(external_id="top")})
    keys = [orjson.loads(line)["externalId"] for line in save(workspace, "CHANNELS", format="JSONL").splitlines()]
    assert keys.index("top") < keys.index("c1") < keys.index("c2")
    assert len(keys) == 121


def test_a_dry_run_stores_nothing(workspace):
    furnish(workspace)
    before = saved(workspace)
    for type_, rows in NEWS.items():
        row = load(workspace, type_, rows, dry_run=True)
        assert (row.state, row.created + row.updated, row.rejected) == ("DONE", len(rows), 0), (
            type_,
            told(workspace, row),
        )
    assert saved(workspace) == before
