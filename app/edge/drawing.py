"""Drawings of charts: one at a time, by a process of its own, kept while they may be asked for again."""

import asyncio
import os
import sys
from collections import OrderedDict
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from xml.sax.saxutils import escape

from app.edge.pen import DRAWN, LENGTH
from app.edge.request import Refused
from app.settings import PREFIX
from app.text import Text

WAITING = 8
"""How many may wait for the pen; it draws some ten a second."""
PATIENCE_S = 20.0
"""How long one drawing may take, the start of the process included."""
MOST_BYTES = 3_000_000
"""How large a drawing may be."""
KEPT = 64
KEPT_BYTES = 8_000_000
"""How many drawings are kept, and how large they may be together."""
LIFE = 500
"""After how many drawings the process is started anew, whatever it may have piled up."""
_BUSY = Text("Many charts are being drawn at the moment; try again in a while.", "当前正在绘制许多图表；请稍后重试。")
_TOO_LARGE = Text("This chart is too large to be drawn.", "此图表过大，无法绘制。")


class NotDrawn(RuntimeError):
    """The pen could not draw what it was given, or took too long."""


class Drawings:
    """The drawings of this process. Lives in one event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._pen: asyncio.subprocess.Process | None = None
        self._drawn = 0
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()

    async def svg(self, specification: bytes, title: str, description: str) -> bytes:
        """The drawing of a specification, which says in words what it shows. Raises Refused (503), NotDrawn."""
        name = blake2b(specification, digest_size=16).digest()
        if (kept := self._known(name)) is not None:
            return kept
        if self._waiting >= WAITING:
            raise Refused(503, _BUSY, "SERVICE_UNAVAILABLE", retry_after="2")
        self._waiting += 1
        try:
            # shielded: who goes away must not leave half an answer in the pipe
            return await asyncio.shield(asyncio.ensure_future(self._in_turn(name, specification, title, description)))
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End the process."""
        async with self._turn:
            await self._end()

    def _known(self, name: bytes) -> bytes | None:
        kept = self._kept.get(name)
        if kept is not None:
            self._kept.move_to_end(name)
        return kept

    async def _in_turn(self, name: bytes, specification: bytes, title: str, description: str) -> bytes:
        async with self._turn:
            if (kept := self._known(name)) is not None:  # drawn for another one meanwhile
                return kept
            try:
                drawn = await asyncio.wait_for(self._draw(specification), PATIENCE_S)
            except (TimeoutError, OSError, EOFError) as error:
                await self._end()
                raise NotDrawn(type(error).__name__) from error
            except Refused:
                await self._end()
                raise
        told = _told(drawn, title, description)
        self._kept[name] = told
        while len(self._kept) > KEPT or sum(map(len, self._kept.values())) > KEPT_BYTES:
            self._kept.popitem(last=False)
        return told

    async def _draw(self, specification: bytes) -> bytes:
        if self._drawn >= LIFE:
            await self._end()
        pen = self._pen = self._pen or await _started()
        self._drawn += 1
        assert pen.stdin is not None  # noqa: S101 - piped
        assert pen.stdout is not None  # noqa: S101 - piped
        pen.stdin.write(LENGTH.pack(DRAWN, len(specification)) + specification)
        await pen.stdin.drain()
        outcome, size = LENGTH.unpack(await pen.stdout.readexactly(LENGTH.size))
        if size > MOST_BYTES:
            raise Refused(400, _TOO_LARGE, "QUERY_TOO_COMPLEX")
        answer = await pen.stdout.readexactly(size)
        if outcome != DRAWN:
            raise NotDrawn(answer.decode()[:500])
        return answer

    async def _end(self) -> None:
        pen, self._pen, self._drawn = self._pen, None, 0
        if pen is not None:
            with suppress(ProcessLookupError):
                pen.kill()
            await pen.wait()


async def _started() -> asyncio.subprocess.Process:
    """The process, which is told nothing of settings: they hold secrets and it needs none."""
    told = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", str(Path(__file__).with_name("pen.py")),
        stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, env=told,
    )  # fmt: skip


def _told(svg: bytes, title: str, description: str) -> bytes:
    """The drawing as one image with a name and a description, for those who have it read to them."""
    words = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    head, end, rest = svg.decode().partition(">")
    return (head.replace("<svg ", '<svg role="img" ', 1) + end + words + rest).encode()
