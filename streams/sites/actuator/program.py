"""Commands by a program of the site's own."""

import os
import shlex
import signal
import subprocess
from tempfile import TemporaryFile

from streams.incidents.model import Command
from streams.sites.actuator.hand import HandError, Result, last_line

TAIL = 4096
"""Bytes at the end of what a program says that are looked at."""


class Program:
    """Runs a program: the command as JSON on its standard input, and in TOCSIN_COMMAND, _ID, _SITE, _MODE, _INCIDENT.

    Exit code 0 means done; the last line that it says goes along. No shell has a part in it, and nothing of the
    platform's own settings reaches it. One that takes too long is killed with all that it has started.

    Parameters
    ----------
    line
        The program and its arguments, quoted as in a shell.
    """

    def __init__(self, line: str) -> None:
        try:
            self._line = shlex.split(line)
        except ValueError as error:
            raise HandError(f"--exec {line}: {error}") from error
        if not self._line:
            raise HandError("--exec is empty: name a program")

    def act(self, command: Command, body: bytes, timeout: float) -> Result:
        """See `Hand`."""
        with TemporaryFile() as said:
            try:
                process = subprocess.Popen(
                    self._line,
                    stdin=subprocess.PIPE,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    env=_environment(command),
                    start_new_session=True,
                )
            except OSError as error:
                return Result(False, f"{self._line[0]} can't be started: {error.strerror}")
            code = _finish(process, body, timeout)
            said.seek(max(0, said.seek(0, os.SEEK_END) - TAIL))
            words = last_line(said.read().decode(errors="replace"))
        if code is None:
            return Result(False, f"timed out after {timeout:g} s. {words}".strip())
        return Result(code == 0, words if code == 0 else f"exit code {code}. {words}".strip())


def _finish(process: subprocess.Popen[bytes], body: bytes, timeout: float) -> int | None:
    """Wait for the end and return the exit code; None where it did not come in time."""
    try:
        process.communicate(body, timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None
    return process.returncode


def _environment(command: Command) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    given = {"ID": command.id, "SITE": command.site, "MODE": command.mode, "INCIDENT": command.incident}
    return clean | {"TOCSIN_COMMAND": command.command} | {f"TOCSIN_{name}": value for name, value in given.items()}
