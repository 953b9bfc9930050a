"""Links to drawings of KPIs: what one says, the signature that seals it, and for whom it speaks."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hmac import compare_digest
from importlib.util import find_spec
from itertools import starmap
from typing import Any
from uuid import UUID

import orjson

from app.actor import Actor, Rows, Scope
from app.errors import AppError, Code, Forbidden, Invalid, NotFound, Unauthenticated
from app.keys import Keys
from app.kpis.dimension import Dimension
from app.services import granting, member, token_use
from app.services import token as tokens
from app.services.chart import ChartKind, ChartTheme, Look, Wanted
from app.services.days import Last, Period
from app.services.kpi import Question
from app.services.period import Grain, NamedPeriod, Span
from app.services.slices import filter_of
from app.text import Text
from app.uow import Door, Uow, reads

PATH = "/charts/"
ENDING = ".svg"
MOST_DAYS = 366
MOST_CHARACTERS = 2_000
"""How long the path of a link may be: what every mail program and proxy carries."""
SHOWN = frozenset({Scope.KPI_READ, Scope.TARGET_READ, Scope.PERSONAL_READ})
"""The scopes that decide what a drawing shows."""
MISSING = Text(
    "This server cannot draw images; install it with `pip install 'custograph[charts]'`. The specification from "
    "`chart` can be drawn by any Vega-Lite program.",
    "此服务器无法绘制图像；请用 `pip install 'custograph[charts]'` 安装。"
    "`chart` 返回的规范可由任何 Vega-Lite 程序绘制。",
)
_PURPOSE = "chart link "
_HOUR = timedelta(hours=1)


class Ended(AppError):
    """The link was good once."""

    def __init__(self) -> None:
        super().__init__(Text("This link has expired; ask for a new one.", "此链接已失效；请获取新的链接。"))


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: which chart, how it looks, who made it, what they might see then, and until when it is good."""

    tenant_id: UUID
    token_id: UUID | None
    member_id: UUID | None
    reach: str
    expires_at: datetime
    wanted: Wanted
    look: Look


def can_draw() -> bool:
    """Whether what draws is installed: the extra `charts`."""
    return find_spec("vl_convert") is not None


@reads(Scope.KPI_READ)
def made(uow: Uow, wanted: Wanted, look: Look, days: int) -> tuple[str, datetime]:
    """The path of a drawing and until when it is good: so many days to the full hour, no longer than the token.

    Raises Invalid, and Forbidden for somebody who could not be asked for later.
    """
    if not can_draw():
        raise Invalid(MISSING)
    if not 1 <= days <= MOST_DAYS:
        msg = Text(f"expiresInDays must be between 1 and {MOST_DAYS}.", f"expiresInDays 必须在 1 与 {MOST_DAYS} 之间。")
        raise Invalid(msg, "expiresInDays", code=Code.OUT_OF_RANGE)
    actor = uow.actor
    if actor.caller is None or actor.public is not None:
        msg = Text("Links are made by tokens and members.", "链接只能由令牌或成员创建。")
        raise Forbidden(msg)
    latest = tokens.latest(uow)
    # full hours, so that who asks twice gets the same link and clients may keep the image
    until = uow.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=days) + _HOUR
    until = until if latest is None else min(until, latest.replace(microsecond=0))
    link = Link(
        uow.tenant_id, actor.token_id, actor.member_id, _reach(uow.keys, actor.scopes, actor.rows), until, wanted, look
    )
    path = f"{PATH}{_sealed(uow, link)}{ENDING}"
    if len(path) > MOST_CHARACTERS:
        msg = Text(
            f"The link would have {len(path):,} characters and may have {MOST_CHARACTERS:,}; name fewer values in the "
            "filters.",
            f"链接将有 {len(path):,} 个字符，上限为 {MOST_CHARACTERS:,}；请减少筛选中的值。",
        )
        raise Invalid(msg, "filter", code=Code.TOO_LONG)
    return path, until


def _sealed(uow: Uow, link: Link) -> str:
    payload = urlsafe_b64encode(orjson.dumps(_parts(link))).decode().rstrip("=")
    return f"{payload}.{uow.keys.digest(_PURPOSE + payload)}"


def opened(door: Door, text: str) -> Link:
    """What the link says whose path has `text` in it. Raises NotFound for one that was not made here, Ended."""
    unknown = NotFound(Text("There is no chart at this address.", "此地址没有图表。"))
    payload, _, given = text.partition(".")
    # the text itself is signed, not what it decodes to: another spelling of the same is another link
    if not compare_digest(given.encode(), door.keys.digest(_PURPOSE + payload).encode()):
        raise unknown
    try:
        link = _link(*orjson.loads(_bytes(payload)))
    except (ValueError, TypeError, KeyError):  # made by an earlier version
        raise unknown from None
    if link.expires_at <= door.clock():
        raise Ended
    return link


def viewer(door: Door, link: Link, request_id: str) -> Actor:
    """For whom the link speaks: whoever made it, who may do no more by it than draw.

    Raises Ended when their token ended, when they are no member any more, or may see something else by now.
    """
    rows: Rows | None
    try:
        if link.token_id is not None:
            scopes, rows = token_use.still_seeing(door, link.tenant_id, link.token_id)
        elif link.member_id is not None:
            scopes, rows = member.still(door, link.tenant_id, link.member_id)
        else:
            raise Ended
    except Unauthenticated:
        raise Ended from None
    if not compare_digest(link.reach, _reach(door.keys, scopes, rows)):
        raise Ended
    return Actor(
        link.tenant_id, "chart link", scopes & SHOWN, "default", link.token_id, request_id, rows,
        member_id=link.member_id,
    )  # fmt: skip


def _reach(keys: Keys, scopes: frozenset[Scope], rows: Rows | None) -> str:
    """What somebody may see, in a few letters."""
    told = orjson.dumps([sorted(scopes & SHOWN), granting.stored(rows)], option=orjson.OPT_SORT_KEYS).decode()
    return keys.digest("chart reach " + told)[:16]


def _bytes(payload: str) -> bytes:
    return urlsafe_b64decode(payload + "=" * (-len(payload) % 4))


def _parts(link: Link) -> list[Any]:
    """What a link says, for a document; `_link` reads it again."""
    question, wanted, look = link.wanted.question, link.wanted, link.look
    return [
        link.tenant_id.hex,
        link.token_id.hex if link.token_id else None,
        link.member_id.hex if link.member_id else None,
        link.reach,
        int(link.expires_at.timestamp()),
        [question.key, _days(question.period), question.variant, [one.parts for one in question.filters]],
        question.known_on,
        [wanted.kind, wanted.grain, wanted.by, wanted.attribute, wanted.first],
        [look.locale, look.theme, look.width, look.height],
    ]


def _link(  # noqa: PLR0913 - the parts of a link
    tenant: str, token: str | None, member_: str | None, reach: str, until: int, question: list[Any],
    known_on: str | None, wanted: list[Any], look: list[Any],
) -> Link:  # fmt: skip
    """The link of these parts. Raises ValueError, TypeError or KeyError for parts of another version."""
    key, days, variant, narrowed = question
    kind, grain, by, attribute, first = wanted
    locale, theme, width, height = look
    asked = Question(
        key, _period(*days), variant, tuple(starmap(filter_of, narrowed)),
        known_on=date.fromisoformat(known_on) if known_on else None,
    )  # fmt: skip
    return Link(
        UUID(tenant), UUID(token) if token else None, UUID(member_) if member_ else None, reach,
        datetime.fromtimestamp(until, UTC),
        Wanted(
            asked, ChartKind(kind), Grain(grain) if grain else None, Dimension(by) if by else None, attribute, first
        ),
        Look(locale, ChartTheme(theme), width, height),
    )  # fmt: skip


def _days(period: Period) -> list[Any]:
    if isinstance(period, Last):
        return ["last", period.count, period.grain, period.complete]
    return ["range", period.start, period.end] if isinstance(period, Span) else ["named", period]


def _period(kind: str, *given: Any) -> Period:  # noqa: ANN401 - by kind
    if kind == "last":
        count, grain, complete = given
        return Last(count, Grain(grain), complete)
    if kind == "range":
        start, end = given
        return Span(date.fromisoformat(start), date.fromisoformat(end))
    return NamedPeriod(*given)
