"""Operations between their transport and their execution: who may run which, at what cost, and what the answer says."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from graphql import DocumentNode, GraphQLError

from app.actor import Actor
from app.edge import usage
from app.edge.documents import Documents, Operation, Prepared
from app.edge.dry import alone
from app.edge.identity import CHALLENGE
from app.edge.limits import TooComplex, check_cost, check_variables, too_large
from app.edge.pace import Pace
from app.edge.payload import Payloads
from app.edge.persisted import Persisted
from app.edge.quota import Quotas, headers
from app.edge.request import Asked, Refused
from app.edge.runner import Ran, Runner
from app.metrics import LIMITED
from app.schema.build import build
from app.schema.context import NEEDED, Rate
from app.schema.errors import presented
from app.schema.scalars import Unreadable
from app.settings import Settings
from app.text import Text
from app.uow import Door

MOST_ERRORS = 50
"""How many errors of one operation are told, and how many faults logged."""


@dataclass(slots=True)
class Call:
    """Somebody who asks: under which id it is logged, in which language, from which address."""

    id: str
    locale: str
    host: str = ""
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """An operation that may run: its document, its variables, and the points that it is estimated at."""

    document: DocumentNode
    operation: Operation
    variables: dict[str, Any]
    cost: int
    deprecated: tuple[str, ...] = ()
    """What it uses that is deprecated."""
    is_dry: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an operation: the response, whether it was executed at all, and header fields."""

    body: dict[str, Any]
    began: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)


class Unfit(Exception):
    """A document that is not executed: the response says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("unfit")
        self.answer = answer


class Operations:
    """The operations of one process, whatever brings them. Lives in one event loop."""

    def __init__(self, door: Door, settings: Settings, threads: ThreadPoolExecutor) -> None:
        self.settings, self._threads = settings, threads
        schema = build()
        self._documents = Documents(schema, settings)
        self._persisted = Persisted(settings.trusted_documents, only_trusted=settings.only_trusted_documents)
        self.quotas = Quotas(door, settings)
        self._strangers = ThreadPoolExecutor(1, thread_name_prefix="stranger")
        judge = Payloads(self._documents, self._persisted, settings).problems
        self.runner = Runner(door, settings, schema, threads, judge)
        self._pace = Pace(settings.answers_per_minute_and_address)

    async def admitted(self, call: Call, asked: Asked) -> Admitted:
        """The operation that is asked for. Raises Refused, or Unfit for a document that is not executed."""
        prepared = await self._prepared(asked, call.actor)
        operation = prepared.operation(asked.operation)
        if call.actor is None and not (operation and operation.is_introspection):
            raise Refused(401, NEEDED, "UNAUTHENTICATED", **CHALLENGE)
        is_public = call.actor is not None and call.actor.public is not None
        if is_public and operation and not (operation.is_mutation or operation.is_introspection):
            raise Refused(403, _ANSWERS_ONLY, "FORBIDDEN")
        if prepared.errors or operation is None or prepared.document is None:
            raise self._unfit(call, prepared.errors or (_unclear(asked.operation),))
        cost, dry = None, alone(prepared.document, operation.node, asked.variables)
        try:
            check_variables(asked.variables, self.settings.max_list_length)
            cost = operation.cost(asked.variables)
            if dry is None:
                check_cost(cost, self.settings.max_cost if call.actor else self._documents.strangers_cost)
        except TooComplex as error:
            price = {"cost": {"requestedQueryCost": cost, "actualQueryCost": None}}
            raise self._unfit(call, (error,), price) from None
        document = dry or prepared.document
        return Admitted(document, operation, asked.variables, cost, prepared.deprecated, dry is not None)

    async def answer(self, call: Call, admitted: Admitted) -> Answer:
        """The answer to a query or a mutation, its points taken before and settled after. Raises Refused."""
        actor, operation, cost = call.actor, admitted.operation, admitted.cost
        usage.count(admitted.deprecated, actor)
        taken = 1 if admitted.is_dry else cost
        if is_public := actor is not None and actor.public is not None:
            taken = operation.roots
            self._pace.take(actor.token_id, call.host, taken)
        self.quotas.enter(actor)
        try:
            rate = await self.quotas.take(actor, taken)
            if rate is not None:
                rate = replace(rate, cost=cost)
            try:
                shown = None if is_public else rate
                ran = await self.runner.run(
                    admitted.document, operation, admitted.variables, actor, call.locale, shown, cost
                )
            except BaseException:
                self.quotas.settle(actor, taken, 0)
                raise
        finally:
            self.quotas.leave(actor)
        actual = taken if is_public else min(ran.cost, 1) if admitted.is_dry else ran.cost
        return self._answered(call, ran, *_cost(cost, actual, self.quotas.settle(actor, taken, actual)))

    def bounded(self, call: Call, answer: Answer, size: int) -> Answer:
        """The answer, or in its place that it is too large to be sent."""
        most = self.settings.max_answer_bytes
        if size <= most:
            return answer
        extensions = answer.body.get("extensions")
        return replace(self._unfit(call, (too_large(size, most),), extensions).answer, headers=answer.headers)

    def errors(self, call: Call, errors: Sequence[GraphQLError]) -> list[Any]:
        """The errors as they are told."""
        for error in errors[:MOST_ERRORS]:
            if isinstance(error, TooComplex):
                LIMITED.labels("QUERY_TOO_COMPLEX").inc()
        return [presented(error, call.locale, call.id).formatted for error in errors[:MOST_ERRORS]]

    async def close(self) -> None:
        """Finish what is under way."""
        await self.quotas.close()
        await self.runner.close()
        self._strangers.shutdown()

    async def _prepared(self, asked: Asked, actor: Actor | None) -> Prepared:
        """The document, parsed, measured and validated."""
        if actor is None and asked.query is None:  # which documents others use is theirs to know
            raise Refused(401, NEEDED, "UNAUTHENTICATED", **CHALLENGE)
        is_stranger = actor is None or actor.public is not None  # a publishable key is anybody's
        source = self._persisted.source(asked)
        prepared = self._documents.known(source, stranger=is_stranger)
        if prepared is None:
            prepare = partial(self._documents.get, source, stranger=is_stranger)
            # strangers wait for one another, and nobody for them
            threads = self._strangers if is_stranger else self._threads
            prepared = await asyncio.get_running_loop().run_in_executor(threads, prepare)
        if not is_stranger and not prepared.errors:
            self._persisted.learn(asked)
        return prepared

    def _answered(self, call: Call, ran: Ran, extensions: dict[str, Any], told: dict[str, str]) -> Answer:
        body: dict[str, Any] = {}
        if ran.errors:
            body["errors"] = self.errors(call, ran.errors)
        if ran.began:
            body["data"] = ran.data
        body["extensions"] = {"cost": extensions}
        return Answer(body, ran.began, told)

    def _unfit(self, call: Call, errors: Sequence[GraphQLError], extensions: dict[str, Any] | None = None) -> Unfit:
        body: dict[str, Any] = {"errors": self.errors(call, errors)}
        if extensions:
            body["extensions"] = extensions
        return Unfit(Answer(body, began=False))


def _cost(requested: int, actual: int, rate: Rate | None) -> tuple[dict[str, Any], dict[str, str]]:
    """What an operation cost, in the shape that Shopify's clients know, and as header fields."""
    found: dict[str, Any] = {"requestedQueryCost": requested, "actualQueryCost": actual}
    if rate is None:
        return found, {}
    if rate.unit != "points":
        return found, headers(rate)
    found["throttleStatus"] = {
        "maximumAvailable": rate.limit,
        "currentlyAvailable": rate.remaining,
        "restoreRate": rate.restore_rate,
    }
    return found, headers(rate)


_ANSWERS_ONLY = Text(
    "A publishable key records answers (`answerRecord`) and reads nothing.",
    "公开密钥只能记录回答（`answerRecord`），不能读取任何内容。",
)


def _unclear(name: str | None) -> GraphQLError:
    if name:
        text = Text(f"There is no operation {name!r} in the document.", f"文档中没有操作 {name!r}。")
    else:
        text = Text(
            "The document has several operations, or none; say which by operationName.",
            "文档含有多个操作或没有操作；请用 operationName 指明。",
        )
    return Unreadable(text)
