"""Surveys, invitations and answers in few words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.services import feedback, invitation, survey
from app.services.row import Options, Ref

CREATE = Options(create_missing=True)
NOON = datetime(2026, 5, 10, 12, tzinfo=UTC)
_REFS = ("customer", "channel", "staff", "survey", "invitation")


def at(hours: float) -> datetime:
    """So many hours after noon of the tenth of May 2026."""
    return NOON + timedelta(hours=hours)


def ask(people: Any, key: str, *questions: dict[str, Any], **more: Any) -> Any:
    """Upsert a survey with these questions; its row."""
    row, _ = people.write(survey.upsert, {"external_id": key, "name": key, "questions": list(questions), **more})
    return row


def invited(name: str, hours: float = 0, **more: Any) -> dict[str, Any]:
    """An invitation."""
    return {"external_id": name, "occurred_at": at(hours), **more}


def said(name: str, to: str | None, score: float | None = None, hours: float = 1, **more: Any) -> dict[str, Any]:
    """An answer, to CSAT unless it is said otherwise."""
    row = {"external_id": name, "score": score, "occurred_at": at(hours), **more}
    row |= {} if to is None else {"invitation": to}
    return row if "kind" in row or "question" in row else row | {"kind": "CSAT"}


def record(people: Any, noun: str, *rows: dict[str, Any], options: Options = CREATE) -> list[Any]:
    """Record feedback or invitations; what became of each."""
    service = {"feedback": feedback, "invitation": invitation}[noun]
    named = [
        row | {name: Ref(external_id=row[name]) for name in _REFS if isinstance(row.get(name), str)} for row in rows
    ]
    return people.write(service.record_batch, named, options)


def invite(people: Any, *rows: dict[str, Any]) -> list[str]:
    """Record invitations, all of which are accepted; the outcomes."""
    return _accepted(record(people, "invitation", *rows))


def answer(people: Any, *rows: dict[str, Any]) -> list[str]:
    """Record feedback, all of which is accepted; the outcomes."""
    return _accepted(record(people, "feedback", *rows))


def refusals(people: Any, noun: str, *rows: dict[str, Any], options: Options = CREATE) -> list[tuple[str, str]]:
    """The codes and paths of what is wrong with rows, all of which are rejected."""
    results = record(people, noun, *rows, options=options)
    assert {result.outcome.value for result in results} == {"REJECTED"}
    return [(one.code.value, ".".join(one.path)) for result in results for one in result.problems]


def take_back(people: Any, noun: str, *names: str) -> list[str]:
    """Delete feedback or invitations; the outcomes."""
    service = {"feedback": feedback, "invitation": invitation}[noun]
    results = people.write(service.delete_batch, [{"external_id": name} for name in names], Options())
    return [result.outcome.value for result in results]


def _accepted(results: list[Any]) -> list[str]:
    assert not any(result.problems for result in results), [result.problems for result in results]
    return [result.outcome.value for result in results]
