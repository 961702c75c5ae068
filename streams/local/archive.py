"""Kafka's classes as Java has loaded and checked them, kept in the cache: a broker then starts in half the time.

Java's class-data sharing. The first cluster on a machine writes down which classes it loads, and makes the archive
beside its work once it answers. Java itself sees whether an archive fits the jars and the Java that it was made of, and
does without one that does not.
"""

import fcntl
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from threading import Thread

from streams.local.leash import Leash

KEPT = 3
"""Archives, of some 64 MB each, for as many installations of Java that take turns."""
LONGEST_S = 300.0


class Archive:
    """The archive of one Java and some jars.

    Parameters
    ----------
    java
        The command.
    jars
        In the order of the class path; the archive lies beside their folder.
    """

    def __init__(self, java: Path, jars: Sequence[Path]) -> None:
        self._java = [str(java), "-XX:+UseSerialGC", "-cp", ":".join(map(str, jars))]
        parts = [java.resolve().parents[1] / "lib" / "modules", *jars]
        told = "\n".join(f"{part} {part.stat().st_size} {part.stat().st_mtime_ns}" for part in parts if part.exists())
        home = jars[0].parent
        self.file = home.with_name(f"{home.name}-{sha256(told.encode()).hexdigest()[:16]}.jsa")
        self._making: Leash | None = None
        self._given_up = False
        self._thread: Thread | None = None

    def options(self) -> list[str]:
        """Return what Java is to be told to use it; nothing while there is none."""
        return [f"-XX:SharedArchiveFile={self.file}"] if self.file.exists() else []

    def recording(self, classes: Path) -> list[str]:
        """Return what Java is to be told to write down which classes it loads, if they are needed."""
        return [f"-XX:DumpLoadedClassList={classes}"] if self._wanted else []

    def make(self, classes: Path) -> None:
        """Begin to make it of classes that were written down, unless there is one or another process is making it."""
        if self._wanted and classes.exists():
            self._thread = Thread(target=self._make, args=(classes,), name="archive", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Give up what is being made."""
        self._given_up = True
        if self._making is not None:
            self._making.kill()
        if self._thread is not None:
            self._thread.join()

    @property
    def _wanted(self) -> bool:
        return not self.file.exists() and os.access(self.file.parent, os.W_OK)

    def _make(self, classes: Path) -> None:
        loaded = classes.read_bytes().rpartition(b"\n")[0]  # the broker goes on writing
        classes.unlink()
        part, log = self.file.with_suffix(".part"), self.file.with_suffix(".log")
        with self.file.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            whole = self.file.with_suffix(".classes")
            whole.write_bytes(loaded)
            sharing = ["-Xshare:dump", f"-XX:SharedClassListFile={whole}", f"-XX:SharedArchiveFile={part}"]
            self._making = Leash([self._java[0], *sharing, *self._java[1:]], log)
            if self._given_up:  # meanwhile, before there was anything to kill
                self._making.kill()
            if self._making.wait(LONGEST_S) == 0:
                part.rename(self.file)
                log.unlink()
                self._forget()
            for rest in (part, whole):
                rest.unlink(missing_ok=True)

    def _forget(self) -> None:
        """Delete those that were made longest ago."""
        made = sorted(self.file.parent.glob("kafka-*.jsa"), key=lambda file: file.stat().st_mtime, reverse=True)
        for old in made[KEPT:]:
            old.unlink(missing_ok=True)
            old.with_suffix(".lock").unlink(missing_ok=True)
