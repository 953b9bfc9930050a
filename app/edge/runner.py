"""Running an operation: in time, in its language, and with what it cost in the end."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from time import monotonic
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    Executor,
    GraphQLError,
    create_source_event_stream,
    execute,
)

from app.actor import Actor
from app.edge.documents import Operation
from app.edge.rows import takes_rows
from app.errors import TimedOut
from app.schema.build import Schema
from app.schema.context import Context, Judge, Rate
from app.schema.live import Live
from app.schema.scalars import lenient
from app.settings import Settings
from app.text import Text
from app.uow import Door

_LATE_WRITE = Text(
    "This took longer than an operation may. It may or may not have been stored: send it again, the same record or "
    "idempotencyKey has one effect.",
    "此操作耗时超过上限，可能已保存，也可能未保存：请重新发送，相同的记录或 idempotencyKey 只生效一次。",
)


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of an operation: whether it was executed at all, and the points that it cost."""

    data: dict[str, Any] | None
    errors: Sequence[GraphQLError]
    began: bool
    cost: int


class Runner:
    """Runs operations over one door, each in a context of its own. Lives in one event loop."""

    def __init__(  # noqa: PLR0913 - what operations are run with
        self,
        door: Door,
        settings: Settings,
        schema: Schema,
        threads: ThreadPoolExecutor,
        judge: Judge | None = None,
        *,
        at_once: int | None = None,
    ) -> None:
        self._door, self._settings, self._schema, self._threads, self._judge = door, settings, schema, threads, judge
        self._places = asyncio.Semaphore(at_once or settings.pool_size)
        self._closing: set[asyncio.Future[Any]] = set()

    async def run(  # noqa: PLR0913 - what an operation is run with
        self,
        document: DocumentNode,
        operation: Operation,
        variables: Mapping[str, Any],
        actor: Actor | None,
        locale: str,
        rate: Rate | None,
        estimated: int,
    ) -> Ran:
        """What the operation of `document` gives. Never raises for what a caller or the database did."""
        context = self.context(actor, locale, rate)
        try:
            result = await self._executed(document, operation, variables, context)
        except TimeoutError:
            return self._late(operation, context, estimated)
        except BaseException:
            await context.end()
            raise
        await context.end()
        return _ran(operation, result, context)

    def context(self, actor: Actor | None, locale: str, rate: Rate | None = None, live: Live | None = None) -> Context:
        """What one operation carries; to be closed after it."""
        found = Context(self._door, self._threads, self._places, actor, locale, rate=rate, judge=self._judge, live=live)
        self.renew(found)
        return found

    def renew(self, context: Context) -> None:
        """Give what one operation carries the time again that one may take, and the length."""
        context.until, context.entries = monotonic() + self._settings.operation_timeout_s, 0

    async def source(
        self, document: DocumentNode, operation: Operation, variables: Mapping[str, Any], context: Context
    ) -> AsyncGenerator[Any, None] | Sequence[GraphQLError]:
        """The events of a subscription; the errors when there are none to be had."""
        executor = Executor.build(
            self._schema.core,
            document,
            None,
            context,
            dict(variables),
            operation.name,
            hide_suggestions=not self._settings.graphiql,
        )
        if isinstance(executor, list):
            return executor
        found = create_source_event_stream(executor)
        found = await found if isawaitable(found) else found
        if isinstance(found, ExecutionResult):
            return found.errors or []
        assert isinstance(found, AsyncGenerator)  # noqa: S101 - as every subscription is written
        return found

    async def event(
        self,
        document: DocumentNode,
        operation: Operation,
        variables: Mapping[str, Any],
        context: Context,
        value: object,
    ) -> Ran:
        """What a subscription answers to one event, which its source has found in `context`."""
        try:
            result = await self._executed(document, operation, variables, context, value)
        except TimeoutError:
            return self._late(operation, context, 0)
        return _ran(operation, result, context)

    async def close(self) -> None:
        """Wait for what is still being read."""
        await asyncio.gather(*self._closing, return_exceptions=True)

    def _late(self, operation: Operation, context: Context, cost: int) -> Ran:
        # what a thread still reads ends by the same deadline; the answer does not wait for it
        closing = asyncio.create_task(context.end())
        self._closing.add(closing)
        closing.add_done_callback(self._ended)
        late = TimedOut(_LATE_WRITE) if operation.is_mutation else TimedOut()
        return Ran(None, [GraphQLError(str(late), original_error=late)], began=True, cost=cost)

    async def _executed(
        self,
        document: DocumentNode,
        operation: Operation,
        variables: Mapping[str, Any],
        context: Context,
        value: object = None,
    ) -> ExecutionResult:
        work = partial(
            execute,
            self._schema.core,
            document,
            value,
            context_value=context,
            variable_values=dict(variables),
            operation_name=operation.name,
            hide_suggestions=not self._settings.graphiql,
        )
        with lenient(on=takes_rows(self._schema.core, operation.node, variables)):
            async with asyncio.timeout(self._settings.operation_timeout_s):
                if operation.is_introspection:  # nothing in it waits, and there may be much of it
                    found = await asyncio.get_running_loop().run_in_executor(self._threads, work)
                else:
                    found = work()
                return await self._finished(found) if isawaitable(found) else found

    async def _finished(self, execution: Awaitable[ExecutionResult]) -> ExecutionResult:
        """What comes of an execution. Whoever waits no longer leaves it to end by itself, which its context hastens.

        Were it cancelled, fields that it has not begun with would be left behind unawaited.
        """
        task = asyncio.ensure_future(execution)
        self._closing.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._closing.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be left to hear of it


def _ran(operation: Operation, result: ExecutionResult, context: Context) -> Ran:
    errors = result.errors or []
    # without `data` nothing was executed: the variables did not fit
    began = result.data is not None or any(error.path is not None for error in errors)
    cost = max(operation.count(result.data), context.entries) if began else 0
    return Ran(result.data, errors, began, cost)
