"""The GraphiQL page in a real browser."""

import httpx
import pytest
from chromium import FOREIGN, Page

pytestmark = [pytest.mark.slow, pytest.mark.browser]

RUN = ".graphiql-execute-button"
RESULT = "document.querySelector('.result-window .view-lines').innerText.replaceAll('\\u00a0', ' ')"
STORED = "JSON.stringify(localStorage)"


def model(name: str) -> str:
    """The contents of one of GraphiQL's editors."""
    return f"__MONACO.editor.getModels().find((one) => one.uri.path.endsWith('{name}'))"


def ready(page: Page) -> None:
    """Wait until the query stands in its editor and the schema has arrived."""
    page.wait("document.querySelector('.graphiql-query-editor .view-lines')?.innerText.includes('Satisfaction')")
    page.wait("!document.querySelector('.graphiql-query-editor .graphiql-spinner')")
    page.wait(f"!!document.querySelector('{RUN}')")


@pytest.fixture
def answers(address, secret) -> None:
    """Twelve answers within the last twelve months, nine of them satisfied."""
    rows = [
        {
            "externalId": str(number),
            "kind": "CSAT",
            "score": 2 if number % 4 == 0 else 5,
            "occurredAt": f"2026-0{1 + number % 5}-10T12:00:00Z",
        }
        for number in range(12)
    ]
    query = "mutation($input: FeedbackRecordBatchInput!) { feedbackRecordBatch(input: $input) { counts { created } } }"
    response = httpx.post(
        f"{address}/graphql",
        json={"query": query, "variables": {"input": {"rows": rows}}},
        headers={"Authorization": f"Bearer {secret}"},
        timeout=60,
    )
    assert response.json()["data"] == {"feedbackRecordBatch": {"counts": {"created": 12}}}


def test_first_query_runs_at_a_click(page, address, answers, secret):
    page.open(address)
    ready(page)
    page.click(RUN)
    result = page.wait(RESULT, lambda text: "csat" in text)
    assert '"display": "75.0%"' in result
    assert "errors" not in result

    page.evaluate(f"{model('operation.graphql')}.setValue('{{ workspace {{ nam }} }}')")
    complaint = page.wait("__MONACO.editor.getModelMarkers({})[0]?.message")
    assert complaint.startswith('Cannot query field "nam"'), "the worker checks queries by the schema"

    assert page.complaints == []
    assert {one.rpartition("/")[2] for one in page.workers} >= {"graphql.worker.js", "json.worker.js"}
    assert [one for one in page.requests if not one.startswith((f"{address}/", "data:"))] == []
    assert secret not in page.evaluate(STORED)


def test_every_first_tab_answers(page, address):
    page.open(address)
    ready(page)
    page.evaluate("document.querySelectorAll('.graphiql-tab-button')[1].click()")
    # GraphiQL notices a moment later that the query is another one
    page.wait("localStorage.getItem('custograph:graphiql:query')?.includes('Catalogue')")
    page.click(RUN)
    result = page.wait(RESULT, lambda text: "kpiDefinitions" in text)
    assert "errors" not in result
    assert page.complaints == []


def test_both_editors_are_made_pretty(page, address):
    page.open(address)
    ready(page)
    page.evaluate(f"{model('operation.graphql')}.setValue('{{workspace{{name}}}}')")
    page.evaluate(f"""{model("variables.json")}.setValue('{{"a":[1]}} // kept')""")
    page.click("[aria-label^='Prettify']")
    assert page.wait(f"{model('operation.graphql')}.getValue()", lambda text: "\n" in text) == (
        "{\n  workspace {\n    name\n  }\n}\n"
    )
    assert page.wait(f"{model('variables.json')}.getValue()", lambda text: "\n" in text) == (
        '{\n  "a": [\n    1\n  ]\n} // kept\n'
    )
    assert page.complaints == []


def test_foreign_name_for_this_machine_is_not_signed_in(page, address, secret):
    page.open(address.replace("127.0.0.1", FOREIGN))
    ready(page)
    assert page.evaluate("document.getElementById('setup').textContent").startswith('{"token": null')
    page.click(RUN)
    page.wait(RESULT, lambda text: "UNAUTHENTICATED" in text)

    # whoever has a token signs in by hand, and the browser does not remember it
    page.evaluate(f"""{model("headers.json")}.setValue('{{"authorization": "Bearer {secret}"}}')""")
    page.click(RUN)
    result = page.wait(RESULT, lambda text: "csat" in text)
    assert "errors" not in result
    assert secret not in page.evaluate(STORED)
    assert [one for one in page.complaints if "401" not in one] == []
