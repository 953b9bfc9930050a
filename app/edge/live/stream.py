"""A subscription under way: it looks whenever something may have changed, and tells all who ask the same."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from time import monotonic
from typing import Any
from uuid import UUID

import orjson
from graphql import FieldNode, GraphQLError, located_error

from app.actor import Actor
from app.edge.documents import Operation
from app.edge.limits import too_large
from app.edge.live.listener import Ending, Event, Listener
from app.edge.live.tides import Tides
from app.edge.operations import Admitted, Call, Operations
from app.edge.request import Refused
from app.edge.runner import Ran, Runner
from app.errors import TimedOut, Unavailable
from app.schema.context import Context
from app.schema.live import Moment

IDLE_S = 0.1
"""How long it rests at most after a look that found nothing to be told."""
AGAIN_S = 1.0
"""How soon it is tried again what the database could not answer."""
AWAY = frozenset({"SERVICE_UNAVAILABLE"})
PASSING = AWAY | {"TIMEOUT"}


class Stream:
    """One subscription and its readers; `is_shared` when others may join who ask the same."""

    def __init__(  # noqa: PLR0913 - what a stream runs on
        self,
        operations: Operations,
        runner: Runner,
        tides: Tides,
        stands: Callable[[Listener], Awaitable[Actor | None]],
        call: Call,
        admitted: Admitted,
        after: str | None,
        *,
        is_shared: bool,
    ) -> None:
        self._operations, self._runner, self._tides, self._stands = operations, runner, tides, stands
        self._call, self.admitted, self.after, self.is_shared = call, admitted, after, is_shared
        self.readers: dict[Listener, None] = {}
        self.is_over = False
        self.leave_off: Callable[[], None] = lambda: None
        """Called when nobody reads any more."""
        self._wake = asyncio.Event()
        self._last: Event | None = None
        self._context: Context | None = None
        self._payer: Actor | None = None
        self._has_told = False
        self._spent = 0

    def join(self, reader: Listener) -> None:
        """Tell this reader too; how something stands at once."""
        self.readers[reader] = None
        if self._last is not None:
            reader.put(self._last)

    async def run(self) -> None:
        """Tell until nobody listens or there is no more."""
        assert self._call.actor is not None  # noqa: S101 - nobody unknown may subscribe
        tenant_id = self._call.actor.tenant_id
        self._tides.join(tenant_id, self._wake)
        try:
            while True:
                try:
                    await self._follow(tenant_id)
                except Exception as error:  # noqa: BLE001 - whatever goes wrong is told, masked, and logged
                    if isinstance(error, Unavailable) or (isinstance(error, TimedOut) and self._last is not None):
                        await self._settle()
                        await asyncio.sleep(AGAIN_S)  # `after` says where to go on
                        continue
                    self._fail([_located(error, self.admitted.operation)])
                break
        finally:
            self.is_over = True
            self._tides.leave(tenant_id, self._wake)
            await self._settle()
            for reader in tuple(self.readers):
                reader.end(Ending.DONE)

    async def moments(self, rest_s: float) -> AsyncIterator[Context]:
        """A context now, and another one each time that something may have changed since."""
        while True:
            began = monotonic()
            self._wake.clear()
            self._has_told = False
            actor = await self._paid()
            if actor is None:
                return
            self._context = self._runner.context(actor, self._call.locale, live=self)
            yield self._context
            await self._settle()
            await self._wake.wait()
            rest = rest_s if self._has_told else min(rest_s, IDLE_S)
            await asyncio.sleep(max(0.0, began + rest - monotonic()))

    def again(self) -> None:
        """Look again at once."""
        self._wake.set()

    async def seal(self) -> None:
        """Have what was committed until now numbered."""
        assert self._call.actor is not None  # noqa: S101 - nobody unknown may subscribe
        await self._tides.seal(self._call.actor.tenant_id)

    async def weed(self) -> Sequence[Actor]:
        """End it for readers whose credential is not good any more; those who still may listen."""
        found: dict[object, Actor] = {}
        for reader in tuple(self.readers):
            actor = await self._stands(reader)
            if actor is None:
                reader.end(Ending.DENIED)
            else:
                found.setdefault(actor.caller, actor)
        return tuple(found.values())

    async def _follow(self, tenant_id: UUID) -> None:
        document, operation, variables = self.admitted.document, self.admitted.operation, self.admitted.variables
        await self._tides.begin(tenant_id)
        first = self._runner.context(self._call.actor, self._call.locale, live=self)
        source = await self._runner.source(document, operation, variables, first)
        if not isinstance(source, AsyncGenerator):
            self._fail(source)
            return
        async with aclosing(source) as moments:
            async for moment in moments:
                await self._tell(moment)

    async def _tell(self, moment: Moment) -> None:
        """Answer one event and have it wait for every reader."""
        ran, errors = await self._answered(moment)
        while moment.cursor is not None and _are(AWAY, errors):  # nobody comes back to one that was passed over
            await moment.context.close()
            await asyncio.sleep(AGAIN_S)
            moment.context.forget()
            ran, errors = await self._answered(moment)
        event = self._event({"errors": errors, "data": ran.data} if errors else {"data": ran.data}, moment.cursor)
        if moment.cursor is not None:
            for reader in tuple(self.readers):
                reader.put(event)
            await self._paced(moment.context)
            return
        if _are(PASSING, errors):
            asyncio.get_running_loop().call_later(AGAIN_S, self._wake.set)
            if self._last is not None:
                return  # what was told holds until it can be looked again
        if self._last is None or self._last.body != event.body:
            self._last, self._has_told = event, True
            for reader in tuple(self.readers):
                reader.put(event)

    async def _answered(self, moment: Moment) -> tuple[Ran, list[Any]]:
        """What is answered to one event, and its errors as they are told."""
        one = self.admitted
        if moment.cursor is not None:
            self._runner.renew(moment.context)  # those before it had their readers take their time
        ran = await self._runner.event(one.document, one.operation, one.variables, moment.context, moment.value)
        self._spent += ran.cost
        return ran, self._operations.errors(self._call, ran.errors)

    def _event(self, body: dict[str, Any], cursor: str | None = None) -> Event:
        text, most = orjson.dumps(body), self._operations.settings.max_answer_bytes
        if len(text) > most:
            text = orjson.dumps({"errors": self._operations.errors(self._call, (too_large(len(text), most),))})
        return Event(text, cursor)

    async def _paced(self, context: Context) -> None:
        """Go no faster than a reader who is alone; of several, one who is slow is given up in time."""
        if not self.is_shared:
            for reader in tuple(self.readers):
                if reader.is_full:
                    await context.close()  # what a reader takes their time with must hold no connection
                    await reader.room()

    def _fail(self, errors: Sequence[GraphQLError]) -> None:
        """Tell that there is nothing to be told, or no more."""
        told = self._operations.errors(self._call, errors)
        body = orjson.dumps({"errors": told, "data": None} if self._last else {"errors": told})
        for reader in tuple(self.readers):
            reader.put(Event(body, failed=self._last is None))

    async def _paid(self) -> Actor | None:
        """Somebody who listens and has paid for a look, as soon as one of them can; None when nobody may listen."""
        while listening := await self.weed():
            waits = []
            for actor in listening:
                try:
                    await self._operations.quotas.take(actor, self.admitted.cost)
                except Refused as refused:
                    waits.append(float(refused.headers.get("retry-after", 1)))
                else:
                    self._payer, self._spent = actor, 0
                    return actor
            await asyncio.sleep(min(waits))
        return None

    async def _settle(self) -> None:
        if self._context is not None:
            await self._context.end()
            self._context = None
        payer, self._payer = self._payer, None
        if payer is not None:
            self._operations.quotas.settle(payer, self.admitted.cost, max(1, self._spent))


def _are(codes: frozenset[str], errors: Sequence[Any]) -> bool:
    """Whether there are errors, of these codes alone."""
    return bool(errors) and {error.get("extensions", {}).get("code") for error in errors} <= codes


def _located(error: Exception, operation: Operation) -> GraphQLError:
    """The error of a source, as one of its root field."""
    fields = [node for node in operation.node.selection_set.selections if isinstance(node, FieldNode)]
    return located_error(error, fields, [(one.alias or one.name).value for one in fields])
