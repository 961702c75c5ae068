"""Where a ledger goes on: what its folder says, what the topic says, and whether the two agree."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException

from streams.evidence import topic
from streams.evidence.chain import Chain, Place
from streams.evidence.folder import Folder, Resumed
from streams.evidence.heads import Gone
from streams.evidence.shelf import FolderError
from streams.evidence.topic import WAIT_S, TopicError
from streams.offsets import watermarks
from streams.settings import Settings
from streams.telemetry.evidence import PLATFORM, TOPIC
from streams.topics import TOPICS

UNSEALED = frozenset({"control.clock", "dead-letters", TOPIC})
"""Topics that are not sealed: ticks, refused bytes (the records that held them are), the ledger's own."""
SEALED = tuple(each.name for each in TOPICS if each.name not in UNSEALED and not each.name.startswith("tocsin."))
ANOTHER = "It is not what was sealed: begin a new folder, and the topic `evidence` anew, and keep the old ones"


class Start(NamedTuple):
    """Everything that a ledger needs to go on."""

    chains: dict[str, Chain]
    grown: set[str]
    """Chains that have grown since the heads were sealed last."""
    reached: dict[Place, int]
    written: dict[int, int]
    """Offsets of `evidence` up to which its links are known, by partition."""
    gone: list[Gone]
    cluster: str
    time: datetime
    resumed: Resumed


def resume(settings: Settings, folder: Folder, key: str) -> Start:
    """Read the folder and look at Kafka; raises `FolderError` and `TopicError`, which say what to do."""
    client = Consumer(topic.reading(settings))
    try:
        return _look(client, settings, folder, key)
    except KafkaException as error:
        raise TopicError(f"Kafka at {settings.brokers} does not answer: {error.args[0].str()}") from error
    finally:
        client.close()


def _look(client: Consumer, settings: Settings, folder: Folder, key: str) -> Start:
    known = client.list_topics(timeout=WAIT_S)
    if absent := [name for name in (*SEALED, TOPIC) if name not in known.topics]:
        raise TopicError(f"no {', '.join(absent)} on {settings.brokers}: run `tocsin topics`")
    resumed = folder.resume()
    cluster = str(known.cluster_id)
    if resumed.heads is not None and resumed.heads.cluster != cluster:
        raise TopicError(f"{folder.path} has sealed the cluster {resumed.heads.cluster}; this is {cluster}. {ANOTHER}")
    for chain in resumed.chains.values():
        if chain.key != key:
            raise FolderError(
                f"the chain of {chain.name} is sealed with the key {chain.key}; this is {key}: "
                "hand it on with `tocsin ledger rotate`"
            )
    told = resumed.heads.reached if resumed.heads else []
    sealed = {(one.topic, one.partition): one.next for one in told if one.topic != TOPIC}
    written = {one.partition: one.next for one in told if one.topic == TOPIC}
    places = [(name, partition) for name in SEALED for partition in known.topics[name].partitions]
    reached, gone = _reached(client, places, sealed, resumed)
    times = [resumed.heads.time if resumed.heads else None, resumed.time]
    since = max((time for time in times if time), default=datetime.fromtimestamp(0, UTC))
    grown = {
        name
        for name, lines in resumed.lines.items()
        if name != PLATFORM and (resumed.heads is None or lines[-1][1].time > resumed.heads.time)
    }
    return Start(resumed.chains, grown, reached, written, gone, cluster, since, resumed)


def missing(settings: Settings, start: Start) -> list[tuple[str, bytes]]:
    """List (chain, line) of the links that are on the disk and not on the topic yet.

    Raises
    ------
    TopicError
        The topic holds what the folder does not: another ledger has gone on.
    """
    found: dict[str, dict[int, bytes]] = {}
    lines, heads = start.resumed.lines, start.resumed.heads
    for chain, line in topic.links(settings, start.written):
        link = topic.link(line)
        own = {known.number: written for written, known in lines.get(chain, [])}
        last = max(own, default=-1)
        if link.number > last or own.get(link.number, line) != line:
            raise TopicError(
                f"the topic {TOPIC!r} holds link {link.number} of {chain}, which this folder does not have: another "
                "ledger has gone on from there. Use its folder, or bring this one up to date from a copy of it"
            )
        found.setdefault(chain, {})[link.number] = line
    return [
        (chain, line)
        for chain, known in lines.items()
        for line, link in known
        if (heads is None or link.time > heads.time) and link.number not in found.get(chain, {})
    ]


def _reached(
    client: Consumer, places: Iterable[Place], sealed: dict[Place, int], resumed: Resumed
) -> tuple[dict[Place, int], list[Gone]]:
    """Find where to go on in each partition, and what Kafka has let go before it was sealed."""
    reached, gone = {}, []
    for place in places:
        low, high = watermarks(client, *place, WAIT_S)
        furthest = max([sealed.get(place, 0), *(chain.next.get(place, 0) for chain in resumed.chains.values())])
        if furthest > high:
            name, partition = place
            raise TopicError(
                f"{name}/{partition} ends at {high} and is sealed up to {furthest}: it was deleted and made "
                f"again. {ANOTHER}"
            )
        reached[place] = max(sealed.get(place, 0), low)
        if 0 < sealed.get(place, 0) < low:
            gone.append(Gone(*place, sealed[place], low))
    return reached, gone
