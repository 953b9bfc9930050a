"""Charts as those get them who have no client: specifications that any program draws, and links to images."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import drawing
import pytest
from asking import Api, Caller

from app import ids
from app.actor import Actor, Rows, Scope
from app.errors import Forbidden
from app.services import chart_link, member
from app.services import token as tokens
from app.services.chart import ChartKind, ChartTheme, Look, Wanted
from app.services.kpi import Question
from app.services.period import NamedPeriod
from app.services.row import Ref

SAID = {
    ("2026-01", "web"): (5, 4, 2),
    ("2026-02", "web"): (5, 5, 1, 1),
    ("2026-04", "app"): (4, 4, 4, 1),
    ("2026-05", "web"): (5,),
    ("2026-06", "app"): (2, 5),
}
"""Scores of 1 to 5 by month and channel; 4 and 5 satisfy."""
HALF = 'range: {from: "2026-01-01", before: "2026-07-01"}'
WICKED = "<script>alert('1')</script>&\"</svg>"


def rows(said, prefix="f"):
    return [
        {
            "externalId": f"{prefix}{month}{channel}{number}",
            "kind": "CSAT",
            "score": score,
            "occurredAt": f"{month}-03T12:00:00Z",
            "customer": {"externalId": f"c{number}"},
            "channel": {"externalId": channel},
        }
        for (month, channel), scores in said.items()
        for number, score in enumerate(scores)
    ]


@pytest.fixture
def told(alice):
    """Alice, after she has told what customers said."""
    for key in ("web", "app"):
        alice.channel(key)
    alice.customers({"externalId": f"c{number}", "name": f"Customer {number}"} for number in range(6))
    alice.feedback(*rows(SAID))
    return alice


def aim(alice, value, **more):
    target = {"externalId": "aim", "kpi": "CSAT", "kind": "ABSOLUTE", "value": value, "from": "2026-01-01"}
    payload = alice.write("targetSet", target | {"before": "2027-01-01"} | more, "userErrors { message path }")
    assert payload == {"userErrors": []}


def chart(caller, arguments, key="CSAT", period=HALF, **headers):
    query = f"{{ kpi(key: {key}, period: {{{period}}}) {{ chart({arguments}) }} }}"
    return caller.one(query, **headers)["chart"]


def link(caller, arguments="kind: LINE, grain: MONTH", key="CSAT", period=HALF):
    query = f"{{ kpi(key: {key}, period: {{{period}}}) {{ chartLink({arguments}) {{ id url expiresAt }} }} }}"
    return caller.one(query)["chartLink"]


def look(api, url, **headers):
    """What somebody without any token gets."""
    return api.request("GET", url, headers={name.replace("_", "-"): value for name, value in headers.items()})


def column(spec, name):
    return [row[name] for row in spec["data"]["values"]]


def code(answer):
    (error,) = answer.json()["errors"]
    return error["extensions"]["code"]


def test_a_line_has_each_month_s_value_gaps_the_interval_and_the_target(told, api, workspace):
    aim(told, 80)
    spec = chart(told, "kind: LINE, grain: MONTH")
    assert column(spec, "from") == [f"2026-0{month}-01" for month in range(1, 7)]
    assert column(spec, "value") == pytest.approx([200 / 3, 50, None, 75, 100, 50], nan_ok=True)
    assert column(spec, "goal") == [80] * 6
    assert column(spec, "provisional") == [False] * 5 + [True]
    assert column(spec, "dashed") == [False] * 4 + [True] * 2
    assert [low is None for low in column(spec, "low")] == [False, False, True, False, False, False]
    drawn = [layer["encoding"]["y"]["field"] for layer in spec["layer"]]
    assert drawn == ["low", "goal", "value", "value", "value"]
    assert spec["title"]["text"] == "Customer satisfaction"
    assert "target 80.0%" in spec["title"]["subtitle"][1]
    assert "lowest 50.0% (February 2026), highest 100.0% (May 2026), latest 50.0% (June 2026)" in spec["description"]
    blind = api.caller(workspace, {Scope.KPI_READ})
    assert column(chart(blind, "kind: LINE, grain: MONTH"), "goal") == [None] * 6


def test_slices_are_lines_bars_and_rows_of_cells_each_counted_by_itself(told):
    spec = chart(told, "kind: LINE, grain: MONTH, by: CHANNEL")
    by_slice = {
        name: [row["value"] for row in spec["data"]["values"] if row["slice"] == name] for name in ("Web", "App")
    }
    assert by_slice["Web"] == pytest.approx([200 / 3, 50, None, None, 100, None])
    assert by_slice["App"] == pytest.approx([None, None, None, 75, None, 50])
    spec = chart(told, "kind: BAR, by: CHANNEL")
    assert dict(zip(column(spec, "slice"), column(spec, "value"), strict=True)) == pytest.approx(
        {"Web": 100 * 5 / 8, "App": 100 * 4 / 6}
    )
    cells = chart(told, "kind: HEAT_MAP, grain: QUARTER, by: CHANNEL")
    assert column(cells, "value") == pytest.approx([100 * 4 / 7, 100, None, 100 * 4 / 6])


def test_stacked_slices_and_the_rest_add_up_to_the_whole(told):
    for key in ("tv", "fax"):
        told.channel(key)
    told.feedback(*rows({("2026-01", "tv"): (1, 2), ("2026-04", "fax"): (3,)}, "more"))
    spec = chart(told, "kind: STACKED_BAR, grain: MONTH, by: CHANNEL, first: 1", key="FEEDBACK_COUNT")
    assert list(dict.fromkeys(column(spec, "slice"))) == ["Web", "Other"]
    months = column(spec, "from")[:6]
    summed = [sum(row["value"] for row in spec["data"]["values"] if row["from"] == month) for month in months]
    assert summed == [5, 4, 0, 5, 1, 2]
    assert column(spec, "value")[:6] == [3, 4, 0, 0, 1, 0]


def test_a_bullet_is_the_whole_period_against_the_target_in_force_at_its_end(told):
    aim(told, 80)
    (row,) = chart(told, "kind: BULLET")["data"]["values"]
    assert (row["value"], row["goal"]) == (pytest.approx(100 * 9 / 14), 80)
    aim(told, 12, externalId="sum", kpi="FEEDBACK_COUNT")
    (row,) = chart(told, "kind: BULLET", key="FEEDBACK_COUNT")["data"]["values"]
    assert (row["value"], row["goal"]) == (14, None), "a year's sum is no goal of half a year"
    (row,) = chart(told, "kind: BULLET", key="FEEDBACK_COUNT", period="named: THIS_YEAR")["data"]["values"]
    assert (row["value"], row["goal"]) == (14, 12)


def test_both_languages_are_spoken_and_the_argument_comes_before_the_request(told):
    spec = chart(told, 'kind: LINE, grain: QUARTER, by: CHANNEL, locale: "zh-CN"')
    assert (spec["title"]["text"], spec["title"]["subtitle"][0]) == (
        "客户满意度",
        "2026年1月1日 – 2026年6月30日 · 按季度 · 按渠道",
    )
    assert spec["layer"][0]["encoding"]["x"]["axis"]["format"] == "%Y年第%q季度"
    by_request = chart(told, "kind: LINE, grain: QUARTER, by: CHANNEL", accept_language="zh")
    assert by_request == spec
    assert chart(told, 'kind: LINE, locale: "en"', accept_language="zh")["title"]["text"] == "Customer satisfaction"


def test_durations_are_told_in_what_fits_them_and_money_in_its_currency(told):
    spec = chart(told, "kind: BAR, grain: MONTH", key="REVENUE")
    assert spec["layer"][0]["encoding"]["y"]["axis"]["title"] == "EUR"
    for number, hours in enumerate((5, 7)):
        events = [{"kind": "CUSTOMER_MESSAGE", "at": "2026-02-03T06:00:00Z"}]
        events.append({"kind": "STAFF_REPLY", "at": f"2026-02-03T{6 + hours:02}:00:00Z"})
        row = {"externalId": f"i{number}", "kind": "QUESTION", "occurredAt": "2026-02-03T06:00:00Z"}
        row |= {"events": events}
        payload = told.write("interactionRecord", row, "outcome userErrors { message path }")
        assert payload["userErrors"] == [], payload
    spec = chart(told, "kind: LINE, grain: MONTH", key="RESPONSE_TIME")
    assert spec["layer"][0]["encoding"]["y"]["axis"]["title"] == "hours"
    assert column(spec, "value")[1] == pytest.approx(6, rel=0.02)


REFUSED = {
    "kind: HEAT_MAP": "by",
    "kind: STACKED_BAR": "by",
    "kind: BULLET, by: CHANNEL": "by",
    "kind: BULLET, grain: DAY": "grain",
    "kind: BAR, by: CHANNEL, grain: DAY": "grain",
    "kind: AREA": "kind",
    "kind: STACKED_BAR, by: CHANNEL": "kind",
    "kind: LINE, by: CHANNEL, first: 8": "first",
    "kind: BAR, by: CHANNEL, first: 51": "first",
    "kind: BAR, by: CHANNEL, first: 0": "first",
    "kind: LINE, width: 199": "width",
    "kind: LINE, height: 1501": "height",
    "kind: LINE, by: REASON": "by",
}


@pytest.mark.parametrize("field", ["chart", "chartLink"])
def test_what_cannot_be_drawn_is_refused_with_what_to_mend(told, field):
    for arguments, path in REFUSED.items():
        inner = " { url }" if field == "chartLink" else ""
        error = told.refusal(f"{{ kpi(key: CSAT, period: {{{HALF}}}) {{ {field}({arguments}){inner} }} }}")
        assert error["extensions"]["code"] == "BAD_USER_INPUT", (arguments, error)
        assert [one["path"] for one in error["extensions"]["userErrors"]] == [[path]], (arguments, error)
    query = f"{{ kpi(key: CSAT, period: {{{HALF}}}) {{ chartLink(kind: LINE, expiresInDays: 367) {{ url }} }} }}"
    assert "expiresInDays" in told.refusal(query)["message"]


def test_a_chart_of_too_many_marks_is_refused(told, api):
    long = 'range: {from: "2024-01-01", before: "2026-07-01"}'
    told.customers({"externalId": f"d{number}", "region": f"r{number}"} for number in range(5))
    people = [{**row, "externalId": f"d{row['externalId']}"} for row in rows(SAID)]
    for number, row in enumerate(people):
        row["customer"] = {"externalId": f"d{number % 5}"}
    told.feedback(*people)
    query = f"{{ kpi(key: CSAT, period: {{{long}}}) {{ chart(kind: LINE, grain: DAY, by: REGION) }} }}"
    error = told.refusal(query)
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "may have 4,000" in error["message"]


def test_small_cells_stay_hidden_and_cannot_be_had_by_subtraction(told, bob):
    spec = chart(bob, "kind: HEAT_MAP, grain: MONTH, by: CHANNEL")
    assert column(spec, "value") == [None] * len(spec["data"]["values"]), "fewer than five people in each"
    assert "too few people" in json.dumps(spec)
    assert "Customer" not in json.dumps(spec["data"])


def test_names_of_others_stay_text_in_specification_and_image(alice, api, capfd):
    alice.channel("web", name=WICKED)
    alice.channel("app", name=WICKED)
    alice.customers({"externalId": f"c{number}"} for number in range(6))
    alice.feedback(*rows(SAID))
    for kind in ("LINE, grain: MONTH", "BAR", "HEAT_MAP, grain: MONTH"):
        spec = chart(alice, f"kind: {kind}, by: CHANNEL")
        assert f"{WICKED} (web)" in column(spec, "slice"), "two of one name are told apart"
        assert drawing.faults(spec, capfd) == ""
        answer = look(api, link(alice, f"kind: {kind}, by: CHANNEL")["url"])
        assert answer.status_code == 200
        assert drawing.elements(answer.content).isdisjoint({"script", "foreignObject", "image", "a", "use", "style"})
        assert not any(name.lower().startswith("on") or "href" in name for name in drawing.attributes(answer.content))
        assert any("<script>" in text for text in drawing.texts(answer.content))


KINDS = [
    "LINE", "LINE, by: CHANNEL", "BAR", "BAR, by: CHANNEL", "AREA", "AREA, by: CHANNEL",
    "STACKED_BAR, by: CHANNEL", "BULLET", "HEAT_MAP, by: CHANNEL",
]  # fmt: skip


@pytest.mark.some(3)
@pytest.mark.parametrize("kind", KINDS)
def test_every_chart_is_valid_vega_lite_and_compiles_without_a_warning(told, kind, capfd):
    aim(told, 80)
    aim(told, 30, externalId="sum", kpi="FEEDBACK_COUNT")
    for key in ("FEEDBACK_COUNT",) if "AREA" in kind or "STACKED" in kind else ("CSAT", "FEEDBACK_COUNT"):
        for look_ in ('locale: "en"', 'locale: "zh", theme: DARK, width: 300, height: 90'):
            spec = chart(told, f"kind: {kind}, {look_}", key=key)
            assert drawing.faults(spec, capfd) == ""
    empty = chart(told, f"kind: {kind}", key="FEEDBACK_COUNT", period="named: LAST_YEAR")
    assert drawing.faults(empty, capfd) == ""


def test_a_faulty_specification_would_be_noticed(told, capfd):
    spec = chart(told, "kind: LINE")
    assert "$.layer" in drawing.faults(spec | {"layer": [{"mark": "lime"}]}, capfd)
    spec["layer"][0]["encoding"]["x"]["scale"] = {"type": "band"}  # which time has not
    assert '"band" scale' in drawing.faults(spec, capfd)


def test_a_link_shows_the_figures_of_when_it_is_looked_at_to_whoever_has_it(told, api, clock):
    given = link(told)
    assert given["url"].startswith("/charts/")
    assert given["expiresAt"] == "2026-07-15T10:00:00Z", "thirty days, to the full hour"
    assert told.secret not in given["url"]
    assert link(told) == given, "the same for who asks again, so that caches keep it"
    answer = look(api, given["url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert "Customer satisfaction" in drawing.texts(answer.content)
    assert b'<svg role="img"' in answer.content
    assert b"<desc>Customer satisfaction. Jan 1, 2026" in answer.content
    assert answer.headers["cache-control"] == "private, max-age=60, must-revalidate"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    known = look(api, given["url"], if_none_match=answer.headers["etag"])
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", answer.headers["etag"])
    told.feedback(*rows({("2026-05", "app"): (1,)}, "late"))
    moved = look(api, given["url"], if_none_match=answer.headers["etag"])
    assert moved.status_code == 200
    assert b"highest 75.0% (April 2026)" in moved.content
    assert b"highest 100.0% (May 2026)" in answer.content


def test_a_period_by_name_moves_on_with_time(told, api, clock):
    given = link(told, "kind: LINE, grain: MONTH", period="last: {count: 2, grain: MONTH}")
    assert b"latest 50.0% (June 2026)" in look(api, given["url"]).content
    clock.advance(days=20)
    assert b"June 1, 2026" not in look(api, given["url"]).content
    assert b"Jun 1, 2026" in look(api, given["url"]).content


def test_a_link_that_was_changed_anywhere_is_no_link(told, api):
    url = link(told)["url"]
    name = url.removeprefix("/charts/").removesuffix(".svg")
    for place in range(0, len(name), 7):
        other = "A" if name[place] != "A" else "B"
        answer = look(api, f"/charts/{name[:place]}{other}{name[place + 1 :]}.svg")
        assert (answer.status_code, code(answer)) == (404, "NOT_FOUND"), place
        assert answer.json()["errors"][0]["message"] == "There is no chart at this address."
    for wrong in (name.upper(), name.partition(".")[0], f"{name}=", f".{name}", "x", "é.é", name.swapcase()):
        assert look(api, f"/charts/{wrong}.svg").status_code == 404, wrong
    assert look(api, url).status_code == 200


def test_a_link_ends_with_its_days(told, api, clock):
    url = link(told, "kind: BULLET, expiresInDays: 1")["url"]
    clock.advance(hours=24, minutes=29)
    answer = look(api, url)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, max-age=60, must-revalidate")
    clock.advance(minutes=1)
    answer = look(api, url, accept_language="zh")
    assert (answer.status_code, code(answer)) == (410, "EXPIRED")
    assert answer.json()["errors"][0]["message"] == "此链接已失效；请获取新的链接。"
    assert answer.headers["cache-control"] == "no-store"


def test_a_link_ends_with_the_token_that_made_it(told, api, workspace, clock):
    admin = api.caller(workspace, Scope)
    short = api.caller(workspace, {Scope.KPI_READ}, expires_in=timedelta(days=2))
    given = link(short)
    assert given["expiresAt"] == "2026-06-17T09:30:00Z"
    assert look(api, given["url"]).status_code == 200
    clock.advance(days=2)
    assert look(api, given["url"]).status_code == 410
    url = link(told)["url"]
    found = admin.one("{ tokens(first: 50) { nodes { id name } } }")["nodes"]
    (id_,) = [one["id"] for one in found if one["name"] == "alice"]
    admin.write("tokenRevoke", {"id": id_}, "outcome")
    assert look(api, url).status_code == 410


def test_a_link_shows_what_its_maker_sees_and_another_one_shows_more(told, api, workspace):
    admin = api.caller(workspace, Scope)
    payload = admin.write(
        "tokenCreate",
        {"name": "web only", "scopes": ["kpi:read"], "rows": {"channels": [{"externalId": "web"}]}},
        "secret userErrors { message path }",
    )
    assert payload["userErrors"] == []
    narrow = Caller(api, payload["secret"])
    assert b"64.3%" in look(api, link(told, "kind: BULLET")["url"]).content, "9 of 14"
    assert b"62.5%" in look(api, link(narrow, "kind: BULLET")["url"]).content, "5 of 8"


def test_a_member_s_link_ends_when_they_may_see_something_else_and_when_they_go(told, api, workspace):
    row, _ = workspace.write(member.add, {"email": "mia@example.com", "role": "ANALYST"})
    mia = Actor(workspace.id, "mia", member.scopes_of(row), member_id=row.id)
    wanted = Wanted(Question("CSAT", NamedPeriod.THIS_YEAR), ChartKind.BULLET)

    def made(by):
        return workspace.read(chart_link.made, wanted, Look("en", ChartTheme.LIGHT, 640), 30, by=by)[0]

    def change(**data):
        workspace.write(member.update, Ref(id=ids.encode("Member", row.id)), data)

    url = made(mia)
    assert look(api, url).status_code == 200
    change(name="Mia")
    assert look(api, url).status_code == 200
    change(scopes=["personal:read"])
    assert look(api, url).status_code == 410
    change(scopes=[], rows={"channels": [{"external_id": "web"}]})
    assert look(api, url).status_code == 410
    narrow = made(replace(mia, rows=Rows(channels=frozenset(map(UUID, workspace.read(member.everybody)[0].channels)))))
    assert b"62.5%" in look(api, narrow).content
    change(rows=None)
    assert look(api, url).status_code == 200, "they see again what they saw when they made it"
    assert look(api, narrow).status_code == 410
    workspace.write(member.remove, Ref(id=ids.encode("Member", row.id)))
    assert look(api, url).status_code == 410
    with pytest.raises(Forbidden, match="tokens and members"):
        made(workspace.system)


def test_publishable_keys_make_no_links(told, api, workspace):
    key = Caller(api, tokens.create(api.door, workspace.id, "widget", publishable={"origins": []}))
    answer = key.post(f"{{ kpi(key: CSAT, period: {{{HALF}}}) {{ chartLink(kind: LINE) {{ url }} }} }}")
    assert (answer.status_code, code(answer)) == (403, "FORBIDDEN")


def test_a_link_leads_nowhere_else(told, charlie, api):
    url = link(told)["url"]
    payload = url.removeprefix("/charts/").partition(".")[0]
    theirs = link(charlie)["url"].removeprefix("/charts/").partition(".")[2]
    assert look(api, f"/charts/{payload}.{theirs}").status_code == 404, "a signature is of one link"


def test_a_link_that_would_be_too_long_is_refused(told):
    names = json.dumps([f"c{number}" * 20 for number in range(40)])
    told.customers({"externalId": name, "region": name} for name in json.loads(names))
    narrowed = f"key: CSAT, filter: [{{by: REGION, anyOf: {names}}}], period: {{{HALF}}}"
    error = told.refusal(f"{{ kpi({narrowed}) {{ chartLink(kind: LINE) {{ url }} }} }}")
    assert "may have 2,000" in error["message"]


def test_without_the_extra_a_sentence_says_what_to_install(told, api, monkeypatch):
    url = link(told)["url"]
    monkeypatch.setattr(chart_link, "can_draw", lambda: False)
    answer = look(api, url)
    assert (answer.status_code, code(answer)) == (501, "NOT_INSTALLED")
    assert "pip install 'custograph[charts]'" in answer.json()["errors"][0]["message"]
    error = told.refusal(f"{{ kpi(key: CSAT, period: {{{HALF}}}) {{ chartLink(kind: LINE) {{ url }} }} }}")
    assert "pip install 'custograph[charts]'" in error["message"]
    assert chart(told, "kind: LINE")["title"]["text"] == "Customer satisfaction"


def test_those_who_look_use_up_the_points_of_who_made_the_link(told, api, open_door, workspace):
    maker = tokens.authenticate(api.door, api.token(workspace))
    wanted = Wanted(Question("CSAT", NamedPeriod.THIS_YEAR), ChartKind.BULLET)
    url, _ = workspace.read(chart_link.made, wanted, Look("en", ChartTheme.LIGHT, 640), 30, by=maker)
    with asyncio.Runner() as runner:
        small = Api(open_door(rate_limit_points=120, rate_limit_per_s=1, max_cost=120), runner)
        small.open()
        answers = [look(small, url) for _ in range(8)]  # a lease that is late is lent on, but once
        small.close()
    assert [one.status_code for one in answers[:2]] == [200, 200], "50 points each"
    assert (answers[-1].status_code, code(answers[-1])) == (429, "RATE_LIMITED")
    assert int(answers[-1].headers["retry-after"]) >= 1
