"""The core as machine code: found here and used in place of the sources, as long as it was made from these very ones.

`tocsin compile` makes it. It lies beside this package in a folder that bears the fingerprint of the sources and the
version of Python, so that whoever changes a line runs what he wrote, uncompiled, until he compiles again.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Literal

Way = Literal["compiled", "outdated", "plain"]
ROOT = Path(__file__).parent.parent
PACKAGES = ("detectors", "streams/incidents")
HOME = Path(__file__).parent / "__compiled__"
SUFFIX = EXTENSION_SUFFIXES[0]
"""How the names of this Python's extension modules end; none of another Python or machine is ever loaded."""

SAID: dict[Way, str] = {
    "compiled": "the core is compiled",
    "outdated": "the core was compiled from other sources and runs as plain Python, slowly: `tocsin compile` it again",
    "plain": "the core runs as plain Python: `tocsin compile` makes it some three times faster",
}


class Finder(MetaPathFinder):
    """Finds the compiled modules of a folder, each by its full name."""

    def __init__(self, folder: Path) -> None:
        self.files = {file.name.removesuffix(SUFFIX): file for file in folder.iterdir()}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        file = self.files.get(fullname)
        return spec_from_file_location(fullname, file) if file is not None else None


def sources(root: Path = ROOT) -> Iterator[Path]:
    """Yield the core's files, in the order of their names."""
    for package in PACKAGES:
        yield from sorted(root.joinpath(package).rglob("*.py"))


def folder() -> Path:
    """Where the compiled core of the present sources lies, or would lie."""
    digest = sha256()
    for file in sources():
        content = file.read_bytes()
        digest.update(f"{file.relative_to(ROOT).as_posix()} {len(content)}\n".encode() + content)
    return HOME / f"{digest.hexdigest()[:16]}{SUFFIX}"


def use() -> Way:
    """Let the core be imported compiled where it can be, and say how it will run; `TOCSIN_PLAIN` forbids it."""
    if os.environ.get("TOCSIN_PLAIN") or not any(HOME.glob(f"*{SUFFIX}")):
        return "plain"
    found = folder()
    if not found.is_dir():
        return "outdated"
    sys.meta_path.insert(0, Finder(found))
    return "compiled"
