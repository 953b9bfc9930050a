"""The frame of mutations that are written out: a payload shows what was done, or what to mend in the input."""

from collections.abc import Awaitable, Callable
from inspect import get_annotations
from typing import Annotated, Any

import strawberry

from app.errors import Invalid
from app.schema.context import Info
from app.schema.describe import arg, mutation
from app.schema.inputs import unwrapped
from app.schema.made import resolver
from app.schema.outcome import refused
from app.schema.weight import weighs
from app.schema.writing import WEIGHT, Once, known
from app.services.row import Options, check_readable


def attempt(about: str) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """The mutation that does what the function below it does; `about` says what its input is.

    An input that cannot be read does not get as far as that. Wherever Invalid is raised, the payload shows nothing but
    what to mend. A function that takes `once` is told by it under which key a retry has no effect; one whose input has
    the key, or that tells a secret, takes none.
    """

    def framed(work: Callable[..., Awaitable[Any]]) -> Any:  # noqa: ANN401 - a field
        hints = get_annotations(work)
        payload, is_keyed = hints["return"], "once" in hints

        async def once(self: Any, info: Info, input: Any, idempotency_key: Once = strawberry.UNSET) -> Any:  # noqa: ANN401 - as annotated below
            try:
                check_readable(unwrapped(input))
                more = [Options(idempotency_key=known(idempotency_key))] if is_keyed else []
                return await work(self, info, input, *more)
            except Invalid as error:
                return refused(payload, error)

        async def again(self: Any, info: Info, input: Any) -> Any:  # noqa: ANN401 - as annotated below
            return await once(self, info, input)

        attempted: Callable[..., Any] = once if is_keyed else again
        attempted.directives = getattr(work, "directives", ())  # type: ignore[attr-defined]  # as `sized` declared
        given = {"input": Annotated[hints["input"], arg(about)], "returns": payload}
        return mutation(weighs(WEIGHT)(resolver(attempted, work.__name__, work.__doc__ or "", **given)))

    return framed
