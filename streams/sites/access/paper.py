"""What a new site is given: its `site.toml`, its password and the authority's certificate."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.settings import Settings

TEMPLATE = """\
site = "{site}"
spool = "spool"

[kafka]
brokers = "{brokers}"
topic = "in.{site}"
username = "{site}"
password_file = "password"
mechanism = "SCRAM-SHA-512"
tls = {tls}
{ca}
# One [[source]] for each piece of equipment: nut, dc09, onvif, onvif-push, epcis, folder, mqtt or stdin. This one reads
# objects from standard input, one JSON a line. `tocsin gateway --check site.toml` tells what would be sent.
[[source]]
type = "stdin"
"""


class PaperError(Exception):
    """A file can't be written; the message says what to do."""


@contextmanager
def kept(file: Path) -> Iterator[Callable[[str], None]]:
    """Prepare a file that its owner alone can read; yields what writes the secret into it, in one piece.

    The file is tried before the secret is made, so that none is made and then lost. Raises `PaperError`.
    """
    part = file.with_name(f"{file.name}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as writing:

            def keep(secret: str) -> None:
                writing.write(secret)
                writing.flush()
                os.fsync(writing.fileno())
                part.replace(file)

            try:
                yield keep
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise PaperError(f"{file}: {error.strerror or error}; choose another place with --folder") from error


def write(folder: Path, site: str, settings: Settings, brokers: str) -> None:
    """Write a site's `site.toml`, unless there is one already, and the authority's certificate. Raises `PaperError`."""
    ca = ""
    tls = "true" if settings.security_protocol.endswith("SSL") else "false"
    try:
        if settings.ca_file:
            (folder / "ca.pem").write_bytes(Path(settings.ca_file).read_bytes())
            ca = 'ca_file = "ca.pem"\n'
        if not (folder / "site.toml").exists():
            (folder / "site.toml").write_text(TEMPLATE.format(site=site, brokers=brokers, tls=tls, ca=ca))
    except OSError as error:
        raise PaperError(f"{folder}: {error.strerror or error}; choose another place with --folder") from error
