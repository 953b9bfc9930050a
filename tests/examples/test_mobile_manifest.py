"""The manifest of the mobile kit: ids as Apollo's tools compute them, and a server that runs nothing else."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from graphql import OperationDefinitionNode, parse
from serving_kits import answers, serving

from app.services import token

KIT = Path(__file__).parents[2] / "examples" / "mobile"
MANIFEST = json.loads((KIT / "manifest.json").read_text())
TEXT = "\n".join(path.read_text() for path in sorted((KIT / "graphql").glob("*.graphql")))
DOCUMENT = parse(TEXT, no_location=True)
MONTHS = {"period": {"last": {"count": 12, "grain": "MONTH"}}, "grain": "MONTH"}
RECORD = """
mutation($rows: [FeedbackRecordInput!]!, $target: TargetSetInput!) {
  feedbackRecordBatch(input: {rows: $rows, createMissing: true}) { counts { created } }
  targetSet(input: $target) { outcome }
}
"""


@pytest.fixture
def tool():
    """The program of the kit, as a module."""
    sys.path.insert(0, str(KIT))
    try:
        import manifest
    finally:
        sys.path.remove(str(KIT))
    return manifest


def test_the_manifest_is_the_one_of_the_documents(tool):
    assert tool.manifest(TEXT) == MANIFEST
    assert (MANIFEST["format"], MANIFEST["version"]) == ("apollo-persisted-query-manifest", 1)


def test_an_id_is_the_hash_of_a_text_that_says_what_the_document_says():
    definitions = {one.name.value: one for one in DOCUMENT.definitions}
    names = []
    for one in MANIFEST["operations"]:
        assert one["id"] == hashlib.sha256(one["body"].encode()).hexdigest()
        operation, *fragments = parse(one["body"], no_location=True).definitions
        assert (one["name"], one["type"]) == (operation.name.value, operation.operation.value)
        assert [definitions[part.name.value] for part in (operation, *fragments)] == [operation, *fragments]
        names.append(one["name"])
    assert sorted({*names}) == sorted(
        one.name.value for one in DOCUMENT.definitions if isinstance(one, OperationDefinitionNode)
    )


# What the tools' own tests and examples expect of them: apollo-kotlin 5.1.0 and apollo-ios-dev 2.3.0.
KOTLIN = {
    "mutation SingleUploadTwice($file1: Upload!, $file2: Upload!) {\n  file1: singleUpload(file: $file1) { id path "
    "filename mimetype }\n  file2: singleUpload(file: $file2) { id path filename mimetype }\n}": (
        "bd822d287b6428f2d9135349edbd3a2997ca9ec8ed433c1b9a078d3cf2f70eae"
    ),
    "fragment DroidFragment on Droid { primaryFunction } fragment HumanFragment on Human { homePlanet }\n"
    "query CharacterQuery { character { __typename id name ...HumanFragment ...DroidFragment } }": (
        "query CharacterQuery { character { __typename id name ...HumanFragment ...DroidFragment } }"
        "  fragment HumanFragment on Human { homePlanet }  fragment DroidFragment on Droid { primaryFunction }"
    ),
}
SWIFT = {
    "query Friends {\n  friends {\n    ...Name\n  }\n}\nfragment Name on Friend {\n  name\n}": (
        "efc7785ac9768b2be96e061911b97c9c898df41561dda36d9435e94994910f67"
    ),
    "query HeroAndFriendsNamesWithFragment($episode: Episode) {\n  hero(episode: $episode) {\n    __typename\n"
    "    name\n    ...FriendsNames } } fragment FriendsNames on Character { __typename friends { __typename name } }": (
        "599cd7d91ede7a5508cdb26b424e3b8e99e6c2c5575b799f6090695289ff8e99"
    ),
}


@pytest.mark.parametrize(("text", "expected"), [*KOTLIN.items(), *SWIFT.items()])
def test_documents_are_printed_as_apollos_tools_print_them(tool, text, expected):
    found = list(tool.operations(text))
    one = found[0 if text in KOTLIN else -1]
    assert expected in (one["id"], one["body"])


@pytest.mark.parametrize(
    "text",
    [
        "query A($a: Int = 5) { b(c: $a) }",
        "query A { b(c: {d: 5}) }",
        'query A { b(c: "d") }',
        "query A { b(aaaaaaaaaaaaaaaaaaaaaa: $a, bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: $b, cccccccccccccccccccc: $c) }",
    ],
)
def test_what_they_print_differently_is_refused(tool, text):
    with pytest.raises(ValueError, match="print this differently"):
        list(tool.operations(text))


def test_manifests_of_builds_are_held_against_it(tmp_path):
    build = tmp_path / "persistedQueryManifest.json"

    def check(operations):
        build.write_text(json.dumps(MANIFEST | {"operations": operations}))
        command = [sys.executable, str(KIT / "manifest.py"), "--check", str(build)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert check(MANIFEST["operations"][:2]) == (0, "all 2 are known\n")
    assert check([{"id": "0" * 64, "body": "{ a }", "name": "Other", "type": "query"}]) == (1, "missing: Other\n")


@pytest.fixture
def database(sqlite):
    return sqlite


@pytest.fixture
def served(open_door, workspace):
    """A server that runs nothing but the kit's documents, and answers of this year with a target."""
    target = {
        "externalId": "content",
        "kpi": "CSAT",
        "kind": "ABSOLUTE",
        "value": 90,
        "baseline": {"period": {"named": "THIS_YEAR"}},
        "from": "2026-01-01",
        "before": "2027-01-01",
    }
    rows = answers("CSAT", {"web": [5, 5, 5, 5, 5, 2], "shop": [5, 2]}) + answers("NPS", {"web": [10, 10, 8, 3]})
    with serving(open_door(), workspace.id) as all_of_it:
        told = all_of_it.ask(RECORD, rows=rows, target=target)
        assert told == {"feedbackRecordBatch": {"counts": {"created": 12}}, "targetSet": {"outcome": "CREATED"}}
    door = open_door(trusted_documents=KIT / "manifest.json", only_trusted_documents=True)
    with serving(door, workspace.id) as server:
        yield server


def ids(name):
    """The ids of an operation, by Kotlin and by iOS."""
    return [one["id"] for one in MANIFEST["operations"] if one["name"] == name]


def requests(served, id_, name, variables):
    """One request as Apollo Kotlin and iOS send it, by GET and by POST, and one by the specification's name for ids."""
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": id_}}
    headers = {"Authorization": f"Bearer {served.token}", "Accept-Language": "en"}
    asked = {"operationName": name, "variables": variables, "extensions": hashed}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in asked.items()}
    with httpx.Client(headers=headers, timeout=60) as client:
        yield client.get(served.url, params=texts)
        yield client.post(served.url, json=asked)
        yield client.post(served.url, json={"documentId": id_, "operationName": name, "variables": variables})


def test_the_home_card_is_one_request_by_its_id(served):
    for id_ in ids("HomeCard"):
        for answer in requests(served, id_, "HomeCard", MONTHS):
            told = answer.json()
            assert (answer.status_code, told.get("errors")) == (200, None)
            csat, nps = told["data"]["csat"], told["data"]["nps"]
            assert (csat["display"], nps["value"]) == (
                "75.0%",
                25.0,
            )  # six of eight; two promoters, a detractor, of four
            assert csat["interval"]["low"] < 75 < csat["interval"]["high"]
            assert csat["target"]["target"]["goal"] == 90
            assert csat["comparison"]["display"]
            assert [len(one["series"]) for one in (csat, nps)] == [12, 12]
            # the answers are of January to May: five months of the series have a value
            assert sum(point["value"] is not None for point in csat["series"]) == 5
            assert csat["definition"] == {
                "__typename": "KpiDefinition",
                "key": "CSAT",
                "name": "Customer satisfaction",
                "unit": "PERCENT",
            }
            cost = told["extensions"]["cost"]
            assert cost["actualQueryCost"] <= cost["requestedQueryCost"] <= 250  # of 40,000, and of 100,000 a second
    assert len(ids("HomeCard")) == 2


def test_the_other_documents_are_answered_too(served):
    (channels,), (meaning,) = ids("Channels"), ids("Meaning")
    variables = {"key": "CSAT", "period": MONTHS["period"], "first": 5}
    told = [answer.json()["data"]["kpi"] for answer in requests(served, channels, "Channels", variables)]
    shares = [(one["key"], one["display"]) for one in told[0]["breakdown"]["slices"]]
    assert [one[1] for one in shares] == ["83.3%", "50.0%"]
    assert told[0] == told[1] == told[2]
    for answer in requests(served, meaning, "Meaning", {"key": "CSAT"}):
        assert answer.json()["data"]["kpiDefinition"]["key"] == "CSAT"


def test_nothing_else_is_run(served):
    assert served.post({"query": "{ workspace { name } }"})["errors"][0]["extensions"]["code"] == "QUERY_NOT_TRUSTED"
    unknown = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}
    assert served.post(unknown)["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


def test_an_app_records_an_answer_with_a_publishable_key(served, door, workspace):
    key = served._replace(token=token.create(door, workspace.id, "app", publishable={"origins": []}))
    (id_,) = ids("RecordAnswer")
    answer = {"externalId": "app-1", "kind": "CSAT", "score": 5, "occurredAt": "2026-06-01T09:30:00+02:00"}
    wrong = answer | {"externalId": "app-2", "score": 9}
    told = [
        key.post({"documentId": id_, "variables": {"input": one}})["data"]["answerRecord"] for one in (answer, wrong)
    ]
    assert told[0] == {"__typename": "AnswerRecordPayload", "accepted": True, "userErrors": []}
    assert told[1]["accepted"] is False
    assert [one["path"] for one in told[1]["userErrors"]] == [["score"]]
    home = served.post({"documentId": ids("HomeCard")[0], "variables": MONTHS})["data"]["csat"]
    assert home["display"] == "77.8%"  # seven of nine
