"""A whole file or pipe of objects, published, and the account of it."""

import queue
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Any, NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from msgspec import Struct, json
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from streams.settings import Settings, librdkafka_config
from streams.sites.publisher import Publisher, PublishError
from streams.sites.rows import Row, ndjson, table
from streams.sites.wire import RefusedError

AT_ONCE = 1000
"""Objects that share a commit of the spool, when so many are there."""
LISTED = 10
FORMATS = {"ndjson": ndjson, "csv": table}


class BatchError(ValueError):
    """It can't be published like this; the message says what to do."""


class Told(NamedTuple):
    """How often a reason was given, and in which lines first."""

    times: int
    lines: list[int]


class Summary(Struct):
    """What became of it all."""

    site: str
    where: str
    spooled: bool
    taken: int = 0
    refusals: int = 0
    reasons: dict[str, Told] = {}
    pending: int = 0
    lost: int = 0
    problem: str = ""
    interrupted: bool = False

    def refuse(self, line: int, error: RefusedError) -> None:
        """Count a refused object; numbers and names in the reason are those of the first that had it."""
        self.refusals += 1
        reason = f"{error.field}: {error.reason}" if error.field and error.field not in error.reason else error.reason
        times, lines = self.reasons.get(reason, Told(0, []))
        self.reasons[reason] = Told(times + 1, [*lines, line][:LISTED])


class Batch:
    """How a file's objects are to be published.

    Raises
    ------
    BatchError : Kafka does not answer and nothing says where to publish, or a default is no `FIELD=VALUE`.
    """

    def __init__(
        self,
        site: str,
        settings: Settings,
        *,
        spool: Path | None,
        topic: str | None,
        heartbeat_s: float,
        defaults: Iterable[str],
    ) -> None:
        self.site, self.settings, self.spool, self.heartbeat_s = site, settings, spool, heartbeat_s
        self.defaults = {"site": site}
        for text in defaults:
            field, sign, value = text.partition("=")
            if not sign:
                raise BatchError(f"--set {text}: expected FIELD=VALUE")
            self.defaults[field] = value
        self.topic = topic or own_topic(site, settings)

    def run(self, file: Path, form: str | None, wait_s: float, console: Console, rejects: Path | None) -> Summary:
        """Publish everything; Ctrl-C ends it in good order."""
        form = form or ("csv" if file.suffix == ".csv" else "ndjson")
        if form not in FORMATS:
            raise BatchError(f"--format {form}: there are {', '.join(FORMATS)}")
        summary = Summary(self.site, self.topic or "telemetry.*", self.spool is not None, reasons={})
        with ExitStack() as stack:
            source = stack.enter_context(file.open("rb")) if str(file) != "-" else sys.stdin.buffer
            reject = _writer(stack.enter_context(rejects.open("wb"))) if rejects else lambda row, error: None
            publisher = Publisher(
                self.site,
                settings=self.settings,
                spool=self.spool,
                topic=self.topic,
                full="wait",
                heartbeat_s=self.heartbeat_s,
            )
            try:
                advance = stack.enter_context(_progress(file, console))
                for rows in _gathered(FORMATS[form](_counted(source, advance), self.defaults)):
                    _publish(publisher, rows, summary, reject)
            except KeyboardInterrupt:
                summary.interrupted = True
            finally:
                _finish(publisher, wait_s, summary)
        return summary


def own_topic(site: str, settings: Settings) -> str | None:
    """Find the site's own topic; None where the cluster has none. Raises `BatchError` when it does not answer."""
    name = f"in.{site}"
    client = AdminClient(librdkafka_config(settings, log_level=0))
    try:
        found = client.list_topics(name, timeout=5).topics[name]
    except KafkaException as error:
        raise BatchError(
            f"Kafka at {settings.brokers} does not answer ({error.args[0].str()}); "
            f"say --topic {name} and --spool FOLDER to keep everything until it does"
        ) from error
    return name if found.partitions else None


def _publish(
    publisher: Publisher, rows: list[Row], summary: Summary, reject: Callable[[Row, RefusedError], object]
) -> None:
    sound = [row for row in rows if row.fault is None]

    def refuse(row: Row, error: RefusedError) -> None:
        summary.refuse(row.line, error)
        reject(row, error)

    for row in rows:
        if row.fault is not None:
            refuse(row, row.fault)
    summary.taken += publisher.publish_all(
        (row.given for row in sound), lambda index, error: refuse(sound[index], error)
    )


def _finish(publisher: Publisher, wait_s: float, summary: Summary) -> None:
    try:
        summary.pending = publisher.flush(0.5 if summary.interrupted else wait_s)
        summary.problem, summary.lost = publisher.problem, publisher.lost
    finally:
        try:
            publisher.close(0)
        except PublishError as error:
            summary.problem = str(error)


def _gathered(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Gather the rows that are there already: a file's by the thousand, a slow pipe's at once."""
    arrived: queue.Queue[Row | None] = queue.Queue(4 * AT_ONCE)
    ended: Future[None] = Future()

    def read() -> None:
        try:
            for row in rows:
                arrived.put(row)
            ended.set_result(None)
        except (OSError, ValueError) as error:
            ended.set_exception(error)
        finally:
            arrived.put(None)

    Thread(target=read, name="reader", daemon=True).start()
    more = True
    while more:
        some = [arrived.get()]
        while len(some) < AT_ONCE and not arrived.empty():
            some.append(arrived.get())
        more = None not in some
        yield [row for row in some if row is not None]
    ended.result(1.0)


def _counted(source: IO[bytes], advance: Callable[[int], object]) -> Iterator[bytes]:
    for line in source:
        advance(len(line))
        yield line


def _writer(file: IO[bytes]) -> Callable[[Row, RefusedError], object]:
    def write(row: Row, error: RefusedError) -> None:
        given: Any = row.given.decode(errors="replace") if isinstance(row.given, bytes) else row.given
        file.write(
            json.encode({"line": row.line, "field": error.field, "reason": error.reason, "object": given}) + b"\n"
        )

    return write


@contextmanager
def _progress(file: Path, console: Console) -> Iterator[Callable[[int], object]]:
    """Draw a bar over the file's bytes, on a terminal only."""
    columns = (TextColumn("publishing"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task("", total=file.stat().st_size if str(file) != "-" else None)
        yield lambda size: bars.advance(task, size)
