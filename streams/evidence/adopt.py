"""A folder is lost: it is built anew from the topic `evidence`, and the ledger goes on.

The topic has every link, so each chain goes on where it ended, and nobody can seal its past anew. What the links
sealed is read from Kafka again, as far as it is still there; the links' roots prove it. The rest is lost with the
folder, unless a copy of that is found. Which links that concerns is sealed in the platform's chain: only who has the
key can say so.
"""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from streams.evidence import heads, topic
from streams.evidence.chain import Chain, Place
from streams.evidence.folder import Folder
from streams.evidence.heads import Head, Heads, Lost
from streams.evidence.keys import private_key, public_hex
from streams.evidence.ledger import MILLISECOND
from streams.evidence.link import read
from streams.evidence.merkle import SIZE, leaf_hash, root
from streams.evidence.record import Record
from streams.evidence.resume import SEALED
from streams.evidence.shelf import FolderError, lines_of
from streams.evidence.topic import WAIT_S, TopicError
from streams.evidence.track import Problem, Track
from streams.evidence.verify import Copy
from streams.incidents.model import moment
from streams.settings import Settings
from streams.telemetry.decode import TOPICS as TELEMETRY
from streams.telemetry.evidence import PLATFORM, Link

Links = dict[str, list[tuple[bytes, Link]]]
Progress = Callable[[int, int], object]
"""Takes how many records were read, of how many."""


class Adopted(NamedTuple):
    """How many links the folder got, and of how many what they sealed is lost."""

    links: int
    lost: int


def adopt(settings: Settings, folder: Folder, progress: Progress) -> Adopted:
    """Bring a folder, empty or a copy of the lost one as it once was, up to what the topic has.

    No ledger may run. Interrupted, it may be run again. Raises `FolderError`, `TopicError` and `KeyUnusableError`.
    """
    key = private_key(settings.ledger_key)
    folder.claim()
    for chain in folder.chains():
        folder.shelf(chain).repair()
    missing = _missing(settings, folder, public_hex(key))
    whole = dict(_found(settings, folder, missing, progress))
    for chain, links in missing.items():
        for line, link in links:
            hashes = whole.get((chain, link.number), bytes(SIZE * link.count))
            folder.shelf(chain).enter(link, line, hashes)
    return Adopted(sum(map(len, missing.values())), _state(folder, key))


def _missing(settings: Settings, folder: Folder, key: str) -> Links:
    """List the links that the topic has and the folder has not; refuse a topic that is not as it was sealed."""
    problems: list[Problem] = []
    tracks: dict[str, Track] = {}
    found: Links = {}
    own = {chain: list(folder.shelf(chain).all()) for chain in folder.chains()}
    for chain, line in topic.links(settings):
        track = tracks.setdefault(chain, Track(chain, problems.append))
        link = track.take(line)
        known = own.get(chain, [])
        if link is None or problems:
            break
        if link.number >= len(known):
            found.setdefault(chain, []).append((line, link))
        elif known[link.number] != line:
            raise FolderError(f"link {link.number} of {chain} is another in {folder.path} than on the topic")
    if problems:
        raise TopicError(f"the topic is not as it was sealed: {problems[0]}. `tocsin verify --topic` says more")
    for chain, track in tracks.items():
        if track.next_key != key:
            raise FolderError(f"the chain of {chain} is sealed with the key {track.next_key}; this is {key}")
    return found


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


def _found(
    settings: Settings, folder: Folder, missing: Links, progress: Progress
) -> Iterator[tuple[tuple[str, int], bytes]]:
    """Read again what links sealed, file it, and yield the hashes of each link that is whole.

    What people and detectors said comes first: of a link that lacks some of it, no telemetry is kept in memory.
    """
    gathering = {(chain, link.number): _Gathering(link) for chain, links in missing.items() for _, link in links}
    for kind in (False, True):
        spans: dict[Place, dict[str, list[tuple[int, int, int]]]] = {}
        for (chain, number), one in gathering.items():
            for span in one.link.spans:
                if (span.topic in TELEMETRY) is kind and span.topic in SEALED:
                    places = spans.setdefault((span.topic, span.partition), {})
                    places.setdefault(chain, []).append((span.first, span.next, number))
        for record in _read(settings, spans, progress):
            found = _in(spans[record.topic, record.partition].get(record.chain, []), record.offset)
            name = record.chain, -1 if found is None else found
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
    settings: Settings, spans: dict[Place, dict[str, list[tuple[int, int, int]]]], progress: Progress
) -> Iterator[Record]:
    """Read the partitions from the first of these spans to the last, as far as they are still there."""
    consumer = Consumer(topic.reading(settings))
    try:
        places: dict[Place, tuple[int, int]] = {}
        for place, chains in spans.items():
            low, high = consumer.get_watermark_offsets(TopicPartition(*place), timeout=WAIT_S)
            first = max(low, min(one[0] for many in chains.values() for one in many))
            after = min(high, max(one[1] for many in chains.values() for one in many))
            if first < after:
                places[place] = first, after
        total, done = sum(after - first for first, after in places.values()), 0
        consumer.assign([TopicPartition(*place, first) for place, (first, _) in places.items()])
        while places:
            for message in consumer.consume(5000, 0.2):
                place = str(message.topic()), int(message.partition() or 0)
                if (error := message.error()) is not None and error.name() != "_PARTITION_EOF":
                    raise TopicError(f"{place[0]!r} can't be read: {error.str()}")
                if error is None and place in places and (offset := int(message.offset() or 0)) < places[place][1]:
                    yield Record(*place, offset, message.timestamp()[1], message.key(), message.value())
                    done += 1
                if error is not None or (place in places and int(message.offset() or 0) >= places[place][1] - 1):
                    places.pop(place, None)
            progress(done, total)
    except KafkaException as failure:
        raise TopicError(f"Kafka at {settings.brokers} does not answer: {failure.args[0].str()}") from failure
    finally:
        consumer.close()


def _state(folder: Folder, key: Ed25519PrivateKey) -> int:
    """Seal of which links nothing is left, where that was not said yet; answers how many.

    How far each partition is sealed, each chain knows for itself.
    """
    copy = Copy("the folder", [])
    copy.read_folder(folder, lambda _: None)
    lost = copy.empty()
    if not lost:
        return 0
    platform, now = Chain(PLATFORM), moment(time.time())
    for chain in folder.chains():
        for line in folder.shelf(chain).all():
            link = read(line)
            now = max(now, link.time + MILLISECOND)
            if chain == PLATFORM:
                platform.follow(line, link)
    ends = [Head(point.site, point.number, point.hash) for point in copy.checkpoints if point.site != PLATFORM]
    told = Heads(time=now, cluster="", heads=ends, reached=[], lost=_ranges(lost))
    platform.gather(heads.record(told, platform.next.get((heads.TOPIC, 0), 0)))
    folder.shelf(PLATFORM).file(platform.seal(now, key, None))
    return len(lost)


def _ranges(links: list[tuple[str, int]]) -> list[Lost]:
    """Join links that follow each other."""
    joined: list[Lost] = []
    for chain, number in sorted(links):
        first = number
        if joined and (joined[-1].site, joined[-1].last + 1) == (chain, number):
            first = joined.pop().first
        joined.append(Lost(chain, first, number))
    return joined
