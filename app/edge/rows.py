"""Where a wrong value rejects its row alone: inside the input objects of mutations, and nowhere else."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Undefined,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VisitorAction,
    coerce_input_value,
    get_named_type,
    is_input_type,
    specified_rules,
    type_from_ast,
)

from app.schema.scalars import lenient


class _Values(ValuesOfCorrectTypeRule):
    """Literals of the right type; inside a mutation's `input` a wrong one becomes a marker, which rejects its row."""

    _is_inside = False

    def enter_argument(self, node: ArgumentNode, *_args: object) -> None:
        """Note where it is."""
        mutation = self.context.schema.mutation_type
        self._is_inside = node.name.value == "input" and self.context.get_parent_type() is mutation

    def leave_argument(self, *_args: object) -> None:
        """Note that it has left."""
        self._is_inside = False

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Check a literal."""
        with lenient(on=self._is_inside):
            return super().is_valid_value_node(node, input_type)


RULES = [_Values if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules]
"""The specification's validation rules, with markers for wrong values in rows."""


def takes_rows(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> bool:
    """Whether the operation is a mutation in whose inputs a wrong value may reject its row alone.

    Only values inside input objects may: a wrong one in a variable of its own, for `@skip` say, refuses the request.
    """
    if operation.operation is not OperationType.MUTATION:
        return False
    for definition in operation.variable_definitions or ():
        type_ = type_from_ast(schema, definition.type)
        name = definition.variable.name.value
        if (
            not is_input_type(type_)
            or isinstance(get_named_type(type_), GraphQLInputObjectType)
            or name not in variables
        ):
            continue
        if coerce_input_value(variables[name], type_) is Undefined:
            return False
    return True
