"""The demonstrations in a database: what they promise is what is answered, made once however often it is tried."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from told import Told

from app import demo
from app.demo import load
from app.demo.bank import BANK
from app.demo.shop import SHOP
from app.models.change import Change
from app.models.cost import Cost
from app.models.customer import Customer, CustomerStatus
from app.models.exchange_rate import ExchangeRate
from app.models.feedback import Feedback
from app.models.order import Order
from app.models.refund import Refund
from app.models.rollup import entry
from app.models.target import Target
from app.models.touchpoint import Touchpoint
from app.services import job, kpi, target_progress
from app.services.kpi import Question
from app.services.pacing import TargetState
from app.services.period import Grain
from app.uow import system
from app.wall import EXEMPT


def only(company, product):
    """The company's trade with one product alone."""
    return replace(company.trade, articles={product: company.trade.articles[product]})


SMALL = (
    replace(SHOP, inquiries=SHOP.inquiries[1:2], trade=only(SHOP, "Tent for two")),
    replace(BANK, inquiries=BANK.inquiries[:1], trade=only(BANK, "住房贷款")),
)
"""With one inquiry each, and orders that are dear and few: the way is the same and shorter."""
TRADE = ("REVENUE", "REVENUE_GROWTH")
ENOUGH = {"shop": ("NPS", "RETENTION_RATE", *TRADE), "bank": ("CSAT", "CHURN_RATE", *TRADE)}
"""What that is enough for."""
COUNTED = ("REVENUE", "AVERAGE_ORDER_VALUE", "REPEAT_PURCHASE_RATE", "RETURN_RATE", "CAC", "COST_TO_SERVE")


STORED = (Change, Customer, Feedback, Order, Refund, Cost, Touchpoint, ExchangeRate)


def figures(door, made):
    """Every promised figure as it is answered, beside the promise."""
    found = []
    for one in made:
        asked = [(key, span, promise) for key, pairs in one.promised.items() for span, promise in pairs]
        answers = door.read(system(one.workspace_id), kpi.answer, [Question(key, span) for key, span, _ in asked])
        found += [(key, a.figure.value, promise) for a, (key, _, promise) in zip(answers, asked, strict=True)]
    return found


def count(door, model, *where):
    """How many rows of `model` there are in both demonstrations together."""
    total = 0
    for company in load.COMPANIES:
        with door.snapshot(system(company.id)) as uow:
            total += len(uow.session.scalars(select(model.id).where(*where)).all())
    return total


@pytest.mark.slow
def test_made_whole_it_answers_what_it_promises(door, clock):
    clock.set(datetime.now(UTC))
    made = demo.make(door)
    assert [one.name for one in made] == ["Kestrel & Pine Outfitters", "云川银行 Yunchuan Bank"]
    assert {key for one in made for key in one.promised} == {"CSAT", "NPS", "RETENTION_RATE", "CHURN_RATE", *TRADE}
    assert len(figures(door, made)) == 16
    for key, value, promise in figures(door, made):
        assert (key, value) == (key, promise)
    assert not job.claim(door)
    changes = count(door, Change)
    assert count(door, Change, Change.seq.is_(None)) == 0
    assert demo.ensure(door) == made
    assert count(door, Change) == changes
    for one, company in zip(made, load.COMPANIES, strict=True):
        with door.snapshot(system(one.workspace_id)) as uow:
            assert uow.session.scalar(select(func.max(Feedback.occurred_at))) == clock()
            assert uow.workspace.time_zone == company.workspace["time_zone"]
            left = select(func.count()).select_from(entry).where(entry.c.tenant_id == one.workspace_id)
            assert uow.session.scalar(left, execution_options=EXEMPT) == 0
            ids = list(uow.session.scalars(select(Target.id)))
            states = [one.pace.state for one in target_progress.progress(uow, ids)]
            assert len(states) == len(company.goals)
            assert set(states) & {TargetState.MET, TargetState.MISSED}
            statuses = set(uow.session.scalars(select(Customer.status)))
            assert statuses == {CustomerStatus.ACTIVE, CustomerStatus.CHURNED}
        _compare(door, one, Told(company, clock()))


def _compare(door, one, told):
    """Ask for far more than is promised, and hold it against what the rows tell."""
    actor, months = system(one.workspace_id), told.timeline.months[:-1]
    for span in one.ranges:
        answers = door.read(actor, kpi.answer, [Question(key, span) for key in (*COUNTED, "CLV")])
        for key, answer in zip((*COUNTED, "CLV"), answers, strict=True):
            assert answer.figure.value == pytest.approx(float(told.value(key, span)), rel=1e-12), key
    whole = replace(one.ranges[0], end=one.ranges[1].end)
    keys = ("CSAT", *COUNTED)
    answers = door.read(actor, kpi.answer, [Question(key, whole, grain=Grain.MONTH) for key in keys])
    for key, answer in zip(keys, answers, strict=True):
        expected = [float(told.value(key, span)) for span in months]
        assert [figure.value for figure in answer.figures[""]] == pytest.approx(expected, rel=1e-12), key


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(load, "COMPANIES", tuple(_narrowed(company) for company in SMALL))


def _narrowed(company):
    known = ENOUGH[company.key]
    goals = tuple(goal for goal in company.goals if goal.kpi in known)
    return replace(company, promised={key: company.promised[key] for key in known}, goals=goals)


class Pulled(Exception):
    """The plug."""


def _pull_after(monkeypatch, door, writes):
    """Let so many writes pass, then none."""
    plain, left = door.submit, iter(range(writes))

    def submit(actor, function, *args, **kwargs):
        if next(left, None) is None:
            raise Pulled
        return plain(actor, function, *args, **kwargs)

    monkeypatch.setattr(door, "submit", submit)


@pytest.mark.slow
def test_interrupted_anywhere_the_next_run_completes_it_and_a_further_one_changes_nothing(door, clock, small):
    clock.set(datetime(2026, 12, 31, 18, tzinfo=UTC))
    # nothing yet, a bare workspace, amid its people, amid what they say, amid what they buy, before what it gives back,
    # before the last of it, amid the bank
    for writes in (0, 1, 23, 26, 31, 34, 41, 60):
        with pytest.MonkeyPatch.context() as patch:
            _pull_after(patch, door, writes)
            with pytest.raises(Pulled):
                demo.ensure(door)
    clock.advance(days=45)  # the time at which each was begun is what counts
    made = demo.ensure(door)
    assert [one.ranges[1].end.isoformat() for one in made] == ["2026-12-01", "2027-01-01"]
    for one, company in zip(made, load.COMPANIES, strict=True):
        told = Told(company, datetime(2026, 12, 31, 18, tzinfo=UTC))
        with door.snapshot(system(one.workspace_id)) as uow:
            stored = uow.session.scalars(select(Feedback.external_id).where(Feedback.deleted_at.is_(None))).all()
            bought = uow.session.scalars(select(Order.external_id).where(Order.deleted_at.is_(None))).all()
            latest = uow.session.scalar(select(func.max(Feedback.occurred_at)))
        assert set(stored) == {*told.standing, load.CLOSING}
        assert set(bought) == set(told.orders)
        assert latest == told.timeline.now
    before = (*(count(door, model) for model in STORED), figures(door, made))
    assert all(value == promise for _, value, promise in before[-1])
    clock.advance(days=1)
    assert demo.make(door) == made
    assert (*(count(door, model) for model in STORED), figures(door, made)) == before
