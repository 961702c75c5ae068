"""Processes that never outlive whoever started them, not even when that one is killed.

Between us and the process stands a keeper: this very file, run as a script. It starts the process, passes signals on to
it and kills it as soon as its own standard input closes, which the kernel does when we end, however we end. Only the
keeper, its parent, ever signals the process: a number that the system has given to another process is never hit.
On Linux the process also asks to be killed when the keeper dies; the keeper starts it from its main thread, since the
kernel ties that request to the thread that forked.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1


class Leash:
    """A running process.

    Parameters
    ----------
    argv
        The command; its output goes to the end of the file `log`.
    env
        The whole environment; ours when None.
    folder
        Where it runs; here when None.
    """

    def __init__(
        self, argv: Sequence[str], log: Path, env: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> None:
        keeper = [sys.executable, "-I", "-S", __file__, *argv]
        with log.open("ab") as output:
            self._keeper = subprocess.Popen(
                keeper,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                env=env,
                cwd=folder,
                start_new_session=True,  # a Ctrl-C in the terminal is for us; we end our processes in good order
            )
        assert self._keeper.stdout is not None
        with self._keeper.stdout as told:
            self.pid = int(told.readline() or 0)
        if not self.pid:
            self._keeper.wait()
            raise OSError(f"{argv[0]} could not be started; {log} says why")

    def send(self, number: signal.Signals) -> None:
        """Pass a signal on; nothing happens when the process has ended."""
        assert self._keeper.stdin is not None
        if self._keeper.stdin.closed:
            return
        with contextlib.suppress(BrokenPipeError):
            self._keeper.stdin.write(b"%d\n" % number)
            self._keeper.stdin.flush()

    def poll(self) -> int | None:
        """Return the exit code (128 + number after a signal), None while it runs."""
        return self._keeper.poll()

    def wait(self, seconds: float) -> int | None:
        """Wait for its end, at most so long; return the exit code, or None."""
        try:
            return self._keeper.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, seconds: float) -> bool:
        """Ask it to end, and kill it when it has not after so long. True when it went by itself."""
        self.send(signal.SIGTERM)
        went = self.wait(seconds) is not None
        self.kill()
        return went

    def kill(self) -> None:
        """End it at once."""
        assert self._keeper.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._keeper.stdin.close()
        self._keeper.wait()


def _die_with_parent(libc: ctypes.CDLL, keeper: int) -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:
        os.kill(os.getpid(), signal.SIGKILL)


def _obey(child: subprocess.Popen[bytes]) -> None:
    for line in sys.stdin:
        child.send_signal(int(line))
    child.kill()


def keep(argv: list[str]) -> int:
    """Start a command, keep it until it ends or standard input closes, and return its exit code."""
    libc, keeper = ctypes.CDLL(None), os.getpid()
    prepare = (lambda: _die_with_parent(libc, keeper)) if sys.platform == "linux" else None
    child = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), preexec_fn=prepare, start_new_session=True
    )
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    os.write(1, b"%d\n" % child.pid)
    os.close(1)
    threading.Thread(target=_obey, args=(child,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    os._exit(keep(sys.argv[1:]))
