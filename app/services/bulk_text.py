"""Files as records: their lines, delimiter, header and cells, with the numbers of their lines. Pure.

A file is read by lines whose bytes are counted, so that reading can go on at any record after a crash.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.errors import Invalid
from app.services.bulk_encoding import CODECS, UTF_16_BE, UTF_16_LE, Read
from app.services.row import MAX_DEPTH
from app.text import Text

MOST_COLUMNS = 1_000
"""Columns that a file may have."""
LONGEST = 1_000_000
"""Bytes that one record may have."""
DELIMITERS = (",", ";", "\t", "|")


@dataclass(slots=True)
class Record:
    """One record: the number of its first line, its cells by column or as they stand, or why there are none."""

    line: int
    cells: dict[str, Any] = field(default_factory=dict)
    raw: list[Any] = field(default_factory=list)
    problem: Text | None = None
    end: int = 0
    """Where in the file what follows begins."""
    next_line: int = 0


class Lines:
    """The lines of a file from a record on; counts the bytes and lines that were taken.

    `unfit` says that one since the last record was not of the encoding, or too long to be one.
    """

    def __init__(self, read: Read, encoding: str, offset: int, line: int) -> None:
        self._read, self._encoding = read, encoding
        self._step = 2 if encoding in (UTF_16_LE, UTF_16_BE) else 1
        self._end = {UTF_16_LE: b"\n\0", UTF_16_BE: b"\0\n"}.get(encoding, b"\n")
        self.back_to(offset, line)

    def back_to(self, offset: int, line: int) -> None:
        """Go on from there."""
        self.offset, self.line = self.start, self.first = offset, line
        self._buffer, self._at, self._loaded = b"", 0, offset
        self.unfit: Text | None = None

    def begin(self) -> None:
        """A new record begins here."""
        self.start, self.first, self.unfit = self.offset, self.line, None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._line()
        if not raw:
            raise StopIteration
        self.line += 1
        if self.offset - self.start > LONGEST:
            self.unfit = TOO_LONG
            raise csv.Error
        try:
            return raw.decode(CODECS[self._encoding])
        except UnicodeDecodeError:
            self.unfit = Text(
                f"Line {self.line - 1} cannot be read as {self._encoding}; say which encoding the file has.",
                f"第 {self.line - 1} 行无法按 {self._encoding} 读取；请指明文件的编码。",
            )
            return raw.decode(CODECS[self._encoding], errors="replace")

    def _line(self) -> bytes:
        """The next line, its end included; of one that is too long the beginning, while all of it is passed over."""
        kept = b""
        while (end := self._found()) < 0:
            held = self._buffer[self._at :]
            if len(kept) + len(held) > LONGEST:  # the end of the line may be halved
                kept = (kept + held)[:LONGEST]
                self.offset += max(0, len(held) - self._step)
                held = held[len(held) - self._step :]
            piece = self._read(self._loaded)
            self._buffer, self._at = held + piece, 0
            self._loaded += len(piece)
            if not piece:
                self._buffer = b""
                self.offset += len(held)
                return kept or held
        raw = self._buffer[self._at : end]
        self._at = end
        self.offset += len(raw)
        return kept or raw

    def _found(self) -> int:
        """Where the line ends, behind a whole character; -1 when that is not in the buffer."""
        found = self._buffer.find(self._end, self._at)
        while self._step > 1 and found >= 0 and (found - self._at) % self._step:
            found = self._buffer.find(self._end, found + 1)
        return found if found < 0 else found + self._step


TOO_LONG = Text(
    f"The record is longer than {LONGEST:,} bytes; most likely a quotation mark is not closed.",
    f"记录超过 {LONGEST:,} 字节；很可能有引号没有闭合。",
)


def objects(lines: Lines) -> Iterator[Record]:
    """The records of a file of JSON objects, one a line."""
    while True:
        lines.begin()
        try:
            text = next(lines)
        except StopIteration:
            return
        except csv.Error:
            yield _record(lines, raw=[""], problem=TOO_LONG)
            continue
        bare = text.strip("\r\n\t \ufeff")
        if lines.unfit:
            yield _record(lines, raw=[bare], problem=lines.unfit)
        elif bare:
            yield _object(lines, bare)


def _object(lines: Lines, bare: str) -> Record:
    try:
        found = orjson.loads(bare)
    except (orjson.JSONDecodeError, RecursionError):
        msg = Text(
            f"Line {lines.first} is not a whole JSON object; it may have been cut off.",
            f"第 {lines.first} 行不是完整的 JSON 对象；可能被截断了。",
        )
        return _record(lines, raw=[bare], problem=msg)
    if not isinstance(found, dict):
        msg = Text("The line is JSON, but not an object in braces.", "此行是 JSON，但不是花括号中的对象。")
        return _record(lines, raw=[bare], problem=msg)
    return _record(lines, cells=found, raw=[found])


def rows(lines: Lines, delimiter: str) -> Iterator[Record]:
    """The records of a table, each with its cells as they stand; lines without any are passed over."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _broken(lines, lines.unfit or _reason(str(error)))
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if lines.unfit:
            yield _record(lines, raw=cells, problem=lines.unfit)
        elif any(cells):
            yield _record(lines, raw=cells)


def _broken(lines: Lines, reason: Text) -> Record:
    """A record that is none; what follows its first line is looked at anew."""
    if reason is TOO_LONG and lines.line - lines.first == 1:
        return _record(lines, raw=[""], problem=reason)
    lines.back_to(lines.start, lines.first)
    return _record(lines, raw=[next(lines, "").rstrip("\r\n")], problem=reason)


def _reason(said: str) -> Text:
    """What the parser finds wrong."""
    if "end of data" in said or "larger than field limit" in said:
        return Text("A quotation mark is opened and never closed.", "引号没有闭合。")
    if "expected after" in said:
        return Text(
            "A quotation mark stands inside a cell; write it twice, within quotation marks.",
            "单元格中含有引号；请将其写两遍，并把整个单元格放在引号内。",
        )
    if "new-line" in said:
        return Text("Lines end in returns alone; save the file anew.", "行仅以回车符结尾；请重新保存文件。")
    return Text(f"The record cannot be read: {said}.", f"无法读取此记录：{said}。")


def _record(lines: Lines, **given: Any) -> Record:  # noqa: ANN401 - as Record has them
    return Record(line=lines.first, end=lines.offset, next_line=lines.line, **given)


def sniffed(lines: Lines) -> str:
    """The delimiter of a table, by its first line."""
    try:
        text = next(lines, "")
    except csv.Error:  # too long a line is told when its record is read
        return DELIMITERS[0]
    bare = re.sub(r'"[^"]*"', "", text)
    return max(DELIMITERS, key=bare.count)


def named(header: list[str], records: Iterable[Record]) -> Iterator[Record]:
    """The records with their cells by column; rejected where there are not as many as the header has."""
    for record in records:
        if record.problem is None:
            cells = record.raw
            if len(cells) > len(header) and not any(cells[len(header) :]):
                cells = cells[: len(header)]
            if len(cells) == len(header):
                record.cells = dict(zip(header, cells, strict=True))
            else:
                record.problem = Text(
                    f"The row has {len(cells)} cells and the header {len(header)}; most likely a delimiter stands in a "
                    "cell without quotation marks.",
                    f"此行有 {len(cells)} 个单元格，而表头有 {len(header)} 个；很可能有单元格含有分隔符而未加引号。",
                )
        yield record


def header(cells: list[str]) -> list[str]:
    """The names of the columns. Raises Invalid for more than there may be, or lines that do not end."""
    names = [cell.strip("\ufeff \t") for cell in cells]
    if len(names) > MOST_COLUMNS:
        msg = Text(
            f"The file has {len(names):,} columns; at most {MOST_COLUMNS:,} are taken. Leave out what is not needed.",
            f"文件有 {len(names):,} 列；最多允许 {MOST_COLUMNS:,} 列。请去掉不需要的列。",
        )
        raise Invalid(msg, "header")
    return names


_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")


def harmless(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula: behind an apostrophe where it might."""
    return "'" + text if _DANGEROUS.match(text) else text


def meant(cell: str) -> str:
    """The text that `harmless` has made a cell of."""
    return cell[1:] if cell.startswith("'") and _DANGEROUS.match(cell) else cell


def storable(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """JSON as every database can keep it: without characters that are none, and not nested without end."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode(errors="replace").decode()
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, Mapping):
        return {storable(str(key)): storable(one, depth + 1) for key, one in value.items()}
    return [storable(one, depth + 1) for one in value] if isinstance(value, list | tuple) else value
