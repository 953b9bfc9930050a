"""The schema, and the operations that the documentation and the examples show, as graphql-eslint finds them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.node]

ROOT = Path(__file__).parents[2]
OPERATION = re.compile(r"\s*(#.*\s+)*(query|mutation)\b[^{.]*{")


def operations() -> Iterator[str]:
    """Every operation that somebody may copy, headed by where it stands."""
    for path in (ROOT / "README.md", *ROOT.glob("examples/*/README.md")):
        for text in re.findall(r"```graphql\n(.*?)```", path.read_text(), re.DOTALL):
            yield f"# {path.relative_to(ROOT)}\n{text}"
    for path in (*ROOT.glob("examples/*/*.py"), *ROOT.glob("app/*/graphiql.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and OPERATION.match(node.value):
                yield f"# {path.relative_to(ROOT)}\n{node.value}"


@pytest.fixture
def found(packages, run):
    """What is wrong in files, each with its place and its rule."""
    files = {"schema.graphql": (ROOT / "docs/schema.graphql").read_text()}
    files |= {f"operations/{number}.graphql": text for number, text in enumerate(operations(), 1)}
    assert len(files) > 8
    (packages / "operations").mkdir(exist_ok=True)
    for name, text in files.items():
        (packages / name).write_text(text)

    def found_(*names: str) -> list[str]:
        report = run("node_modules/eslint/bin/eslint.js", "--format", "json", *names, may_fail=True)
        return [
            f"{one['source'].splitlines()[message.get('line', 1) - 1].strip()} - {' '.join(message['message'].split())}"
            for one in report
            for message in one["messages"]
        ]

    return found_


def test_nothing_is_found_in_the_schema(found):
    assert found("schema.graphql") == []


def test_nothing_is_found_in_the_operations_that_are_shown(found):
    assert found("operations/*.graphql") == []
