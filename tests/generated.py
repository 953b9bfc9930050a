"""Documents made by chance from the published schema, with values that mean something here and some that do not."""

# ruff: noqa: E501 - the values of a scalar stand on one line

import re
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    REMOVE,
    ArgumentNode,
    FieldNode,
    GraphQLSchema,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
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
    get_named_type,
    is_required_argument,
    parse,
    parse_type,
    parse_value,
    print_ast,
    value_from_ast_untyped,
    visit,
)
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider
from hypothesis.internal.constants_ast import Constants
from hypothesis_graphql import mutations, nodes, queries

SDL = Path(__file__).parents[1] / "docs" / "schema.graphql"
"""What users read, not what the program builds."""

NAMES = (
    "Customer",
    "Channel",
    "Staff",
    "Team",
    "Survey",
    "BusinessCalendar",
    "Feedback",
    "Order",
    "Refund",
    "Cost",
    "Touchpoint",
    "Lead",
    "Referral",
    "Engagement",
    "Contract",
    "Invitation",
    "Segment",
    "ExchangeRate",
    "Mirror",
    "Prediction",
    "PredictionFit",
    "Target",
    "KpiResult",
    "KpiDefinition",
)
"""Types whose ids documents hold as "@Customer" and so on, until `named` writes real ones."""


@cache
def published() -> GraphQLSchema:
    """The schema as its users read it."""
    return build_schema(SDL.read_text(encoding="utf-8"))


def _texts(*values: str, odd: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return (st.sampled_from(values) | st.sampled_from(values) | odd).map(nodes.String)


_ODD = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=8)
_SCALARS = {
    "String": _texts("web", "c1", "web", "default", "CSAT", "zh-CN", "north", odd=_ODD),
    "ID": _texts(*(f"@{name}" for name in NAMES), odd=_ODD) | st.integers(0, 9).map(nodes.Int),
    "Int": st.sampled_from([0, 1, 1, 2, 3, 12, 20, 100, -1, 101, 501, 2**31 - 1, -(2**31)]).map(nodes.Int),
    "Float": st.sampled_from([0.0, 1.0, 4.0, 5.0, 10.0, 0.5, -1.0, 1e15, 1e308, 5e-324]).map(nodes.Float),
    "Date": _texts("2026-06-01", "2026-05-01", "2025-12-31", odd=st.sampled_from(["2026-02-29", "0001-01-01", "9999-12-31", "", "1.6.2026"])),
    "DateTime": _texts("2026-06-01T09:00:00Z", "2026-05-31T23:30:00+08:00", "2026-05-01", odd=st.sampled_from(["2026-06-01T09:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-12:00", "2026-02-30T00:00:00Z", "now"])),
    "Decimal": _texts("20", "0", "19.90", odd=st.sampled_from(["NaN", "1e999999", "1e-999999", "-1", "0.001", "twelve"])),
    "CurrencyCode": _texts("EUR", "USD", "JPY", odd=st.sampled_from(["eur", "EURO", ""])),
    "JSON": st.sampled_from(['{plan: "pro", seats: 3}', "{}", "null", "[1, {a: [true]}]", '"text"', "{a: 1e400}", "-0"]).map(parse_value),
}  # fmt: skip


class SameEverywhere(HypothesisProvider):
    """Draws what the seed alone decides: no constants of whichever of our modules happen to be imported by then."""

    _local_constants = Constants()


AVAILABLE_PROVIDERS["same-everywhere"] = SameEverywhere


@cache
def documents(kind: str, field: str, count: int) -> tuple[str, ...]:
    """`count` operations that ask one root field, the same ones each time; `kind` is "query" or "mutation"."""
    make = {"query": queries, "mutation": mutations}[kind]
    found: list[str] = []

    @seed(7)
    @settings(
        max_examples=6 * count,
        phases=[Phase.generate],
        backend="same-everywhere",
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(make(published(), fields=[field], custom_scalars=_SCALARS))
    def note(document: str) -> None:
        found.append(document)

    note()
    # neighbours resemble each other, and the first is the smallest
    chosen = found[::-6][:count]
    return tuple(dict.fromkeys(one if place % 5 == 4 else _mended(one) for place, one in enumerate(chosen)))


def _mended(document: str) -> str:
    """The document with what chance seldom hits: pages that can be, one way to name a thing, and an id of its type.

    What is to be written has values that fit each other, where its fields only make sense together.
    """
    types = TypeInfo(published())
    is_write = document.startswith("mutation")

    class Mend(Visitor):
        def leave_argument(self, node: ArgumentNode, *_: Any) -> Any:
            size = getattr(node.value, "value", "0")
            is_odd = (node.name.value in ODD and not is_required_argument(types.get_argument())) or (
                node.name.value == "first" and not 0 <= int(size) <= 100
            )
            return REMOVE if is_odd else None

        def leave_object_field(self, node: ObjectFieldNode, *_: Any) -> Any:
            place = (node.name.value, str(get_named_type(types.get_input_type())))
            inside = (str(get_named_type(types.get_parent_input_type())), node.name.value)
            found = next((one for one in (inside, place) if one in FITTING), None)
            if not is_write or found is None:
                return None
            fitting = FITTING[found]
            return REMOVE if fitting is None else ObjectFieldNode(name=node.name, value=parse_value(fitting))

        def leave_object_value(self, node: ObjectValueNode, *_: Any) -> ObjectValueNode | None:
            type_ = get_named_type(types.get_input_type())
            if not getattr(type_, "is_one_of", False):
                return None
            given = [field for field in node.fields if not isinstance(field.value, NullValueNode)]
            field = (given or node.fields)[0]
            if field.name.value in ("id", "external") and given:
                known = StringValueNode(value=f"@{re.sub('(Ref|Delete|Refresh)Input$', '', type_.name)}")
                field = ObjectFieldNode(name=NameNode(value="id"), value=known)
            return ObjectValueNode(fields=(field,))

    return print_ast(visit(parse(document), TypeInfoVisitor(types, Mend())))


FITTING = {
    ("from", "Date"): '"2026-05-01"',
    ("before", "Date"): '"2026-06-01"',
    ("from", "String"): '"09:00"',
    ("before", "String"): '"18:00"',
    ("timeZone", "String"): '"Europe/Berlin"',
    ("country", "String"): '"DE"',
    ("subdivision", "String"): '"BY"',
    ("from", "CurrencyCode"): '"CHF"',
    ("to", "CurrencyCode"): '"EUR"',
    ("currency", "CurrencyCode"): '"EUR"',
    ("rate", "Decimal"): '"0.9"',
    ("amount", "Decimal"): '"20"',
    ("kind", "FeedbackKind"): "CSAT",
    ("question", "String"): None,
    ("invitation", "InvitationRefInput"): None,
    ("referred", "CustomerRefInput"): '{externalId: "c1"}',
    ("convertedAt", "DateTime"): None,
    ("occurredAt", "DateTime"): '"2026-06-01T09:00:00Z"',
    ("sourceUpdatedAt", "DateTime"): '"2026-06-01T09:00:00Z"',
    ("idempotencyKey", "String"): None,
    ("expectedVersion", "Int"): None,
    ("mode", "WriteMode"): "UPSERT",
    ("locale", "String"): '"en"',
    ("firstWeekday", "Int"): "1",
    ("fiscalYearStart", "Int"): "4",
    ("smallCellK", "Int"): "5",
    ("predictionHorizonMonths", "Int"): "6",
    ("dryRun", "Boolean"): "false",
    ("createMissing", "Boolean"): "true",
    ("errorPolicy", "ErrorPolicy"): "REJECT_FAILED_ROWS",
    ("recency", "Int"): "30",
    ("mirror", "ID"): None,
    ("MirrorFinishInput", "mirror"): '"@Mirror"',
    ("MirrorFinishInput", "atMost"): "20",
    ("SegmentInput", "kind"): None,
    ("SegmentInput", "template"): None,
    ("SegmentInput", "rule"): "{orders: {atLeast: 1}}",
    ("SegmentMembersAddInput", "segment"): '{externalId: "web"}',
    ("SegmentMembersRemoveInput", "segment"): '{externalId: "web"}',
    ("KpiDefineInput", "key"): '"MINE"',
    ("KpiDefineInput", "formula"): '"100 * promoters / nps_answers"',
    ("KpiDefineInput", "minimum"): None,
    ("KpiDefineInput", "maximum"): None,
    ("KpiDefinitionDeleteInput", "key"): '"MINE"',
    ("TokenCreateInput", "scopes"): None,
    ("TokenCreateInput", "rows"): None,
    ("TokenCreateInput", "publishable"): None,
    ("TokenCreateInput", "expiresAt"): None,
    ("TokenRotateInput", "id"): '"@Token"',
    ("TokenRotateInput", "overlapHours"): "1",
    ("TokenRevokeInput", "id"): '"@Token"',
}
"""Fields that only make sense together, by their names and types (or by what they are in and their names), and what
they may be: None for left out."""

ODD = ("after", "before", "last", "variant", "attribute", "knownOn", "mode", "idempotencyKey")
"""Arguments that chance seldom gives a value that can be."""


def named(document: str, ids: dict[str, str]) -> str:
    """The document with the ids that `ids` has for the names of types."""
    for name, id_ in ids.items():
        document = document.replace(f'"@{name}"', f'"{id_}"')
    return document


def typed(document: str) -> str:
    """The document with `__typename` in every object."""

    class Named(Visitor):
        def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
            return SelectionSetNode(selections=(*node.selections, FieldNode(name=NameNode(value="__typename"))))

    return print_ast(visit(parse(document), Named()))


def lifted(document: str) -> tuple[str, dict[str, Any]]:
    """The document with a variable for every argument, and the variables."""
    types, variables = TypeInfo(published()), {}
    definitions: list[VariableDefinitionNode] = []

    class Lift(Visitor):
        def leave_argument(self, node: ArgumentNode, *_: Any) -> ArgumentNode:
            name = NameNode(value=f"v{len(variables)}")
            variables[name.value] = value_from_ast_untyped(node.value)
            variable = VariableNode(name=name)
            type_ = parse_type(str(types.get_argument().type))
            definitions.append(VariableDefinitionNode(variable=variable, type=type_, directives=()))
            return ArgumentNode(name=node.name, value=variable)

        def leave_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> OperationDefinitionNode:
            return OperationDefinitionNode(
                operation=node.operation,
                name=NameNode(value="Lifted"),
                variable_definitions=tuple(definitions),
                directives=(),
                selection_set=node.selection_set,
            )

    changed = visit(parse(document), TypeInfoVisitor(types, Lift()))
    return print_ast(changed), variables
