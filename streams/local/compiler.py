"""The core as machine code, made on this machine by mypyc and a C compiler; see `detectors.compiled`."""

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from detectors.compiled import HOME, ROOT, SUFFIX, folder, sources

LEFT = {
    "detectors/compiled.py",
    "streams/incidents/frozen.py",
    "streams/incidents/model.py",
    "streams/incidents/scoring.py",
}
"""What stays Python beside the packages: what finds the rest, and the structs that msgspec makes of their classes."""
TYPES = """[mypy]
ignore_missing_imports = true
follow_imports = silent

[mypy-river.*]
follow_imports = skip
"""
"""What mypyc shall know of the types of other libraries: of river's nothing, for they come with all of numpy's."""
FLAGS = ("-Wno-all", "-ffp-contract=off")
"""For the C compiler: to look for what its authors find odd takes longer than all else, and multiplication and addition
in one would round otherwise than Python does."""
OUT = "out"


class CompileError(Exception):
    """The core can't be compiled here; the message says what to do."""


def compile_core(level: int = 2) -> Path:
    """Compile the core into where it is found from the next start on, in place of older ones; returns where that is.

    Parameters
    ----------
    level
        How hard the C compiler tries, 0 to 3.

    Raises
    ------
    CompileError
        When it can't be done here; what was there before is then as it was.
    """
    _check()
    place = folder()
    try:
        HOME.mkdir(exist_ok=True)
        with TemporaryDirectory(prefix=".", dir=HOME) as name:
            whole = _build(Path(name), level)
            shutil.rmtree(place, ignore_errors=True)
            for other in HOME.glob(f"*{SUFFIX}"):
                shutil.rmtree(other)
            whole.rename(place)
    except OSError as error:
        raise CompileError(f"{HOME} must be writable: {error}") from error
    return place


def _check() -> None:
    """Say what is missing before anything is begun."""
    missing = [name for name in ("mypyc", "setuptools") if find_spec(name) is None]
    if missing:
        raise CompileError(f"{' and '.join(missing)} must be installed: pip install 'tocsin[fast]'")
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        raise CompileError(f"{compiler}, a C compiler, must be installed (on Debian: apt-get install gcc libc6-dev)")
    headers = Path(sysconfig.get_path("include"), "Python.h")
    if not headers.is_file():
        raise CompileError(f"{headers} must be there (on Debian: apt-get install python3-dev)")


def _build(scratch: Path, level: int) -> Path:
    """Compile in a folder of its own; returns the one with all modules, each under its full name."""
    for package in ("detectors", "streams"):
        shutil.copytree(ROOT / package, scratch / package, ignore=shutil.ignore_patterns("__*__"))
    (scratch / "mypy.ini").write_text(TYPES)
    command = [sys.executable, "-c", f"from {__name__} import make; make({level})"]
    ran = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    built = list((scratch / OUT).rglob(f"*{SUFFIX}"))
    if ran.returncode or not built:
        told = "\n".join((ran.stdout + ran.stderr).strip().splitlines()[-15:])
        raise CompileError(f"{told}\nThe core could not be compiled; it runs as plain Python all the same.")
    whole = scratch / "whole"
    whole.mkdir()
    for file in built:
        file.rename(whole / ".".join(file.relative_to(scratch / OUT).parts))
    return whole


def make(level: int) -> None:
    """Compile what lies in the working folder: for a process of its own, since mypyc and setuptools end theirs."""
    from mypyc.build import mypycify
    from setuptools import setup

    here = Path.cwd()
    names = [file.relative_to(here).as_posix() for file in sources(here) if file.name != "__init__.py"]
    chosen = [name for name in names if name not in LEFT]
    modules: list[Any] = mypycify(chosen, opt_level=str(level), debug_level="0", group_name="tocsin")
    for module in modules:
        module.extra_compile_args = [*module.extra_compile_args, *FLAGS]
    arguments = ["build_ext", "--build-lib", OUT, "--parallel", str(os.cpu_count() or 1)]
    setup(name="tocsin-core", packages=[], py_modules=[], ext_modules=modules, script_args=arguments)
