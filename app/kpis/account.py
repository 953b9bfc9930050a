"""Readings of a survey by account: each counts once, or weighs what it buys, or is heard through its key contact."""

from sqlalchemy import and_
from sqlmodel import col, select

from app.formula import Formula
from app.kpis.atom import AccountScore, AccountSum, PerAccount
from app.kpis.kpi import LeftOut, Variant
from app.kpis.measure import Measure
from app.kpis.order import orders
from app.kpis.sampling import AccountInterval, AdjustedWald, Wilson
from app.models.customer import Customer
from app.models.feedback import Feedback
from app.text import Text

KEY_CONTACTS = and_(
    col(Feedback.customer_id).is_not(None),  # or nobody could say whether others are none
    col(Feedback.customer_id).in_(select(Customer.id).where(col(Customer.is_key_contact).is_(True))),
)

WEIGHTLESS = "NO_REVENUE"
"""The key of accounts that answered and weigh nothing."""


def by_account(  # noqa: PLR0913 - as many parts as such a reading has
    name: str,
    words: Text,
    above: Formula,
    below: Measure,
    asked: Measure,
    interval: Wilson | AdjustedWald,
    unlike: tuple[Measure, ...] = (),
) -> tuple[Variant, ...]:
    """The readings by account of a survey KPI that is `above` over `below`, in percent.

    `interval` and `unlike` are its own.
    """
    return (
        _average(words, AccountScore(name, above, below), asked, unlike),
        _weighted(words, AccountScore(name, above, below, is_weighted=True), asked, unlike),
        Variant(
            "key_contact",
            Text(f"{words.en} of key contacts", f"{words.zh}（仅关键联系人）"),
            Text(
                "The same, of the answers of customers who are marked as key contacts.",
                "同上，但只计被标记为关键联系人的客户的回答。",
            ),
            above,
            below,
            scale=100,
            evidence=(asked,),
            interval=interval,
            among=KEY_CONTACTS,
            unlike=unlike,
        ),
    )


def _average(words: Text, score: AccountScore, asked: Measure, unlike: tuple[Measure, ...]) -> Variant:
    means, squares, accounts = (
        PerAccount(score, one) for one in (AccountSum.MEANS, AccountSum.SQUARES, AccountSum.ACCOUNTS)
    )
    return Variant(
        "account_average",
        Text(f"{words.en}, every account once", f"{words.zh}（每个企业客户计一次）"),
        Text(
            "The mean over accounts of what the people of each say, so that one with many answers counts no more "
            "than another. A person's account is the parent; who has none counts as one, as does an anonymous "
            "answer. The interval takes accounts as what was sampled; there is none below 30.",
            "先计算每个企业客户旗下人员的得分，再对企业客户取平均，回答多的企业不会占更大比重。"
            "人员所属企业为其上级；没有上级的人员及匿名回答各计为一个。"
            "置信区间以企业客户为抽样单位，少于 30 个时不提供。",
        ),
        means,
        accounts,
        scale=100,
        evidence=(asked,),
        interval=AccountInterval(means, squares, accounts),
        people=PerAccount(score, AccountSum.PEOPLE),
        unlike=unlike,
    )


def _weighted(words: Text, score: AccountScore, asked: Measure, unlike: tuple[Measure, ...]) -> Variant:
    return Variant(
        "revenue_weighted",
        Text(f"{words.en}, weighed with revenue", f"{words.zh}（按收入加权）"),
        Text(
            "What the people of each account say, weighed with what the account and its people bought, less "
            "refunds, in the twelve months before the end of the period, or up to today. Accounts without revenue "
            "are left out, and there is no interval: a few large accounts decide.",
            "每个企业客户旗下人员的得分，按该企业及其人员在期末（或今天）前十二个月的净购买额加权。"
            "没有收入的企业不计入；由于少数大客户起决定作用，不提供置信区间。",
        ),
        PerAccount(score, AccountSum.MEANS),
        PerAccount(score, AccountSum.WEIGHTS),
        scale=100,
        evidence=(asked,),
        needs=(orders,),
        sample=PerAccount(score, AccountSum.ACCOUNTS),
        left_out=(
            LeftOut(
                WEIGHTLESS,
                Text("Accounts that answered and bought nothing", "已回答但没有购买的企业客户"),
                PerAccount(score, AccountSum.WEIGHTLESS),
            ),
        ),
        people=PerAccount(score, AccountSum.PEOPLE),
        # accounts without revenue are not heard
        unlike=tuple(PerAccount(score, AccountSum.ANSWERS, one) for one in unlike),
    )
