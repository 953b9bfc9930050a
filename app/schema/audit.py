"""The audit in the schema: the log of who did what, and whether it is whole."""

from typing import Annotated, Any, NoReturn

import strawberry

from app import ids
from app.errors import Invalid
from app.kpis.custom import key_of
from app.models.change import Action
from app.schema.change import RecordChange
from app.schema.context import Info
from app.schema.describe import absent, arg, enum, field, input_, plain, type_
from app.schema.node import row_id
from app.schema.page import DEFAULT, After, Before, Connection, First, Last, OrderDirection, listed, part
from app.schema.period import LocaleArgument
from app.schema.record_type import RecordType
from app.schema.scalars import Moment
from app.schema.weight import KPI_WEIGHT, sized, weighs
from app.services import audit
from app.services.audit import Breach, Head, Sought
from app.services.cursor import Order
from app.services.row import check_readable
from app.text import Text

enum(
    Breach,
    {
        "ALTERED": "A change is not what was sealed, or does not follow the one before it.",
        "MISSING": "A change is missing.",
        "CUT_OFF": "The log ends before a change that was sealed.",
        "ADDED": "A change was put in behind the sealer's back.",
        "REWRITTEN": "The log is not the one whose head was kept.",
    },
    name="AuditBreach",
)


@type_
class AuditEntry(RecordChange):
    """A change as the audit keeps it: who did what, and no value of what was done."""

    seq: float = plain("Its number in the chain, from 1, without gaps.")
    hash: str = plain("The link of the chain: the SHA-256 of the link before it and of all that this entry says.")


@input_
class AuditFilterInput:
    """Which entries are meant; all conditions must hold."""

    actor: str | None = absent("Done by whom of this name.")
    token_id: strawberry.ID | None = absent("Done with this token.")
    request_id: str | None = absent("Done in the request of this `x-request-id`.")
    type: RecordType | None = absent("Done to records of this type.")
    record_id: strawberry.ID | None = absent("Done to this record.")
    action: Action | None = absent("What was done.")
    from_: Moment | None = absent("Done at this time or later.", name="from")
    before: Moment | None = absent("Done before this time.")


@type_
class AuditHead:
    """The last link of the chain. Kept elsewhere, it proves later that nothing up to it was rewritten."""

    seq: float = plain("Its number.")
    hash: str = plain("Its hash.")


@input_
class AuditHeadInput:
    """A head that was kept elsewhere."""

    seq: float = plain("Its number.")
    hash: str = plain("Its hash.")


@type_
class AuditVerification:
    """Whether the chain of the audit holds."""

    is_intact: bool = plain("Whether nothing was altered, lost, reordered or added.")
    sealed: float = plain("How many changes are in the chain.")
    unsealed: float = plain("How many have committed and are not in the chain yet.")
    head: AuditHead | None = plain("The head of the chain, to be kept elsewhere; null while there is none.")
    broken_at: float | None = plain("The number of the first change at which it does not hold.")
    reason: Breach | None = plain("What is wrong there.")

    @field
    def words(self, info: Info, locale: LocaleArgument = None) -> str | None:
        """What is wrong there, in words."""
        return None if self.reason is None else audit.WORDS[self.reason].in_(locale or info.context.locale)


class AuditRoots:
    """The audit."""

    @field
    @sized(DEFAULT, by=("first", "last"), fields=("nodes", "edges"))
    async def audit_log(  # noqa: PLR0913 - the arguments of the field
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[AuditFilterInput | None, arg("Which ones.")] = None,
        direction: Annotated[OrderDirection, arg("The latest first, or the earliest.")] = OrderDirection.DESC,
    ) -> Connection[AuditEntry] | None:
        """Who did what to which record and when. Needs the scope audit:read, which a token has only by name."""
        chosen = part(first, after, last, before, info.context.door.settings.max_page_size)
        order = [Order("at", descending=direction is OrderDirection.DESC)]
        return await listed(
            info, audit.log, audit.count, lambda row: AuditEntry.of(row, seq=row.seq, hash=row.hash), chosen,
            _sought(filter), order,
        )  # fmt: skip

    @field
    @weighs(100 * KPI_WEIGHT)
    async def audit_verification(
        self,
        info: Info,
        head: Annotated[AuditHeadInput | None, arg("A head kept elsewhere, which the chain must hold.")] = None,
        since_head: Annotated[bool, arg("Whether to look only at what was sealed after that head.")] = False,
    ) -> AuditVerification | None:
        """Whether the audit is whole, by its chain of hashes. Reads all of it, or what came after a head."""
        kept = None if head is None else Head(int(head.seq) if head.seq.is_integer() else 0, head.hash)
        found = await info.context.run(audit.verify, kept, since=since_head)
        return AuditVerification(
            is_intact=found.is_intact,
            sealed=found.sealed,
            unsealed=found.unsealed,
            head=AuditHead(seq=found.head.seq, hash=found.head.hash) if found.head else None,
            broken_at=found.broken_at,
            reason=found.breach,
        )


def _sought(value: AuditFilterInput | None) -> Sought:
    """The filter as the service takes it. Raises Invalid for an id that is none."""
    if value is None:
        return Sought()
    given = {name: one for name, one in vars(value).items() if one is not strawberry.UNSET and one is not None}
    check_readable(given)
    if "token_id" in given:
        given["token_id"] = ids.decode_uuid(given["token_id"], "Token") or _refuse("tokenId")
    if "record_id" in given:
        given |= _record(given["record_id"])
    return Sought(**given)


def _record(id_: str) -> dict[str, Any]:
    """What is sought with the record of that global id. Raises Invalid for an id that is none."""
    type_, parts = ids.decode(id_) or ("", [""])
    if type_ == RecordType.KPI_DEFINITION.value:  # whose id is made of its key
        return {"record_id": None, "external_id": key_of(parts[0]) or _refuse("recordId")}
    if type_ not in set(RecordType):
        _refuse("recordId")
    return {"record_id": row_id(parts) or _refuse("recordId")}


def _refuse(name: str) -> NoReturn:
    msg = Text(f"{name} is not the global id of anything that is changed.", f"{name} 不是任何可变更对象的全局 ID。")
    raise Invalid(msg, "filter", name)
