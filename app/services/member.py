"""Members: who may sign in to a workspace, and for whom somebody acts who has signed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import and_, or_, select
from sqlmodel import col

from app import ids
from app.actor import ROLES, Actor, Role, Rows, Scope
from app.errors import Code, Forbidden, Invalid, Unauthenticated
from app.models.change import Action
from app.models.channel import Channel
from app.models.member import Member, rows_of
from app.services import ref
from app.services.listing import Listing
from app.services.repeatable import fate_of, repeatable, row_of
from app.services.row import Email, Outcome, Ref, Row, Word, parse
from app.text import Text
from app.uow import Door, Uow, reads, writes

LIST = Listing(Member, Scope.WORKSPACE_ADMIN)

Names = Annotated[list[Word], Field(max_length=100)]


class RowsRow(Row):
    """Which rows a member sees, as it comes in."""

    sources: Names | None = None
    channels: Annotated[list[Ref], Field(max_length=100)] | None = None
    segments: Names | None = None


class MemberRow(Row):
    """What is said of a member. Absent keeps, null clears."""

    name: Word | None = None
    email: Email | None = None
    subject: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    role: Role | None = None
    scopes: Annotated[list[Scope], Field(max_length=100)] | None = None
    rows: RowsRow | None = None


@writes(Scope.WORKSPACE_ADMIN)
@repeatable("memberAdd", fate_of(Member))
def add(uow: Uow, data: Mapping[str, Any]) -> tuple[Member, Outcome]:
    """The new member, who may sign in at once. Raises Invalid, Forbidden for what the actor may not do themselves."""
    row = parse(MemberRow, data)
    if row.role is None:
        raise Invalid(Text("A member needs a role.", "成员需要角色。"), "role", code=Code.REQUIRED)
    uow.take_turn()
    made = Member(tenant_id=uow.tenant_id, role=row.role, created_at=uow.now, updated_at=uow.now)
    _set(made, _columns(uow, row))
    _check(uow, made)
    uow.session.add(made)
    uow.session.flush()
    uow.record(made, "Member", Action.CREATED)
    return made, Outcome.CREATED


@writes(Scope.WORKSPACE_ADMIN)
@repeatable("memberUpdate", fate_of(Member))
def update(uow: Uow, wanted: Ref, data: Mapping[str, Any]) -> tuple[Member, Outcome]:
    """The member after `data`, from their next request on. Raises Invalid or Forbidden."""
    row = parse(MemberRow, data)
    uow.take_turn()
    present = _present(uow, wanted)
    columns = _columns(uow, row)
    changed = [name for name, value in columns.items() if getattr(present, name) != value]
    if not changed:
        return present, Outcome.UNCHANGED
    if present.role is Role.OWNER and columns.get("role", Role.OWNER) is not Role.OWNER:
        _check_last(uow, present, "role")
    _set(present, columns)
    _check(uow, present)
    present.updated_at, present.version = uow.now, present.version + 1
    uow.session.flush()
    uow.record(present, "Member", Action.UPDATED, changed)
    return present, Outcome.UPDATED


@writes(Scope.WORKSPACE_ADMIN)
@repeatable("memberRemove", row_of(Member))
def remove(uow: Uow, wanted: Ref) -> Member:
    """Take a member away, who is refused from their next request on. Raises Invalid or Forbidden."""
    uow.take_turn()
    present = _present(uow, wanted)
    if present.role is Role.OWNER:
        _check_last(uow, present, "id")
    uow.session.delete(present)
    uow.session.flush()
    uow.record(present, "Member", Action.DELETED)
    return present


@reads(Scope.WORKSPACE_ADMIN)
def everybody(uow: Uow) -> list[Member]:
    """All members, in the order in which they were added."""
    return list(uow.session.scalars(select(Member).order_by(col(Member.created_at), col(Member.id))))


def scopes_of(member: Any) -> frozenset[Scope]:  # noqa: ANN401 - a member, or their row
    """What a member may do; a grant that this version does not know grants nothing."""
    return ROLES[Role(member.role)] | {scope for scope in Scope if scope.value in member.grants}


def _present(uow: Uow, wanted: Ref) -> Member:
    """The member that is meant, whom the actor may change. Raises Invalid or Forbidden."""
    id_ = ids.decode_uuid(wanted.id, "Member") if wanted.id else None
    found = uow.session.get(Member, (uow.tenant_id, id_)) if id_ else None
    if found is None:
        raise Invalid(Text("There is no member with this id.", "没有此 ID 的成员。"), "id", code=Code.NOT_FOUND)
    _check_grants(uow, scopes_of(found))
    return found


def _columns(uow: Uow, row: MemberRow) -> dict[str, Any]:
    """What the row sets. Raises Invalid."""
    given = row.model_fields_set
    columns: dict[str, Any] = {}
    if "name" in given:
        columns["name"] = row.name
    if "email" in given:
        columns["email"] = row.email.lower() if row.email else None
    if "subject" in given:
        columns |= {"subject": row.subject, "issuer": _issuer(uow) if row.subject else None}
    if row.role is not None:
        columns["role"] = row.role
    if "scopes" in given:
        columns["grants"] = sorted(scope.value for scope in row.scopes or ())
    if "rows" in given:
        rows = row.rows or RowsRow()
        columns |= {name: None if (some := getattr(rows, name)) is None else sorted(set(some)) for name in _WORDS}
        columns["channels"] = None if rows.channels is None else _channels(uow, rows.channels)
    return columns


_WORDS = ("sources", "segments")


def _set(member: Member, columns: Mapping[str, Any]) -> None:
    for name, value in columns.items():
        setattr(member, name, value)


def _issuer(uow: Uow) -> str:
    if not uow.settings.oidc_issuer:
        msg = Text(
            "A subject is what an issuer calls somebody, and none is configured (CUSTOGRAPH_OIDC_ISSUER).",
            "subject 是签发方对某人的称呼，但尚未配置签发方（CUSTOGRAPH_OIDC_ISSUER）。",
        )
        raise Invalid(msg, "subject")
    return uow.settings.oidc_issuer


def _channels(uow: Uow, refs: Sequence[Ref]) -> list[str]:
    found = ref.keyed(uow, Channel, refs)
    rows = [ref.require(found, one, "channel", "channels") for one in refs]
    return sorted(str(id_) for id_ in rows if isinstance(id_, UUID))


def _check(uow: Uow, member: Member) -> None:
    """Refuse a member that cannot be, and one who may do what the actor may not. Raises Invalid or Forbidden."""
    if member.email is None and member.subject is None:
        msg = Text("A member is known by an email or by a subject.", "成员需要 email 或 subject 来识别。")
        raise Invalid(msg, "email", code=Code.REQUIRED)
    if member.role is Role.OWNER and member.rows is not None:
        msg = Text("An owner sees all rows; choose another role.", "所有者可查看所有数据；请选择其他角色。")
        raise Invalid(msg, "rows", code=Code.CONFLICT)
    _check_grants(uow, scopes_of(member))
    known = []
    if member.email is not None:
        known.append(col(Member.email) == member.email)
    if member.subject is not None:
        known.append(and_(col(Member.issuer) == member.issuer, col(Member.subject) == member.subject))
    with uow.session.no_autoflush:
        others = uow.session.scalars(select(Member).where(or_(*known), col(Member.id) != member.id)).all()
    if others:
        path = "email" if any(other.email == member.email and other.email for other in others) else "subject"
        msg = Text("Somebody is a member by this already.", "已有成员使用此标识。")
        raise Invalid(msg, path, code=Code.CONFLICT)


def _check_grants(uow: Uow, scopes: frozenset[Scope]) -> None:
    """Refuse to make or change somebody who may do more than the actor. Raises Forbidden."""
    if lacking := sorted(scope.value for scope in scopes - uow.actor.scopes):
        msg = Text(
            f"Nobody grants or takes what they lack themselves: {', '.join(lacking)}.",
            f"任何人都不能授予或收回自己没有的权限：{', '.join(lacking)}。",
        )
        raise Forbidden(msg)


def _check_last(uow: Uow, owner: Member, path: str) -> None:
    """Refuse to leave the workspace without an owner. Raises Invalid."""
    others = select(col(Member.id)).where(col(Member.role) == Role.OWNER, col(Member.id) != owner.id)
    if uow.session.scalars(others.limit(1)).first() is None:
        msg = Text(
            "This is the last owner; make somebody else an owner first.", "这是最后一位所有者；请先指定另一位所有者。"
        )
        raise Invalid(msg, path, code=Code.CONFLICT)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in: what the issuer calls them, and an e-mail that it has verified."""

    issuer: str
    subject: str
    email: str | None = None


_TOLD: Sequence[Any] = (
    Member.tenant_id,
    Member.id,
    Member.subject,
    Member.role,
    Member.grants,
    Member.sources,
    Member.channels,
    Member.segments,
)
"""What the gate tells of members."""


def still(door: Door, tenant_id: UUID, member_id: UUID) -> tuple[frozenset[Scope], Rows | None]:
    """What the member of that id may do now, and on which rows. Raises Unauthenticated when they were removed."""
    mine = (col(Member.tenant_id) == tenant_id, col(Member.id) == member_id)
    with door.gate_reader() as gate:
        found = gate.execute(select(*_TOLD).where(*mine)).first()
    if found is None:
        msg = Text("The member was removed from the workspace.", "该成员已被移出工作区。")
        raise Unauthenticated(msg)
    return scopes_of(found), rows_of(found.sources, found.channels, found.segments)


def actor_of(door: Door, person: Person, workspace: UUID | None, request_id: str | None = None) -> Actor:
    """For whom `person` acts: in that workspace, or in the only one of which they are a member.

    Raises Forbidden where they are none, Invalid where they are one of several and say none.
    """
    known = and_(col(Member.issuer) == person.issuer, col(Member.subject) == person.subject)
    if person.email is not None:
        known = or_(known, and_(col(Member.subject).is_(None), col(Member.email) == person.email.lower()))
    statement = select(*_TOLD).where(known)
    if workspace is not None:
        statement = statement.where(col(Member.tenant_id) == workspace)
    with door.gate_reader() as gate:
        found = gate.execute(statement.limit(100)).all()
    if not found:
        msg = Text(
            "You are signed in, but no member of this workspace." if workspace else "You are signed in, but no member.",
            "您已登录，但不是此工作区的成员。" if workspace else "您已登录，但不是任何工作区的成员。",
        )
        raise Forbidden(msg)
    if len({one.tenant_id for one in found}) > 1:
        msg = Text(
            "You are a member of several workspaces; say which by the header Custograph-Workspace (its id).",
            "您是多个工作区的成员；请用请求头 Custograph-Workspace 指明工作区 ID。",
        )
        raise Invalid(msg)
    member = next((one for one in found if one.subject is not None), found[0])
    rows = rows_of(member.sources, member.channels, member.segments)
    only = next(iter(rows.sources)) if rows and rows.sources and len(rows.sources) == 1 else "default"
    name = f"member {member.id}"
    return Actor(member.tenant_id, name, scopes_of(member), only, None, request_id, rows, member_id=member.id)
