"""How often one address may answer with one key: a bucket each, in this process's memory. No address is stored."""

from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from math import ceil
from time import monotonic
from uuid import UUID

from app.edge.request import Refused
from app.text import Text

MOST = 50_000
"""How many buckets are kept; the one not used for longest goes first."""


class Pace:
    """The addresses that came of late. Lives in one event loop."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self._most, self._clock = per_minute, clock
        self._buckets: OrderedDict[tuple[UUID | None, str], tuple[float, float]] = OrderedDict()

    def take(self, key: UUID | None, address: str, answers: int) -> None:
        """Take so many answers from the bucket of an address. Raises Refused (429) when it holds fewer."""
        name, now = (key, network(address)), self._clock()
        level, at = self._buckets.pop(name, (float(self._most), now))
        level = min(self._most, level + (now - at) * self._most / 60)
        enough = level >= answers
        self._buckets[name] = (level - answers if enough else level, now)
        if len(self._buckets) > MOST:
            self._buckets.popitem(last=False)
        if not enough:
            wait = max(1, ceil((answers - level) * 60 / self._most))
            text = Text(
                f"One address may send {self._most} answers per minute with this key. Try again in {wait} s.",
                f"同一地址每分钟最多可用此密钥发送 {self._most} 份回答。请在 {wait} 秒后重试。",
            )
            raise Refused(429, text, "RATE_LIMITED", retry_after=str(wait))


def network(address: str) -> str:
    """What stands for a client: its address, or the /64 of an IPv6 one, all of which is one client's."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)
