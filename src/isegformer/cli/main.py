"""The command line: commands, and how errors become exit codes.

0: done. 1: it failed, and one line on standard error says why. 2: the command was not understood. 130:
interrupted. Commands import what they need when they run, so that `--help` answers at once.
"""

import errno
import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from isegformer import __version__
from isegformer.cli import (
    adapt,
    annotate,
    convert,
    demo,
    evaluate,
    export,
    info,
    propagate,
    segment,
    serve,
    train,
    weights,
)
from isegformer.cli.short_waits import wait_shortly
from isegformer.errors import IsegformerError

app = typer.Typer(
    name="isegformer",
    help="Interactive 3-D medical image segmentation: clicks on a few slices, propagated to the volume.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("annotate")(annotate.annotate)
app.command("serve")(serve.serve)
app.command("segment")(segment.segment)
app.command("propagate")(propagate.propagate)
app.command("convert")(convert.convert)
app.command("export")(export.export)
app.command("info")(info.info)
app.add_typer(weights.app, name="weights")
app.command("train")(train.train)
app.command("adapt")(adapt.adapt)
app.add_typer(evaluate.app, name="evaluate")
app.command("demo")(demo.demo)

OUT_OF_MEMORY = "OutOfMemoryError"
"""Name of the error of torch; compared by name, since torch may not be imported here."""


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Interactive 3-D medical image segmentation: clicks on a few slices, propagated to the volume."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line on `arguments`, by default those of the process, and exit."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s", stream=sys.stderr)
    wait_shortly(os.environ)
    try:
        app(args=arguments, prog_name="isegformer")
    except KeyboardInterrupt:
        sys.exit(130)
    except IsegformerError as error:
        _fail(str(error))
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader of a pipe has left; nobody to tell
            sys.exit(1)
        _fail(str(error))
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and type(error).__name__ != OUT_OF_MEMORY:
            raise
        _fail(f"out of memory; close other programs, or choose another --device ({error})")
    sys.exit(0)


def _fail(reason: str) -> NoReturn:
    typer.echo(f"error: {' '.join(reason.split())}", err=True)
    sys.exit(1)
