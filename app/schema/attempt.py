"""The frame of mutations that are written out: a payload shows what was done, or what to mend in the input."""

from collections.abc import Awaitable, Callable
from inspect import get_annotations
from typing import Annotated, Any

from app.errors import Invalid
from app.schema.context import Info
from app.schema.describe import arg, mutation
from app.schema.inputs import unwrapped
from app.schema.made import resolver
from app.schema.outcome import refused
from app.schema.weight import weighs
from app.schema.writing import WEIGHT
from app.services.row import check_readable


def attempt(about: str) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """The mutation that does what the function below it does; `about` says what its input is.

    An input that cannot be read does not get as far as that. Wherever Invalid is raised, the payload shows nothing but
    what to mend.
    """

    def framed(work: Callable[..., Awaitable[Any]]) -> Any:  # noqa: ANN401 - a field
        known = get_annotations(work)
        payload = known["return"]

        async def attempted(self: Any, info: Info, input: Any) -> Any:  # noqa: ANN401 - as annotated below
            try:
                check_readable(unwrapped(input))
                return await work(self, info, input)
            except Invalid as error:
                return refused(payload, error)

        attempted.directives = getattr(work, "directives", ())  # type: ignore[attr-defined]  # as `sized` declared
        given = {"input": Annotated[known["input"], arg(about)], "returns": payload}
        return mutation(weighs(WEIGHT)(resolver(attempted, work.__name__, work.__doc__ or "", **given)))

    return framed
