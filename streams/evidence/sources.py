"""Where a dossier's records come from: the ledger's folder, or Kafka for as long as it still has them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Protocol

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.evidence import link as links
from streams.evidence import topic
from streams.evidence.chain import Place
from streams.evidence.cited import Cited
from streams.evidence.folder import Folder
from streams.evidence.heads import TOPIC as HEADS
from streams.evidence.merkle import SIZE, leaf_hash, root
from streams.evidence.record import LeafError, Record, leaves, parse
from streams.evidence.shelf import FolderError
from streams.evidence.topic import TopicError
from streams.evidence.track import Problem
from streams.evidence.verify import Copy
from streams.offsets import watermarks
from streams.settings import Settings
from streams.telemetry.evidence import Link


class Source(Protocol):
    """What a dossier asks for."""

    name: str

    def chains(self) -> list[str]:
        """Name the chains."""

    def links(self, chain: str) -> list[tuple[bytes, Link]]:
        """List a chain's links."""

    def records(self, chain: str, kept: list[Link], whole: list[Link]) -> Iterator[Cited]:
        """Read what these links keep, and what these others hold of telemetry, as far as it is there."""

    def hashes(self, link: Link) -> list[bytes]:
        """List the hashes of a link's leaves; empty where they can't be told."""

    def verify(self, chains: list[str]) -> Copy:
        """Check these chains."""


class FolderSource:
    """The ledger's folder, or a copy of it."""

    def __init__(self, folder: Folder) -> None:
        self.name = "the ledger's folder"
        self._folder = folder

    def chains(self) -> list[str]:
        """Name the chains."""
        return self._folder.chains()

    def links(self, chain: str) -> list[tuple[bytes, Link]]:
        """List a chain's links; one that can't be read is left to `verify`."""
        found = []
        for line in self._folder.shelf(chain).all():
            try:
                found.append((line, links.read(line)))
            except links.LinkError:
                continue
        return found

    def records(self, chain: str, kept: list[Link], whole: list[Link]) -> Iterator[Cited]:
        """Read files of records."""
        for kind, wanted in (("records", kept), ("telemetry", whole)):
            for link in wanted:
                file = self._folder.shelf(chain).kept(link, kind)
                first = link.kept if kind == "telemetry" else 0
                try:
                    for number, leaf in enumerate(leaves(file.read_bytes())):
                        yield Cited(link, first + number, parse(leaf))
                except FileNotFoundError:
                    continue
                except LeafError as error:
                    raise FolderError(f"{file}: {error}. `tocsin verify` says more") from error

    def hashes(self, link: Link) -> list[bytes]:
        """Read them from the day's file."""
        shelf, day = self._folder.shelf(link.site), f"{link.time:%Y/%m/%d}"
        before = sum(one.count for line in shelf.lines(day) if (one := links.read(line)).number < link.number)
        with (shelf.path / f"{day}.leaves").open("rb") as file:
            file.seek(SIZE * before)
            return [file.read(SIZE) for _ in range(link.count)]

    def verify(self, chains: list[str]) -> Copy:
        """Check the files of these chains."""
        copy = Copy(self.name, [])
        copy.read_folder(self._folder, lambda _: None, chains)
        return copy


class KafkaSource:
    """The topic `evidence`, and the records that Kafka still has.

    A link tells at which offsets its records stand, so the tree can be built anew from them, and where it gives the
    link's root, Kafka has what was sealed. Where a topic was compacted or its records are too old, it can't.
    """

    def __init__(self, settings: Settings) -> None:
        self.name = "Kafka"
        self._settings = settings
        self._chains: dict[str, list[tuple[bytes, Link]]] = defaultdict(list)
        self._trees: dict[tuple[str, int], list[bytes]] = {}
        self._broken: list[Link] = []
        for chain, line in topic.links(settings):
            self._chains[chain].append((line, topic.link(line)))

    def chains(self) -> list[str]:
        """Name the chains."""
        return sorted(self._chains)

    def links(self, chain: str) -> list[tuple[bytes, Link]]:
        """List a chain's links."""
        return self._chains[chain]

    def records(self, chain: str, kept: list[Link], whole: list[Link]) -> Iterator[Cited]:
        """Read the records of links from where they stood, and build each link's tree."""
        wanted = {link.number: link for link in (*kept, *whole)}
        spans = [(link, span) for link in wanted.values() for span in link.spans if span.topic != HEADS]
        ranges: dict[Place, tuple[int, int]] = {}
        for _, span in spans:
            first, last = ranges.get((span.topic, span.partition), (span.first, span.next))
            ranges[span.topic, span.partition] = min(first, span.first), max(last, span.next)
        found: dict[Place, dict[int, Record]] = defaultdict(dict)
        for record in _read(self._settings, ranges):
            if record.chain == chain:
                found[record.topic, record.partition][record.offset] = record
        for number in sorted(wanted):
            yield from self._tree(wanted[number], found)

    def _tree(self, link: Link, found: dict[Place, dict[int, Record]]) -> list[Cited]:
        records = []
        for span in link.spans:
            there = found[span.topic, span.partition]
            records += [there[offset] for offset in sorted(there) if span.first <= offset < span.next]
        hashes = [leaf_hash(record.leaf()) for record in records]
        if len(hashes) == link.count and root(hashes).hex() == link.root:
            self._trees[link.site, link.number] = hashes
        elif all(span.topic != HEADS for span in link.spans):
            self._broken.append(link)
        return [Cited(link, index, record) for index, record in enumerate(records)]

    def hashes(self, link: Link) -> list[bytes]:
        """Those of the tree, where it could be built."""
        return self._trees.get((link.site, link.number), [])

    def verify(self, chains: list[str]) -> Copy:
        """Check the links of these chains, and the trees that were built."""
        copy = Copy(self.name, [])
        copy.read_links((chain, line) for chain in chains for line, _ in self._chains[chain])
        what = "Kafka no longer has the records that it seals, or others: ask the ledger's folder"
        copy.problems += [Problem(link.site, link.number, None, what) for link in self._broken]
        return copy


def _read(settings: Settings, ranges: dict[Place, tuple[int, int]]) -> Iterable[Record]:
    """Read offsets of partitions, as far as they are there."""
    consumer = Consumer(topic.reading(settings))
    try:
        left = {}
        for place, (first, last) in ranges.items():
            low, high = watermarks(consumer, *place, topic.WAIT_S)
            if max(first, low) < min(last, high):
                left[place] = max(first, low), min(last, high)
        consumer.assign([TopicPartition(*place, first) for place, (first, _) in left.items()])
        while left:
            for message in consumer.consume(5000, 0.1):
                place, offset, error = (
                    (message.topic() or "", message.partition() or 0),
                    message.offset(),
                    message.error(),
                )
                if place not in left or offset is None:
                    continue
                if error is None and offset < left[place][1]:
                    yield Record(*place, offset, message.timestamp()[1], message.key(), message.value())
                if (error is not None and error.name() == "_PARTITION_EOF") or offset >= left[place][1] - 1:
                    del left[place]
    except KafkaException as failure:
        raise TopicError(f"Kafka at {settings.brokers} can't be read: {failure.args[0].str()}") from failure
    finally:
        consumer.close()
