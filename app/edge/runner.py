"""Running an operation: in time, in its language, and with what it cost in the end."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from inspect import isawaitable
from time import monotonic
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, execute

from app.actor import Actor
from app.edge.documents import Operation
from app.edge.rows import takes_rows
from app.errors import TimedOut
from app.schema.build import Schema
from app.schema.context import Context, Judge, Rate
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

    def __init__(
        self,
        door: Door,
        settings: Settings,
        schema: Schema,
        threads: ThreadPoolExecutor,
        judge: Judge | None = None,
    ) -> None:
        self._door, self._settings, self._schema, self._threads, self._judge = door, settings, schema, threads, judge
        self._places = asyncio.Semaphore(settings.pool_size)
        self._closing: set[asyncio.Task[None]] = set()

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
        until = monotonic() + self._settings.operation_timeout_s
        context = Context(
            self._door, self._threads, self._places, actor, locale, until=until, rate=rate, judge=self._judge
        )
        try:
            result = await self._executed(document, operation, variables, context)
        except TimeoutError:
            # what a thread still reads ends by the same deadline; the answer does not wait for it
            closing = asyncio.create_task(context.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
            late = TimedOut(_LATE_WRITE) if operation.is_mutation else TimedOut()
            return Ran(None, [GraphQLError(str(late), original_error=late)], began=True, cost=estimated)
        except BaseException:
            await context.close()
            raise
        await context.close()
        errors = result.errors or []
        # without `data` nothing was executed: the variables did not fit
        began = result.data is not None or any(error.path is not None for error in errors)
        cost = max(operation.count(result.data), context.entries) if began else 0
        return Ran(result.data, errors, began, cost)

    async def close(self) -> None:
        """Wait for what is still being read."""
        await asyncio.gather(*self._closing)

    async def _executed(
        self, document: DocumentNode, operation: Operation, variables: Mapping[str, Any], context: Context
    ) -> ExecutionResult:
        work = partial(
            execute,
            self._schema.core,
            document,
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
                result: ExecutionResult = await found if isawaitable(found) else found
                return result
