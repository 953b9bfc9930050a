"""The commands for workspaces and tokens. They print what scripts read: ids and secrets alone, lists a line each."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from app.cli import Usage, opened, settings_from, workspace_id

workspaces = typer.Typer(help="Make, list and empty workspaces.", no_args_is_help=True)
tokens = typer.Typer(help="Make, list, rotate and revoke tokens.", no_args_is_help=True)

InWorkspace = Annotated[str, typer.Option(help="The id of the workspace.")]
OfToken = Annotated[str, typer.Option("--token", help="The id of the token, as `token list` prints it.")]


@workspaces.command("create")
def workspace_create(  # noqa: PLR0913 - an option each
    name: Annotated[str, typer.Option(help="What it is called.")],
    time_zone: Annotated[str, typer.Option(help="IANA time zone, such as Europe/Berlin.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code, such as EUR.")],
    locale: Annotated[str, typer.Option(help="Language of names, such as en or zh-CN.")] = "en",
    first_weekday: Annotated[int, typer.Option(help="Day on which weeks begin, 1 (Monday) to 7.")] = 1,
    fiscal_year_start: Annotated[int, typer.Option(help="Month in which years begin, 1 to 12.")] = 1,
    small_cell_k: Annotated[int, typer.Option(help="Survey figures of fewer people are suppressed.")] = 5,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Whether its records may be emptied out.")] = False,
) -> None:
    """Make a workspace; prints its id, alone."""
    with opened(settings_from()) as door:
        from uuid_utils.compat import uuid7

        from app.actor import system
        from app.services import workspace

        id_ = uuid7()
        door.write(
            system(id_, "command line"),
            workspace.create,
            {
                "name": name,
                "time_zone": time_zone,
                "currency": currency,
                "locale": locale,
                "first_weekday": first_weekday,
                "fiscal_year_start": fiscal_year_start,
                "small_cell_k": small_cell_k,
                "is_sandbox": sandbox,
            },
        )
    typer.echo(str(id_))


@workspaces.command("list")
def workspace_list() -> None:
    """Print a line for each workspace, the newest first.

    It tells id, currency, time zone and name.
    """
    with opened(settings_from()) as door:
        from uuid import UUID

        from app.actor import system
        from app.services import deployment

        for row in _each(door, system(UUID(int=0)), deployment.page):
            typer.echo(f"{row.id}\t{row.currency}\t{row.time_zone}\t{row.name}")


@workspaces.command("reset")
def workspace_reset(
    workspace: Annotated[str, typer.Option(help="The id of the workspace, a sandbox.")],
    name: Annotated[str, typer.Option(help="What it is called, so that nobody empties the wrong one.")],
) -> None:
    """Empty a sandbox of its records; its tokens and settings stay."""
    tenant_id = workspace_id(workspace)
    with opened(settings_from()) as door:
        from app import upkeep

        upkeep.reset(door, tenant_id, name)
    typer.echo("The sandbox is empty.")


@tokens.command("create")
def token_create(  # noqa: PLR0913 - an option each
    workspace: InWorkspace,
    name: Annotated[str, typer.Option(help="What the token is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do; everything but administer and audit when absent.")
    ] = None,
    source: Annotated[str, typer.Option(help="The source system that it writes for.")] = "default",
    expires_in: Annotated[
        int | None, typer.Option(help="Days until it expires; never when absent.", min=1, max=36_500)
    ] = None,
    publishable: Annotated[
        bool, typer.Option("--publishable", help="Make a publishable key, which records answers and reads nothing.")
    ] = False,
    origin: Annotated[
        list[str] | None, typer.Option(help="A web origin that a publishable key may come from; any when absent.")
    ] = None,
) -> None:
    """Make a token; prints it, alone, once."""
    tenant_id = workspace_id(workspace)
    if origin and not publishable:
        msg = "--origin goes with --publishable."
        raise Usage(msg)
    with opened(settings_from()) as door:
        from app.services import token

        lasting = None if expires_in is None else timedelta(days=expires_in)
        binding = {"origins": origin or []} if publishable else None
        secret = token.create(
            door, tenant_id, name, scopes=scope, source=source, expires_in=lasting, publishable=binding
        )
    typer.echo(secret)


@tokens.command("list")
def token_list(workspace: InWorkspace) -> None:
    """Print a line for each token, the newest first.

    It tells id, state, last use, source, name and scopes, and never a secret.
    """
    tenant_id = workspace_id(workspace)
    with opened(settings_from()) as door:
        from app.actor import system
        from app.services import token

        now = door.clock()
        for row in _each(door, system(tenant_id), token.page):
            used = row.last_used_at.isoformat(timespec="minutes") if row.last_used_at else "never used"
            typer.echo(f"{row.id}\t{_state(row, now)}\t{used}\t{row.source}\t{row.name}\t{' '.join(row.scopes)}")


@tokens.command("rotate")
def token_rotate(
    workspace: InWorkspace,
    token: OfToken,
    overlap_hours: Annotated[int, typer.Option(help="For how many hours the old secret is good yet.")] = 24,
) -> None:
    """Give a token a new secret; prints it, alone, once."""
    tenant_id = workspace_id(workspace)
    with opened(settings_from()) as door:
        from app.actor import system
        from app.services import token as service

        _, secret = door.write(system(tenant_id, "command line"), service.rotate, _global(token), overlap_hours)
    typer.echo(secret)


@tokens.command("revoke")
def token_revoke(workspace: InWorkspace, token: OfToken) -> None:
    """Revoke a token: from now on it is refused everywhere."""
    tenant_id = workspace_id(workspace)
    with opened(settings_from()) as door:
        from app.actor import system
        from app.services import token as service

        door.write(system(tenant_id, "command line"), service.revoke, _global(token))


def _each(door: Any, actor: Any, page: Any) -> Any:  # noqa: ANN401 - imported when a command runs
    """Every row of a list, page by page."""
    from app.services.page import Slice

    after = None
    while True:
        found = door.read(actor, page, Slice(first=100, after=after))
        yield from found.rows
        if not found.has_next:
            return
        after = found.cursors[-1]


def _state(row: Any, now: datetime) -> str:  # noqa: ANN401 - the driver's row
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now else "active"


def _global(token: str) -> str:
    from app import ids

    return ids.encode("Token", token)
