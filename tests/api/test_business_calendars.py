"""Business calendars over HTTP: what was sent is what is read, what is asked of their hours, and what cannot be."""

import re
from datetime import UTC, datetime

import pytest

from app.actor import Scope
from app.models.rollup import RollupState
from app.services import rebuild
from app.services import workspace as workspaces
from app.services.clock import clock

VERSIONS = [
    {
        "from": "2026-07-01",
        "timeZone": "Asia/Shanghai",
        "weeklyHours": [
            {"weekdays": [5, 4, 3], "from": "13:30", "before": "18:00"},
            {"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "before": "12:00"},
        ],
        "country": "CN",
    },
    {
        "before": "2026-07-01",
        "timeZone": "Europe/Berlin",
        "weeklyHours": [{"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "before": "18:00"}],
        "country": "DE",
        "subdivision": "SN",
        "closed": ["2026-12-24", "2026-05-15"],
        "open": [{"date": "2026-05-16", "from": "10:00", "before": "24:00"}],
    },
]
"""As a caller may put it: in any order, with what is empty left out."""
TOLD = [
    {
        "from": None,
        "before": "2026-07-01",
        "timeZone": "Europe/Berlin",
        "country": "DE",
        "subdivision": "SN",
        "weeklyHours": [{"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "before": "18:00"}],
        "closed": ["2026-05-15", "2026-12-24"],
        "open": [{"date": "2026-05-16", "from": "10:00", "before": "24:00"}],
    },
    {
        "from": "2026-07-01",
        "before": None,
        "timeZone": "Asia/Shanghai",
        "country": "CN",
        "subdivision": None,
        "weeklyHours": [
            {"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "before": "12:00"},
            {"weekdays": [3, 4, 5], "from": "13:30", "before": "18:00"},
        ],
        "closed": [],
        "open": [],
    },
]
SHAPE = """versions { from before timeZone country subdivision closed
    weeklyHours { weekdays from before } open { date from before } }"""
OFFICE = {"externalId": "office", "name": "Office"}
PLAIN = [
    {"timeZone": "Europe/Berlin", "weeklyHours": [{"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "before": "18:00"}]}
]


@pytest.fixture
def admin(api, workspace):
    return api.caller(workspace, Scope, name="admin")


def upsert(caller, **data):
    asked = f"outcome businessCalendar {{ externalId name version {SHAPE} }} userErrors {{ code path message }}"
    return caller.write("businessCalendarUpsert", OFFICE | data, asked)


def test_what_was_sent_is_what_is_read(alice, bob):
    payload = upsert(alice, versions=VERSIONS)
    told = {**OFFICE, "version": 1, "versions": TOLD}
    assert payload == {"outcome": "CREATED", "businessCalendar": told, "userErrors": []}
    asked = f"externalId name version {SHAPE}"
    assert bob.one(f'{{ businessCalendar(by: {{externalId: "office"}}) {{ {asked} }} }}') == told
    assert bob.one(f"{{ businessCalendars {{ nodes {{ {asked} }} totalCount }} }}") == {
        "nodes": [told],
        "totalCount": 1,
    }


def test_absent_keeps_and_the_same_is_unchanged(alice):
    upsert(alice, versions=VERSIONS)
    assert upsert(alice, versions=VERSIONS)["outcome"] == "UNCHANGED"
    assert upsert(alice, versions=TOLD)["outcome"] == "UNCHANGED"
    assert upsert(alice)["outcome"] == "UNCHANGED"
    payload = upsert(alice, name="Head office")
    assert (payload["outcome"], payload["businessCalendar"]["versions"]) == ("UPDATED", TOLD)
    payload = upsert(alice, versions=TOLD[:1])
    assert (payload["outcome"], payload["businessCalendar"]["name"]) == ("UPDATED", "Office")
    assert payload["businessCalendar"]["versions"] == TOLD[:1]


def test_everything_in_it_has_an_id_of_its_own(alice):
    upsert(alice, versions=VERSIONS)
    asked = """{ businessCalendar(by: {externalId: "office"}) { id versions { id weeklyHours { id } open { id } }
        days(from: "2026-05-15", before: "2026-05-17") { id } } }"""
    told = re.findall(r"'id': '([^']+)'", str(alice.one(asked)))
    assert len(told) == len(set(told)) == 1 + 2 + 3 + 1 + 2


def ask(caller, field, **headers):
    return caller.one(f'{{ businessCalendar(by: {{externalId: "office"}}) {{ it: {field} }} }}', **headers)["it"]


@pytest.mark.parametrize(
    ("since", "before", "seconds"),
    [
        ("2026-06-05T17:00:00+02:00", "2026-06-08T09:30:00+02:00", 5_400),
        ("2026-06-06T10:00:00+02:00", "2026-06-06T10:30:00+02:00", 0),
        ("2026-05-15", "2026-05-17", 14 * 3600),  # from one midnight of the workspace to another
        # Berlin's last day ends as Shanghai's first one is six hours old, before work begins there
        ("2026-06-30T17:00:00+02:00", "2026-07-01T09:00:01+08:00", 3_601),
        ("2026-07-01T09:00:00+08:00", "2026-07-02T09:00:00+08:00", 7.5 * 3600),
    ],
)
def test_how_long_is_worked(bob, alice, since, before, seconds):
    upsert(alice, versions=VERSIONS)
    assert ask(bob, f'hours(from: "{since}", before: "{before}")') == seconds


def test_however_many_ask_they_are_answered_together(alice, statements):
    for number in range(3):
        upsert(alice, externalId=f"c{number}", versions=VERSIONS[:1] if number else PLAIN)
    day = 'from: "2026-07-01T00:00:00Z", before: "2026-07-02T00:00:00Z"'
    query = f"{{ businessCalendars(first: %d) {{ nodes {{ a: hours({day}) b: hours({day}) }} }} }}"

    def asked(query):
        with statements() as sent:
            told = alice.one(query)
        return told["nodes"], len(sent)

    asked(query % 2)  # the first one takes its points from the token's bucket
    nodes, cost = asked(query % 3)
    assert [(node["a"], node["b"]) for node in nodes] == [(9 * 3600,) * 2, (7.5 * 3600,) * 2, (7.5 * 3600,) * 2]
    assert cost == asked(query % 1)[1]


def test_the_hours_of_what_was_just_written_are_the_new_ones(alice):
    upsert(alice, versions=PLAIN)
    later = [PLAIN[0] | {"weeklyHours": [{"weekdays": [1], "from": "12:00", "before": "13:00"}]}]
    day = 'from: "2026-06-01", before: "2026-06-03"'
    asked = f"businessCalendar {{ hours({day}) days({day}) {{ seconds }} }}"
    payload = alice.write("businessCalendarUpsert", OFFICE | {"versions": later}, asked)
    assert payload["businessCalendar"] == {"hours": 3600, "days": [{"seconds": 3600}, {"seconds": 0}]}


def test_days_with_their_hours_and_holidays(alice):
    upsert(alice, versions=VERSIONS)
    asked = (
        'days(from: "2026-05-13", before: "2026-05-17") { date seconds isHoliday holiday other: holiday(locale: "de") }'
    )
    free = {"isHoliday": False, "holiday": None, "other": None}
    assert ask(alice, asked) == [
        {"date": "2026-05-13", "seconds": 9 * 3600, **free},
        {
            "date": "2026-05-14",
            "seconds": 0,
            "isHoliday": True,
            "holiday": "Ascension Day",
            "other": "Christi Himmelfahrt",
        },
        {"date": "2026-05-15", "seconds": 0, **free},
        {"date": "2026-05-16", "seconds": 14 * 3600, **free},
    ]
    october = 'days(from: "2026-10-01", before: "2026-10-02") { holiday }'
    assert ask(alice, october) == [{"holiday": "National Day"}]
    assert ask(alice, october, accept_language="zh-CN") == [{"holiday": "国庆节"}]
    assert ask(alice, 'days(from: "2026-05-13", before: "2026-05-13") { date }') == []
    assert len(ask(alice, 'days(from: "2026-01-01", before: "2027-02-05") { date }')) == 400


@pytest.mark.parametrize(
    ("field", "code", "path"),
    [
        ('days(from: "2026-01-01", before: "2027-02-06") { date }', "TOO_MANY", "before"),
        ('days(from: "2026-01-02", before: "2026-01-01") { date }', "OUT_OF_RANGE", "from"),
        ('days(from: "1899-12-31", before: "1900-01-02") { date }', "OUT_OF_RANGE", "from"),
        ('days(from: "2199-12-31", before: "2200-01-02") { date }', "OUT_OF_RANGE", "from"),
        ('hours(from: "2026-01-02", before: "2026-01-01")', "OUT_OF_RANGE", "before"),
        ('hours(from: "1899-12-30", before: "2026-01-01")', "OUT_OF_RANGE", "from"),
        ('hours(from: "2026-01-02", before: "2200-01-02")', "OUT_OF_RANGE", "before"),
        ('hours(from: "2026-01-02", before: "9999-12-31")', "OUT_OF_RANGE", "before"),
    ],
)
def test_questions_that_cannot_be_answered_say_why(alice, field, code, path):
    upsert(alice, versions=VERSIONS)
    for language in ("en", "zh"):
        query = f'{{ businessCalendar(by: {{externalId: "office"}}) {{ {field} }} }}'
        error = alice.refusal(query, accept_language=language)
        (problem,) = error["extensions"]["userErrors"]
        assert (problem["code"], problem["path"]) == (code, [path])
        assert bool(re.search("[\u4e00-\u9fff]", problem["message"])) is (language == "zh")


def test_a_question_that_cannot_be_read_is_refused_after_a_mutation_too(alice):
    query = """mutation($input: BusinessCalendarUpsertInput!, $at: DateTime!) { businessCalendarUpsert(input: $input) {
        businessCalendar { hours(from: $at, before: $at) } } }"""
    answer = alice.answer(query, {"input": OFFICE | {"versions": PLAIN}, "at": "noon"})
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}


WRONG = [
    ({"versions": None}, "versions", "REQUIRED"),
    ({"versions": []}, "versions", "REQUIRED"),
    ({}, "versions", "REQUIRED"),
    ({"versions": PLAIN, "name": ""}, "name", "REQUIRED"),
    ({"versions": PLAIN * 2}, "versions.1.from", "CONFLICT"),
    ({"versions": PLAIN * 51}, "versions", "TOO_MANY"),
    ({"versions": [PLAIN[0] | {"from": "2026-02-30"}]}, "versions.0.from", "INVALID"),
    ({"versions": [PLAIN[0] | {"from": "2026-02-02", "before": "2026-02-01"}]}, "versions.0.before", "OUT_OF_RANGE"),
    ({"versions": [PLAIN[0] | {"timeZone": "Berlin"}]}, "versions.0.timeZone", "INVALID"),
    ({"versions": [PLAIN[0] | {"country": "Germany"}]}, "versions.0.country", "INVALID"),
    ({"versions": [PLAIN[0] | {"country": "DE", "subdivision": "DE-BY"}]}, "versions.0.subdivision", "NOT_FOUND"),
    (
        {"versions": [PLAIN[0] | {"weeklyHours": [{"weekdays": [8], "from": "09:00", "before": "10:00"}]}]},
        "versions.0.weeklyHours.0.weekdays.0",
        "OUT_OF_RANGE",
    ),
    (
        {"versions": [PLAIN[0] | {"weeklyHours": [{"weekdays": [1], "from": "9", "before": "10:00"}]}]},
        "versions.0.weeklyHours.0.from",
        "INVALID",
    ),
    (
        {"versions": [PLAIN[0] | {"weeklyHours": [{"weekdays": [1], "from": "22:00", "before": "06:00"}]}]},
        "versions.0.weeklyHours.0.before",
        "OUT_OF_RANGE",
    ),
    (
        {"versions": [PLAIN[0] | {"weeklyHours": PLAIN[0]["weeklyHours"] * 2}]},
        "versions.0.weeklyHours.1.from",
        "CONFLICT",
    ),
    (
        {"versions": [PLAIN[0] | {"open": [{"date": "2026-01-01", "from": "09:00", "before": "09:00"}]}]},
        "versions.0.open.0.before",
        "OUT_OF_RANGE",
    ),
]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_what_cannot_be_says_why_and_stores_nothing(alice, dump, language):
    before = dump()
    query = """mutation($input: BusinessCalendarUpsertInput!) { businessCalendarUpsert(input: $input) {
        outcome businessCalendar { id } userErrors { code path message } } }"""
    for said, path, code in WRONG:
        payload = alice.one(query, {"input": OFFICE | said}, accept_language=language)
        assert (payload["outcome"], payload["businessCalendar"]) == ("REJECTED", None), said
        (problem,) = payload["userErrors"]
        assert (".".join(problem["path"]), problem["code"]) == (path, code)
        assert bool(re.search("[\u4e00-\u9fff]", problem["message"])) is (language != "en")
        assert language == "en" or not re.search("[a-z]{2,} [a-z]{2,} [a-z]{2,}", problem["message"]), problem
    assert dump() == before


# -- The workspace's own

SETTINGS = "workspace { businessCalendar { externalId } } outcome userErrors { code path message }"


def choose(admin, wanted):
    return admin.write("workspaceUpdate", {"businessCalendar": wanted}, SETTINGS)


def test_the_workspace_goes_by_a_calendar_named_by_key_or_id_until_it_is_cleared(admin, api, workspace):
    upsert(admin, versions=PLAIN)
    id_ = admin.one('{ businessCalendar(by: {externalId: "office"}) { id } }')["id"]
    chosen = {"businessCalendar": {"externalId": "office"}}
    assert admin.one("{ workspace { businessCalendar { id } } }") == {"businessCalendar": None}
    for wanted in ({"externalId": "office"}, {"id": id_}):
        payload = choose(admin, wanted)
        assert payload == {"workspace": chosen, "outcome": "UPDATED", "userErrors": []}
        assert choose(admin, wanted)["outcome"] == "UNCHANGED"
        assert admin.write("workspaceUpdate", {"smallCellK": 5}, SETTINGS)["workspace"] == chosen
        assert choose(admin, None) == {"workspace": {"businessCalendar": None}, "outcome": "UPDATED", "userErrors": []}
    choose(admin, {"externalId": "office"})
    reader = api.caller(workspace, {Scope.WORKSPACE_READ})
    answer = reader.answer("{ workspace { name businessCalendar { id } } }")
    assert answer["data"]["workspace"] == {"name": "Workshop", "businessCalendar": None}
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_a_calendar_that_is_not_here_is_not_chosen(admin, charlie, dump):
    upsert(charlie, versions=PLAIN)
    elsewhere = charlie.one('{ businessCalendar(by: {externalId: "office"}) { id } }')["id"]
    before = dump()
    for wanted in ({"externalId": "office"}, {"id": elsewhere}, {"id": "nonsense"}):
        payload = choose(admin, wanted)
        assert (payload["outcome"], payload["workspace"]) == ("REJECTED", None)
        (problem,) = payload["userErrors"]
        assert (problem["code"], problem["path"]) == ("NOT_FOUND", ["businessCalendar"])
    assert dump() == before


def test_clocks_run_by_the_calendar_of_the_workspace(admin, workspace, door, statements):
    def passed():
        with door.snapshot(workspace.system) as uow, statements() as sent:
            friday = datetime(2026, 6, 12, 15, tzinfo=UTC)
            return clock(uow).seconds(friday, uow.now), clock(uow) is clock(uow), len(sent)

    # from Friday at five until Monday at half past eleven, in Berlin
    plain = (2 * 24 + 18.5) * 3600
    assert passed() == (plain, True, 1)
    upsert(admin, versions=PLAIN)
    assert passed()[0] == plain
    choose(admin, {"externalId": "office"})
    assert passed()[0] == 3.5 * 3600
    upsert(admin, versions=TOLD[1:])
    assert passed()[0] == 0
    choose(admin, None)
    assert passed()[0] == plain


# -- What rests on it is counted anew


@pytest.fixture
def begun(monkeypatch):
    """Has every setting rest on rollups that there are, and notes which are begun anew."""
    found = []
    for column in ("business_calendar_id", "response_target_minutes", "complaint_limit_days", "conversion_window_days"):
        monkeypatch.setitem(workspaces._BEHIND, column, frozenset({"feedback", "unheard_of", *ONLY.get(column, ())}))
    start = rebuild.start
    monkeypatch.setattr(
        rebuild,
        "start",
        lambda uow, names, *, afresh: found.append((names, afresh)) or start(uow, names, afresh=afresh),
    )
    return found


ONLY = {"complaint_limit_days": {"order"}}
ANEW = (["feedback"], True)


def states(door, workspace):
    with door.snapshot(workspace.system) as uow:
        found = uow.session.query(RollupState).all()
        return {state.cube for state in found if state.building}


def test_a_calendar_that_is_chosen_or_changed_counts_anew(admin, alice, begun, door, workspace):
    upsert(alice, versions=PLAIN)
    upsert(alice, versions=TOLD)
    assert begun == []  # the workspace does not go by it
    choose(admin, {"externalId": "office"})
    assert begun == [ANEW]
    assert states(door, workspace) == {"feedback"}
    choose(admin, {"externalId": "office"})
    upsert(alice, versions=VERSIONS)
    upsert(alice, name="Head office")
    alice.write("businessCalendarUpsert", {"externalId": "shop", "name": "Shop", "versions": PLAIN}, "outcome")
    alice.write("businessCalendarUpsert", {"externalId": "shop", "name": "Shop", "versions": TOLD}, "outcome")
    assert begun == [ANEW]
    upsert(alice, versions=PLAIN)
    assert begun == [ANEW] * 2
    choose(admin, None)
    assert begun == [ANEW] * 3


def test_each_setting_counts_anew_what_rests_on_it(admin, begun):
    for said in ({"responseTargetMinutes": 30}, {"complaintLimitDays": 3}, {"conversionWindowDays": 30}):
        admin.write("workspaceUpdate", said, "outcome")
    assert begun == [ANEW, (["feedback", "order"], True), ANEW]


def test_settings_rest_on_the_rollups_that_are_named():
    behind = {name: set(cubes) for name, cubes in workspaces._BEHIND.items()}
    assert behind["business_calendar_id"] == {"response", "resolution", "wait", "turn"}
    assert behind["response_target_minutes"] == {"response"}
    assert behind["complaint_limit_days"] == {"interaction"}
    assert behind["conversion_window_days"] == {"lead"}
