"""Every message that a caller may see stands in the source in both languages: read from the syntax trees."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from app.models.base import Fact
from app.models.channel import Channel
from app.services.ref import NOUNS
from app.services.refusal import snake

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"
FILES = [*sorted((APP / "services").glob("*.py")), *sorted((APP / "schema").glob("*.py")), *sorted(APP.glob("*.py"))]
NAMES = [str(path.relative_to(ROOT)) for path in FILES]

MESSAGE = {
    **dict.fromkeys(
        ("AppError", "Invalid", "NotFound", "Conflict", "Unauthenticated", "Forbidden", "Limited", "Unavailable"),
        (0, "text"),
    ),
    "Unreadable": (0, "text"),
    "Wrong": (0, "message"),
    "Problem": (1, "message"),
    "Advice": (1, "message"),
}
"""What carries a message: where it stands among the arguments, and its name."""

SCOPES = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(name):
    """What a file says."""
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def called(node):
    """The name of what is called, its module left out."""
    if not isinstance(node, ast.Call):
        return None
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", None)


def message(call):
    place, name = MESSAGE[called(call)]
    if len(call.args) > place:
        return call.args[place]
    return next((one.value for one in call.keywords if one.arg in (name, "problems")), None)


def within(scope):
    """The nodes of a module or function, those of the functions in it left out."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, SCOPES):
            yield from within(node)


def is_plain(value, scope):
    """Whether `value` is a string, itself or as what the name of it stands for in `scope`."""
    if isinstance(value, ast.Name):
        given = [
            node.value
            for node in within(scope)
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name) and target.id == value.id and node.value is not None
        ]
        return any(not isinstance(one, ast.Name) and is_plain(one, scope) for one in given)
    if isinstance(value, ast.IfExp):
        return is_plain(value.body, scope) or is_plain(value.orelse, scope)
    if isinstance(value, ast.BinOp):
        return is_plain(value.left, scope) or is_plain(value.right, scope)
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str)
    return isinstance(value, ast.JoinedStr) or called(value) in ("str", "repr", "join", "format")


def plain_messages(tree):
    """Where a message is one string instead of two: the line and what is made of it."""
    found = set()
    for scope in ast.walk(tree):
        if not isinstance(scope, ast.Module | SCOPES):
            continue
        for node in within(scope):
            if called(node) in MESSAGE and (value := message(node)) is not None and is_plain(value, scope):
                found.add((node.lineno, called(node)))
    return found


def parts(value):
    """The words of a literal, and what is filled in; None for what is no literal."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value, set(re.findall(r"\{(\w+)\}", value.value))
    if not isinstance(value, ast.JoinedStr):
        return None
    words = " ".join(one.value for one in value.values if isinstance(one, ast.Constant))
    filled = {ast.unparse(one) for one in value.values if isinstance(one, ast.FormattedValue)}
    # a word that has two languages is filled in with the one of its sentence
    return words, {re.sub(r"\.(en|zh)\b", "", one) for one in filled}


def texts(tree):
    """The texts that are made of literals: line, English, Chinese."""
    for node in ast.walk(tree):
        if called(node) == "Text" and len(node.args) == 2:
            english, chinese = (parts(one) for one in node.args)
            if english is not None and chinese is not None:
                yield node.lineno, english, chinese


def untranslated(tree):
    """Where Chinese has no Chinese word although English has words."""
    return {
        line
        for line, (english, _), (chinese, _) in texts(tree)
        if re.search("[a-z]{4}", english) and not re.search("[\u4e00-\u9fff]", chinese)
    }


def unlike(tree):
    """Where the two languages do not tell the same values."""
    return {line for line, (_, english), (_, chinese) in texts(tree) if english != chinese}


@pytest.mark.parametrize("name", NAMES)
def test_a_message_is_a_text(name):
    assert plain_messages(tree(name)) == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_text_has_chinese_words(name):
    assert untranslated(tree(name)) == set()


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_tell_the_same_values(name):
    assert unlike(tree(name)) == set()


def test_whatever_is_referred_to_has_a_word_in_both_languages():
    classes = {mapper.local_table.name: mapper.class_ for mapper in Channel.__mapper__.registry.mappers}
    referred = {
        classes[key.column.table.name].__name__
        for table in SQLModel.metadata.tables.values()
        for key in table.foreign_keys
        if key.parent.name != "tenant_id"
    }
    assert {"Channel", "Customer"} <= referred
    facts = {model.__name__ for model in classes.values() if issubclass(model, Fact)}
    # spells and merges come with their customers and are never named
    assert {snake(name) for name in referred | facts} - {"spell", "merge"} <= set(NOUNS)


def test_a_sentence_ends_in_both_languages():
    for name in NAMES:
        for line, (english, _), (chinese, _) in texts(tree(name)):
            assert english.endswith(".") == chinese.endswith("。"), f"{name}:{line}"


@pytest.mark.parametrize(
    "source",
    [
        "raise Invalid('x', 'path')",
        "raise errors.NotFound(f'no {x}')",
        "def f():\n    msg = 'a ' + x\n    raise Forbidden(msg)",
        "def f():\n    msg = x if y else 'z'\n    found.append(Limited(msg))",
        "yield Problem(Code.INVALID, str(error), path)",
        "yield Problem(Code.INVALID, path=path, message='x')",
        "return Wrong(', '.join(names))",
    ],
)
def test_a_plain_message_would_be_found(source):
    assert plain_messages(ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "raise Invalid(Text('x', '某'), 'path')",
        "raise Invalid([problem.under('range') for problem in error.problems])",
        "def f():\n    msg = 'ours'\n    raise RuntimeError(msg)",
        "def f():\n    msg = Text('a', '甲')\n    raise Forbidden(msg)",
        "return Wrong(said(error))",
    ],
)
def test_a_text_passes(source):
    assert plain_messages(ast.parse(source)) == set()


def test_a_text_that_is_half_done_would_be_found():
    assert untranslated(ast.parse("Text('There is none.', 'There is none.')"))
    assert unlike(ast.parse("Text(f'at most {most}', f'最多 {least}')"))
    assert unlike(ast.parse("Text('at most {most}', '最多')"))
    assert not unlike(ast.parse("Text(f'no {noun.en}', f'没有{noun.zh}')"))
    assert not untranslated(ast.parse("Text(f'{x:g}', f'{x:g}')"))
