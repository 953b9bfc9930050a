"""Web origins, as browsers name the page that sends a request."""

import re
from typing import Annotated

from pydantic import AfterValidator

from app.services.refusal import refused
from app.text import Text

_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]{0,30})://([a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(\d{1,5}))?")
_PORTS = {"http": "80", "https": "443"}


def origin(value: str) -> str:
    """`value` as browsers write it: in lower case, without the scheme's own port. Refuses what is no origin."""
    found = _ORIGIN.fullmatch(value.lower())
    if found is None:
        msg = Text(
            f"{value!r} is no web origin; write scheme, host and port only, as https://shop.example or "
            "https://localhost:3000.",
            f"{value!r} 不是网页来源；只写协议、主机与端口，例如 https://shop.example 或 https://localhost:3000。",
        )
        raise refused(msg)
    scheme, host, port = found.groups()
    return f"{scheme}://{host}" if port in (None, _PORTS.get(scheme)) else f"{scheme}://{host}:{port}"


Origin = Annotated[str, AfterValidator(origin)]
"""A web origin in a row of input."""
