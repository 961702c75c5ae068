"""Reads again from Kafka what links sealed, as far as it is still there, and proves it by the links' roots."""

from collections.abc import Callable, Iterator

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.evidence import topic
from streams.evidence.chain import Place
from streams.evidence.folder import Folder
from streams.evidence.merkle import leaf_hash, root
from streams.evidence.record import Record
from streams.evidence.resume import SEALED
from streams.evidence.shelf import lines_of
from streams.evidence.topic import WAIT_S, TopicError
from streams.offsets import watermarks
from streams.settings import Settings
from streams.telemetry.decode import TOPICS as TELEMETRY
from streams.telemetry.evidence import Link

Links = dict[str, list[tuple[bytes, Link]]]
"""Each chain's links, in order, with the lines that they stand in."""
Spans = dict[str, list[tuple[int, int, int]]]
"""Of each chain in a partition the first offset, that after the last, and the number of each link, in order."""
Progress = Callable[[int, int], object]
"""Takes how many records were read, of how many."""


class _Gathering:
    """One link's leaves as they are read."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.leaves: dict[Place, list[bytes]] = {}
        self.left = link.count

    def take(self, record: Record) -> bool:
        """Take the next of a partition's records; True when it was the last of all."""
        self.leaves.setdefault((record.topic, record.partition), []).append(record.leaf())
        self.left -= 1
        return self.left == 0

    def order(self) -> list[bytes]:
        """Put the leaves in the order in which they were sealed."""
        places = sorted(self.leaves, key=lambda place: (place[0] in TELEMETRY, place))
        return [leaf for place in places for leaf in self.leaves[place]]


def found(
    settings: Settings, folder: Folder, missing: Links, progress: Progress
) -> Iterator[tuple[tuple[str, int], bytes]]:
    """Read again what links sealed, file it, and yield the hashes of each link that is whole.

    What people and detectors said comes first: of a link that lacks some of it, no telemetry is kept in memory, and
    nothing of one whose first records Kafka has let go.
    """

    def gone(chain: str, number: int) -> None:
        gathering.pop((chain, number), None)

    gathering = {(chain, link.number): _Gathering(link) for chain, links in missing.items() for _, link in links}
    for kind in (False, True):
        spans: dict[Place, Spans] = {}
        for (chain, number), one in gathering.items():
            for span in one.link.spans:
                if (span.topic in TELEMETRY) is kind and span.topic in SEALED:
                    places = spans.setdefault((span.topic, span.partition), {})
                    places.setdefault(chain, []).append((span.first, span.next, number))
        for record in _read(settings, spans, gone, progress):
            link_number = _in(spans[record.topic, record.partition].get(record.chain, []), record.offset)
            name = record.chain, -1 if link_number is None else link_number
            if name in gathering and gathering[name].take(record):
                link, leaves = gathering[name].link, gathering.pop(name).order()
                hashes = [leaf_hash(leaf) for leaf in leaves]
                if root(hashes).hex() == link.root:
                    parts = [lines_of(part) for part in (leaves[: link.kept], leaves[link.kept :])]
                    folder.shelf(record.chain).keep_whole(link, *parts)
                    yield name, b"".join(hashes)
        for name in [name for name, part in gathering.items() if part.link.count - part.left < part.link.kept]:
            del gathering[name]


def _in(spans: list[tuple[int, int, int]], offset: int) -> int | None:
    """Say in which link's span an offset lies; offsets only grow, so what lies behind is forgotten."""
    while spans and spans[0][1] <= offset:
        spans.pop(0)
    return spans[0][2] if spans and spans[0][0] <= offset else None


def _read(
    settings: Settings, spans: dict[Place, Spans], gone: Callable[[str, int], object], progress: Progress
) -> Iterator[Record]:
    """Read the partitions from the first of these spans to the last, and tell of which links something is gone."""
    consumer = Consumer(topic.reading(settings))
    try:
        bounds = {place: _bounds(consumer, place, chains, gone) for place, chains in spans.items()}
        places = {place: after for place, (first, after) in bounds.items() if first < after}
        total, done = sum(bounds[place][1] - bounds[place][0] for place in places), 0
        consumer.assign([TopicPartition(*place, bounds[place][0]) for place in places])
        while places:
            for message in consumer.consume(5000, 0.2):
                place, offset = (str(message.topic()), int(message.partition() or 0)), int(message.offset() or 0)
                if (error := message.error()) is not None:
                    if error.name() != "_PARTITION_EOF":
                        raise TopicError(f"{place[0]!r} can't be read: {error.str()}")
                    places.pop(place, None)
                elif place in places:
                    done += 1
                    yield Record(*place, offset, message.timestamp()[1], message.key(), message.value())
                    if offset >= places[place] - 1:
                        del places[place]
            progress(done, total)
    except KafkaException as failure:
        raise TopicError(f"Kafka at {settings.brokers} does not answer: {failure.args[0].str()}") from failure
    finally:
        consumer.close()


def _bounds(consumer: Consumer, place: Place, chains: Spans, gone: Callable[[str, int], object]) -> tuple[int, int]:
    """Say from where to where a partition is to be read."""
    low, high = watermarks(consumer, *place, WAIT_S)
    for chain, many in chains.items():
        for first, _, number in many:
            if first < low:
                gone(chain, number)
    firsts, nexts = zip(*((first, after) for many in chains.values() for first, after, _ in many), strict=True)
    return max(low, min(firsts)), min(high, max(nexts))
