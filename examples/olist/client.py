"""A small GraphQL client that waits when it is told to wait."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx

TRY_LATER = {429, 502, 503, 504}
PAUSES = (0.5, 1, 2, 4, 8, 16)  # seconds before the second try, the third, and so on


class ApiError(Exception):
    """The API answered, and it is not what was hoped for; the message says why."""


class Client:
    """Sends mutations to one address, as the owner of one token; `notice` is told of every wait."""

    def __init__(self, url: str, token: str, notice: Callable[[str], None]) -> None:
        self._url = url
        self._http = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=60)
        self._notice = notice

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def mutate(self, document: str, value: dict[str, Any]) -> dict[str, Any]:
        """Send a mutation whose variable is `input` and whose only field is called `payload`; give that payload."""
        response = self._post({"query": document, "variables": {"input": value}})
        try:
            answer = response.json()
        except ValueError:
            answer = None
        match answer:
            case {"errors": [*errors]} if errors:
                raise ApiError("; ".join(error["message"] for error in errors))
            case {"data": {"payload": {"userErrors": [*errors]}}} if errors:
                raise ApiError("; ".join(map(sentence, errors)))
            case {"data": {"payload": {} as payload}}:
                return dict(payload)
        raise ApiError(f"HTTP {response.status_code}, and no GraphQL answer, from {self._url}")

    def _post(self, body: dict[str, Any]) -> httpx.Response:
        """Post until there is an answer. Posting twice is harmless: rows have external ids."""
        for pause in PAUSES:
            try:
                response = self._http.post(self._url, json=body)
            except httpx.TransportError as error:
                reason, wait = str(error) or type(error).__name__, pause
            else:
                if response.status_code not in TRY_LATER:
                    return response
                reason, wait = f"HTTP {response.status_code}", max(pause, retry_after(response))
            self._notice(f"{reason}; trying again in {wait:.1f} s")
            time.sleep(wait)
        return self._http.post(self._url, json=body)


def retry_after(response: httpx.Response) -> float:
    """Give the seconds that the server asks to wait: its header says a number or a date, or is not there."""
    value = response.headers.get("Retry-After", "")
    if value.isdecimal():
        return float(value)
    try:
        return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return 0.0


def sentence(error: dict[str, Any]) -> str:
    """Say an entry of `userErrors` in one line."""
    place = ".".join(error["path"] or ())
    return f"{error['code']} {place}: {error['message']}" if place else f"{error['code']}: {error['message']}"
