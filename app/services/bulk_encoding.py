"""Which encoding a file has. Pure."""

import codecs
import re
from collections.abc import Callable, Iterator

from app.errors import Invalid
from app.text import Text

UTF_8, UTF_16_LE, UTF_16_BE, GB18030, WINDOWS_1252 = "UTF-8", "UTF-16LE", "UTF-16BE", "GB18030", "WINDOWS-1252"
_BOMS = ((codecs.BOM_UTF8, UTF_8), (codecs.BOM_UTF16_LE, UTF_16_LE), (codecs.BOM_UTF16_BE, UTF_16_BE))
CODECS = {UTF_8: "utf-8", UTF_16_LE: "utf-16-le", UTF_16_BE: "utf-16-be", GB18030: "gb18030", WINDOWS_1252: "cp1252"}
_SAMPLE = 4_000
"""Bytes by which UTF-16 is told."""
_COMMON = 0.8
"""How much of what is not ASCII must be of the 6,763 characters of GB 2312 for a text to be taken for Chinese."""

Read = Callable[[int], bytes]
"""Gives the bytes from an offset on, as many as come in one piece; none at the end."""


def bom(read: Read) -> int:
    """How many bytes a mark of byte order takes at the start of a file."""
    start = _beginning(read)
    return next((len(mark) for mark, _ in _BOMS if start.startswith(mark)), 0)


def _beginning(read: Read) -> bytes:
    """The first bytes of a file, however small its pieces are."""
    found = b""
    for piece in _pieces(read):
        found += piece
        if len(found) >= _SAMPLE:
            break
    return found[:_SAMPLE]


def recognised(read: Read) -> str:
    """The encoding of a whole file. Raises Invalid where it is none of those that can be told apart."""
    sample = _beginning(read)
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    if len(sample) > 1 and sample[1::2].count(0) > len(sample) // 5:
        return UTF_16_LE
    if len(sample) > 1 and sample[::2].count(0) > len(sample) // 5:
        return UTF_16_BE
    if (line := _undecodable(read, UTF_8)) is None:
        return UTF_8
    if _undecodable(read, GB18030) is None and _is_chinese(read):
        return GB18030
    msg = Text(
        f"Line {line} is not UTF-8, and the file is not GB 18030 or UTF-16 either; name its encoding, or save it anew "
        "as UTF-8.",
        f"第 {line} 行不是 UTF-8，文件也不是 GB 18030 或 UTF-16；请指明编码，或另存为 UTF-8。",
    )
    raise Invalid(msg, "encoding")


def _pieces(read: Read) -> Iterator[bytes]:
    offset = 0
    while piece := read(offset):
        offset += len(piece)
        yield piece


def _undecodable(read: Read, encoding: str) -> int | None:
    """The number of the first line that is not of the encoding; None where all are."""
    decoder, line = codecs.getincrementaldecoder(CODECS[encoding])(), 1
    for piece in _pieces(read):
        try:
            line += decoder.decode(piece).count("\n")
        except UnicodeDecodeError as error:
            return line + piece[: error.start].count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return line
    return None


def _is_chinese(read: Read) -> bool:
    """Whether a text reads as Chinese rather than as some other that happens to be possible."""
    decoder = codecs.getincrementaldecoder("gb18030")()
    common = others = 0
    for piece in _pieces(read):
        for char in re.sub(r"[\x00-\x7f]+", "", decoder.decode(piece)):
            pair = char.encode("gb18030")
            if len(pair) == 2 and 0xA1 <= pair[0] <= 0xF7 and pair[1] >= 0xA1:  # noqa: PLR2004 - the rows of GB 2312
                common += 1
            else:
                others += 1
        if common + others > 10_000:  # noqa: PLR2004 - enough to know it by
            break
    return common >= _COMMON * (common + others)
