"""Documents of webhooks: whether one is fit to be kept, and what it answers about a record when that has changed."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from graphql import GraphQLError, NonNullTypeNode, OperationType, VariableDefinitionNode

from app.actor import Actor
from app.edge.documents import Documents, Operation
from app.edge.limits import TooComplex, check_cost, too_large
from app.edge.persisted import Persisted
from app.edge.request import Asked, Refused
from app.edge.runner import Runner
from app.schema.errors import presented
from app.settings import Settings
from app.text import Text

VARIABLE = "id"
"""The only variable: the global id of the record."""
PASSING = {"SERVICE_UNAVAILABLE", "TIMEOUT", "INTERNAL_SERVER_ERROR"}
"""What another time may be answered."""
MOST_BYTES = 1_000_000
"""Largest answer that is sent along."""


class Unanswered(Exception):
    """The document could not be answered now, through no fault of its author."""


class Payloads:
    """The documents of webhooks; thread safe."""

    def __init__(self, documents: Documents, persisted: Persisted, settings: Settings) -> None:
        self._documents, self._persisted, self._settings = documents, persisted, settings

    def problems(self, source: str) -> Sequence[Text]:
        """What has to be mended in a document before it can be kept. Takes its time: call it on a thread."""
        try:
            self._persisted.source(Asked(source))
        except Refused as refused:
            return (refused.text,)
        prepared = self._documents.get(source)
        if prepared.errors:
            return [_said(error) for error in prepared.errors]
        operation = prepared.operation(None)
        if operation is None or operation.node.operation is not OperationType.QUERY:
            return (_ONE_QUERY,)
        if not all(map(_is_known, operation.node.variable_definitions or ())):
            return (_VARIABLES,)
        try:
            check_cost(operation.cost({VARIABLE: ""}), self._settings.webhook_max_cost)
        except TooComplex as error:
            return (error.text,)
        return ()

    async def answer(self, runner: Runner, source: str, actor: Actor, id_: str) -> Mapping[str, Any]:
        """What the document answers about the record of that global id to `actor`. Raises Unanswered."""
        prepared = self._documents.known(source)
        if prepared is None:
            prepared = await asyncio.to_thread(self._documents.get, source)
        operation = prepared.operation(None)
        if operation is None:  # an upgrade took away what it asks for
            return {"data": None, "errors": [_formatted(error) for error in prepared.errors]}
        variables = {VARIABLE: id_} if operation.node.variable_definitions else {}
        return await _ran(runner, operation, variables, actor)


async def _ran(runner: Runner, operation: Operation, variables: Mapping[str, Any], actor: Actor) -> Mapping[str, Any]:
    ran = await runner.run(operation.document, operation, variables, actor, "en", None, 0)
    errors = [_formatted(error) for error in ran.errors]
    if any(error["extensions"]["code"] in PASSING for error in errors):
        raise Unanswered
    found: dict[str, Any] = {"data": ran.data} | ({"errors": errors} if errors else {})
    size = len(orjson.dumps(found))
    return found if size <= MOST_BYTES else {"data": None, "errors": [_formatted(too_large(size, MOST_BYTES))]}


def _formatted(error: GraphQLError) -> Any:  # noqa: ANN401 - JSON
    return presented(error, "en").formatted


def _is_known(variable: VariableDefinitionNode) -> bool:
    kind = variable.type.type if isinstance(variable.type, NonNullTypeNode) else variable.type
    return variable.variable.name.value == VARIABLE and getattr(getattr(kind, "name", None), "value", None) == "ID"


def _said(error: GraphQLError) -> Text:
    """What is wrong with a document, and where in it."""
    text = Text(presented(error, "en").message, presented(error, "zh").message)
    if not error.locations:
        return text
    line, column = error.locations[0].line, error.locations[0].column
    return Text(f"{text.en} (line {line}, column {column})", f"{text.zh}（第 {line} 行，第 {column} 列）")


_ONE_QUERY = Text(
    "The document must hold one query; nothing is written when a webhook is sent.",
    "文档必须只含一个查询；发送 webhook 时不会写入任何内容。",
)
_VARIABLES = Text(
    "The document may take one variable, `$id: ID!`, the global id of the record.",
    "文档只能有一个变量 `$id: ID!`，即记录的全局 ID。",
)
