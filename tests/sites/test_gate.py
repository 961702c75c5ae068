"""The gate: everybody speaks for himself alone, once, in order, and nothing is lost on the way."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import msgspec
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from streams.sites.gate.gate import GROUP
from streams.sites.gate.memory import KEPT
from streams.telemetry.examples import TELEMETRY
from tests.sites.gates import GateProcess, gate
from tests.sites.log import Place, open_site, records
from tests.worker.road import new_site, until

Record = tuple[bytes | None, bytes]
encode = msgspec.json.encode


def send(place: Place, sent: list[Record], **options: Any) -> None:
    """Write records to a site's own topic with a bare client."""
    producer = Producer({"bootstrap.servers": place.brokers, "linger.ms": 5})
    for key, value in sent:
        producer.produce(place.topic, value, key, **options)
        producer.poll(0)
    assert producer.flush(30) == 0


def dead_letters(place: Place, count: int) -> list[Any]:
    found: list[Any] = []
    for record in records(place.brokers, "dead-letters"):
        if record is None:
            if len(found) >= count:
                break
        elif dict(record.headers())["principal"] == place.site.encode():
            found.append(record)
    return found


@pytest.mark.usefixtures("site_gate")
def test_every_object_of_the_contract_goes_to_its_domain_in_order(place: Place) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    examples = [one | {"site": place.site, "time": now} for many in TELEMETRY.values() for one in many]
    mixed = [one | {"sequence": number} for number, one in enumerate(examples * 20)]
    key = place.site.encode()
    singles, batch = mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]
    send(place, [*((key, encode(one)) for one in singles), (key, encode(batch)), (key, b" [ ] "), (key, b"[{}]")])
    for topic, many in TELEMETRY.items():
        kinds = {one["type"] for one in many}
        found = [one for one in place.read(20 * len(many), topic) if one["type"] in kinds]
        assert [one["sequence"] for one in found] == [one["sequence"] for one in mixed if one["type"] in kinds]
        assert msgspec.json.decode(encode(found[0])) == mixed[found[0]["sequence"]]


@pytest.mark.usefixtures("site_gate")
def test_what_is_refused_says_who_sent_it_and_where(place: Place) -> None:
    forged = encode(place.reading()).replace(place.site.encode(), b"XX-99-OTHER")
    send(place, [(place.site.encode(), b"[%b,%b]" % (encode(place.reading()), forged))])
    (letter,) = dead_letters(place, 1)
    headers = {name: value.decode() for name, value in letter.headers()}
    assert headers == {
        "reason": f"site {place.site} may not speak for XX-99-OTHER",
        "field": "site",
        "topic": place.topic,
        "partition": "0",
        "offset": "0",
        "principal": place.site,
    }
    assert (letter.key(), letter.value()) == (place.site.encode(), forged)
    assert len(place.read(1, "telemetry.power")) == 1, "its neighbour in the batch is taken"


@pytest.mark.usefixtures("site_gate")
def test_repeats_are_dropped_and_replays_are_news(place: Place, site_gate: GateProcess) -> None:
    key = place.site.encode()
    sent = [encode(place.reading("a", sequence=number)) for number in range(200)]
    again = place.reading("a", sequence=7, time=datetime.now(UTC) + timedelta(seconds=5))
    unnumbered = encode(place.reading("b"))
    before = forwarded(site_gate)["repeated"]
    send(place, [(key, one) for one in (*sent, *sent[100:], unnumbered, unnumbered)])
    send(place, [(key, b"[%b]" % b",".join([*sent[150:], encode(again)]))])
    found = place.read(203, "telemetry.power")
    assert [one["sequence"] for one in found] == [*range(200), None, None, 7]
    assert forwarded(site_gate)["repeated"] - before == 150


def forwarded(running: GateProcess) -> Counter[str]:
    with urlopen(running.metrics, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    told = [line for line in lines if line.startswith("tocsin_gate_objects_total")]
    return Counter({line.split('"')[1]: int(float(line.split()[-1])) for line in told})


def committed(place: Place) -> int:
    consumer = Consumer({"bootstrap.servers": place.brokers, "group.id": GROUP, "log_level": 0})
    try:
        return int(consumer.committed([TopicPartition(place.topic, 0)], timeout=10)[0].offset)
    finally:
        consumer.close()


def test_a_new_gate_remembers_what_the_last_one_saw(site_cluster: Any, tmp_path: Path) -> None:
    """A site's objects, then its repeats after the gate was killed and another one came."""
    place = open_site(site_cluster.bootstrap, new_site())
    key = place.site.encode()
    sent = [encode(place.reading(f"m{n % 40}", sequence=n // 40)) for n in range(2 * KEPT + 1000)]
    with gate(place.brokers, tmp_path, "first") as first:
        send(place, [(key, one) for one in sent])
        assert len(place.read(len(sent), "telemetry.power")) == len(sent)
        # What it has forwarded and not yet committed, the next one forwards again.
        until(lambda: committed(place) == len(sent), "the gate's commit")
        first.kill()
    send(place, [(key, one) for one in sent[-KEPT:]])
    send(place, [(key, encode(place.reading("last", sequence=0)))])
    with gate(place.brokers, tmp_path, "second"):
        found = place.read(len(sent) + 1, "telemetry.power")
    assert [(one["device"], one["sequence"]) for one in found[: len(sent)]] == [
        (f"m{n % 40}", n // 40) for n in range(len(sent))
    ]
    assert [one["device"] for one in found[len(sent) :]] == ["last"]
