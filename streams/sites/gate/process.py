"""The gate as a process: its checks, its server, and how it ends."""

import logging

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams import metrics
from streams.process import UNEXPECTED, UnusableError, collect_seldom, going, log_to_stderr, show
from streams.settings import Settings, librdkafka_config
from streams.sites.gate.forward import DEAD_LETTERS, ForwardError
from streams.sites.gate.gate import Gate, GateError
from streams.telemetry.decode import TOPICS

log = logging.getLogger("tocsin.gate")


def run(settings: Settings) -> int:
    """Run until SIGTERM or Ctrl-C; answer the exit code. Raises `UnusableError`."""
    log_to_stderr()
    go_on = going()
    check(settings)
    server = show(settings, [metrics.GATE], "gate_port")
    log.info("shows its metrics on %s/metrics", server.url)
    collect_seldom()
    try:
        Gate(settings).run(go_on)
    except (ForwardError, GateError, KafkaException) as error:
        log.critical("%s", error)
        return UNEXPECTED
    finally:
        server.close()
    log.info("stopped")
    return 0


def check(settings: Settings) -> None:
    """See that the topics are there into which the gate writes."""
    client = AdminClient(librdkafka_config(settings, log_level=0))
    try:
        known = client.list_topics(timeout=10).topics
    except KafkaException as error:
        raise UnusableError(f"Kafka at {settings.brokers} does not answer: {error.args[0].str()}") from error
    counts = {topic: len(known[topic].partitions) if topic in known else 0 for topic in (*TOPICS, DEAD_LETTERS)}
    missing = [topic for topic, count in counts.items() if not count]
    if missing:
        raise UnusableError(f"no {', '.join(missing)} on {settings.brokers}: run `tocsin topics`")
    if len({counts[topic] for topic in TOPICS}) > 1:
        raise UnusableError("the telemetry topics have different numbers of partitions: run `tocsin topics --check`")
