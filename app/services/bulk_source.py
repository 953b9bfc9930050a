"""Where the file of an import is read from: its parts in the database, or a folder that the server may read."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from uuid import UUID

from sqlmodel import col, select

from app.actor import Scope, system
from app.errors import Code, Invalid
from app.models.bulk_import import Import, ImportPart
from app.settings import Settings
from app.text import Text
from app.uow import Door, Uow, reads

PIECE = 256 * 1024
"""Bytes that are read in one piece."""


@reads(Scope.IMPORT_READ)
def sizes(uow: Uow, import_id: UUID) -> list[tuple[int, int]]:
    """The parts that there are, in order: number and size."""
    statement = select(ImportPart.number, ImportPart.size).where(ImportPart.import_id == import_id)
    return [(number, size) for number, size in uow.session.execute(statement.order_by(col(ImportPart.number)))]


@reads(Scope.IMPORT_READ)
def data(uow: Uow, import_id: UUID, number: int) -> bytes:
    """What one part holds."""
    mine = (ImportPart.import_id == import_id, ImportPart.number == number)
    return uow.session.scalars(select(ImportPart.data).where(*mine)).one()


@contextmanager
def opened(door: Door, row: Import) -> Iterator[Callable[[int], bytes]]:
    """Reads the file of an import from any offset on, a piece at a time. Raises Invalid where it cannot be read."""
    if row.file is None:
        yield _parts(door, row)
        return
    handle = open_file(door.settings, row.tenant_id, row.file)
    try:
        if row.stamp not in (None, stamp(handle)):
            msg = Text(
                f"The file {row.file!r} has changed since the import began; start another one.",
                f"文件 {row.file!r} 在导入开始后已更改；请重新开始导入。",
            )
            raise Invalid(msg, "file", code=Code.CONFLICT)
        yield lambda offset: os.pread(handle, PIECE, offset)
    finally:
        os.close(handle)


def _parts(door: Door, row: Import) -> Callable[[int], bytes]:
    actor = system(row.tenant_id, "worker")
    starts, total = [], 0
    for number, size in door.read(actor, sizes, row.id):
        starts.append((total, number, size))
        total += size
    held: tuple[int, bytes] = (-1, b"")

    def read(offset: int) -> bytes:
        nonlocal held
        for start, number, size in starts:
            if start <= offset < start + size:
                if held[0] != number:
                    held = (number, door.read(actor, data, row.id, number))
                return held[1][offset - start : offset - start + PIECE]
        return b""

    return read


def stamp(handle: int) -> str:
    """What changes when somebody writes to the file."""
    found = os.fstat(handle)
    return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"


def open_file(settings: Settings, tenant_id: UUID, name: str) -> int:
    """A file of the workspace in the folder that the server may read, opened. Raises Invalid.

    Each step of the way is opened from the one before and may be no link, so that no name leads out of the folder.
    """
    folder = settings.import_dir
    if folder is None:
        msg = Text(
            "This server reads no files of its own (CUSTOGRAPH_IMPORT_DIR is not set); send the file in parts.",
            "此服务器不读取本机文件（未设置 CUSTOGRAPH_IMPORT_DIR）；请分块发送文件。",
        )
        raise Invalid(msg, "file")
    steps = PurePosixPath(name).parts
    if not steps or name.startswith("/") or ".." in steps or "\0" in name or "\\" in name:
        msg = Text(
            f"{name!r} is not a name inside the folder; give one such as contacts.csv.",
            f"{name!r} 不是该文件夹内的名称；请给出如 contacts.csv 的名称。",
        )
        raise Invalid(msg, "file")
    try:
        return _walk(str(folder), (str(tenant_id), *steps))
    except OSError:
        msg = Text(
            f"There is no file {name!r} in the workspace's folder ({tenant_id}) on this server that may be read; links "
            "are not followed.",
            f"此服务器上工作区文件夹（{tenant_id}）中没有可读取的文件 {name!r}；不跟随链接。",
        )
        raise Invalid(msg, "file", code=Code.NOT_FOUND) from None


def _walk(folder: str, steps: tuple[str, ...]) -> int:
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        flags = os.O_RDONLY | os.O_NOFOLLOW | (os.O_NONBLOCK if last else os.O_DIRECTORY)
        try:
            below = os.open(step, flags, dir_fd=here)
        finally:
            os.close(here)
        here = below
    if not stat.S_ISREG(os.fstat(here).st_mode):
        os.close(here)
        raise OSError
    return here
