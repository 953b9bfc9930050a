"""Random customers and what they did, told to the program and to the oracle alike; and random rules about them."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from segment_oracle import TODAY, Person, World
from trading import CREATE, back, brought, meet, put, sold, used

from app.services import channel, feedback, interaction
from app.services.row import Ref

CLASSES = ("CHAMPIONS", "LOYAL", "NEW", "PROMISING", "AT_RISK", "DORMANT", "LOST")
REGIONS = ("north", "South", "007", None)
CHANNELS = ("web", "shop", None)
PLANS = ("basic", "Gold", 1, 2, 2.5, 1.0, True, False, "2", "true", None, ["x"], {"a": 1}, 0.1, 1e20, "")


class Story:
    """One workspace and what is known of it."""

    def __init__(self, people, rng, size=30):
        self.people, self.rng, self.world = people, rng, World()
        for key in ("web", "shop"):
            people.write(channel.upsert, {"external_id": key, "name": key.title()})
        self.names = [f"c{n:02}" for n in range(size)]
        self.tell_customers()
        self.tell_orders()
        self.tell_the_rest()

    def day(self, most=500):
        return TODAY - timedelta(days=self.rng.choice((0, 1, 29, 30, 31, self.rng.randrange(most))))

    def tell_customers(self):
        rows = []
        for name in self.names:
            rng = self.rng
            row = {"name": rng.choice(("Ann", "ANNABEL", "Bob", None)), "region": rng.choice(REGIONS)}
            row |= {"kind": rng.choice(("PERSON", "ACCOUNT", None)), "segment": rng.choice(("gold", "new", None))}
            row["acquisition_channel"] = rng.choice(CHANNELS)
            row["attributes"] = {"plan": rng.choice(PLANS)} if rng.random() < 0.8 else {"seats": rng.randrange(9)}
            if rng.random() < 0.6:
                row["joined_on"] = self.day()
                if rng.random() < 0.4:
                    row["churned_on"] = row["joined_on"] + timedelta(days=rng.choice((1, 30, 400)))
            row["is_test"] = rng.random() < 0.1
            self.world.people[name] = Person(row)
            told = {key: one for key, one in row.items() if key != "acquisition_channel" or one}
            rows.append(told | {"external_id": name})
        meet(self.people, *rows)

    def tell_orders(self):
        orders, refunds = [], []
        for number in range(3 * len(self.names)):
            rng, name = self.rng, self.rng.choice(self.names[: 2 * len(self.names) // 3])
            day, cents = self.day(), rng.choice((500, 1000, 1000, rng.randrange(1, 20_000)))
            amount = Decimal(cents).scaleb(-2)
            more = rng.choice(({}, {}, {}, {}, {"status": "PENDING"}, {"currency": "USD"} if number % 5 == 0 else {}))
            orders.append(sold(f"o{number}", amount, day, name, **more))
            kept = cents
            if rng.random() < 0.2 and not more:
                given = rng.choice((cents, rng.randrange(1, cents + 1)))
                refunds.append(back(f"r{number}", f"o{number}", Decimal(given).scaleb(-2), day))
                kept -= given
            if "status" not in more:
                self.world.people[name].orders.append((day, None if "currency" in more else kept, cents))
        put(self.people, "order", *orders)
        put(self.people, "refund", *refunds)

    def tell_the_rest(self):
        uses, answers, talks, referrals = [], [], [], []
        for number in range(2 * len(self.names)):
            rng, name, day = self.rng, self.rng.choice(self.names), self.day()
            person = self.world.people[name]
            at = datetime.combine(day, time(3, number % 60, number // 60), tzinfo=UTC)
            match number % 4:
                case 0:
                    uses.append(used(f"u{number}", name, at))
                    person.uses.append(day)
                case 1:
                    kind, score = rng.choice((("CSAT", rng.randint(1, 5)), ("NPS", rng.randint(0, 10))))
                    said = {"external_id": f"f{number}", "kind": kind, "score": score, "occurred_at": at}
                    answers.append(said | {"customer": Ref(external_id=name)})
                    person.answers.append((day, kind, score))
                case 2:
                    kind = rng.choice(("COMPLAINT", "QUESTION"))
                    row = {"external_id": f"i{number}", "kind": kind, "occurred_at": at}
                    row["events"] = [{"kind": "CUSTOMER_MESSAGE", "at": at}]
                    talks.append(row | {"customer": Ref(external_id=name)})
                    person.complaints += [day] if kind == "COMPLAINT" else []
                case 3:
                    referrals.append(brought(f"w{number}", name, f"friend{number}", day))
                    person.referrals.append(day)
        put(self.people, "engagement", *uses)
        assert not any(r.problems for r in self.people.write(feedback.record_batch, answers, CREATE))
        assert not any(r.problems for r in self.people.write(interaction.record_batch, talks, CREATE))
        put(self.people, "referral", *referrals)
        # who was referred is known as a stub
        self.world.people |= {row["referred"]: Person({}) for row in referrals}

    # what is asked

    def rule(self, depth=0):
        """A random rule."""
        rng = self.rng
        if depth < 3 and rng.random() < 0.4:
            what = rng.choice(("all", "any", "not_"))
            if what == "not_":
                return {"not_": self.rule(depth + 1)}
            return {what: [self.rule(depth + 1) for _ in range(rng.randint(1, 3))]}
        return rng.choice(self.leaves())()

    def leaves(self):
        rng = self.rng

        def bounds(*some):
            low, high = sorted((rng.choice(some), rng.choice(some)))
            return rng.choice(({"at_least": low}, {"at_most": high}, {"at_least": low, "at_most": high}))

        def days():
            return rng.choice(({}, {"last_days": rng.choice((1, 30, 31, 365))}))

        def words(*some):
            return rng.choice(({"any_of": rng.sample(some, 2)}, {"none_of": rng.sample(some, 2)}, {"contains": "n"}))

        def money():
            return bounds(*map(Decimal, ("0", "5", "10", "10.005", "50", "300.5")))

        ranks = ({"top": rng.randint(1, 9)}, {"top_percent": rng.choice((10.0, 33.3, 100.0))}, {"top_share": 50.0})
        return [
            lambda: {"name": words("Ann", "Bob", "")},
            lambda: {"region": words("north", "007", "")},
            lambda: {"segment": words("gold", "new", "")},
            lambda: {"acquisition_channel": words("web", "shop", "")},
            lambda: {"kind": [rng.choice(("PERSON", "ACCOUNT"))]},
            lambda: {"status": rng.sample(("PROSPECT", "ACTIVE", "CHURNED"), rng.randint(1, 2))},
            lambda: {"attribute": {"name": "plan"} | words("basic", "1", "2", "2.5", "true", "1e+20", "0.1", "")},
            lambda: {"attribute": {"name": rng.choice(("plan", "seats"))} | bounds(1.0, 2.0, 2.5, 7.0)},
            lambda: {"orders": days() | bounds(0, 1, 2, 3)},
            lambda: {"revenue": days() | money()},
            lambda: {"average_order": days() | money()},
            lambda: {"days_since_purchase": bounds(0, 1, 29, 30, 31, 200)},
            lambda: {"days_since_use": bounds(0, 30, 200)},
            lambda: {"uses": days() | bounds(0, 1, 2)},
            lambda: {"complaints": days() | bounds(0, 1)},
            lambda: {"referrals": days() | bounds(0, 1)},
            lambda: {"score": {"kind": rng.choice(("CSAT", "NPS"))} | days() | bounds(0.0, 3.0, 6.0, 9.0)},
            lambda: {"rank": {"by": rng.choice(("REVENUE", "ORDERS"))} | days() | rng.choice(ranks)},
            lambda: {"rank": {"by": "AVERAGE_ORDER", "top": rng.randint(1, 9)} | days()},
            lambda: {"rfv": {rng.choice(("recency", "frequency", "value")): bounds(1, 2, 3, 4, 5)}},
            lambda: {"rfv": {"classes": rng.sample(CLASSES, 2)}},
        ]
