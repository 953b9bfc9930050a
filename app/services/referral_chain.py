"""Chains of referrals: whether one more would lead back to where it came from."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from app.errors import Code, Invalid
from app.models.referral import Referral
from app.services.ref import Missing
from app.text import Text
from app.uow import Uow

Person = UUID | Missing
"""A customer, or one who is not known yet."""

Link = tuple[Person | None, Person]
"""Who referred whom."""


class Chains:
    """The referrals that those of a batch could close a circle with, and those of the batch that were let in."""

    def __init__(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> None:
        self.by: dict[Person | None, Counter[Person | None]] = defaultdict(Counter)
        self._add(_around(uow, [(row["customer_id"], row["referred_id"]) for row in rows]))

    def take(self, link: Link, instead: Link | None) -> None:
        """Let a referral in, in the place of another one. Raises Invalid for one that closes a circle."""
        if link[0] == link[1]:
            msg = Text("A customer cannot refer themselves.", "客户不能推荐自己。")
            raise Invalid(msg, "referred", code=Code.CONFLICT)
        if instead is not None:
            self.by[instead[1]][instead[0]] -= 1
        if self._leads(*link):
            if instead is not None:
                self.by[instead[1]][instead[0]] += 1
            msg = Text(
                "The one referred has already referred this customer, directly or through others; referrals cannot go "
                "in a circle.",
                "被推荐人已直接或通过他人推荐过此客户；推荐关系不能形成循环。",
            )
            raise Invalid(msg, "referred", code=Code.CONFLICT)
        self._add([link])

    def _add(self, links: Iterable[Link]) -> None:
        for who, whom in links:
            self.by[whom][who] += 1

    def _leads(self, who: Person | None, whom: Person) -> bool:
        """Whether `whom` stands somewhere above `who`."""
        seen, left = {who}, [who]
        while left:
            above = {one for one, count in self.by.get(left.pop(), Counter()).items() if count > 0} - seen
            if whom in above:
                return True
            seen |= above
            left += above
        return False


def _around(uow: Uow, links: Sequence[Link]) -> Iterable[Link]:
    """The stored referrals that lead to whoever refers in `links`, or those that lead on from whom they refer.

    A circle lies in either, so the shorter way is gone: a query for each level, until one of the two ends.
    """
    up = _Way(uow, {who for who, _ in links}, is_up=True)
    down = _Way(uow, {whom for _, whom in links}, is_up=False)
    while up.front and down.front:
        min(up, down, key=lambda way: len(way.front)).go()
    return (down if up.front else up).found.values()


class _Way:
    """The referrals found so far in one direction, and the customers from whom to go on."""

    def __init__(self, uow: Uow, start: Iterable[Person | None], *, is_up: bool) -> None:
        self.uow, self.is_up = uow, is_up
        self.front = {one for one in start if isinstance(one, UUID)}
        self.seen: set[UUID] = set(self.front)
        self.found: dict[UUID, Link] = {}

    def go(self) -> None:
        """One level further."""
        here = col(Referral.referred_id if self.is_up else Referral.customer_id)
        statement = select(Referral.id, Referral.customer_id, Referral.referred_id).where(
            self.uow.db.is_any(here, sorted(self.front)), col(Referral.deleted_at).is_(None)
        )
        self.front = set()
        for id_, who, whom in self.uow.session.execute(statement):
            self.found[id_] = who, whom
            self.front.add(who if self.is_up else whom)
        self.front -= self.seen
        self.seen |= self.front
