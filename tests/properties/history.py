"""Random histories of a workspace: told to the program and to the oracle alike, and compared.

Everything is drawn from one seeded generator, so that a seed tells the same story on every machine.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import oracle
from oracle import Stay, World

from app.kpis.dimension import Dimension
from app.kpis.figure import KpiFlag
from app.services import channel, customer, feedback, job, kpi, rebuild, rollup, staff, survey, team
from app.services.period import Grain, Span
from app.services.row import Options, Ref
from app.services.slices import Filter

KINDS = ("CSAT", "CSAT", "NPS", "NPS", "CES", "REVIEW", "COMMENT")
SCALES = ((1, 5), (1, 5), (1, 7), (0, 3), (5, 1), (-10, 10))
WORDS: dict[str, tuple[str | None, ...]] = {
    "channel": ("web", "shop", None),
    "staff": ("ann", "ben", None),
    "team": ("red", "blue", None),
    "survey": ("s1", "s2", "s3", None),
    "product": ("tea", "7", None),
    "campaign": ("spring", None),
    "journey_stage": ("use", None),
    "origin": ("SURVEY", "WIDGET", None),
    "segment": ("gold", "new", None),
    "region": ("north", "south", "007", None),
    "acquisition_channel": ("web", "ads", None),
    "kind": ("PERSON", "ACCOUNT", None),
    "reason": ("price", "moved", None),
    "occasion": ("RELATIONSHIP", "TRANSACTIONAL", None),
}
TAGS = ("late", "kind", "noisy")
FIRST = date(2026, 1, 1)
VERSIONS = datetime(2026, 1, 1, tzinfo=UTC)


class History:
    """One story of one workspace."""

    def __init__(self, people: Any, clock: Any, rng: Random, *, time_zone: str) -> None:
        self.people, self.clock, self.rng = people, clock, rng
        self.world = World(ZoneInfo(time_zone))
        self.known: dict[date, World] = {}
        self.rebuilt = False
        self.names = 0
        self.log: list[Any] = []
        for key in ("web", "shop", "ads"):
            people.write(channel.upsert, {"external_id": key, "name": key.title()})
        for key in filter(None, WORDS["team"]):
            people.write(team.upsert, {"external_id": key, "name": key.title()})
        self.tell_survey("s1", "RELATIONSHIP")
        self.tell_survey("s2", "TRANSACTIONAL")

    @property
    def today(self) -> date:
        """The workspace's day."""
        return self.clock.now.astimezone(self.world.zone).date()

    def _pick(self, name: str) -> str | None:
        return self.rng.choice(WORDS[name])

    # what is told

    def step(self) -> None:
        """Tell one thing more."""
        steps: dict[Callable[[], None], int] = {
            self.tell_feedback: 10,
            self.take_back: 3,
            self.tell_customers: 9,
            self.move_staff: 3,
            self.tell_survey: 2,
            self.let_time_pass: 2,
            self.compact: 4,
            self.settle: 1,
            self.rebuild_some: 4,
        }
        (do,) = self.rng.choices(list(steps), list(steps.values()))
        do()

    def tell_feedback(self, size: int | None = None) -> None:
        """New feedback, corrections, repetitions and what comes too late, in one batch."""
        told = [self._feedback() for _ in range(size or self.rng.randint(1, 12))]
        self.log.append(("feedback", told))
        rows = [self._as_row(*one) for one in told]
        results = self.people.write(feedback.record_batch, rows, Options(create_missing=True))
        for (name, row, updated), result in zip(told, results, strict=True):
            expected = self.world.record(name, row, updated, result.id.hex if result.id else "")
            assert result.outcome == expected, (name, result, expected, self.world.said.get(name))

    def _feedback(self) -> tuple[str, dict[str, Any], datetime | None]:
        old = self.rng.choice(list(self.world.said.values())) if self.world.said and self.rng.random() < 0.4 else None
        if old is None:
            self.names += 1
            name, row = f"f{self.names}", self._content()
        else:
            name = old.name
            row = self._content() if self.rng.random() < 0.3 else dict(old.row)
            for part in self.rng.sample(oracle.CONTENT, self.rng.choice((0, 1, 1, 2, 3))):
                if part in ("kind", "score", "worst", "best"):
                    row |= self._score()
                else:
                    row[part] = self._content()[part]
        # half of them are told by a source that numbers its versions
        return name, row, self._version() if int(name[1:]) % 2 else None

    def _version(self) -> datetime:
        return VERSIONS + timedelta(hours=len(self.log) + self.rng.choice((-3, -1, 0, 1, 2)))

    def _content(self) -> dict[str, Any]:
        rng = self.rng
        who = rng.choice((None, *(f"c{n}" for n in range(1, 19)), f"stub{rng.randint(1, 6)}"))
        since = (self.clock.now - datetime.combine(FIRST, datetime.min.time(), UTC)).total_seconds()
        at = self.clock.now - timedelta(seconds=rng.randrange(int(since)))
        if rng.random() < 0.2:  # close to midnight somewhere
            at = at.replace(hour=rng.choice((0, 4, 5, 12, 16, 23)), minute=rng.choice((0, 59)), second=0)
        words = {name: self._pick(name) for name in oracle.OWN.values()}
        tags = rng.sample(TAGS, rng.choice((0, 0, 1, 1, 2, 3)))
        at = min(at, self.clock.now)
        return {
            **self._score(),
            "customer": who,
            **words,
            "comment": rng.choice((None, "hm")),
            "tags": tags,
            "occurred_at": at,
        }

    def _score(self) -> dict[str, Any]:
        rng = self.rng
        kind = rng.choice(KINDS)
        worst, best = (0, 10) if kind == "NPS" else rng.choice(SCALES)
        score: float | None = rng.randint(min(worst, best), max(worst, best))
        if kind != "NPS" and rng.random() < 0.2:
            score = min(max(worst, best), score + rng.choice((0.5, 0.1, 0.25)))
        if kind == "COMMENT" or rng.random() < 0.12:
            score = None
        return {"kind": kind, "score": score, "worst": worst, "best": best}

    @staticmethod
    def _as_row(name: str, row: dict[str, Any], updated: datetime | None) -> dict[str, Any]:
        named = {
            part: Ref(external_id=row[part]) if row[part] else None
            for part in ("customer", "channel", "staff", "survey")
        }
        told = {"external_id": name, **row, **named, "scale_worst": row["worst"], "scale_best": row["best"]}
        return {k: v for k, v in (told | {"source_updated_at": updated}).items() if k not in ("worst", "best")}

    def take_back(self) -> None:
        """Delete some, some twice, some that never came and some too late."""
        names = self.rng.sample(sorted(self.world.said), min(len(self.world.said), self.rng.randint(1, 4)))
        names += [f"f{self.names + self.rng.randint(1, 8)}"] if self.rng.random() < 0.3 else []
        told = [(name, self._version() if int(name[1:]) % 2 else None) for name in names]
        self.log.append(("delete", told))
        rows = [{"external_id": name} | ({"source_updated_at": updated} if updated else {}) for name, updated in told]
        for (name, updated), result in zip(
            told, self.people.write(feedback.delete_batch, rows, Options()), strict=True
        ):
            assert result.outcome == self.world.delete(name, updated), (name, updated, result)

    def tell_customers(self, size: int | None = None) -> None:
        """What sources say of customers: who joins, moves, leaves, returns, is a test, or never was."""
        told = dict(self._customer() for _ in range(size or self.rng.randint(1, 6)))
        self.log.append(("customers", told))
        rows = [{"external_id": name, **row} for name, (row, _) in told.items()]
        results = self.people.write(customer.upsert_batch, rows, Options(create_missing=True))
        for (name, (_, expected)), result in zip(told.items(), results, strict=True):
            assert not result.problems, (name, told[name], result)
            was_there = name in self.world.people
            if expected is None:
                assert result.outcome == "STALE"
                continue
            assert not (was_there and result.outcome == "CREATED")
            was_stub = was_there and self.world.people[name].is_stub
            self.world.people[name] = expected
            if was_stub:
                self.world.restate(name)

    def move_staff(self) -> None:
        """Tell anew when somebody belonged to which team: never, once, or in turn, with gaps and without."""
        who = self.rng.choice(("ann", "ben"))
        count = self.rng.choice((0, 1, 1, 2, 3, 4))
        days = sorted(self._some_day(FIRST - timedelta(days=30), self.today) for _ in range(2 * count))
        times = [(first, end, self._pick("team")) for first, end in zip(days[::2], days[1::2], strict=True)]
        if times and self.rng.random() < 0.5:
            times[-1] = (times[-1][0], date.max, times[-1][2])
        if times and self.rng.random() < 0.3:
            times[0] = (date.min, times[0][1], times[0][2])
        if self.rng.random() < 0.3:  # one after the other
            times = [(first, times[n + 1][0], one) for n, (first, _, one) in enumerate(times[:-1])] + times[-1:]
        told = [(first, end, one) for first, end, one in times if one and first < end]
        self.log.append(("teams", who, told))
        self.world.teams[who] = told
        rows = [
            {"team": Ref(external_id=one)}
            | ({} if first == date.min else {"from_": first})
            | {"before": None if end == date.max else end}
            for first, end, one in told
        ]
        self.rng.shuffle(rows)
        self.people.write(staff.upsert, {"external_id": who, "name": who.title(), "teams": rows})

    def tell_survey(self, key: str | None = None, occasion: str | None = None) -> None:
        """Tell when a survey asks, which may be another time than it was; one that answers named may be new."""
        key, occasion = key or self._pick("survey") or "s1", occasion or self._pick("occasion")
        self.log.append(("survey", key, occasion))
        self.world.surveys[key] = occasion
        self.people.write(survey.upsert, {"external_id": key, "name": key, "occasion": occasion})

    def _customer(self) -> tuple[str, tuple[dict[str, Any], oracle.Person | None]]:
        """A row about somebody, and what that person is after it (None: as before)."""
        rng = self.rng
        name = rng.choice([f"c{n}" for n in range(1, 25)] + [f"stub{n}" for n in range(1, 7)])
        old = self.world.people.get(name)
        after = World(self.world.zone, people={name: old} if old else {}).copy().people.get(name) or oracle.Person()
        after.is_stub = False
        row: dict[str, Any] = {}
        for trait in ("segment", "region", "kind", "acquisition_channel"):
            if rng.random() < 0.3:
                after.traits[trait] = row[trait] = self._pick(trait)
        if row.get("acquisition_channel"):
            row["acquisition_channel"] = Ref(external_id=row["acquisition_channel"])
        if rng.random() < 0.1:
            row["is_test"] = after.is_test = not after.is_test
        if rng.random() < 0.5:
            row["source_updated_at"] = self._version()
            if old and old.updated and row["source_updated_at"] < old.updated:
                return name, (row, None)
            after.updated = row["source_updated_at"]
        row |= self._stays(after)
        return name, (row, after)

    def _stays(self, after: oracle.Person) -> dict[str, Any]:
        """Something about when somebody was a customer: what is told, with `after` changed accordingly."""
        stays, rng = after.stays, self.rng
        moves = [self._nothing]
        if not stays:
            moves += [self._join] * 4 + [self._history, self._activate]
        else:
            moves += [self._history, self._never, self._correct_start]
            moves += [self._leave] * 4 if stays[-1].end is None else [self._return] * 3
            moves += (
                [self._insert, self._leave_today]
                if stays[-1].end is None
                else [self._reopen, self._correct_reason, self._activate]
            )
        told = rng.choice(moves)(after)
        stays.sort(key=lambda s: s.start)
        return told

    def _some_day(self, low: date, high: date) -> date:
        return low + timedelta(days=self.rng.randrange(max(1, (high - low).days)))

    def _frozen(self, after: oracle.Person) -> dict[str, str | None]:
        return dict(after.traits)

    def _nothing(self, after: oracle.Person) -> dict[str, Any]:
        return {}

    def _join(self, after: oracle.Person) -> dict[str, Any]:
        start = self._some_day(FIRST - timedelta(days=90), self.today)
        if self.rng.random() < 0.3:
            start = start.replace(day=1)
        stay = Stay(start, None, None, self._frozen(after))
        after.stays.append(stay)
        if self.rng.random() < 0.6:
            return {"joined_on": start}
        return {"joined_on": start} | self._end(stay)

    def _end(self, stay: Stay) -> dict[str, Any]:
        stay.end = self._some_day(stay.start + timedelta(days=1), self.today + timedelta(days=20))
        if self.rng.random() < 0.3:
            stay.end = max(stay.start + timedelta(days=1), stay.end.replace(day=1))
        stay.reason = self._pick("reason")
        return {"churned_on": stay.end} | self._parting(stay.reason)

    def _parting(self, reason: str | None) -> dict[str, Any]:
        """Why somebody leaves and in what way, where that is known."""
        return {"churn_reason": reason, "churn_kind": oracle.KIND_OF[reason]} if reason else {}

    def _leave(self, after: oracle.Person) -> dict[str, Any]:
        return self._end(after.stays[-1])

    def _leave_today(self, after: oracle.Person) -> dict[str, Any]:
        if after.stays[-1].start >= self.today:
            return {}
        after.stays[-1].end = self.today
        return {"status": "CHURNED"}

    def _return(self, after: oracle.Person) -> dict[str, Any]:
        last = after.stays[-1]
        stay = Stay(last.end + timedelta(days=self.rng.choice((0, 1, 5, 40))), None, None, self._frozen(after))
        after.stays.append(stay)
        return {"joined_on": stay.start} | (self._end(stay) if self.rng.random() < 0.3 else {})

    def _activate(self, after: oracle.Person) -> dict[str, Any]:
        if after.stays and after.stays[-1].end > self.today:
            return {}
        after.stays.append(Stay(self.today, None, None, self._frozen(after)))
        return {"status": "ACTIVE"}

    def _reopen(self, after: oracle.Person) -> dict[str, Any]:
        after.stays[-1].end = after.stays[-1].reason = None
        return {"churned_on": None}

    def _correct_reason(self, after: oracle.Person) -> dict[str, Any]:
        after.stays[-1].reason = self._pick("reason")
        return {"churn_reason": after.stays[-1].reason, "churn_kind": oracle.KIND_OF[after.stays[-1].reason]}

    def _correct_start(self, after: oracle.Person) -> dict[str, Any]:
        """Another first day of the last stay, which stays the same stay."""
        last = after.stays[-1]
        low = after.stays[-2].end if len(after.stays) > 1 else last.start - timedelta(days=60)
        last.start = self._some_day(low, last.end or self.today)
        return {"joined_on": last.start}

    def _never(self, after: oracle.Person) -> dict[str, Any]:
        after.stays.clear()
        return {"joined_on": None}

    def _insert(self, after: oracle.Person) -> dict[str, Any]:
        """A stay from before everything that was known."""
        first = after.stays[0].start
        stay = Stay(
            first - timedelta(days=50),
            first - timedelta(days=self.rng.choice((0, 10))),
            self._pick("reason"),
            self._frozen(after),
        )
        after.stays.insert(0, stay)
        return {"joined_on": stay.start, "churned_on": stay.end} | self._parting(stay.reason)

    def _history(self, after: oracle.Person) -> dict[str, Any]:
        """All of it, told anew: what was known stays what it was, what is new is of now."""
        stays = [stay for stay in after.stays if stay.end is None or self.rng.random() < 0.5]
        if stays and stays[-1].end is None:
            self._end(stays[-1])
        else:
            start = max([s.end for s in after.stays] + [FIRST]) + timedelta(days=1)
            stays.append(Stay(start, start + timedelta(days=9), self._pick("reason"), self._frozen(after)))
        after.stays[:] = stays
        told = [{"from_": s.start, "before": s.end, "reason": s.reason} for s in stays]
        return {"history": [row | {"churn_kind": oracle.KIND_OF[row["reason"]]} for row in told]}

    def let_time_pass(self) -> None:
        """Until a later time of the day, or another day; what was known by the end of a day is remembered."""
        self.known[self.today] = self.world.copy()
        self.clock.advance(hours=self.rng.choice((3, 9, 24, 50, 24 * 12)))
        self.log.append(("now", self.clock.now))

    # what must change nothing

    def compact(self) -> None:
        """Add the appended entries up."""
        self.log.append("compact")
        self.people.write(rollup.compact)

    def settle(self) -> None:
        """Have the jobs run that are due."""
        self.log.append("settle")
        for claimed in job.claim(self.people.door):
            assert job.run(self.people.door, claimed)

    def rebuild_some(self) -> None:
        """Begin a rebuild, or go on with one for some facts."""
        self.log.append("rebuild")
        if self.rng.random() < 0.3 and self.people.write(rebuild.start, self.rng.sample(list(oracle.DAY_OF), 2)):
            self.rebuilt = True
        for _ in range(self.rng.randint(1, 3)):
            self.people.write(rebuild.step, self.rng.choice((3, 20, 1000)))

    def finish_rebuild(self) -> None:
        """Rebuild everything, to the end."""
        while self.people.write(rebuild.step):
            pass
        self.people.write(rebuild.start, list(oracle.DAY_OF))
        self.rebuilt = True
        while self.people.write(rebuild.step, 17):
            pass

    # what is asked

    def check(self, *, thoroughly: bool = False, dims: slice = slice(None)) -> None:
        """Ask the program and the oracle, and compare; thoroughly: of every KPI, by `dims` of its dimensions."""
        if self.known:  # so far, today ends now
            self.known[self.today] = self.world
        asked = list(self._questions(dims if thoroughly else None))
        answers = self.people.read(kpi.answer, [question for question, _ in asked])
        for (question, (world, spans)), answer in zip(asked, answers, strict=True):
            assert not isinstance(answer, Exception), (question, answer)
            assert [(s.start, s.end) for s in answer.spans] == list(spans)
            expected = self._expected(world, question, spans)
            told = {
                answer.slices[key].key if question.by else key: [
                    oracle.Figure(
                        f.value,
                        f.reason and f.reason.value,
                        f.numerator,
                        f.denominator,
                        KpiFlag.MIXED_SURVEYS in f.flags,
                    )
                    for f in row
                ]
                for key, row in answer.figures.items()
            }
            assert told == expected, (question, differences(told, expected), self.log[-1:])

    def _expected(
        self, world: World, question: kpi.Question, spans: Sequence[tuple[date, date]]
    ) -> dict[str, list[oracle.Figure]]:
        name = (question.key, question.variant or "default")
        filters = [oracle.Filter(f.by.value, f.any_of, f.none_of) for f in question.filters]
        found = oracle.ask(world, name, spans, filters, question.by and question.by.value, today=self.today)
        # what was known on a day stays known when it has gone since
        is_known = question.known_on and any(one.is_something for row in found.values() for one in row)
        if not self.world.has(name) and not is_known:
            return {} if question.by else {"": [oracle.Figure(None, "INPUT_NOT_CONFIGURED", None, None)] * len(spans)}
        for row in found.values():
            for place, span in enumerate(spans):
                if span[0] > self.today:
                    row[place] = oracle.Figure(None, "PERIOD_NOT_STARTED", None, None)
        return found

    def _questions(self, chosen: slice | None) -> Iterator[tuple[kpi.Question, tuple[World, list[tuple[date, date]]]]]:
        names = list(oracle.KNOWN)
        for name in self.rng.sample(names, 6) if chosen is None else names:
            dims = oracle.dimensions(name[0])
            whole, part = (date(2025, 10, 1), date(2026, 8, 1)), self._span()
            short = (part[0], min(part[1], part[0] + timedelta(days=12)))
            yield self._question(name, whole)
            yield self._question(name, part)
            yield self._question(name, whole, grain="MONTH")
            yield self._question(name, part, grain=self.rng.choice(("WEEK", "QUARTER", "MONTH")))
            yield self._question(name, short, grain="DAY")
            for by in self.rng.sample(dims, 1) if chosen is None else dims[chosen]:
                yield self._question(name, part, by=by)
                yield self._question(name, self.rng.choice((whole, part)), filters=[self._filter(by)])
            first, second, third = (self.rng.choice(dims) for _ in range(3))
            yield self._question(name, part, filters=[self._filter(first), self._filter(second)])
            yield self._question(name, part, filters=[self._filter(first)], by=third)
            yield self._question(name, whole, filters=[self._filter(second)], grain="MONTH")
            yield from self._as_known(name, dims, part)

    def _as_known(
        self, name: tuple[str, str], dims: Sequence[str], part: tuple[date, date]
    ) -> Iterator[tuple[kpi.Question, tuple[World, list[tuple[date, date]]]]]:
        """The same as known at the end of an earlier day: kept for feedback until a rebuild, for customers always."""
        if not self.known or name == ("NPS", "latest_per_customer") or (self.rebuilt and name in oracle.FEEDBACK):
            return
        day = self.rng.choice(sorted(self.known))
        by = self.rng.choice(dims)
        plain = oracle.Filter(by, (self.rng.choice(self._values(by)),))
        yield self._question(name, part, known_on=day)
        yield self._question(name, part, known_on=day, grain="MONTH")
        yield self._question(name, part, known_on=day, by=by)
        yield self._question(name, part, known_on=day, filters=[plain])

    def _question(
        self,
        name: tuple[str, str],
        span: tuple[date, date],
        *,
        filters: Sequence[oracle.Filter] = (),
        by: str | None = None,
        grain: str | None = None,
        known_on: date | None = None,
    ) -> tuple[kpi.Question, tuple[World, list[tuple[date, date]]]]:
        asked = kpi.Question(
            name[0],
            Span(*span),
            name[1],
            tuple(Filter(Dimension(f.by), f.any_of, f.none_of) for f in filters),
            Grain(grain) if grain else None,
            Dimension(by) if by else None,
            known_on,
        )
        world = self.known[known_on] if known_on else self.world
        return asked, (world, oracle.buckets(span, grain) if grain else [span])

    def _span(self) -> tuple[date, date]:
        start = self._some_day(date(2025, 11, 1), date(2026, 6, 1))
        end = start + timedelta(days=self.rng.choice((1, 7, 30, 31, 90, 150)))
        if self.rng.random() < 0.3:
            start, end = start.replace(day=1), (end + timedelta(days=31)).replace(day=1)
        return start, end

    def _values(self, by: str) -> list[str]:
        """Values that a dimension may have, as callers write them."""
        if by == "TAG":
            return ["", *TAGS]
        if by == "CHURN_KIND":
            return ["", "INVOLUNTARY", "VOLUNTARY"]
        if by in ("COHORT", "PURCHASE_COHORT"):
            return ["", *(f"{year}-{month:02}" for year in (2025, 2026) for month in range(1, 13))]
        word = {**oracle.OWN, **oracle.FROZEN, "REASON": "reason", "TEAM": "team"}[by]
        named = by in ("STAFF", "SURVEY") and not any(s.row[word] for s in self.world.said.values())
        return (
            ["", *({v for v in WORDS[word] if v} if not named else ())]
            if named
            else ["", *sorted({v for v in WORDS[word] if v})]
        )

    def _filter(self, by: str) -> oracle.Filter:
        values = self._values(by)
        some = tuple(self.rng.sample(values, min(len(values), self.rng.choice((1, 1, 1, 2)))))
        if self.rng.random() < 0.25:
            return oracle.Filter(by, None, some)
        return oracle.Filter(by, some)


def differences(told: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """Where two answers differ, for the reader of a failure."""
    return {
        key: (told.get(key), expected.get(key))
        for key in told.keys() | expected.keys()
        if told.get(key) != expected.get(key)
    }
