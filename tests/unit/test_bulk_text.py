"""Files become records whatever their encoding and wherever they are cut, and reading goes on at any of them."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services import bulk_text
from app.services.bulk_encoding import CODECS, recognised
from app.services.bulk_text import LONGEST, Lines, harmless, meant

CELL = st.text(st.sampled_from("ab ,;\"'\n\t=王é€𠮷"), max_size=6)
TABLE = st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=8)


def pieces(data, size):
    return lambda offset: data[offset : offset + size]


def written(table, delimiter):
    """The table as a file, and the number of the line on which each row begins, counted by hand."""
    text, lines = "", []
    for row in table:
        lines.append(1 + text.count("\n"))
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=delimiter, lineterminator="\n").writerow(row)
        text += buffer.getvalue()
    return text, lines


@settings(max_examples=30, deadline=None)
@given(TABLE, st.sampled_from([",", ";", "\t"]), st.sampled_from([*CODECS][:-1]), st.integers(1, 40), st.data())
def test_a_table_reads_as_it_was_written_and_from_any_row_on(table, delimiter, encoding, size, data):
    text, lines = written(table, delimiter)
    raw = text.encode(CODECS[encoding])
    read = pieces(raw, size)
    found = list(bulk_text.rows(Lines(read, encoding, 0, 1), delimiter))
    expected = [(line, row) for line, row in zip(lines, table, strict=True) if any(row)]
    assert [(one.line, one.raw) for one in found] == expected
    assert all(one.problem is None for one in found)
    assert found == [] or found[-1].end <= len(raw)
    if found:
        place = data.draw(st.integers(0, len(found) - 1))
        rest = list(bulk_text.rows(Lines(read, encoding, found[place].end, found[place].next_line), delimiter))
        assert [(one.line, one.raw, one.end) for one in rest] == [
            (one.line, one.raw, one.end) for one in found[place + 1 :]
        ]


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([*CODECS]), st.integers(1, 50))
def test_nothing_that_is_sent_makes_reading_fail_or_go_round_in_circles(raw, encoding, size):
    for take in (lambda lines: bulk_text.rows(lines, ","), bulk_text.objects):
        ends = [one.end for one in take(Lines(pieces(raw, size), encoding, 0, 1))]
        assert ends == sorted(set(ends))
        assert all(0 < end <= len(raw) for end in ends)


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16LE", "GB18030"])
def test_a_line_without_end_is_told_and_passed_over(encoding):
    codec = CODECS[encoding]
    raw = "a,b\n".encode(codec) + ("王" * LONGEST).encode(codec) + "\nc,d\n".encode(codec)
    found = list(bulk_text.rows(Lines(pieces(raw, 100_000), encoding, 0, 1), ","))
    assert [(one.line, one.raw if one.problem is None else None) for one in found] == [
        (1, ["a", "b"]),
        (2, None),
        (3, ["c", "d"]),
    ]
    assert "longer than 1,000,000 bytes" in found[1].problem.en
    assert found[-1].end == len(raw)


@pytest.mark.slow
def test_a_quotation_mark_that_is_never_closed_is_looked_at_once():
    raw = b'a,"b\n' + b"c,d\n" * 50_000
    found = list(bulk_text.rows(Lines(pieces(raw, 100_000), "UTF-8", 0, 1), ","))
    assert (found[0].line, found[0].raw) == (1, ['a,"b'])
    assert "never closed" in found[0].problem.en
    assert (found[1].line, found[1].raw, len(found)) == (2, ["c", "d"], 50_001)


@given(st.text(max_size=20))
def test_what_is_made_harmless_means_the_same(text):
    cell = harmless(text)
    assert cell[:1] not in tuple("=+-@\t\r")
    assert meant(cell) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("名称,备注\n张三,你好，世界\n", "gb18030"),
        ("Müller,Straße\n", "cp1252"),
        ("Muller\n", "ascii"),
        ("Ünïcödé 王\n", "utf-8"),
    ],
)
def test_only_what_is_sure_is_recognised(text, encoding):
    raw = text.encode(encoding)
    if encoding == "cp1252":
        with pytest.raises(Exception, match="Line 1 is not UTF-8"):
            recognised(pieces(raw, 7))
    else:
        assert recognised(pieces(raw, 7)) == ("GB18030" if encoding == "gb18030" else "UTF-8")
