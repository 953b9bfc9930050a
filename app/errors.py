"""What can go wrong, in the words of the service layer.

Services raise; raising rolls back. The GraphQL edge decides what becomes a `userErrors` entry (what a caller
can mend in the input) and what a top-level error (what the caller may not do, or what is our fault).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.text import Text


class Code(StrEnum):
    """Why an input was refused."""

    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend in an input: a code, a sentence, and the path of the value in the input (camelCase)."""

    code: Code
    message: Text
    path: tuple[str, ...] = ()

    def under(self, *prefix: str) -> "Problem":
        """The same problem seen from further outside, its path led by `prefix`."""
        return Problem(self.code, self.message, (*prefix, *self.path))


class AppError(Exception):
    """Base of every error that is not a fault of ours; `text` may be shown to the caller, `str()` is its English."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class Invalid(AppError):
    """The input cannot be accepted as it is; `problems` says what, where and how to mend it."""

    def __init__(self, problems: Sequence[Problem] | Text, *path: str, code: Code = Code.INVALID) -> None:
        self.problems = (Problem(code, problems, path),) if isinstance(problems, Text) else tuple(problems)
        texts = [problem.message for problem in self.problems]
        super().__init__(Text(" ".join(text.en for text in texts), "".join(text.zh for text in texts)))


class NotFound(AppError):
    """Nothing of that name in this workspace; another workspace's rows are not found either."""


class Conflict(AppError):
    """Somebody else changed the same thing; read again and repeat."""


class Unauthenticated(AppError):
    """No credential, or one that is malformed, expired or revoked."""


class Forbidden(AppError):
    """The credential is good but lacks the scope that this needs."""


class Limited(AppError):
    """Asks for more than is served at once; the message names the limit."""


LATE = Text("This took longer than an operation may; ask for less at once.", "此操作耗时超过上限；请一次少查询一些。")


class TimedOut(AppError):
    """Took longer than an operation may."""

    def __init__(self, text: Text = LATE) -> None:
        super().__init__(text)


class Unavailable(AppError):
    """The database cannot take this now (locked, full, gone): nothing was written, a retry is safe."""


class Undone(Exception):
    """Raised by a service to have what it wrote rolled back and `answer` returned: a dry run, all or nothing."""

    def __init__(self, answer: object) -> None:
        super().__init__("undone")
        self.answer = answer
