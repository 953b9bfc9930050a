"""Files as a partner sends and fetches them, over HTTP, and who may not."""

import asyncio
import contextlib
from datetime import timedelta

import orjson
import pytest
from asking import Caller
from sqlmodel import select

from app.actor import ORDINARY, Scope
from app.models.token import Token
from app.services import bulk_export
from app.worker import Worker

ERRORS = "userErrors { code message path }"
SHOWN = """id state partPath reportPath encoding delimiter bytesTotal bytesRead rowsRead undoneCount keptCount
    counts { created updated unchanged stale rejected } problems { message }
    errorPolicy createMissing dryRun rejectedRows { line columns userErrors { code message path } }"""
IMPORT = f"outcome {ERRORS} import {{ {SHOWN} }}"
FILE = "externalId,name,email\nc1,Ann,ann@example.org\nc2,Bob,nobody\n".encode("utf-16")


def begin(caller, **more):
    """An import over the API."""
    payload = caller.write("importStart", {"type": "CUSTOMERS", "format": "CSV", **more}, IMPORT)
    assert payload["userErrors"] == [], payload
    return payload["import"]


def put(caller, row, number, data):
    return caller.api.request("PUT", f"{row['partPath']}{number}", content=data, headers=caller.headers())


def run(caller, row):
    caller.write("importRun", {"id": row["id"]}, IMPORT)
    Worker(caller.api.door).drain()
    return look(caller, row)


def look(caller, row):
    query = f"query($id: ID!) {{ import(by: {{id: $id}}) {{ {SHOWN} }} }}"
    return caller.one(query, {"id": row["id"]})


def test_a_file_is_sent_in_parts_watched_mended_and_undone(alice):
    row = begin(alice)
    assert (row["state"], row["errorPolicy"], row["createMissing"], row["dryRun"]) == (
        "RECEIVING",
        "REJECT_FAILED_ROWS",
        False,
        False,
    )
    for number, start in enumerate(range(0, len(FILE), 40), 1):
        answer = put(alice, row, number, FILE[start : start + 40])
        assert answer.status_code == 200, answer.text
        assert answer.json()["bytes"] == len(FILE[start : start + 40])
    done = run(alice, row)
    assert (done["state"], done["encoding"], done["delimiter"], done["rowsRead"]) == ("DONE", "UTF-16LE", ",", 2)
    assert done["counts"] == {"created": 1, "updated": 0, "unchanged": 0, "stale": 0, "rejected": 1}
    assert done["bytesRead"] == done["bytesTotal"] == len(FILE)
    (wrong,) = done["rejectedRows"]
    assert (wrong["line"], wrong["columns"], wrong["userErrors"][0]["path"]) == (3, ["email"], ["email"])
    report = alice.api.request("GET", row["reportPath"], headers=alice.headers() | {"Accept-Language": "zh"})
    assert report.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in report.headers["content-disposition"]
    again = begin(alice)
    put(alice, again, 1, report.content.replace(b"nobody", b"bob@example.org"))
    assert run(alice, again)["counts"]["created"] == 1
    assert alice.one("{ customers { totalCount } }") == {"totalCount": 2}
    for one in (again, row):
        assert alice.write("importUndo", {"id": one["id"]}, IMPORT)["import"]["state"] == "UNDOING"
        Worker(alice.api.door).drain()
        assert look(alice, one)["state"] == "UNDONE"
    assert alice.one("{ customers { totalCount } }") == {"totalCount": 0}


def test_a_mapping_is_previewed_by_name_and_inline(alice):
    names = alice.one("{ importMappings { name system type title document } }")
    assert len(names) == 25
    text = "Contact ID,First Name,Last Name,Emial,Account ID\n003A,Ann,Lee,ann@example.org,001A\n,Bob,Lee,x,\n"
    asked = {"type": "CUSTOMERS", "format": "CSV", "text": text, "mapping": {"name": "salesforce.contacts"}}
    query = f"""query($input: ImportPreviewInput!) {{ importPreview(input: $input) {{ encoding delimiter missingFields
        columns {{ name fields suggestion }} rows {{ line document {ERRORS} }} {ERRORS} }} }}"""
    found = alice.one(query, {"input": asked})
    assert [(one["name"], one["fields"], one["suggestion"]) for one in found["columns"]] == [
        ("Contact ID", ["externalId"], None),
        ("First Name", ["name"], None),
        ("Last Name", ["name"], None),
        ("Emial", [], "email"),
        ("Account ID", ["parent"], None),
    ]
    assert found["rows"][0]["document"] == {"externalId": "003A", "kind": "PERSON", "name": "Ann Lee", "parent": "001A"}
    assert [(one["line"], [e["path"] for e in one["userErrors"]]) for one in found["rows"]] == [
        (2, []),
        (3, [["externalId"]]),
    ]
    own = {
        "type": "CUSTOMERS",
        "fields": {"externalId": {"columns": ["Contact ID"]}, "emial": {"columns": ["Emial"]}, "name": {}},
    }
    found = alice.one(query, {"input": asked | {"mapping": {"inline": own}}})
    assert [(one["path"], one["message"]) for one in found["userErrors"]] == [
        (["mapping", "inline", "fields", "emial"], "There is no field emial; did you mean email?"),
        (["mapping", "inline", "fields", "name"], "name is filled from nothing: give columns, join or constant."),
    ]
    found = alice.one(query, {"input": asked | {"mapping": {"name": "salesforce.contcts"}}})
    assert found["userErrors"][0]["message"] == "There is no mapping 'salesforce.contcts'; use salesforce.contacts."
    payload = alice.write("importStart", {"type": "ORDERS", "format": "CSV", "mapping": {"name": "zoho.leads"}}, IMPORT)
    assert payload["userErrors"][0]["message"] == "This mapping is of LEADS, and the file of ORDERS."


def test_an_export_is_asked_for_and_fetched(alice, bob, api, workspace):
    alice.channel("web")
    rows = [
        {"externalId": f"c{i}", "name": f"=N{i}", "segment": "AB"[i % 2], "acquisitionChannel": {"externalId": "web"}}
        for i in range(3)
    ]
    alice.customers(rows)
    asked = {"type": "CUSTOMERS", "format": "CSV", "filter": {"customers": {"segment": {"eq": "A"}}}}
    asked["fields"] = ["externalId", "name", "acquisitionChannel"]
    payload = alice.write("exportStart", asked, f"{ERRORS} export {{ id path fields }}")
    assert payload["userErrors"] == []
    got = api.request("GET", payload["export"]["path"], headers=alice.headers())
    assert got.content.decode("utf-8-sig") == "externalId,name,acquisitionChannel\r\nc0,'=N0,web\r\nc2,'=N2,web\r\n"
    told = alice.one("query($id: ID!) { export(by: {id: $id}) { downloads rows } }", {"id": payload["export"]["id"]})
    assert told == {"downloads": 1, "rows": 2}
    masked = api.caller(workspace, ORDINARY - {Scope.PERSONAL_READ})
    assert b"N0" not in api.request("GET", payload["export"]["path"], headers=masked.headers()).content
    other = asked | {"filter": {"orders": {"currency": {"eq": "EUR"}}}}
    payload = alice.write("exportStart", other, f"{ERRORS} export {{ id }}")
    assert payload["userErrors"][0]["message"] == "The filter is of orders, not of customers."
    assert payload["userErrors"][0]["path"] == ["filter", "orders"]


def addresses(row, export):
    return [("PUT", row["partPath"] + "1"), ("GET", row["reportPath"]), ("GET", export["path"])]


def test_strangers_and_others_get_nothing_and_leave_nothing(alice, bob, charlie, nobody, api, workspace, dump):
    row = begin(alice)
    export = alice.write("exportStart", {"type": "CUSTOMERS", "format": "CSV"}, "export { path }")["export"]
    colleague = api.caller(workspace, name="colleague")
    lacking = [api.caller(workspace, set(Scope) - {scope}) for scope in (Scope.CUSTOMER_WRITE, Scope.IMPORT_WRITE)]
    before = dump()
    cases = [(nobody, 401), (Caller(api, "cgt_wrong"), 401), (bob, 403), (charlie, 404)]
    for caller, status in cases:
        for method, path in addresses(row, export):
            answer = api.request(method, path, content=FILE if method == "PUT" else None, headers=caller.headers())
            assert answer.status_code == status, (path, answer.text)
            assert answer.json()["errors"][0]["extensions"]["code"] in ("UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND")
    assert put(colleague, row, 1, FILE).status_code == 409  # who began it alone acts with what they may
    refused = colleague.write("importRun", {"id": row["id"]}, IMPORT)["userErrors"]
    assert refused[0]["message"].startswith("Only the token that began an import")
    for other in lacking:
        assert put(other, row, 1, FILE).status_code == 403
    assert dump() == before
    for path in ("/imports/x/parts/1", "/imports/x/report", "/exports/x"):
        method = "PUT" if "parts" in path else "GET"
        assert api.request(method, path, headers=alice.headers()).status_code == 404


def test_a_part_is_bounded(alice, api, database):
    row = begin(alice)
    answer = put(alice, row, 1, b"x" * 8_000_001)
    assert answer.status_code == 413
    assert put(alice, row, 10_001, b"x").status_code == 409
    assert put(alice, row, 1, b"").status_code == 409


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_the_import_of_a_token_that_may_no_longer_stops(alice, api, workspace, clock, how, door):
    caller = api.caller(workspace, name="leaver", expires_in=timedelta(days=1))
    row = begin(caller)
    put(caller, row, 1, b"externalId\nc1\n")
    caller.write("importRun", {"id": row["id"]}, IMPORT)
    if how == "revoked":
        with door.gate() as session:
            session.scalars(select(Token).where(Token.name == "leaver")).one().revoked_at = clock()
    else:
        clock.advance(days=1)
    Worker(door).drain()
    found = look(alice, row)
    assert (found["state"], found["problems"]) == (
        "FAILED",
        [{"message": "The token has been revoked or has expired."}],
    )
    assert alice.one("{ customers { totalCount } }") == {"totalCount": 0}


def test_objects_go_in_with_the_names_of_the_api(alice):
    alice.customer("c1")
    row = begin(alice, type="ORDERS", format="JSONL", createMissing=True)
    order = {
        "externalId": "o1",
        "amount": "9.90",
        "currency": "EUR",
        "customer": {"externalId": "c1"},
        "occurredAt": "2026-06-01",
    }
    put(alice, row, 1, orjson.dumps(order) + b"\n")
    assert run(alice, row)["counts"]["created"] == 1
    found = alice.one('{ order(by: {externalId: "o1"}) { amount customer { externalIds { externalId } } } }')
    assert found == {"amount": "9.90", "customer": {"externalIds": [{"externalId": "c1"}]}}


@pytest.mark.slow
def test_whoever_goes_away_leaves_no_snapshot_open(alice, door, monkeypatch):
    """A client that breaks off in the middle of a file, as a server meets it."""
    alice.customers([{"externalId": f"c{i}"} for i in range(5)])
    monkeypatch.setattr(bulk_export, "PAGE", 1)
    path = alice.write("exportStart", {"type": "CUSTOMERS", "format": "JSONL"}, "export { path }")["export"]["path"]
    sent = []

    async def break_off():
        async def send(message):
            sent.append(message)
            if len(sent) == 3:
                raise OSError

        async def receive():
            await asyncio.sleep(60)

        headers = [(b"authorization", alice.headers()["Authorization"].encode())]
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
        }
        scope |= {
            "headers": headers,
            "asgi": {"spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "http",
            "server": ("x", 80),
        }
        with contextlib.suppress(BaseException):
            await alice.api.app(scope, receive, send)
        await asyncio.sleep(0.3)

    alice.api._runner.run(break_off())
    assert [one["type"] for one in sent] == ["http.response.start", *["http.response.body"] * 2]
    assert door.db.reader.pool.checkedout() == 0
    assert alice.one("{ exports { nodes { downloads } } }") == {"nodes": [{"downloads": 0}]}
    got = alice.api.request("GET", path, headers=alice.headers()).text
    assert got.count("\n") == 5


def test_channels_and_segments_go_in_and_out_over_http(alice, api, workspace):
    row = begin(alice, type="CHANNELS", format="CSV")
    put(alice, row, 1, b"externalId,name,kind,parent\nonline,Online,online,\nweb,Web,ONLINE,online\nx,X,shop,\n")
    done = run(alice, row)
    assert done["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "stale": 0, "rejected": 1}
    assert [(one["line"], one["columns"]) for one in done["rejectedRows"]] == [(4, ["kind"])]
    rule = '{"any":[{"orders":{"atLeast":2}},{"revenue":{"atLeast":"9.50"}}]}'
    row = begin(alice, type="SEGMENTS", format="JSONL")
    put(alice, row, 1, b'{"externalId":"best","name":"Best","rule":%s}\n' % rule.encode())
    assert run(alice, row)["counts"]["created"] == 1
    start = "outcome userErrors { message } export { path fields }"
    asked = {"type": "CHANNELS", "format": "JSONL", "filter": {"channels": {"parentId": {"isNull": False}}}}
    made = alice.write("exportStart", asked, start)["export"]
    answer = api.request("GET", made["path"], headers=alice.headers())
    assert answer.content == b'{"externalId":"web","name":"Web","kind":"ONLINE","parent":"online"}\n'
    made = alice.write("exportStart", {"type": "SEGMENTS", "format": "JSONL"}, start)["export"]
    found = orjson.loads(api.request("GET", made["path"], headers=alice.headers()).content)
    assert found == {"externalId": "best", "name": "Best", "kind": "RULE", "rule": orjson.loads(rule)}
    before = alice.one("{ channels { totalCount } }")
    lesser = api.caller(workspace, ORDINARY - {Scope.CHANNEL_WRITE, Scope.CHANNEL_READ})
    for mutation in ("importStart", "exportStart"):
        refused = lesser.post(f"mutation {{ {mutation}(input: {{type: CHANNELS, format: CSV}}) {{ outcome }} }}").json()
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert alice.one("{ channels { totalCount } }") == before
