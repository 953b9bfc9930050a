"""A partner's connection: it sends again what was not answered, and every write under a key of its own."""

import json
import time
import urllib.error
import urllib.request
import uuid
from typing import Any

TRY_LATER = {429, 500, 502, 503, 504}
PAUSES = (0.1, 0.2, 0.5, 1, 2, 5)
"""Seconds before the second try, the third, and so on."""


class Refused(Exception):
    """The API answered that it will not; the message says why."""


class Client:
    """Asks one address, as the owner of one token."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def ask(self, query: str, **variables: object) -> Any:  # noqa: ANN401 - JSON
        """The answer to the only root field. Asking twice is harmless: what writes has a key, or ids of its own."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        for pause in (*PAUSES, None):
            try:
                answer = self.post(body)
                break
            except urllib.error.HTTPError as error:
                if error.code not in TRY_LATER or pause is None:
                    raise Refused(f"HTTP {error.code}: {error.read().decode(errors='replace')[:500]}") from None
            except (OSError, ValueError, EOFError):  # no connection, or an answer that was cut off
                if pause is None:
                    raise
            time.sleep(pause)
        if answer.get("errors"):
            raise Refused("; ".join(error["message"] for error in answer["errors"]))
        (value,) = answer["data"].values()
        return value

    def post(self, body: bytes) -> Any:  # noqa: ANN401 - JSON
        """Post once; the answer. Raises OSError or ValueError when there is none, or half of one."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url, body, headers)  # noqa: S310 - the address is the user's own
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return json.loads(response.read())

    def write(self, field: str, rows: list[dict[str, Any]], **options: object) -> list[str]:
        """Send a batch under a key of its own; what became of each row, with the codes of its problems."""
        kind = "DeleteBatchInput" if field.endswith("DeleteBatch") else f"{field[0].upper()}{field[1:]}Input"
        given = {"rows": rows, "idempotencyKey": uuid.uuid4().hex, **options}
        return told(self.ask(mutation(field, kind), input=given))


def mutation(field: str, kind: str) -> str:
    """The document of a batch, whose input is of that type."""
    told_ = "userErrors { code path message } results { outcome userErrors { code } }"
    return f"mutation($input: {kind}!) {{ {field}(input: $input) {{ {told_} }} }}"


def told(payload: dict[str, Any]) -> list[str]:
    """The outcomes of a batch, such as CREATED or REJECTED NOT_FOUND. Raises Refused where it was taken as none."""
    if payload["userErrors"]:
        raise Refused("; ".join(f"{one['code']} {one['path']}: {one['message']}" for one in payload["userErrors"]))
    return [" ".join([one["outcome"], *(e["code"] for e in one["userErrors"])]) for one in payload["results"]]
