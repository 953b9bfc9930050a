"""Whatever a document looks like, its fields are counted as the specification collects them."""

import pytest
from graphql import parse
from hypothesis import given
from hypothesis import strategies as st

from app.edge.limits import TooComplex, check_document
from app.settings import Settings

DEFAULTS = Settings()

# a small grammar of documents: a selection is (key, name, selections) or the number of a fragment, or selections inline


def drawn(depth, fragments):
    """Selections that may spread the fragments of these numbers."""
    leaf = st.tuples(st.sampled_from("abc"), st.none())
    kinds = [leaf]
    if fragments:
        kinds.append(st.sampled_from(fragments))
    if depth:
        inner = st.deferred(lambda: drawn(depth - 1, fragments))
        kinds += [st.tuples(st.sampled_from("xy"), inner), inner]
    return st.lists(st.one_of(kinds), min_size=1, max_size=4)


@st.composite
def documents(draw):
    """An operation's selections, and those of its fragments, each of which spreads later ones only."""
    count = draw(st.integers(0, 4))
    fragments = [draw(drawn(1, range(number + 1, count))) for number in range(count)]
    return draw(drawn(2, range(count))), fragments


def written(selections):
    """The text of selections."""
    texts = []
    for one in selections:
        if isinstance(one, int):
            texts.append(f"...F{one}")
        elif isinstance(one, list):
            texts.append(f"... {{ {written(one)} }}")
        else:
            key, inner = one
            texts.append(key if inner is None else f"{key} {{ {written(inner)} }}")
    return " ".join(texts)


def collected(selections, fragments, visited, found):
    """CollectFields of the specification: fields by response key, a fragment once."""
    for one in selections:
        if isinstance(one, int):
            if one not in visited:
                visited.add(one)
                collected(fragments[one], fragments, visited, found)
        elif isinstance(one, list):
            collected(one, fragments, visited, found)
        else:
            found.setdefault(one[0], []).append(one[1])
    return found


def expanded(sets, fragments):
    """How many fields selections come to, and the pairs of twins: an eighth of those of leaves."""
    found, visited, total = {}, set(), 0
    for selections in sets:
        collected(selections, fragments, visited, found)
    for twins in found.values():
        inner = [one for one in twins if one is not None]
        pairs = sum(range(len(twins)))
        total += 1 + (pairs if inner else pairs // 8)
        total += expanded(inner, fragments) if inner else 0
    return total


@pytest.mark.slow
@given(documents())
def test_fields_are_counted_as_execution_would_collect_them(drawn_):
    selections, fragments = drawn_
    text = written(selections)
    for number, one in enumerate(fragments):  # each names later ones only
        if f"...F{number}" in text:
            text += f" }} fragment F{number} on Query {{ {written(one)}"
    text = f"{{ {text} }}"
    count = expanded([selections], fragments)
    document = parse(text)
    check_document(document, DEFAULTS.model_copy(update={"max_fields": count}))
    with pytest.raises(TooComplex):
        check_document(document, DEFAULTS.model_copy(update={"max_fields": count - 1}))
