"""Time zones as rows name them."""

from functools import cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

from app.services.refusal import refused
from app.text import Text


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())  # looked for in many files


def _zone(value: str) -> str:
    if value not in _known():
        msg = Text(
            f"There is no time zone {value!r}; use an IANA name such as Europe/Berlin or Asia/Shanghai.",
            f"没有时区 {value!r}；请使用 IANA 名称，例如 Europe/Berlin 或 Asia/Shanghai。",
        )
        raise refused(msg)
    ZoneInfo(value)
    return value


Zone = Annotated[str, AfterValidator(_zone)]
"""The IANA name of a time zone."""
