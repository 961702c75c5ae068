"""`tocsin compile`: make machine code of the core."""

import typer


def command() -> None:
    """Make machine code of the core: detection and correlation run some three times faster and answer the same.

    It takes a minute or two, a C compiler, and `pip install 'tocsin[fast]'`. What is compiled is used from the next
    start on for as long as the sources stay as they are: after a change the core runs as plain Python until it is
    compiled again.
    """
    from time import monotonic

    from rich.console import Console

    from streams.local.compiler import CompileError, compile_core

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    began = monotonic()
    try:
        with console.status("Compiling the core; it takes a minute or two"):
            place = compile_core()
    except CompileError as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from None
    number = sum(1 for _ in place.iterdir()) - 1
    console.print(f"{number} modules compiled in {monotonic() - began:.0f} s, into {place}", markup=False)
