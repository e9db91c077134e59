"""The command line: ``cascade classify``, ``cascade explain``, ``cascade doctor``, ``cascade plan``,
``cascade replay``, ``cascade report``, ``cascade serve``.

Exit codes: 0 when everything was processed (whatever the answers), 1 when ``doctor`` found a problem, 2 when something
could not be started (one line on standard error says what and what to do), 130 when interrupted.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cascade.cli.classify import classify
from cascade.cli.doctor import doctor
from cascade.cli.explain import explain
from cascade.cli.plan import plan
from cascade.cli.replay import replay
from cascade.cli.report import report
from cascade.cli.serve import serve

app = typer.Typer(
    name="cascade",
    help="Understands what a crowd says to an app, without waking the large model for every sentence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(classify)
app.command()(explain)
app.command()(doctor)
app.command()(plan)
app.command()(replay)
app.command()(report)
app.command()(serve)


def _version(wanted: bool) -> None:
    if wanted:
        from cascade import __version__

        typer.echo(f"cascade {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Takes the options that stand before a command."""


def main() -> None:
    """Entry point of the ``cascade`` command."""
    app()
