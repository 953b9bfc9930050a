"""The commands about the members of a workspace."""

from typing import Annotated, Any
from uuid import UUID

import typer

from app.cli import Usage, opened, settings_from

members = typer.Typer(help="Say who may sign in to a workspace.", no_args_is_help=True)

Workspace = Annotated[str, typer.Option(help="The id of the workspace.")]
Few = list[str] | None


def _id(text: str, of: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        msg = f"{text!r} is not the id of a {of}."
        raise Usage(msg) from None


@members.command("add")
def add(  # noqa: PLR0913 - an option each
    workspace: Workspace,
    role: Annotated[str, typer.Option(help="OWNER, ADMIN, ANALYST, CONTRIBUTOR or VIEWER.")],
    email: Annotated[str | None, typer.Option(help="The e-mail by which they are known, once verified.")] = None,
    subject: Annotated[str | None, typer.Option(help="What the configured issuer calls them.")] = None,
    name: Annotated[str | None, typer.Option(help="Their name.")] = None,
    scope: Annotated[Few, typer.Option(help="What they may do beside what their role lets them.")] = None,
    source: Annotated[Few, typer.Option(help="They see records of this source only; may be repeated.")] = None,
    channel: Annotated[Few, typer.Option(help="Of the channel with this key only; may be repeated.")] = None,
    segment: Annotated[Few, typer.Option(help="Of customers of this segment only; may be repeated.")] = None,
) -> None:
    """Let somebody sign in; prints the member's id, alone."""
    tenant_id = _id(workspace, "workspace")
    with opened(settings_from()) as door:
        from app.actor import system
        from app.services import member
        from app.services.row import Ref

        rows: dict[str, Any] = {"sources": source or None, "segments": segment or None}
        rows["channels"] = [Ref(external_id=key) for key in channel] if channel else None
        data = {"role": role, "email": email, "subject": subject, "name": name, "scopes": scope or None}
        row, _ = door.write(system(tenant_id, "command line"), member.add, data | {"rows": rows})
    typer.echo(str(row.id))


@members.command("list")
def list_(workspace: Workspace) -> None:
    """Print each member's id, role, and by what they are known."""
    tenant_id = _id(workspace, "workspace")
    with opened(settings_from()) as door:
        from app.actor import system
        from app.services import member

        for row in door.read(system(tenant_id, "command line"), member.everybody):
            typer.echo(f"{row.id}\t{row.role.value}\t{row.subject or row.email}")


@members.command("remove")
def remove(workspace: Workspace, member: Annotated[str, typer.Option(help="The member's id.")]) -> None:
    """Take a member away, from their next request on."""
    tenant_id, member_id = _id(workspace, "workspace"), _id(member, "member")
    with opened(settings_from()) as door:
        from app import ids
        from app.actor import system
        from app.services import member as service
        from app.services.row import Ref

        door.write(system(tenant_id, "command line"), service.remove, Ref(id=ids.encode("Member", member_id)))
