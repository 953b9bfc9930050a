"""What people buy, give back, spend and are worth, in few words: facts of money recorded, figures of them read."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import stored

from app.kpis import CUBES
from app.models.rollup import SLOTS
from app.services import (
    contract,
    cost,
    customer,
    engagement,
    exchange_rate,
    kpi,
    lead,
    order,
    rebuild,
    referral,
    refund,
    staff,
    team,
    touchpoint,
)
from app.services.period import Span
from app.services.row import Options, Ref

CREATE = Options(create_missing=True)
MAY = Span(date(2026, 5, 1), date(2026, 6, 1))
MODULES = {
    "order": order,
    "refund": refund,
    "cost": cost,
    "touchpoint": touchpoint,
    "rate": exchange_rate,
    "referral": referral,
    "engagement": engagement,
    "lead": lead,
    "contract": contract,
}
"""The services of the nouns of money, and of what people do for and with the company."""


def may(day: int) -> date:
    """A day of May 2026."""
    return date(2026, 5, day)


def record(people: Any, noun: str, *rows: dict[str, Any], options: Options = CREATE) -> list[Any]:
    """Record facts; what became of each. What may be rejected, the caller looks at."""
    return people.write(MODULES[noun].record_batch, [_row(row) for row in rows], options)


def put(people: Any, noun: str, *rows: dict[str, Any], options: Options = CREATE) -> list[str]:
    """Record facts, all of which are accepted; the outcomes."""
    results = record(people, noun, *rows, options=options)
    assert not any(result.problems for result in results), [result.problems for result in results]
    return [result.outcome.value for result in results]


def take_back(people: Any, noun: str, *names: str, **more: Any) -> list[str]:
    """Delete facts by their external ids; the outcomes."""
    rows = [{"external_id": name, **more} for name in names]
    return [result.outcome.value for result in people.write(MODULES[noun].delete_batch, rows, Options())]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    refs = ("customer", "referred", "channel", "staff", "order")
    named = {name: Ref(external_id=row[name]) for name in refs if isinstance(row.get(name), str)}
    sums = {name: Decimal(row[name]) for name in ("amount", "cost", "rate") if isinstance(row.get(name), str | int)}
    return row | named | sums


def sold(name: str, amount: Any, day: date, who: str | None = None, **more: Any) -> dict[str, Any]:
    """An order, in euros unless it is said otherwise."""
    plain = {"external_id": name, "amount": amount, "currency": "EUR", "occurred_at": day}
    return plain | ({"customer": who} if who else {}) | more


def back(name: str, of: str, amount: Any, day: date, **more: Any) -> dict[str, Any]:
    """A refund of an order."""
    return {"external_id": name, "order": of, "amount": amount, "occurred_at": day, **more}


def spent(name: str, category: str, amount: Any, first: date, before: date, **more: Any) -> dict[str, Any]:
    """A cost over some days, in euros unless it is said otherwise."""
    days = {"from_": first, "before": before}
    return {"external_id": name, "category": category, "amount": amount, "currency": "EUR", **days, **more}


def met(name: str, who: str, channel: str, day: date, **more: Any) -> dict[str, Any]:
    """A touchpoint."""
    return {"external_id": name, "customer": who, "channel": channel, "occurred_at": day, **more}


def asked(name: str, at: Any, who: str | None = None, **more: Any) -> dict[str, Any]:
    """A lead, by its first contact."""
    return {"external_id": name, "occurred_at": at} | ({"customer": who} if who else {}) | more


def brought(name: str, who: str, whom: str, day: date, **more: Any) -> dict[str, Any]:
    """A referral."""
    return {"external_id": name, "customer": who, "referred": whom, "occurred_at": day, **more}


def used(name: str, who: str, day: Any, type_: str = "login", **more: Any) -> dict[str, Any]:
    """An event of use."""
    return {"external_id": name, "customer": who, "type": type_, "occurred_at": day, **more}


def agreed(
    name: str, who: str, first: date, before: date | None, *terms: tuple[date, Any], **more: Any
) -> dict[str, Any]:
    """A contract with its recurring amounts, by the month and in euros unless it is said otherwise."""
    paid = [{"from_": day, "amount": Decimal(amount)} for day, amount in terms]
    days = {"from_": first, "before": before}
    return {"external_id": name, "customer": who, "currency": "EUR", **days, "terms": paid, **more}


def worth(name: str, base: str, rate: Any, day: date, **more: Any) -> dict[str, Any]:
    """An exchange rate, to the workspace's currency unless it is said otherwise."""
    return {"external_id": name, "from_": base, "rate": rate, "date": day, **more}


def form(people: Any, *names: str) -> None:
    """Upsert teams."""
    for name in names:
        people.write(team.upsert, {"external_id": name, "name": name.title()})


def belong(people: Any, who: str, *times: tuple[str, date | None, date | None]) -> str:
    """Say when somebody of the staff is in which team, from a day until another (None: ever, for good); the outcome."""
    rows = [{"team": Ref(external_id=name), "from_": first, "before": before} for name, first, before in times]
    _, outcome = people.write(staff.upsert, {"external_id": who, "name": who.title(), "teams": rows})
    return str(outcome.value)


def meet(people: Any, *rows: dict[str, Any]) -> None:
    """Upsert customers."""
    for start in range(0, len(rows), 500):
        some = [
            row | {name: Ref(external_id=row[name]) for name in ("acquisition_channel",) if name in row}
            for row in rows[start : start + 500]
        ]
        assert not any(result.problems for result in people.write(customer.upsert_batch, some, CREATE))


def ask(people: Any, key: str, period: Any = MAY, variant: str | None = None, **more: Any) -> Any:
    """The answer to one question."""
    (answer,) = ask_all(people, [kpi.Question(key, period, variant, **more)])
    return answer


def ask_all(people: Any, questions: Sequence[kpi.Question]) -> list[Any]:
    """The answers to questions that are asked together."""
    answers = people.read(kpi.answer, questions)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return list(answers)


def value(people: Any, key: str, period: Any = MAY, variant: str | None = None, **more: Any) -> Any:
    """The value, or the name of the reason why there is none."""
    figure = ask(people, key, period, variant, **more).figure
    return figure.value if figure.reason is None else figure.reason.value


def slices(people: Any, key: str, by: Any, variant: str | None = None, period: Any = MAY) -> dict[str, Any]:
    """The values of a breakdown by key, or the reasons."""
    return sliced(ask(people, key, period, variant, by=by))


def sliced(answer: Any) -> dict[str, Any]:
    """The values of an answer that is a breakdown, by key, or the reasons."""
    figures = {answer.slices[inner].key: row[0] for inner, row in answer.figures.items()}
    return {key: one.value if one.reason is None else one.reason.value for key, one in figures.items()}


def cells(database: Any, people: Any) -> Counter[tuple[Any, ...]]:
    """Everything that the rollups say by day, of the generations that answer, but for what adds up to nothing."""
    live = {row["cube"]: row["generation"] for row in stored.rows(database, "rollup_state", people.id)}
    found: Counter[tuple[Any, ...]] = Counter()
    for table in ("rollup", "rollup_entry"):
        for row in stored.rows(database, table, people.id):
            if row.get("grain") != "M" and row["generation"] == live[row["cube"]]:
                for slot in range(SLOTS):
                    place = row["page"] * SLOTS + slot
                    found[row["cube"], row["dim"], row["day"], row["key"], place] += row[f"a{slot}"]
    return Counter({cell: amount for cell, amount in found.items() if amount})


def rebuild_everything(people: Any) -> None:
    """Fill every rollup anew from the facts."""
    people.write(rebuild.start, list(CUBES), afresh=True)
    finish_rebuild(people)


def finish_rebuild(people: Any) -> None:
    """What the worker does until nothing is left to be filled."""
    while people.write(rebuild.step):
        pass


def assert_a_rebuild_changes_nothing(database: Any, people: Any) -> Counter[tuple[Any, ...]]:
    """The rollups are what a rebuild makes of the facts; what they say."""
    before = cells(database, people)
    rebuild_everything(people)
    after = cells(database, people)
    differing = {cell: (before[cell], after[cell]) for cell in {*before, *after} if before[cell] != after[cell]}
    assert not differing, dict(list(differing.items())[:5])
    return after
