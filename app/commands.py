"""The commands. What a command needs it imports when it runs, so that `--help` answers at once."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app import transfer
from app.administration import tokens, workspaces
from app.cli import Usage, migrated, opened, settings_from, workspace_id
from app.member_commands import members

if TYPE_CHECKING:
    from app.settings import Settings

cli = typer.Typer(
    name="custograph",
    help="A headless GraphQL backend for customer KPIs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # what draws its boxes takes longer to load than all the rest
)
audits = typer.Typer(help="See whether the audit is whole.", no_args_is_help=True)
cli.add_typer(workspaces, name="workspace")
cli.add_typer(tokens, name="token")
cli.add_typer(audits, name="audit")
cli.command("import")(transfer.import_)
cli.command("export")(transfer.export)
cli.add_typer(members, name="member")

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.", min=0, max=65535)]


def main() -> None:
    """Run the command that the arguments name; wrong usage exits with 2 and a sentence, never with a traceback."""
    try:
        cli(prog_name="custograph")
    except Usage as error:
        typer.echo(f"custograph: {error}", err=True)
        sys.exit(2)


@cli.command()
def serve(
    host: Host = None,
    port: Port = None,
    workers: Annotated[int, typer.Option(help="Processes that answer; above 1 needs PostgreSQL.", min=1)] = 1,
    worker: Annotated[bool, typer.Option(help="Run jobs too.")] = True,
) -> None:
    """Bring the database up to date and serve GraphQL."""
    settings = settings_from(host=host, port=port)
    if workers > 1 and settings.sqlite_path is not None:
        msg = "--workers above 1 needs PostgreSQL: an SQLite file has one writer."
        raise Usage(msg)
    from app.serve import serve as run

    migrated(settings)
    _check(settings)
    run(settings, workers=workers, work=worker)


def _check(settings: "Settings") -> None:
    """Have rollups of changed measures rebuilt; refuse a role that could bypass the wall."""
    from app import upkeep

    with opened(settings) as door:
        upkeep.refresh(settings, door)


@cli.command()
def demo(host: Host = None, port: Port = None) -> None:
    """Make the two demonstration workspaces once and serve them.

    It prints a token and a first query.
    """
    settings = settings_from(host=host, port=port, graphiql=True)
    from app.serve import demonstrate

    migrated(settings)
    _check(settings)
    with opened(settings) as door:
        token = demonstrate(door, settings)
    from app.serve import serve as run

    run(settings, token=token)


@cli.command()
def worker() -> None:
    """Run jobs, without serving."""
    with opened(settings_from()) as door:
        from app.serve import work

        work(door)


@cli.command()
def rebuild(
    workspace: Annotated[str, typer.Option(help="The id of the workspace.")],
    cube: Annotated[list[str] | None, typer.Option(help="Which rollups; all when absent.")] = None,
) -> None:
    """Rebuild rollups from the facts; the old ones answer until then."""
    tenant_id = workspace_id(workspace)
    with opened(settings_from()) as door:
        from app import upkeep

        typer.echo(f"{upkeep.rebuild_now(door, tenant_id, cube)} rollups rebuilt.")


@audits.command("verify")
def audit_verify(
    workspace: Annotated[str, typer.Option(help="The id of the workspace.")],
    head: Annotated[
        str | None, typer.Option(metavar="SEQ:HASH", help="A head that was printed earlier and kept elsewhere.")
    ] = None,
    since_head: Annotated[bool, typer.Option(help="Look only at what was sealed after that head.")] = False,
) -> None:
    """Verify the hash chain of the audit; exits 1 where it is broken.

    It prints the head of the chain, to be kept elsewhere.
    """
    from app import upkeep

    with opened(settings_from()) as door:
        found = upkeep.verify(door, workspace_id(workspace), head, since=since_head)
    typer.echo(f"{found.sealed} changes are sealed, {found.unsealed} are yet to be.")
    if found.head:
        typer.echo(f"head {found.head.seq}:{found.head.hash}")
    if found.breach:
        from app.services.audit import WORDS

        typer.echo(f"custograph: the chain is broken at {found.broken_at}: {WORDS[found.breach].en}", err=True)
        raise typer.Exit(1)
    typer.echo("The chain is intact.")


@cli.command()
def settings() -> None:
    """Print the settings, secrets hidden.

    It warns of names that are not known.
    """
    from app.settings import PREFIX, unknown_names

    for name, value in settings_from().shown().items():
        typer.echo(f"{PREFIX}{name.upper()}={value}")
    for name in unknown_names():
        typer.echo(f"custograph: {name} is not a setting.", err=True)


@cli.command()
def schema(
    write: Annotated[Path | None, typer.Option(help="Write it to this file instead.")] = None,
) -> None:
    """Print the GraphQL schema."""
    from app.schema.build import sdl

    _put(sdl(), write)


@cli.command()
def docs(
    write: Annotated[Path | None, typer.Option(help="Write it to this file instead.")] = None,
) -> None:
    """Print the catalogue of KPIs as a page."""
    from app.kpis.page import page

    _put(page(), write)


def _put(text: str, path: Path | None) -> None:
    if path is None:
        typer.echo(text, nl=False)
    else:
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            msg = f"{path} cannot be written: {error.strerror}."
            raise Usage(msg) from None


@cli.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(context: typer.Context) -> None:
    """Measure speed and memory.

    What follows goes to `benchmarks/run.py`.
    """
    import runpy

    script = Path(__file__).parent.parent / "benchmarks" / "run.py"
    if not script.exists():
        msg = "The benchmarks come with the source; run this from a clone."
        raise Usage(msg)
    sys.argv = [str(script), *context.args]
    sys.path.insert(0, str(script.parent))
    runpy.run_path(str(script), run_name="__main__")


@cli.command()
def backup(to: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Copy the SQLite database to a file, also while it is in use.

    The copy is of one moment.
    """
    from app import upkeep

    _files(lambda: upkeep.backup(settings_from(), to))


@cli.command()
def restore(
    from_: Annotated[Path, typer.Argument(metavar="FROM", help="A file that `backup` wrote.")],
) -> None:
    """Put a backup in the place of the SQLite database.

    That must not be there, or in use.
    """
    from app import upkeep

    _files(lambda: upkeep.restore(settings_from(), from_))


def _files(work: Callable[[], None]) -> None:
    from app.upkeep import Refused

    try:
        work()
    except Refused as error:
        raise Usage(str(error)) from None
