"""Where webhooks may be sent: addresses of the open internet, and networks inside that a setting names.

What a name stands for is not looked up here. Whoever connects asks `is_allowed` of the address and connects to that.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from app.errors import Code, Invalid
from app.settings import Settings
from app.text import Text

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST = 2_000
_REFUSED = [
    ip_network(one)
    for one in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' own; a cloud keeps its metadata at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's wire server, at an address that looks public
        "169.254.0.0/16",  # link-local; metadata at 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols; metadata at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays from 6to4
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocols: Teredo, benchmarks, overlays
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
]
_PUBLIC_V6 = ip_network("2000::/3")
_MAPPED, _TRANSLATED = ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96")
_NAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*")


def is_allowed(address: str, inside: Sequence[Network] = ()) -> bool:
    """Whether a connection to `address` may be made: on the open internet, or in one of the networks `inside`.

    An IPv4 address inside an IPv6 one is judged as what it is. Other forms of tunnels are refused whole.
    """
    try:
        found = _plain(ip_address(address))
    except ValueError:
        return False
    if any(found in network for network in inside):
        return True
    if isinstance(found, IPv6Address) and (found not in _PUBLIC_V6 or found.scope_id):
        return False
    return not any(found in network for network in _REFUSED)


def _plain(address: Address) -> Address:
    if address in _MAPPED or address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def checked(url: str, settings: Settings) -> str:
    """`url` as it is kept, its host in ASCII. Raises Invalid for one that nothing would ever be sent to."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _invalid(_UNREADABLE) from None
    if len(url) > LONGEST or re.search(r"[\x00-\x20\x7f\\]", url):
        raise _invalid(_UNREADABLE)
    _check_parts(parts, port, settings)
    host = _ascii(host)
    _check_host(host, settings)
    shown = f"[{host}]" if ":" in host else host
    place = shown if port is None else f"{shown}:{port}"
    kept = parts._replace(scheme=parts.scheme.lower(), netloc=place, path=parts.path or "/").geturl()
    if not kept.isascii():
        msg = Text(
            "The address holds letters beyond ASCII after its host; write them percent-encoded.",
            "地址的主机之后含有非 ASCII 字符；请使用百分号编码。",
        )
        raise _invalid(msg)
    return kept


def _check_parts(parts: SplitResult, port: int | None, settings: Settings) -> None:
    schemes = ("https", "http") if settings.webhook_plain_http else ("https",)
    if parts.scheme.lower() not in schemes:
        msg = Text(
            "The address must begin with https://; plain http needs the setting CUSTOGRAPH_WEBHOOK_PLAIN_HTTP.",
            "地址必须以 https:// 开头；使用 http 需要设置 CUSTOGRAPH_WEBHOOK_PLAIN_HTTP。",
        )
        raise _invalid(msg)
    if "@" in parts.netloc:
        msg = Text(
            "The address holds a user or password; what is sent is signed instead, so leave them out.",
            "地址含有用户名或密码；发送的内容带有签名，请去掉它们。",
        )
        raise _invalid(msg)
    if "#" in parts.geturl() or port == 0:
        raise _invalid(_UNREADABLE)


def _ascii(host: str) -> str:
    try:
        return host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise _invalid(_UNREADABLE) from None


def _check_host(host: str, settings: Settings) -> None:
    try:
        ip_address(host)
    except ValueError:
        # 2130706433, 0x7f.1 and 0177.0.0.1 are all 127.0.0.1 to some resolvers
        if not _NAME.fullmatch(host) or _NUMERIC.fullmatch(host.rsplit(".", 1)[-1]):
            raise _invalid(_UNREADABLE) from None
        if host == "localhost" or host.endswith(".localhost"):
            host = "127.0.0.1"
        else:
            return
    if not is_allowed(host, settings.webhook_networks):
        msg = Text(
            "The address lies inside a network; name it in the setting CUSTOGRAPH_WEBHOOK_ALLOW to allow it.",
            "地址位于内部网络；如需允许，请在设置 CUSTOGRAPH_WEBHOOK_ALLOW 中列出其网络。",
        )
        raise _invalid(msg)


_UNREADABLE = Text(
    "This is not an address that webhooks can be sent to; write it as https://hooks.example.com/path, with a port if "
    "need be, and an IP address in its usual form.",
    "无法向此地址发送 webhook；请写成 https://hooks.example.com/path 的形式，可加端口，IP 地址须用通常写法。",
)


def _invalid(text: Text) -> Invalid:
    return Invalid(text, "url", code=Code.INVALID)
