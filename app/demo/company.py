"""What is declared of a made-up company: its world, what it asks, how its customers come and go, what it promises."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from app.demo.timeline import Rhythm
from app.services.period import NamedPeriod


@dataclass(frozen=True)
class Place:
    """A channel: the weights with which it is used, sells and brings customers, how content it leaves them."""

    key: str
    name: str
    kind: str
    medium: str
    used: float = 0
    sells: float = 0
    brings: float = 0
    charm: float = 1
    staffed: bool = False
    parent: str | None = None


class Trait(NamedTuple):
    """A value of a dimension: how common it is and how content its people are (1 is usual)."""

    weight: float
    charm: float = 1


class Topic(NamedTuple):
    """Something that customers speak of: its tag, and what is said when content and when not, by language."""

    tag: str
    praise: Mapping[str, tuple[str, ...]]
    blame: Mapping[str, tuple[str, ...]]


BEST, MIDDLE, WORST = range(3)
"""The bands that answers fall into: promoters, passives and detractors, the satisfied and the others, and so on."""


class Split(NamedTuple):
    """How many answers are in each band."""

    best: int
    middle: int
    worst: int


class Bands(NamedTuple):
    """The scores of each band with their weights; empty where nothing is scored."""

    best: Mapping[int, float]
    middle: Mapping[int, float]
    worst: Mapping[int, float]


UNSCORED = Bands({}, {}, {})


@dataclass(frozen=True)
class Inquiry:
    """One stream of feedback. `years` says exactly how its answers of the two ranges fall into the bands.

    `skipped` and `anonymous` are fractions: answers without a score come on top of `years`, nameless ones are in it.
    """

    key: str
    kind: str
    origin: str
    years: tuple[Split, Split]
    bands: Bands = UNSCORED
    scale: tuple[int, int] | None = None
    survey: str | None = None
    stages: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    skipped: float = 0
    anonymous: float = 0
    spoken: float = 0.3


class Flow(NamedTuple):
    """How customers move in one year.

    Of those there at its start, `lost` have gone at its end and `paused` leave and return; of the new ones, `joined`
    stay and `brief` are gone again; `back` return who were lost the year before.
    """

    lost: int
    paused: int
    joined: int
    brief: int
    back: int = 0


class Article(NamedTuple):
    """Something for sale: how common it is, its prices, the part of them that it costs, and how many are taken at most.

    One that is `reserved` is for customers of that segment.
    """

    weight: float
    prices: tuple[int, ...]
    cost: float
    most: int = 1
    reserved: str | None = None


class Foreign(NamedTuple):
    """A foreign currency: what one unit is usually worth, its decimals, and how much of a channel's orders are in it.

    Prices in it are multiples of `step`.
    """

    rate: float
    decimals: int
    step: int
    channels: Mapping[str, float]


class Expense(NamedTuple):
    """A bill that comes every so many `months`, for all their days or their first `days`; some grow with the season."""

    key: str
    category: str
    amount: int
    channel: str | None = None
    months: int = 1
    days: int | None = None
    currency: str | None = None
    seasonal: bool = False


@dataclass(frozen=True)
class Trade:
    """What is sold and spent. `revenue` says exactly what the orders of the two ranges come to, less refunds.

    `returned`, `reduced`, `nameless` (over a counter) and `met` (customers whose way is known) are fractions. Whoever
    comes by way of the channel `bonus` names costs that much.
    """

    revenue: tuple[int, int]
    articles: Mapping[str, Article]
    foreign: Mapping[str, Foreign]
    expenses: tuple[Expense, ...]
    returns: Mapping[str, float]
    returned: float
    reduced: float
    nameless: float
    met: float
    bonus: tuple[str, int]


class Contact(NamedTuple):
    """A channel on which customers are talked with: how often, and how long they wait there (1 is usual).

    Where there is a `bot`, it speaks first; by `phone` customers are put on hold.
    """

    channel: str
    weight: float
    pace: float
    bot: bool = False
    phone: bool = False


class Matter(NamedTuple):
    """Something that customers come with: what they want, how common it is among what is wanted, and when they want it.

    It is about one of `products`, or of all.
    """

    kind: str
    reason: str
    weight: float
    stage: str
    products: tuple[str, ...] = ()


@dataclass(frozen=True)
class Desk:
    """How customers are talked with. Of the two ranges, `answered` says how many are answered, complaints included.

    `seconds` says exactly how long the first reply takes on average; so many are left `waiting` at the end.
    """

    answered: tuple[int, int]
    seconds: tuple[int, int]
    waiting: int
    contacts: tuple[Contact, ...]
    matters: tuple[Matter, ...]


class Outreach(NamedTuple):
    """How customers are won, asked and kept busy.

    For each lead that is won, so many are `lost`; a decision usually takes `cycle_days`. Of the surveys that are sent,
    `answering` says which part is answered. `active` customers use `place` in a month, in the ways of `uses`.
    """

    lost: float
    cycle_days: float
    answering: Mapping[str, float]
    uses: Mapping[str, float]
    place: str
    active: float


class Promise(NamedTuple):
    """What a demonstration promises figures of: a KPI, as it is by default or in one of its variants."""

    kpi: str
    variant: str | None = None

    def __str__(self) -> str:
        """Both."""
        return f"{self.kpi} {self.variant}" if self.variant else self.kpi


@dataclass(frozen=True)
class Goal:
    """A target of a period that is relative to today, perhaps for some channels only."""

    key: str
    kpi: str
    kind: str
    value: float
    period: NamedPeriod
    channels: tuple[str, ...] = ()
    stretch: float | None = None
    owner: str | None = None
    rationale: str | None = None


@dataclass(frozen=True)
class Company:
    """One demonstration. `id` is its workspace's, the same everywhere, so that it can be found again.

    `promised` says what KPIs come to in the two ranges; None where that is not said.
    """

    id: UUID
    key: str
    workspace: Mapping[str, Any]
    rhythm: Rhythm
    channels: tuple[Place, ...]
    staff: Mapping[str, tuple[str, float]]
    teams: Mapping[str, tuple[str, tuple[str, ...]]]
    surveys: Mapping[str, tuple[str, str]]
    segments: Mapping[str, Trait]
    regions: Mapping[str, Trait]
    products: Mapping[str, float]
    campaigns: Mapping[int, str]
    languages: Mapping[str, float]
    topics: tuple[Topic, ...]
    inquiries: tuple[Inquiry, ...]
    trade: Trade
    desk: Desk
    outreach: Outreach
    founders: int
    flows: tuple[Flow, Flow]
    reasons: Mapping[str, float]
    names: tuple[tuple[str, ...], tuple[str, ...]]
    accounts: tuple[str, ...]
    business: str
    goals: tuple[Goal, ...]
    closing: str
    promised: Mapping[Promise, tuple[float | None, float]]
