"""A backtest in several processes, which tells the same in the same order as in one."""

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from math import inf
from multiprocessing.connection import Connection, wait
from multiprocessing.sharedctypes import RawArray
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from streams.backtest.peers import Neighbours
from streams.incidents.backtest import Backtest, Key, Share, Told
from streams.process import collect_seldom
from streams.telemetry.decode import TOPICS
from streams.telemetry.recording import RecordingError, read, replay

Entry = tuple[Key, Told]
LONG, PACKED = 32 << 20, 8
"""Bytes from which on a recording is long, and how much more a compressed one holds."""
PEEK, MANY = 2000, 4
"""Lines in which sites are counted, and how many of them are enough for a process."""
SELDOM = 64
"""Batches after which a process that has nothing to tell says how far it is."""


def fitting(paths: list[Path]) -> int:
    """Say how many processes pay: one a core, where a recording is long and of many sites."""
    size = sum(path.stat().st_size * (1 if path.suffix == ".ndjson" else PACKED) for path in paths)
    cores = os.cpu_count() or 1
    if cores == 1 or size < LONG:
        return 1
    lines = islice(read(paths[0]), PEEK)
    return max(1, min(cores, len({line.key for line in lines if line.topic in TOPICS}) // MANY))


class Team:
    """Runs recordings through as many shards as there are processes.

    Attributes
    ----------
    events, refused
        Objects that were judged, and that were refused, by reason's code.
    """

    def __init__(self, processes: int) -> None:
        self.events = 0
        self.refused: Counter[str] = Counter()
        self._processes = processes
        self._site_days = 0.0

    def site_days(self) -> float:
        """See `Backtest`."""
        return self._site_days

    def run(self, paths: list[Path], progress: Callable[[int], object] | None = None) -> Iterator[Told]:
        """Yield what `Backtest.run` yields; raises what it raises, after the same events."""
        context = multiprocessing.get_context("spawn")
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="tocsin-")))
            promises = RawArray("d", [-inf] * self._processes)
            lines: list[Connection] = []
            for index in range(self._processes):
                (folder / str(index)).touch()
            for index in range(self._processes):
                ours, theirs = context.Pipe(duplex=False)
                given = index, promises, folder, paths, theirs
                process = context.Process(target=_work, args=given, daemon=True)
                process.start()
                stack.callback(process.join)
                stack.callback(process.terminate)
                theirs.close()
                lines.append(stack.enter_context(ours))
            yield from self._merge(lines, progress)

    def _merge(self, lines: list[Connection], progress: Callable[[int], object] | None) -> Iterator[Told]:
        """Put in order what the processes tell: what is older than what any of them may still tell is complete."""
        told: list[Entry] = []
        until = dict.fromkeys(lines, -inf)
        failure: RecordingError | None = None
        while until:
            ready = wait(list(until))
            for connection in [one for one in until if one in ready]:
                match _receive(connection):
                    case ("told", moment, entries, read):
                        until[connection] = moment
                        told += entries
                        if progress is not None and connection is lines[0]:
                            progress(read)
                    case ("failed", str(reason)):
                        failure = RecordingError(reason)
                        del until[connection]
                    case ("done", events, refused, site_days):
                        self.events += events
                        self.refused.update(refused)
                        self._site_days += site_days
                        del until[connection]
            told.sort(key=itemgetter(0))
            complete = min(until.values(), default=inf)
            ripe = sum(key[:2] <= (complete, 0) for key, _ in told)
            yield from (event for _, event in told[:ripe])
            del told[:ripe]
        if failure is not None:
            raise failure


def _receive(connection: Any) -> Any:
    try:
        return connection.recv()
    except EOFError as error:
        raise ChildProcessError("a process of the backtest has ended, and did not say why") from error


def _work(index: int, promises: Any, folder: Path, paths: list[Path], line: Connection) -> None:
    """Compute one share of the sites, in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    collect_seldom()
    done = [0]

    def count(more: int) -> None:
        done[0] += more

    backtest = Backtest(Share(index, len(promises)))
    peers = Neighbours(index, promises, folder, backtest.shard.registry.facts.take)
    backtest.shard.peers = peers
    try:
        for number, (until, entries) in enumerate(backtest.batches(replay(paths, count))):
            if entries or number % SELDOM == 0:
                line.send(("told", until, entries, done[0]))
                done[0] = 0
    except RecordingError as error:
        line.send(("failed", str(error)))
    else:
        line.send(("done", backtest.events, backtest.refused, backtest.site_days()))
    peers.done()
