"""Mirrors: a source sends all that it has, and what it does not have any more is deleted, after showing how much."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, false, func
from sqlmodel import col, select

from app import ids
from app.actor import Scope
from app.errors import Code, Invalid, Problem
from app.models.change import Action
from app.models.customer import Customer, CustomerExternalId
from app.models.mirror import Mirror, MirrorSeen, MirrorState
from app.services import customer_delete, seen, tombstone
from app.services.kind import Kind
from app.services.recording import RECORDED
from app.services.repeatable import Memory, repeatable
from app.services.row import AS_USUAL, MAX_ROWS, Outcome, Result
from app.text import Text
from app.uow import Uow, reads, writes

SHARE = 20
"""More of what a source has than so many percent go only when that was asked for."""
SAMPLES = 10
JOB = "mirror"
"""The kind of the jobs that delete what a mirror lacks, and see to it that one that was left alone expires."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a mirror stands: what its source had when it began and has still, and what of that it lacks, with samples."""

    mirror: Mirror
    there: int
    missing: int
    samples: Sequence[str]

    @property
    def most(self) -> int:
        """How many go without being asked for."""
        return self.there * SHARE // 100


Finish = tuple[Standing, Outcome, Sequence[Problem]]
"""How a mirror stood when it was to be finished, what became of that, and what was in the way."""


class Mirrors:
    """The mirrors of one noun: each operation a service function under the scope that writes it."""

    def __init__(self, noun: str, scope: Scope, kind: Kind | None) -> None:
        self.noun, self.scope, self.kind = noun, scope, kind
        self.start, self.find, self.finish = _start(self), _find(self), _finish(self)

    @cached_property
    def name(self) -> Any:  # noqa: ANN401 - a column
        """What the source calls a record."""
        model: Any = self.kind.model if self.kind else CustomerExternalId
        return col(model.external_id)

    def present(self, mirror: Mirror) -> list[ColumnElement[bool]]:
        """What holds of the source's records that were there when the mirror began, and are still."""
        model: Any = self.kind.model if self.kind else CustomerExternalId
        found = [col(model.source) == mirror.source, col(model.deleted_at).is_(None)]
        if self.kind is None:
            is_real = (col(Customer.id) == col(CustomerExternalId.customer_id), col(Customer.is_stub).is_(False))
            return [*found, exists(select(col(Customer.id)).where(*is_real).correlate(CustomerExternalId))]
        if "is_stub" in model.model_fields:
            found.append(col(model.is_stub).is_(False))
        return [*found, col(model.recorded_at) <= mirror.started_at]

    def lacking(self, mirror: Mirror) -> list[ColumnElement[bool]]:
        """What holds of those that were not seen since."""
        if mirror.state not in (MirrorState.OPEN, MirrorState.FINISHING):
            return [false()]
        was_seen = (col(MirrorSeen.mirror_id) == mirror.id, col(MirrorSeen.external_id) == self.name)
        unseen = ~exists(select(col(MirrorSeen.external_id)).where(*was_seen))
        return [*self.present(mirror), unseen]

    def standing(self, uow: Uow, mirror: Mirror) -> Standing:
        """How a mirror stands now."""

        def count(where: Sequence[ColumnElement[bool]]) -> int:
            counted: Select[Any] = select(func.count(self.name)).where(*where)
            return uow.session.scalar(counted) or 0

        lacking = self.lacking(mirror)
        names = uow.session.scalars(select(self.name).where(*lacking).order_by(self.name).limit(SAMPLES))
        samples = list(names)
        return Standing(mirror, count(self.present(mirror)), count(lacking) if samples else 0, samples)

    def delete(self, uow: Uow, rows: Sequence[Mapping[str, Any]]) -> list[Result]:
        """Delete records of the actor's source."""
        if self.kind is None:
            return customer_delete.delete_batch(uow, rows, AS_USUAL)
        return tombstone.delete(uow, self.kind, rows, AS_USUAL)

    def step(self, uow: Uow, mirror: Mirror) -> bool:
        """Delete the next of what a mirror lacks; whether there may be more."""
        chosen = select(self.name).where(*self.lacking(mirror), self.name > mirror.cursor)
        names = list(uow.session.scalars(chosen.order_by(self.name).limit(MAX_ROWS)))
        rows = [{"external_id": name, "source_updated_at": mirror.started_at} for name in names]
        if rows:
            mirror.deleted += sum(one.outcome is Outcome.DELETED for one in self.delete(uow, rows))
            mirror.cursor = names[-1]
        if len(names) < MAX_ROWS:
            mirror.state, mirror.finished_at = MirrorState.FINISHED, uow.now
            seen.clear(uow, mirror.id)
        uow.session.flush()
        return mirror.state is MirrorState.FINISHING

    def named(self, uow: Uow, id_: UUID, *, locked: bool = False) -> Mirror:
        """The mirror of the caller's source. Raises Invalid (NOT_FOUND)."""
        mine = (Mirror.id == id_, Mirror.source == uow.actor.source, Mirror.noun == self.noun)
        statement = select(Mirror).where(*mine).execution_options(populate_existing=True)
        found: Mirror | None = uow.session.scalars(statement.with_for_update() if locked else statement).first()
        if found is None:
            raise Invalid(NO_MIRROR, "mirror", code=Code.NOT_FOUND)
        return found


NO_MIRROR = Text("The token's source has no mirror of this id.", "令牌的来源没有此 ID 的镜像。")


def _start(of: Mirrors) -> Callable[..., Standing]:
    memory = Memory(lambda standing: [standing.mirror.id.hex], lambda uow, kept: _again(uow, of, kept[0]))

    @writes(of.scope)
    @repeatable(f"mirrorStart {of.noun}", memory)
    def start(uow: Uow) -> Standing:
        """A new mirror of the caller's source: from now on its writes are noted."""
        uow.take_turn()  # what is being written meanwhile is there by now, or will be noted
        expires = uow.now + seen.KEPT
        mirror = Mirror(
            tenant_id=uow.tenant_id, source=uow.actor.source, noun=of.noun, started_at=uow.now, expires_at=expires
        )
        uow.session.add(mirror)
        uow.session.flush()
        uow.record(mirror, "Mirror", Action.CREATED)
        uow.enqueue(JOB, expires, mirror=mirror.id.hex, noun=of.noun)
        return of.standing(uow, mirror)

    return start


def _find(of: Mirrors) -> Callable[[Uow, UUID], Standing | None]:
    @reads(Scope(of.scope.value.replace(":write", ":read")))
    def find(uow: Uow, id_: UUID) -> Standing | None:
        """How a mirror of the caller's source stands, if there is one of that id."""
        try:
            return of.standing(uow, of.named(uow, id_))
        except Invalid:
            return None

    return find


def _again(uow: Uow, of: Mirrors, id_: str) -> Standing:
    """How a mirror stands that was begun or finished before."""
    return of.standing(uow, of.named(uow, UUID(id_)))


def _finished(answer: Finish) -> list[str] | None:
    """What is kept of an answer: nothing of one that something was in the way of."""
    standing, outcome, problems = answer
    return None if problems else [standing.mirror.id.hex, outcome]


def _finish(of: Mirrors) -> Callable[..., Finish]:
    memory = Memory(_finished, lambda uow, kept: (_again(uow, of, kept[0]), Outcome(kept[1]), ()))

    @writes(of.scope)
    @repeatable(f"mirrorFinish {of.noun}", memory)
    def finish(
        uow: Uow,
        id_: UUID,
        at_most: int | None,
        dry_run: bool,  # noqa: FBT001 - as it comes in
    ) -> Finish:
        """The mirror, which deletes from now on what it lacks; finishing twice is finishing once.

        Or why it does not: it lacks more than `at_most`, by default more than a share. Raises Invalid (NOT_FOUND).
        """
        uow.take_turn()
        mirror = of.named(uow, id_, locked=True)
        standing = of.standing(uow, mirror)
        if mirror.state in (MirrorState.FINISHING, MirrorState.FINISHED):
            return standing, Outcome.UNCHANGED, ()
        problem = _obstacle(uow, standing, at_most)
        if problem is not None:
            return standing, Outcome.REJECTED, (problem,)
        if dry_run:
            return standing, Outcome.UNCHANGED, ()
        mirror.state, mirror.finished_by = MirrorState.FINISHING, uow.actor.name
        uow.session.flush()
        uow.record(mirror, "Mirror", Action.UPDATED, ["state"])
        if of.step(uow, mirror):
            uow.enqueue(JOB, mirror=mirror.id.hex, noun=of.noun)
        return standing, Outcome.UPDATED, ()

    return finish


def _obstacle(uow: Uow, standing: Standing, at_most: int | None) -> Problem | None:
    """What is in the way of finishing: the mirror has expired, was not read whole, or lacks too much."""
    mirror = standing.mirror
    if mirror.state is MirrorState.EXPIRED or mirror.expires_at <= uow.now:
        msg = Text(
            "This mirror has expired; begin another with mirrorStart and send everything again.",
            "此镜像已过期；请用 mirrorStart 重新开始并重新发送全部数据。",
        )
        return Problem(Code.CONFLICT, msg, ("mirror",))
    if mirror.unread:
        msg = Text(
            f"Of {mirror.unread} rows the externalId could not be read, so that nobody knows what they are; begin "
            "another mirror with mirrorStart and send them right.",
            f"有 {mirror.unread} 行的 externalId 无法读取，无从得知是哪些记录；请用 mirrorStart 重新开始并正确发送。",
        )
        return Problem(Code.CONFLICT, msg, ("mirror",))
    if at_most is not None and at_most < 0:
        return Problem(Code.OUT_OF_RANGE, Text("atMost must be 0 or more.", "atMost 不能小于 0。"), ("atMost",))
    most = standing.most if at_most is None else at_most
    if standing.missing <= most:
        return None
    share = 100 * standing.missing / standing.there
    msg = Text(
        f"{standing.missing} of {standing.there} ({share:.0f} %) would be deleted, more than {most}; look at samples, "
        "and say atMost if this is right.",
        f"将删除 {standing.there} 条中的 {standing.missing} 条（{share:.0f}%），超过 {most} 条；"
        "请查看 samples，若确认无误请提供 atMost。",
    )
    return Problem(Code.TOO_MANY, msg, ("atMost",))


MIRRORS: dict[str, Mirrors] = {
    "Customer": Mirrors("Customer", Scope.CUSTOMER_WRITE, None),
    **{kind.noun: Mirrors(kind.noun, scope, kind) for kind, scope in RECORDED.items()},
}
"""What can be mirrored, by noun."""


@writes(Scope.WORKSPACE_ADMIN)
def proceed(uow: Uow, noun: str, id_: UUID) -> bool:
    """Do what a mirror waits for: delete a step of what it lacks, or expire; whether there is more to do now."""
    uow.take_turn()
    statement = select(Mirror).where(Mirror.id == id_).with_for_update()
    mirror: Mirror | None = uow.session.scalars(statement.execution_options(populate_existing=True)).first()
    if mirror is None or mirror.state in (MirrorState.FINISHED, MirrorState.EXPIRED):
        return False
    if mirror.state is MirrorState.FINISHING:
        actor = replace(uow.actor, source=mirror.source, name=mirror.finished_by or uow.actor.name)
        return MIRRORS[noun].step(replace(uow, actor=actor), mirror)
    if mirror.expires_at > uow.now:  # more came in the meantime
        uow.enqueue(JOB, mirror.expires_at, mirror=mirror.id.hex, noun=noun)
        return False
    mirror.state = MirrorState.EXPIRED
    seen.clear(uow, mirror.id)
    uow.session.flush()
    return False


def encoded(mirror: Mirror) -> str:
    """The global id of a mirror, which says of what it is one."""
    return ids.encode("Mirror", mirror.noun, mirror.id)


def of_id(id_: str) -> tuple[Mirrors, UUID]:
    """What a global id names: the mirrors of a noun, and which. Raises Invalid (NOT_FOUND)."""
    decoded = ids.decode(id_)
    noun = decoded[1][0] if decoded and decoded[1] else ""
    found = seen.mirror_id(noun, id_)
    if noun not in MIRRORS or found is None:
        raise Invalid(NO_MIRROR, "mirror", code=Code.NOT_FOUND)
    return MIRRORS[noun], found
