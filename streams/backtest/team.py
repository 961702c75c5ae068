"""A backtest in several processes, which tells the same in the same order as in one."""

import multiprocessing
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from math import inf
from multiprocessing.connection import Connection, wait
from multiprocessing.sharedctypes import RawArray
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import msgpack

from streams.backtest.peers import Neighbours
from streams.backtest.reader import Inbox, portions
from streams.incidents.backtest import Backtest, Key, Told
from streams.process import collect_seldom
from streams.telemetry.decode import TOPICS
from streams.telemetry.recording import RecordingError, read, replay

if sys.platform == "linux":
    from fcntl import F_SETPIPE_SZ, fcntl

Entry = tuple[Key, Told]
CONTEXT = multiprocessing.get_context("spawn")
LONG, PACKED = 32 << 20, 8
"""Bytes from which on a recording is long, and how much more a compressed one holds."""
PEEK, MANY = 2000, 4
"""Lines in which sites are counted, and how many of them are enough for a process."""
ROOM = 1 << 20
"""Bytes that wait in a pipe."""
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
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="tocsin-")))
            promises = RawArray("d", [-inf] * self._processes)
            boxes, lines = [], []
            for index in range(self._processes):
                (folder / str(index)).touch()
            for index in range(self._processes):
                inbox, box = _pipe()
                _widen(box)
                line, outbox = _pipe()
                _start(stack, _work, index, promises, folder, inbox, outbox)
                boxes.append(box)
                lines.append(stack.enter_context(line))
            count, counts = _pipe()
            _start(stack, _read, paths, boxes, counts)
            yield from self._merge(lines, [stack.enter_context(count)], progress)

    def _merge(
        self, lines: list[Connection], counts: list[Connection], progress: Callable[[int], object] | None
    ) -> Iterator[Told]:
        """Put in order what the processes tell: what is older than what any of them may still tell is complete."""
        told: list[Entry] = []
        until = dict.fromkeys(lines, -inf)
        failure: RecordingError | None = None
        while until:
            ready = wait([*until, *counts])
            for connection in [one for one in counts if one in ready]:
                match _receive(connection):
                    case None:
                        counts.remove(connection)
                    case int(count) if progress is not None:
                        progress(count)
            for connection in [one for one in until if one in ready]:
                match _receive(connection):
                    case ("told", moment, entries):
                        until[connection] = moment
                        told += entries
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


def _pipe() -> tuple[Connection, Connection]:
    return CONTEXT.Pipe(duplex=False)


def _widen(end: Connection) -> None:
    """Let a pipe hold whole portions, so that the reader seldom stops for one process while the others starve."""
    if sys.platform == "linux":
        with suppress(PermissionError):  # where it is forbidden to go so far, it is merely slower
            fcntl(end.fileno(), F_SETPIPE_SZ, ROOM)


def _start(stack: ExitStack, work: Callable[..., None], *given: Any) -> None:
    """Start a process that ends with us; the ends of pipes that it gets are no longer ours."""
    process = CONTEXT.Process(target=work, args=given, daemon=True)
    process.start()
    stack.callback(process.join)
    stack.callback(process.terminate)
    for one in given:
        for end in one if isinstance(one, list) else [one]:
            if isinstance(end, Connection):
                end.close()


def _read(paths: list[Path], boxes: list[Connection], counts: Connection) -> None:
    """Read for all, in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    collect_seldom()
    for given in portions(replay(paths, counts.send), len(boxes)):
        for box, portion in zip(boxes, given, strict=True):
            box.send_bytes(msgpack.encode(portion))
    counts.send(None)


def _work(index: int, promises: Any, folder: Path, inbox: Connection, line: Connection) -> None:
    """Compute one share of the sites, in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    collect_seldom()
    backtest, given = Backtest(tells=index == 0), Inbox(inbox)

    def meanwhile() -> bool:
        return (given.waits() and backtest.prepare()) or given.drain()

    peers = Neighbours(index, promises, folder, backtest.shard.registry.facts.take, meanwhile)
    backtest.shard.peers = peers
    try:
        for number, (until, entries) in enumerate(backtest.batches(given.lines())):
            if entries or number % SELDOM == 0:
                line.send(("told", until, entries))
    except RecordingError as error:
        line.send(("failed", str(error)))
    else:
        line.send(("done", backtest.events, backtest.refused, backtest.site_days()))
    peers.done()
