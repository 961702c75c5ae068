"""Who may speak for whom: three brokers with log-ins, TLS and access control, and sites' real credentials."""

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from msgspec.structs import replace

from streams.local.kafka import Cluster
from streams.settings import Settings, librdkafka_config
from streams.sites import Publisher
from streams.sites.access.rights import bindings, of_site
from streams.sites.access.users import AccessError, Users
from streams.telemetry.examples import TELEMETRY
from tests.sites.forgeries import encode, forgeries
from tests.sites.gates import GateProcess
from tests.sites.log import Place
from tests.sites.logins import DENIED, A, B, administer, consume, credentials, produce, read_as, tocsin
from tests.worker.road import until

pytestmark = pytest.mark.long


def test_a_site_speaks_for_itself(secure: Cluster, as_a: Settings, running_gate: GateProcess) -> None:
    place = Place(secure.bootstrap, A)
    with Publisher(A, settings=as_a, topic=place.topic, heartbeat_s=0) as publisher:
        publisher.publish(place.reading(load=4711.0))
        assert publisher.flush(20) == 0, publisher.problem
    produced = produce(as_a, place.topic, A, msgspec.json.encode(place.reading()).replace(A.encode(), B.encode()))
    assert produced == ""
    letters, readings = read_as(secure.settings, "dead-letters", 1), read_as(secure.settings, "telemetry.power", 1)
    assert msgspec.json.decode(readings[0].value())["load"] == 4711.0
    headers = dict(letters[0].headers())
    assert headers["reason"].decode() == f"site {A} may not speak for {B}"
    assert headers["principal"].decode() == A


def test_of_ten_thousand_forgeries_none_is_accepted(secure: Cluster, as_a: Settings, running_gate: GateProcess) -> None:
    """With a site's own credentials: on its own topic, where the gate refuses, and on all others, where Kafka does."""
    place = Place(secure.bootstrap, A)
    sorts = forgeries(place, B)
    own = [sorts[name](number) for number in range(8_000 // len(sorts) + 1) for name in sorts]
    abroad = [f"in.{B}", *TELEMETRY, "control.sites", "control.verdicts", "incidents", "commands"]
    Random(3).shuffle(own)
    forged = encode(place.reading("forged"))
    assert len(sorts) >= 10 and len(own) + 200 * len(abroad) >= 10_000
    refused = Counter[str]()
    config = {"message.timeout.ms": 60_000, "log_level": 0, "linger.ms": 5, "topic.metadata.propagation.max.ms": 1000}
    producer = Producer(librdkafka_config(as_a, **config))

    def send(topic: str, key: bytes | None, value: bytes, **options: Any) -> None:
        def report(error: Any, _: Any) -> None:
            if error is not None:
                refused[topic] += 1

        try:
            producer.produce(topic, value, key, on_delivery=report, **options)
        except KafkaException as error:  # librdkafka knows by now that this topic is refused to us
            report(error, None)
        producer.poll(0)

    past = int((time.time() - 8 * 86_400) * 1000)
    for key, value in own:
        send(place.topic, key, value, timestamp=past, headers={"principal": B, "site": B})
    for topic in abroad * 200:
        send(topic, B.encode(), forged)
    send(place.topic, A.encode(), encode(place.reading("last")))
    assert producer.flush(90) == 0
    assert refused == dict.fromkeys(abroad, 200)
    letters = [one for one in read_as(secure.settings, "dead-letters", len(own)) if b"forged" in (one.value() or b"")]
    named = sum(B.encode() in dict(letter.headers())["reason"] for letter in letters)
    assert named > 3 * len(own) // len(sorts)
    last = False
    while not last:
        taken = [record.value() for topic in TELEMETRY for record in read_as(secure.settings, topic, 0)]
        assert not [value for value in taken if b"forged" in value]
        last = any(b'"last"' in value for value in taken)


@pytest.mark.parametrize(
    "topic",
    [f"in.{B}", "telemetry.power", "telemetry.alarm", "control.sites", "control.clock", "incidents", "dead-letters"],
)
def test_a_site_writes_nowhere_else_and_reads_nothing(as_a: Settings, topic: str) -> None:
    assert produce(as_a, topic, A) in DENIED | {"UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC"}
    assert consume(as_a, topic, "tocsin-gate") in DENIED


def test_a_site_can_not_read_back_what_it_wrote(as_a: Settings) -> None:
    assert produce(as_a, f"in.{A}", A, b"{}") == ""
    assert consume(as_a, f"in.{A}", "mine") in DENIED


@pytest.mark.parametrize(
    "act",
    [
        lambda client: client.create_topics([NewTopic("in.FR-95-CHARLIE", 1, 1)]),
        lambda client: client.delete_topics([f"in.{A}"]),
        lambda client: client.create_acls(bindings(A, of_site(B))),
    ],
    ids=["makes no topic", "deletes no topic", "gives itself none"],
)
def test_a_site_administers_nothing(as_a: Settings, act: Callable[[AdminClient], Any]) -> None:
    assert administer(as_a, act) in DENIED


def test_without_tls_or_with_a_wrong_password_nobody_comes_in(secure: Cluster, as_a: Settings) -> None:
    for wrong in (
        replace(as_a, sasl_password="guessed"),
        replace(as_a, sasl_username="admin"),
        replace(as_a, security_protocol="SASL_PLAINTEXT", ca_file=""),
        replace(as_a, security_protocol="PLAINTEXT", ca_file=""),
        replace(as_a, ca_file=""),
    ):
        with pytest.raises(KafkaException):
            AdminClient(librdkafka_config(wrong, log_level=0)).list_topics(timeout=1.5)


def test_a_site_is_held_to_its_rate(secure: Cluster, admin: dict[str, str], tmp_path: Path) -> None:
    users = Users(secure.settings)
    site = "FR-96-SLOW"
    password = users.add_site(site, rate=20_000)
    (row,) = [row for row in users.sites() if row.site == site]
    assert row == (site, True, True, True, 20_000)
    settings = replace(secure.settings, brokers=secure.sites_bootstrap, sasl_username=site, sasl_password=password)
    waits: list[float] = []
    producer = Producer(
        librdkafka_config(settings, throttle_cb=lambda event: waits.append(event.throttle_time), log_level=0)
    )
    for _ in range(30):
        producer.produce(f"in.{site}", os.urandom(20_000), site)
        producer.poll(0.1)
    until(lambda: bool(producer.poll(0.1) and 0) or bool(waits), "being throttled", 20)
    assert max(waits) > 0
    producer.purge()


def test_a_new_password_ends_the_old_one(secure: Cluster, admin: dict[str, str], folders: dict[str, Path]) -> None:
    old = credentials(folders[B])
    (folders[B] / "site.toml").write_text((folders[B] / "site.toml").read_text() + "# mine\n")
    ran = tocsin(admin, "sites", "rotate", B, "--folder", folders[B], "--sites-brokers", secure.sites_bootstrap)
    assert ran.returncode == 0, ran.stderr
    new = credentials(folders[B])
    assert new.sasl_password != old.sasl_password
    assert "# mine" in (folders[B] / "site.toml").read_text()
    until(lambda: produce(new, f"in.{B}", B) == "", "the new password")
    with pytest.raises(KafkaException):
        AdminClient(librdkafka_config(old, log_level=0)).list_topics(timeout=1.5)


def test_a_revoked_site_is_out_within_a_minute_even_while_it_is_connected(
    secure: Cluster, admin: dict[str, str], tmp_path: Path
) -> None:
    site = "FR-97-GONE"
    ran = tocsin(admin, "sites", "add", site, "--folder", tmp_path, "--sites-brokers", secure.sites_bootstrap)
    assert ran.returncode == 0, ran.stderr
    place = Place(secure.bootstrap, site)
    settings = credentials(tmp_path)
    with Publisher(site, settings=settings, topic=place.topic, spool=tmp_path / "spool", heartbeat_s=0) as publisher:
        publisher.publish(place.reading())
        assert publisher.flush(20) == 0, publisher.problem
        began = time.monotonic()
        assert tocsin(admin, "sites", "revoke", site).returncode == 0
        publisher.publish(place.reading())
        until(lambda: "refuses" in publisher.problem or "uthenticat" in publisher.problem, "its being shut out", 60)
        assert time.monotonic() - began < 60
        assert publisher.pending == 1
        publisher.close(0)
    assert f"{site} no no yes" in " ".join(tocsin(admin, "sites", "list").stdout.split())
    (row,) = [row for row in Users(secure.settings).sites() if row.site == site]
    assert row == (site, False, False, True, None)
    again = tocsin(admin, "sites", "revoke", site)
    assert again.returncode == 1 and f"there is no site {site}" in again.stderr


def test_what_can_not_be_done_is_said(secure: Cluster, admin: dict[str, str], as_a: Settings) -> None:
    users = Users(secure.settings)
    with pytest.raises(AccessError, match=f"{A} is there already: `tocsin sites rotate {A}`"):
        users.add_site(A)
    with pytest.raises(AccessError, match="there is no site FR-98-NONE: `tocsin sites add"):
        users.rotate("FR-98-NONE")
    with pytest.raises(AccessError, match="log in as the cluster's administrator"):
        Users(as_a).add_site("FR-98-NONE")
    with pytest.raises(AccessError, match="log in as the cluster's administrator"):
        Users(as_a).sites()
    began = time.monotonic()
    nobody = tocsin(admin | {"TOCSIN_SASL_USERNAME": "nobody"}, "topics", "--check")
    assert nobody.returncode == 1 and "does not let us in" in nobody.stderr
    assert time.monotonic() - began < 30, "it does not wait for what can't come"
    bare = tocsin({"TOCSIN_BROKERS": secure.bootstrap}, "topics", "--wait", "6")
    assert bare.returncode == 1 and "told so by TOCSIN_SECURITY_PROTOCOL" in bare.stderr
    refused = tocsin(admin, "sites", "add", "dugny")
    assert refused.returncode == 2
    assert "dugny is no site id" in refused.stderr
