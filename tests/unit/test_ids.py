"""Global ids: what goes in comes out, and what is not ours is refused without an error."""

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import ids

SOME = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(words, st.lists(words, max_size=5))
def test_what_goes_in_comes_out(type_, parts):
    id_ = ids.encode(type_, *parts)
    assert ids.decode(id_) == (type_, parts)
    assert id_.isascii()
    assert not set(id_) & set("+/=&?# ")


def test_parts_are_kept_apart():
    together = {ids.encode("A", "b", "c"), ids.encode("A", "bc"), ids.encode("Ab", "c"), ids.encode("A", "b,c")}
    assert len(together) == 4


def test_a_row_is_found_by_its_type_and_id_only():
    id_ = ids.encode("Customer", SOME)
    assert ids.decode_uuid(id_, "Customer") == SOME
    assert ids.decode_uuid(id_, "Feedback") is None
    assert ids.decode_uuid(ids.encode("Customer", SOME, "more"), "Customer") is None
    assert ids.decode_uuid(ids.encode("Customer"), "Customer") is None
    assert ids.decode_uuid(ids.encode("Customer", "42"), "Customer") is None
    assert ids.decode_uuid(str(SOME), "Customer") is None


def made(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize(
    "id_",
    [
        "",
        "=",
        "a",
        "not an id",
        "密码",
        "\0",
        "\ud800",
        "%",
        made(b"Customer:1"),
        made(b"5"),
        made(b"null"),
        made(b"true"),
        made(b"[]"),
        made(b"[1]"),
        made(b'["Customer", 5]'),
        made(b'["Customer", null]'),
        made(b'[null, "5"]'),
        made(b'["Customer", ["5"]]'),
        made(b'["Customer", "5"'),
        made(b'["Customer", "\xff"]'),
        made(b"[" * 10_000 + b"]" * 10_000),
        made(b'["Customer"' + b',"x"' * 10 + b"]")[:-3],
    ],
)
def test_what_is_not_ours_is_none(id_):
    assert ids.decode(id_) is None
    assert ids.decode_uuid(id_, "Customer") is None


@given(st.text(max_size=60))
def test_any_text_is_an_id_or_is_not(text):
    found = ids.decode(text)
    assert found is None or isinstance(found[0], str)
