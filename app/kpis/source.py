"""Sources: the kinds of facts that KPIs need, what they are called, and the mutation that brings them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, String, and_, literal, true
from sqlmodel import col

from app.formula import Atom, atoms
from app.kpis import feedback, survey
from app.kpis.atom import AMOUNTS, PerAccount
from app.kpis.kpi import Variant, cube_of
from app.kpis.measure import Cube
from app.models.contract import Contract
from app.models.cost import Accrual, Cost
from app.models.engagement import Engagement
from app.models.feedback import Feedback, FeedbackKind
from app.models.interaction import Interaction
from app.models.invitation import Invitation
from app.models.lead import Lead
from app.models.order import Order
from app.models.prediction import Prediction
from app.models.referral import Referral
from app.models.refund import Refund
from app.models.spell import Spell
from app.models.target import Target
from app.text import Text


@dataclass(frozen=True, eq=False)
class Source:
    """One kind of facts: the rows of `model` of which `where` holds, each counted as `weight` says.

    `first` and `last` are the days between which they lie, `along` the column of the index that holds them in order and
    leaves out what was deleted (the days themselves where None); `kind` narrows the facts that `key` names. Where rows
    are taken back by others, `about` is the column of those about whom they are: there are some where the weights of
    somebody come to more than nothing.
    """

    key: str
    name: Text
    mutation: str
    model: Any
    first: Any
    last: Any
    where: ColumnElement[bool] = field(default_factory=true)
    along: Any = None
    weight: Any = 1
    kind: str | None = None
    about: Any = None

    @property
    def missing(self) -> Text:
        """What is said where there are none."""
        more = f"kind {self.kind}" if self.kind else ""
        return Text(
            f"There are no {self.name.en} yet: bring them with {self.mutation}{f' ({more})' if more else ''}.",
            f"还没有{self.name.zh}：请用 {self.mutation}{f'（{more}）' if more else ''} 写入。",
        )


def _facts(key: str, name: Text, mutation: str, model: Any, *more: ColumnElement[bool]) -> Source:  # noqa: ANN401 - a table
    present = and_(col(model.deleted_at).is_(None), *more)
    return Source(key, name, mutation, model, model.day, model.day, present, model.occurred_at)


def _said(kind: FeedbackKind, name: Text) -> Source:
    # written out, as the index of the kind has it
    is_kind = col(Feedback.kind) == literal(kind.value, String, literal_execute=True)
    of = and_(col(Feedback.deleted_at).is_(None), is_kind)
    return Source("FEEDBACK", name, "feedbackRecordBatch", Feedback, Feedback.day, Feedback.day, of, kind=kind.value)


_KINDS = {
    FeedbackKind.CSAT: _said(FeedbackKind.CSAT, Text("answers to satisfaction surveys", "满意度调查回答")),
    FeedbackKind.NPS: _said(FeedbackKind.NPS, Text("answers to the recommendation question", "推荐意愿问题的回答")),
    FeedbackKind.CES: _said(FeedbackKind.CES, Text("answers to effort surveys", "费力度调查回答")),
    FeedbackKind.REVIEW: _said(FeedbackKind.REVIEW, Text("public reviews", "公开评价")),
}
_FEEDBACK = _facts("FEEDBACK", Text("feedback records", "反馈记录"), "feedbackRecordBatch", Feedback)
_ACCRUED = Source(
    "COST",
    Text("costs", "成本"),
    "costRecordBatch",
    Cost,
    Accrual.day,
    Accrual.day,
    col(Cost.deleted_at).is_(None),
    Cost.starts_on,
)
_ALIKE = (
    _FEEDBACK,
    Source(
        "CUSTOMER_STATUS",
        Text("days on which customers joined or left", "客户加入或流失的日期"),
        "customerUpsertBatch",
        Spell,
        Spell.starts_on,
        Spell.starts_on,
        col(Spell.is_counted).is_(True),
        weight=Spell.sign,
        about=Spell.customer_id,
    ),
    _facts("ORDER", Text("orders", "订单"), "orderRecordBatch", Order, col(Order.is_stub).is_(False)),
    _facts("REFUND", Text("refunds", "退款"), "refundRecordBatch", Refund),
    _ACCRUED,
    Source(
        "CONTRACT",
        Text("contracts", "合同"),
        "contractRecordBatch",
        Contract,
        Contract.day,
        Contract.day,
        col(Contract.deleted_at).is_(None),
        Contract.day,
    ),
    _facts("INTERACTION", Text("interactions", "互动"), "interactionRecordBatch", Interaction),
    _facts("LEAD", Text("leads", "线索"), "leadRecordBatch", Lead),
    _facts("REFERRAL", Text("referrals", "推荐记录"), "referralRecordBatch", Referral),
    _facts("ENGAGEMENT", Text("events of use", "使用行为"), "engagementRecordBatch", Engagement),
    _facts(
        "INVITATION",
        Text("invitations to surveys", "调查邀请"),
        "invitationRecordBatch",
        Invitation,
        col(Invitation.is_stub).is_(False),
    ),
    Source(
        "PREDICTION",
        Text("predictions of customers", "客户预测"),
        "predictionRefit",
        Prediction,
        Prediction.day,
        Prediction.day,
    ),
    Source("TARGET", Text("targets", "目标"), "targetSet", Target, Target.starts_on, Target.ends_on),
)

SOURCES: Mapping[str, Source] = {source.key: source for source in _ALIKE}
"""Every kind of facts by its key, whatever kind within it is meant."""


def of_cube(variant: Variant, cube: Cube) -> tuple[Source, ...]:
    """What `variant` needs facts of where it reads `cube`."""
    if cube is survey.heard:
        return (_KINDS[FeedbackKind.NPS],)
    if cube is not feedback.cube:
        return (SOURCES[cube.input],)
    read = atoms(variant.numerator, variant.denominator, *(one.formula for one in variant.components))
    kinds = dict.fromkeys(_kind(atom) for atom in read if cube_of(atom) is cube)
    return tuple(_KINDS[kind] if kind else _FEEDBACK for kind in kinds)


def _kind(atom: Atom) -> FeedbackKind | None:
    """Of which kind of feedback an amount tells, where it is of one."""
    if isinstance(atom, PerAccount):
        atom = atom.score.below
    return feedback.KIND.get(atom.measure if isinstance(atom, AMOUNTS) else atom)


def sources(variant: Variant) -> dict[Source, bool]:
    """What `variant` rests on, and whether it can be answered without."""
    found: dict[Source, bool] = {}
    for cube in variant.cubes:
        for source in of_cube(variant, cube):
            found[source] = found.get(source, True) and cube not in variant.needed
    return found


def having(variant: Variant, has: Callable[[Source], bool]) -> Callable[[Cube], bool]:
    """What tells whether there is all that `variant` needs where it reads a cube; `has` says what there is."""
    return lambda cube: all(map(has, of_cube(variant, cube)))
