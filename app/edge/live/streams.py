"""The subscriptions of one process: who asks the same is told by one stream, and nobody has more than their part."""

import asyncio
from collections import Counter
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import monotonic

import orjson
from graphql import FieldNode, NullValueNode, VariableNode

from app.actor import Actor
from app.db import LIVE
from app.edge import usage
from app.edge.identity import Credential, Identity
from app.edge.live.listener import Ending, Listener
from app.edge.live.stream import Stream
from app.edge.live.tides import Tides
from app.edge.operations import Admitted, Call, Operations
from app.edge.request import Refused
from app.edge.runner import Runner
from app.metrics import ENDED, READERS
from app.schema.build import build
from app.text import Text
from app.uow import Door

GOOD_S = 10.0
"""How long a credential is taken for good while its workspace does not change."""


class Streams:
    """Finds or makes the stream for whoever subscribes. Lives in one event loop."""

    def __init__(self, door: Door, operations: Operations, identity: Identity) -> None:
        self._operations, self._identity, self._settings = operations, identity, operations.settings
        self._threads = ThreadPoolExecutor(LIVE, thread_name_prefix="live")
        self._runner = Runner(door, self._settings, build(), self._threads, at_once=LIVE)
        self._tides = Tides(door, self._threads)
        self._shared: dict[Hashable, Stream] = {}
        self._running: dict[asyncio.Task[None], Stream] = {}
        self._open: Counter[Hashable] = Counter()
        self._good: dict[Credential, tuple[int, float, Actor | None]] = {}
        self._weeding: asyncio.Task[None] | None = None
        self._is_shut = False

    def open(self, call: Call, admitted: Admitted, credential: Credential, after: str | None = None) -> Listener:
        """A reader of the subscription, after an event's cursor if one is given. Raises Refused for too many."""
        actor = call.actor
        assert actor is not None  # noqa: S101 - nobody unknown may subscribe
        self._check_room(actor)
        usage.count(admitted.deprecated, actor)
        reader = Listener(actor, credential)
        is_shared = not after and not _resumes(admitted)
        key = _key(call, actor, admitted)
        stream = self._shared.get(key) if is_shared else None
        if stream is None or stream.is_over:
            stream = self._start(call, admitted, after, key if is_shared else None)
        stream.join(reader)
        self._open[actor.tenant_id, actor.caller] += 1
        READERS.inc()
        reader.gone = lambda: self._leave(reader, stream)
        return reader

    def end(self) -> None:
        """Send everybody away, and take nobody any more: the server stops."""
        self._is_shut = True
        for stream in tuple(self._running.values()):
            for reader in tuple(stream.readers):
                reader.end(Ending.SHUT)

    async def close(self) -> None:
        """Finish what is under way."""
        self.end()
        tasks = [*self._running, *([self._weeding] if self._weeding else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._tides.close()
        await self._runner.close()
        self._threads.shutdown()

    def _check_room(self, actor: Actor) -> None:
        if self._is_shut:
            raise Refused(503, _STOPS, "SERVICE_UNAVAILABLE", retry_after="1")
        most = self._settings.max_subscriptions_per_token
        if self._open[actor.tenant_id, actor.caller] >= most:
            text = Text(
                f"{most:,} subscriptions of this token are open already; end some first.",
                f"此令牌已打开 {most:,} 个订阅；请先结束一部分。",
            )
            raise Refused(429, text, "RATE_LIMITED", retry_after="1")
        if self._open.total() >= self._settings.max_subscriptions:
            raise Refused(503, _FULL, "SERVICE_UNAVAILABLE", retry_after="10")

    def _start(self, call: Call, admitted: Admitted, after: str | None, key: Hashable | None) -> Stream:
        is_shared = key is not None
        operations = self._operations
        stream = Stream(operations, self._runner, self._tides, self._stands, call, admitted, after, is_shared=is_shared)
        task = asyncio.create_task(stream.run())
        self._running[task] = stream
        if is_shared:
            self._shared[key] = stream

        def leave_off() -> None:
            if self._shared.get(key) is stream:
                del self._shared[key]
            task.cancel()

        def finished(_done: asyncio.Task[None]) -> None:
            leave_off()
            del self._running[task]

        stream.leave_off = leave_off
        task.add_done_callback(finished)
        if self._weeding is None:
            self._weeding = asyncio.create_task(self._weed())
        return stream

    def _leave(self, reader: Listener, stream: Stream) -> None:
        """A reader has gone, or was sent away; with the last one goes the stream."""
        assert reader.actor is not None and reader.ended is not None  # noqa: S101, PT018 - it was opened, and has ended
        del stream.readers[reader]
        place = (reader.actor.tenant_id, reader.actor.caller)
        self._open[place] -= 1
        if not self._open[place]:
            del self._open[place]
        READERS.dec()
        ENDED.labels(reader.ended.name.lower()).inc()
        if not stream.readers:
            stream.leave_off()

    async def _stands(self, reader: Listener) -> Actor | None:
        """Who the reader is now; None when their credential is not good any more or lets them see other things."""
        was, credential = reader.actor, reader.credential
        assert was is not None and credential is not None  # noqa: S101, PT018 - every subscriber has both
        height, now = self._tides.height(was.tenant_id), monotonic()
        known = self._good.get(credential)
        if known is None or known[0] != height or now - known[1] > GOOD_S:
            try:
                found = await self._identity.of(credential, was.request_id or "")
            except Refused as refused:
                found = was if refused.status == 503 else None  # noqa: PLR2004 - nobody could say
            if len(self._good) > self._settings.max_subscriptions:
                self._good.clear()
            known = self._good[credential] = height, now, found
        actor = known[2]
        return actor if actor is not None and _sight(actor) == _sight(was) else None

    async def _weed(self) -> None:
        """Look now and then whether who listens still may, when nothing happens."""
        while True:
            await asyncio.sleep(min(GOOD_S, self._settings.heartbeat_s))
            for stream in tuple(self._running.values()):
                await stream.weed()


def _sight(actor: Actor) -> Actor:
    """The actor as far as it decides what they see."""
    return replace(actor, name="", token_id=None, member_id=None, request_id=None)


def _key(call: Call, actor: Actor, admitted: Admitted) -> Hashable:
    """What is the same for those who are told the same. The stream holds the document, so that its id stays its own."""
    variables = orjson.dumps(admitted.variables, option=orjson.OPT_SORT_KEYS)
    return _sight(actor), call.locale, id(admitted.document), admitted.operation.name, variables


def _resumes(admitted: Admitted) -> bool:
    """Whether it may begin after an event that the reader names: then it is nobody else's."""
    for node in admitted.operation.node.selection_set.selections:
        if not isinstance(node, FieldNode):
            return True  # a fragment, into which nobody looks
        for argument in node.arguments or ():
            value = argument.value
            if isinstance(value, VariableNode):
                is_given = admitted.variables.get(value.name.value) is not None
            else:
                is_given = not isinstance(value, NullValueNode)
            if argument.name.value == "after" and is_given:
                return True
    return False


_STOPS = Text("The server is stopping; subscribe again in a moment.", "服务器正在停止；请稍后重新订阅。")
_FULL = Text("Too many subscriptions are open at the moment; try again later.", "当前打开的订阅过多；请稍后重试。")
