"""Documents made by chance from the published schema, with values that mean something here and some that do not."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NameNode,
    NamedTypeNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    build_schema,
    parse,
    parse_type,
    parse_value,
    print_ast,
    value_from_ast_untyped,
    visit,
)
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries

SDL = Path(__file__).parents[1] / "docs" / "schema.graphql"
"""What users read, not what the program builds."""

NAMES = ("Customer", "Channel", "Staff", "Survey", "Feedback", "Target", "KpiResult", "KpiDefinition")
"""Types whose ids documents hold as "@Customer" and so on, until `named` writes real ones."""


@cache
def published() -> GraphQLSchema:
    """The schema as its users read it."""
    return build_schema(SDL.read_text(encoding="utf-8"))


def _texts(*values: str, odd: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return (st.sampled_from(values) | st.sampled_from(values) | odd).map(nodes.String)


_ODD = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
_SCALARS = {
    "String": _texts("c1", "web", "f1", "default", "strict", "en", "zh-CN", "north", odd=_ODD),
    "ID": _texts(*(f"@{name}" for name in NAMES), odd=_ODD) | st.integers(0, 9).map(nodes.Int),
    "Int": st.sampled_from([0, 1, 1, 2, 3, 12, 20, 100, -1, 101, 501, 2**31 - 1, -(2**31)]).map(nodes.Int),
    "Float": st.sampled_from([0.0, 1.0, 4.0, 5.0, 10.0, 0.5, -1.0, 1e15, 1e308, 5e-324]).map(nodes.Float),
    "Date": _texts("2026-06-01", "2026-05-01", "2025-12-31", odd=st.sampled_from(["2026-02-29", "0001-01-01", "9999-12-31", "", "1.6.2026"])),
    "DateTime": _texts("2026-06-01T09:00:00Z", "2026-05-31T23:30:00+08:00", "2026-05-01", odd=st.sampled_from(["2026-06-01T09:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-12:00", "2026-02-30T00:00:00Z", "now"])),
    "Decimal": _texts("19.90", "0", odd=st.sampled_from(["NaN", "1e999999", "twelve"])),
    "CurrencyCode": _texts("EUR", "CNY", odd=st.sampled_from(["eur", "EURO", ""])),
    "JSON": st.sampled_from(['{plan: "pro", seats: 3}', "{}", "null", "[1, {a: [true]}]", '"text"', "{a: 1e400}", "-0"]).map(parse_value),
}  # fmt: skip


@cache
def documents(kind: str, field: str, count: int) -> tuple[str, ...]:
    """`count` operations that ask one root field, the same ones each time; `kind` is "query" or "mutation"."""
    make = {"query": queries, "mutation": mutations}[kind]
    found: list[str] = []

    @seed(7)
    @settings(
        max_examples=6 * count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(make(published(), fields=[field], custom_scalars=_SCALARS))
    def note(document: str) -> None:
        found.append(document)

    note()
    # neighbours resemble each other, and the first is the smallest
    return tuple(dict.fromkeys(found[::-6][:count]))
