"""What can be done to a noun: mutations and their payloads, as they follow from its declaration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol
from uuid import UUID

import strawberry

from app.errors import Invalid
from app.schema.context import Context, Info
from app.schema.describe import absent, arg, enum, field, input_, mutation, plain, type_
from app.schema.errors import UserError, mend, user_errors
from app.schema.inputs import DeleteBatchInput, unwrapped
from app.schema.made import Words, made, resolver
from app.schema.outcome import (
    DeleteBatchPayload,
    Outcome,
    RowCounts,
    counted,
    counts,
    deletions,
    refused,
    row_errors,
)
from app.schema.weight import sized, weighs
from app.services.mode import Mode
from app.services.refusal import camel, snake
from app.services.row import MAX_ROWS, ErrorPolicy, Options, Result, Wrong

WEIGHT = 10
"""What a mutation costs, beside what its payload shows."""
WRITTEN = "What to write."

enum(
    Mode,
    {
        "UPSERT": "Make what is not there, change what is.",
        "UPDATE_ONLY": "Change what is there; what is not is NOT_FOUND.",
        "INSERT_ONLY": "Make what is not there; other content of what is there is ALREADY_EXISTS, the same UNCHANGED.",
    },
    name="WriteMode",
)
_MODE = "What the write may do to what is there already."
_ONCE = "The same key and {} within 24 hours have one effect and one answer."
AsMode = Annotated[Mode, arg(_MODE)]
ONCE = _ONCE.format("input")
Once = Annotated[str | None, arg(ONCE)]


class Shown(Protocol):
    """Shows the rows of a noun."""

    name: str
    words: Words
    type: Any

    def shown(self, context: Context, row: Any) -> Any:  # noqa: ANN401 - the noun's own row
        """The row as this caller may see it."""

    async def related(self, info: Info, id_: UUID | None) -> Any:  # noqa: ANN401 - the noun's own type
        """The row of that id as this caller may see it."""


class Writing(Protocol):
    """Something that can be done to a noun."""

    def fields(self, noun: Shown) -> dict[str, Any]:
        """The mutations, by name."""


@dataclass(frozen=True, slots=True)
class Upsert:
    """One at a time, by a service that gives the row and what became of it; the writer is shown what it wrote."""

    service: Callable[..., Any]
    row: type

    def fields(self, noun: Shown) -> dict[str, Any]:
        """The mutation."""
        told = snake(noun.name)
        fields = {told: (noun.type | None, plain(_now(noun.words))), **_fate("nothing was stored then")}
        payload = made(type_, f"{noun.name}UpsertPayload", f"What became of {noun.words.the}.", fields)

        async def upsert(
            info: Info,
            input: Any,  # noqa: ANN401 - the noun's own
            mode: AsMode = Mode.UPSERT,
            idempotency_key: Once = strawberry.UNSET,
        ) -> Any:  # noqa: ANN401 - the noun's own
            try:
                how = Options(mode=mode, idempotency_key=known(idempotency_key))
                row, outcome = await info.context.run(self.service, unwrapped(input), how)
            except Invalid as error:
                return refused(payload, error)
            return payload(**{told: noun.shown(info.context, row)}, outcome=outcome)

        given = {"input": Annotated[self.row, arg(WRITTEN)], "returns": payload}
        text = f"Make or update {noun.words.one}: absent keeps, null clears."
        return _mutation(upsert, f"{told}_upsert", text, **given)


@dataclass(frozen=True, slots=True)
class Rows:
    """One or up to 500 at a time, by a service that takes rows and gives a result for each."""

    verb: str
    alone: str
    together: str
    service: Callable[..., Any]
    row: type
    stubs: str = ""
    """What is made as a stub where it is named and not known: "customers and channels"."""

    def fields(self, noun: Shown) -> dict[str, Any]:
        """Both mutations."""
        return self._one(noun) | self._batch(noun)

    def _one(self, noun: Shown) -> dict[str, Any]:
        fields = _fate("nothing was stored then") | _record(noun, _now(noun.words))
        payload = made(type_, f"{self._name(noun)}Payload", f"What became of {noun.words.the}.", fields)

        async def one(
            info: Info,
            input: Any,  # noqa: ANN401 - the noun's own
            mode: AsMode = Mode.UPSERT,
            idempotency_key: Once = strawberry.UNSET,
        ) -> Any:  # noqa: ANN401 - the noun's own
            try:
                how = Options(mode=mode, idempotency_key=known(idempotency_key))
                (row,) = await info.context.run(self.service, [unwrapped(input)], how)
            except Invalid as error:
                return refused(payload, error)
            return payload(outcome=row.outcome, user_errors=user_errors(row.problems), record_id=row.id)

        given = {"input": Annotated[self.row, arg(WRITTEN)], "returns": payload}
        return _mutation(one, f"{snake(noun.name)}_{self.verb}", self.alone.format(noun.words.one), **given)

    def _batch(self, noun: Shown) -> dict[str, Any]:
        name, many = self._name(noun), noun.words.many
        about = _now(noun.words).removesuffix(".") + "; null for a rejected row."
        place = {"index": (int, plain("The row's place in the batch, from 0."))}
        result = made(type_, f"{name}Result", "What became of one row.", place | _fate() | _record(noun, about))
        payload = made(type_, f"{name}BatchPayload", f"What became of a batch of {many}.", _results(result))
        rows = made(input_, f"{name}BatchInput", f"Up to {MAX_ROWS} {many}.", self._options(many))

        def shown(one: Result) -> Any:  # noqa: ANN401 - the noun's own
            return result(index=one.index, outcome=one.outcome, user_errors=row_errors(one), record_id=one.id)

        async def batch(info: Info, input: Any) -> Any:  # noqa: ANN401 - the noun's own
            try:
                done: Sequence[Result] = await info.context.run(self.service, unwrapped(input.rows), options(input))
            except Invalid as error:
                return refused(payload, error)
            return payload(results=[shown(one) for one in done], counts=counts(done))

        given = {"input": Annotated[rows, arg(WRITTEN)], "returns": payload}
        return _batched(batch, f"{snake(noun.name)}_{self.verb}_batch", self.together.format(many), **given)

    def _name(self, noun: Shown) -> str:
        return noun.name + self.verb.title()

    def _options(self, many: str) -> dict[str, Any]:
        policy = plain("What becomes of the batch when a row is wrong.", default=ErrorPolicy.REJECT_FAILED_ROWS)
        fields = {
            "rows": (list[self.row], plain(f"The {many}.")),  # type: ignore[name-defined]  # known when it runs
            "error_policy": (ErrorPolicy, policy),
            "create_missing": (bool, plain(f"Whether unknown {self.stubs} are made as stubs.", default=False)),
            "dry_run": (bool, plain("Whether to answer as if and store nothing.", default=False)),
            "idempotency_key": (str | None, absent(_ONCE.format("rows"))),
            "mode": (Mode, plain(_MODE, default=Mode.UPSERT)),
            "mirror": (strawberry.ID | None, absent("The mirror that the batch is a part of, from `mirrorStart`.")),
        }
        return {name: one for name, one in fields.items() if self.stubs or name != "create_missing"}


def upserts(service: Callable[..., Any], row: type, *, stubs: str = "") -> Rows:
    """What is absent from a row is kept."""
    alone = "Make or update {}: absent keeps, null clears."
    return Rows("upsert", alone, f"Make or update up to {MAX_ROWS} {{}}.", service, row, stubs)


def records(service: Callable[..., Any], row: type, *, stubs: str = "") -> Rows:
    """A row is the whole of what is known under its id."""
    alone = "Record {}, or replace it as a whole."
    return Rows("record", alone, f"Record or replace up to {MAX_ROWS} {{}}.", service, row, stubs)


@dataclass(frozen=True, slots=True)
class Deletes:
    """Up to 500 at a time, by the ids that the caller's source has for them."""

    service: Callable[..., Any]

    def fields(self, noun: Shown) -> dict[str, Any]:
        """The mutation."""

        async def delete(info: Info, input: Any) -> DeleteBatchPayload:  # noqa: ANN401 - as annotated below
            try:
                return deletions(await info.context.run(self.service, unwrapped(input.rows), options(input)))
            except Invalid as error:
                return refused(DeleteBatchPayload, error)

        given = {"input": Annotated[DeleteBatchInput, arg("What to delete.")], "returns": DeleteBatchPayload}
        text = f"Delete up to {MAX_ROWS} {noun.words.many}; KPIs forget them at once."
        return _batched(delete, f"{snake(noun.name)}_delete_batch", text, **given)


def options(value: Any) -> Options:  # noqa: ANN401 - any batch input
    """How a batch input is to be taken. Raises Invalid for an option that could not be read."""
    for name in ("error_policy", "create_missing", "dry_run", "idempotency_key", "mode", "mirror"):
        given = getattr(value, name, None)
        if isinstance(given, Wrong):
            raise Invalid(given.message, camel(name))
    key = getattr(value, "idempotency_key", None)
    return Options(
        value.error_policy,
        getattr(value, "create_missing", None),
        getattr(value, "dry_run", False),
        known(key),
        getattr(value, "mode", Mode.UPSERT),
        known(getattr(value, "mirror", None)),
    )


def taken(value: Any) -> Options:  # noqa: ANN401 - any input that may have an idempotency key
    """How the input of one write is to be taken."""
    return Options(idempotency_key=known(value.idempotency_key))


def known(value: Any) -> Any:  # noqa: ANN401 - any value of an input
    """The value; None where it was left out."""
    return None if value is strawberry.UNSET else value


def _mutation(function: Callable[..., Any], name: str, text: str, **given: object) -> dict[str, Any]:
    return {name: mutation(weighs(WEIGHT)(resolver(function, name, text, **given)))}


def _batched(function: Callable[..., Any], name: str, text: str, **given: object) -> dict[str, Any]:
    return _mutation(sized(by=("input.rows",), fields=("results",))(function), name, text, **given)


def _now(words: Words) -> str:
    return f"T{words.the[1:]} as of now."


def _fate(then: str = "") -> dict[str, Any]:
    """The fields that say what became of one row, and what `then` was the case if it was refused."""
    what = f"What to mend in the input; {then}." if then else "What to mend in the row."
    return {"outcome": (Outcome, plain("What became of it.")), "user_errors": (list[UserError], mend(what))}


def _record(noun: Shown, about: str) -> dict[str, Any]:
    """The field that shows the record, which is read only when it is asked for."""
    name = snake(noun.name)

    async def record(self: Any, info: Info) -> Any:  # noqa: ANN401 - a payload of the noun
        return await noun.related(info, self.record_id)

    shown = field(resolver(record, name, about, returns=noun.type | None))
    private = strawberry.Private[UUID | None]
    return {"record_id": (private, None), name: shown}


def _results(result: Any) -> dict[str, Any]:  # noqa: ANN401 - a type
    """The fields of a batch's payload."""
    whole = "What was wrong with the batch as a whole; nothing was stored then."
    return {
        "results": (list[result], plain("One per row, in their order.", default_factory=list)),
        "counts": (RowCounts, counted()),
        "user_errors": (list[UserError], mend(whole)),
    }
