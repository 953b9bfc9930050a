"""Idempotency keys: the same key and body get the same answer and have one effect."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlmodel import col, delete, insert, select
from uuid_utils.compat import uuid7

from app.errors import Code, Invalid, Problem
from app.models.idempotency import Idempotency
from app.services.mode import Mode
from app.services.row import Options, Outcome, Result, Wrong
from app.text import Text
from app.uow import Uow
from app.writer import Apart

KEPT = timedelta(hours=24)


def once(
    uow: Uow, what: str, rows: Sequence[Mapping[str, Any]], options: Options, work: Callable[[], list[Result]]
) -> list[Result]:
    """The results of `work`, or those that were given when this key and these rows came before. Raises Invalid."""
    if options.keys is not None:
        return _of_several(uow, what, rows, options, work)
    if (key := key_of(options)) is None:
        return work()
    fresh: list[Result] = []

    def work_once() -> list[dict[str, Any]]:
        fresh.extend(work())
        return [stored(one) for one in fresh]

    kept = remembered(uow, key, _asked(what, rows, options), work_once)
    return fresh or [result(one) for one in kept or ()]


def _asked(what: str, rows: Sequence[Mapping[str, Any]], options: Options) -> list[Any]:
    more: dict[str, str] = {"mode": options.mode} if options.mode is not Mode.UPSERT else {}
    more |= {"mirror": options.mirror} if options.mirror is not None else {}
    # so that keys from before there was more to say hold
    return [what, options.policy, bool(options.create_missing), rows, *([more] if more else [])]


def _of_several(
    uow: Uow, what: str, rows: Sequence[Mapping[str, Any]], options: Options, work: Callable[[], list[Result]]
) -> list[Result]:
    """The results of `work`, of one row each of several callers; each is kept under its key. Raises Apart."""
    keyed = {key: index for index, key in enumerate(options.keys or ()) if key is not None}
    digests = {key: _digest(_asked(what, [rows[index]], options)) for key, index in keyed.items()}
    if keyed:
        mine = (Idempotency.source == uow.actor.source, uow.db.is_any(Idempotency.key, sorted(keyed)))
        if not all(map(_is_fit, keyed)) or uow.session.scalars(select(Idempotency.id).where(*mine).limit(1)).first():
            raise Apart
        _sweep(uow, digests.values())
    results = work()
    own = {"tenant_id": uow.tenant_id, "source": uow.actor.source, "created_at": uow.now}
    kept = [
        own | {"id": uuid7(), "key": key, "digest": digests[key], "answer": [stored(replace(results[index], index=0))]}
        for key, index in keyed.items()
    ]
    if kept:
        uow.session.execute(insert(Idempotency), kept)
    return results


def _is_fit(key: str) -> bool:
    return 1 <= len(key) <= 200 and "\0" not in key  # noqa: PLR2004 - the column's length


def _sweep(uow: Uow, digests: Iterable[str]) -> None:
    """Clear away what is older than a day, about every sixteenth time."""
    if any(digest.startswith("0") for digest in digests):
        uow.session.execute(delete(Idempotency).where(col(Idempotency.created_at) < uow.now - KEPT))


def key_of(options: Options) -> str | None:
    """The key under which an answer is kept; None where none is."""
    return None if options.dry_run else options.idempotency_key


def remembered(uow: Uow, key: str, asked: object, work: Callable[[], list[Any] | None]) -> list[Any] | None:
    """The answer of `work`, as JSON, or the one that was given when `key` and what was `asked` came before.

    None is not kept, and asked for again. Raises Invalid when the key was used for something else within a day.
    """
    if not _is_fit(key):
        msg = Text("idempotencyKey must have 1 to 200 characters.", "idempotencyKey 必须有 1 到 200 个字符。")
        raise Invalid(msg, "idempotencyKey")
    digest = _digest(asked)
    _sweep(uow, [digest])
    mine = (Idempotency.source == uow.actor.source, Idempotency.key == key)
    before = uow.session.scalars(select(Idempotency).where(*mine)).first()
    if before is not None and before.created_at < uow.now - KEPT:
        uow.session.delete(before)
        uow.session.flush()
    elif before is not None:
        if before.digest != digest:
            msg = Text(
                "This idempotencyKey was used for something else within the last 24 hours; use a new one.",
                "此 idempotencyKey 在过去 24 小时内已用于其他内容；请换一个新的。",
            )
            raise Invalid(msg, "idempotencyKey", code=Code.IDEMPOTENCY_MISMATCH)
        return list(before.answer)
    answer = work()
    if answer is not None:
        about = Idempotency(
            tenant_id=uow.tenant_id, source=uow.actor.source, key=key, digest=digest, answer=answer, created_at=uow.now
        )
        uow.session.add(about)
    return answer


def _digest(asked: object) -> str:
    try:
        text = orjson.dumps(asked, default=_plain, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # what no column can hold rejects its row, when rows are read
        try:
            text = json.dumps(asked, default=_plain, sort_keys=True).encode()
        except RecursionError:
            raise Invalid(Text("The rows are nested too deeply.", "行数据嵌套过深。"), "rows") from None
    return hashlib.sha256(text).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Wrong):
        return value.message.en
    return vars(value) if hasattr(value, "__dict__") else str(value)


def stored(result: Result) -> dict[str, Any]:
    """A result as JSON."""
    return {
        "index": result.index,
        "outcome": result.outcome,
        "id": None if result.id is None else result.id.hex,
        "problems": [[problem.code, list(problem.message), list(problem.path)] for problem in result.problems],
    }


def _text(stored: str | list[str]) -> Text:
    """The message as it was stored; by itself and in English where that was before there was Chinese."""
    return Text(stored, stored) if isinstance(stored, str) else Text(*stored)


def result(kept: dict[str, Any]) -> Result:
    """The result that was stored."""
    problems = tuple(Problem(Code(code), _text(message), tuple(path)) for code, message, path in kept["problems"])
    return Result(kept["index"], Outcome(kept["outcome"]), kept["id"] and UUID(kept["id"]), problems)
