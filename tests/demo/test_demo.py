"""The demonstrations in a database: what they promise is what is answered, made once however often it is tried."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from asking import Api, Caller
from sqlalchemy import func, select
from told import Told

from app import demo
from app.actor import system
from app.demo import load
from app.demo.bank import BANK
from app.demo.company import Promise
from app.demo.shop import SHOP
from app.models.change import Change
from app.models.cost import Cost
from app.models.customer import Customer, CustomerStatus
from app.models.engagement import Engagement
from app.models.exchange_rate import ExchangeRate
from app.models.feedback import Feedback
from app.models.interaction import Interaction, Turn
from app.models.invitation import Invitation
from app.models.lead import Lead
from app.models.order import Order
from app.models.referral import Referral
from app.models.refund import Refund
from app.models.rollup import entry
from app.models.target import Target
from app.models.team import Team
from app.models.touchpoint import Touchpoint
from app.services import job, kpi, target_progress
from app.services import token as tokens
from app.services.kpi import Question
from app.services.pacing import TargetState
from app.services.period import Grain
from app.wall import EXEMPT


def only(company, product):
    """The company's trade with one product alone."""
    return replace(company.trade, articles={product: company.trade.articles[product]})


def quiet(company):
    """The company's desk, with few who ask."""
    return replace(company.desk, answered=(60, 70))


SMALL = (
    replace(SHOP, inquiries=SHOP.inquiries[1:2], trade=only(SHOP, "Tent for two"), desk=quiet(SHOP)),
    replace(BANK, inquiries=BANK.inquiries[:1], trade=only(BANK, "住房贷款"), desk=quiet(BANK)),
)
"""With one inquiry each, few who ask, and orders that are dear and few: the way is the same and shorter."""
TRADE = {Promise("REVENUE"), Promise("REVENUE_GROWTH")}
RESPONSE = Promise("RESPONSE_TIME", "mean")
ENOUGH = {
    "shop": {Promise("NPS"), Promise("RETENTION_RATE"), *TRADE},
    "bank": {Promise("CSAT"), Promise("CHURN_RATE"), RESPONSE, *TRADE},
}
"""What that is enough for."""
COUNTED = (
    Promise("REVENUE"),
    Promise("AVERAGE_ORDER_VALUE"),
    Promise("REPEAT_PURCHASE_RATE"),
    Promise("RETURN_RATE"),
    Promise("CAC"),
    Promise("COST_TO_SERVE"),
    RESPONSE,
    Promise("RESPONSE_WITHIN_TARGET"),
    Promise("COMPLAINT_RESOLUTION_RATE"),
    Promise("COMPLAINTS"),
    Promise("INTERACTIONS"),
)


STORED = (
    *(Change, Customer, Feedback, Order, Refund, Cost, Touchpoint, ExchangeRate, Interaction, Turn),
    *(Lead, Invitation, Referral, Engagement, Team),
)


def figures(door, made):
    """Every promised figure as it is answered, beside the promise."""
    found = []
    for one in made:
        asked = [(what, span, value) for what, pairs in one.promised.items() for span, value in pairs]
        questions = [Question(what.kpi, span, what.variant) for what, span, _ in asked]
        answers = door.read(system(one.workspace_id), kpi.answer, questions)
        found += [(what, a.figure.value, value) for a, (what, _, value) in zip(answers, asked, strict=True)]
    return found


def over_http(door, made):
    """Every promised figure as the API answers it, beside the promise."""
    found = []
    with asyncio.Runner() as runner:
        api = Api(door, runner)
        api.open()
        for one in made:
            caller = Caller(api, tokens.create(door, one.workspace_id, "demonstration"))
            for what, pairs in one.promised.items():
                variant = f'variant: "{what.variant}"' if what.variant else ""
                for span, value in pairs:
                    period = f'range: {{from: "{span.start}", before: "{span.end}"}}'
                    answer = caller.kpi(what.kpi, period, "value amount", variant)
                    found.append((what, answer, value))
        api.close()
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
    keys = {str(promise) for one in made for promise in one.promised}
    assert keys == {"CSAT", "NPS", "RETENTION_RATE", "CHURN_RATE", "RESPONSE_TIME mean", *map(str, TRADE)}
    assert made[1].promised[RESPONSE] == ((made[1].ranges[0], 7200), (made[1].ranges[1], 1800))
    found = figures(door, made)
    assert len(found) == 18
    for what, value, promise in found:
        assert (what, value) == (what, promise)
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
    for what, answer, promise in over_http(door, made):
        value = answer["value"] if answer["amount"] is None else float(answer["amount"])
        assert (what, value) == (what, promise)


def _compare(door, one, told):
    """Ask for far more than is promised, and hold it against what the rows tell."""
    actor, months = system(one.workspace_id), told.timeline.months[:-1]
    for span in one.ranges:
        asked = (*COUNTED, Promise("CLV"))
        answers = door.read(actor, kpi.answer, [Question(what.kpi, span, what.variant) for what in asked])
        for what, answer in zip(asked, answers, strict=True):
            assert answer.figure.value == pytest.approx(float(told.value(str(what), span)), rel=1e-12), what
    whole = replace(one.ranges[0], end=one.ranges[1].end)
    asked = (Promise("CSAT"), *COUNTED)
    questions = [Question(what.kpi, whole, what.variant, grain=Grain.MONTH) for what in asked]
    for what, answer in zip(asked, door.read(actor, kpi.answer, questions), strict=True):
        expected = [float(told.value(str(what), span)) for span in months]
        assert [figure.value for figure in answer.figures[""]] == pytest.approx(expected, rel=1e-12), what


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(load, "COMPANIES", tuple(_narrowed(company) for company in SMALL))


def _narrowed(company):
    known = ENOUGH[company.key]
    goals = tuple(goal for goal in company.goals if Promise(goal.kpi) in known)
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
    # nothing yet, a bare workspace, amid its people, its invitations, what they say, what they buy, before what is
    # given back, amid its conversations, before the last of it, amid the bank
    for writes in (0, 1, 25, 31, 35, 41, 43, 51, 57, 89):
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
            asked = uow.session.scalars(select(Interaction.external_id).where(Interaction.deleted_at.is_(None))).all()
            latest = uow.session.scalar(select(func.max(Feedback.occurred_at)))
        assert set(stored) == {*told.standing, load.CLOSING}
        assert set(bought) == set(told.orders)
        assert set(asked) == set(told.talks)
        assert latest == told.timeline.now
    before = (*(count(door, model) for model in STORED), figures(door, made))
    assert all(value == promise for _, value, promise in before[-1])
    clock.advance(days=1)
    assert demo.make(door) == made
    assert (*(count(door, model) for model in STORED), figures(door, made)) == before
