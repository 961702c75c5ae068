"""A folder is lost: it is built anew from the topic `evidence`, and the ledger goes on.

The topic has every link, so each chain goes on where it ended, and nobody can seal its past anew. What the links
sealed is read from Kafka again, as far as it is still there; the links' roots prove it. The rest is lost with the
folder, unless a copy of that is found. Which links that concerns is sealed in the platform's chain: only who has the
key can say so.
"""

import time
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from streams.evidence import heads, topic
from streams.evidence.chain import Chain
from streams.evidence.folder import Folder
from streams.evidence.heads import Head, Heads, Lost
from streams.evidence.keys import private_key, public_hex
from streams.evidence.ledger import MILLISECOND
from streams.evidence.link import read
from streams.evidence.merkle import SIZE
from streams.evidence.reread import Links, Progress, found
from streams.evidence.shelf import FolderError
from streams.evidence.topic import TopicError
from streams.evidence.track import Problem, Track
from streams.evidence.verify import Copy
from streams.incidents.model import moment
from streams.settings import Settings
from streams.telemetry.evidence import PLATFORM


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
    whole = dict(found(settings, folder, missing, progress))
    for chain, links in missing.items():
        for line, link in links:
            hashes = whole.get((chain, link.number), bytes(SIZE * link.count))
            folder.shelf(chain).enter(link, line, hashes)
    return Adopted(sum(map(len, missing.values())), _state(folder, key))


def _missing(settings: Settings, folder: Folder, key: str) -> Links:
    """List the links that the topic has and the folder has not; refuse a topic that is not as it was sealed."""
    problems: list[Problem] = []
    tracks: dict[str, Track] = {}
    lacking: Links = {}
    own = {chain: list(folder.shelf(chain).all()) for chain in folder.chains()}
    for chain, line in topic.links(settings):
        track = tracks.setdefault(chain, Track(chain, problems.append))
        link = track.take(line)
        known = own.get(chain, [])
        if link is None or problems:
            break
        if link.number >= len(known):
            lacking.setdefault(chain, []).append((line, link))
        elif known[link.number] != line:
            raise FolderError(f"link {link.number} of {chain} is another in {folder.path} than on the topic")
    if problems:
        raise TopicError(f"the topic is not as it was sealed: {problems[0]}. `tocsin verify --topic` says more")
    for chain, track in tracks.items():
        if track.next_key != key:
            raise FolderError(f"the chain of {chain} is sealed with the key {track.next_key}; this is {key}")
    return lacking


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
