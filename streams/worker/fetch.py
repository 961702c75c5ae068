"""Batches off Kafka: what the transport asks of the worker, and the thread that polls what the worker wants."""

from asyncio import sleep
from collections.abc import Mapping
from time import monotonic
from typing import Any, NamedTuple, NoReturn, Protocol

import aiokafka
import faust
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import IllegalStateError, KafkaError
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.worker.core import TWIN, fail

LINGER = 0.01
"""Seconds that a busy poll waits, so that batches become worth their overhead."""
WORTH = 1024
"""Records of a poll that need no such wait."""
POLL = 0.25
"""Seconds after which a poll without records returns."""
WATCH = 1.0
"""Seconds between two looks at whether the group still has us."""
BATCH = 4096
"""Records a poll at most: some 10 ms of decoding."""
COPY = "_consumer_record"
if not hasattr(PartitionRecords, COPY):
    raise LookupError(f"this aiokafka has no {COPY} any more")
# aiokafka would copy each record that it has parsed into one of eleven fields: a fifth of what fetching costs.
setattr(PartitionRecords, COPY, lambda _, tp, record: record)


class Batch(NamedTuple):
    """What one poll brought of one partition."""

    records: list[Any]
    """as aiokafka has parsed them (offset, timestamp in ms, key, value), maybe none: then only the position moved"""
    position: int
    """where the next poll goes on, past gaps that hold no record for us"""
    highwater: int | None


class Hooks(Protocol):
    """What the transport asks of the worker."""

    durable: dict[TP, int]
    """what may be committed: nothing below these offsets is needed any more"""

    def wanted(self, tp: TP) -> bool:
        """Say whether more may be fetched of a partition."""
        ...

    async def locate(self, assigned: set[TP]) -> Mapping[TP, int]:
        """Recover what is newly assigned, and say where each partition is to be read on."""
        ...

    async def release(self) -> None:
        """Make durable what is quickly made so: the partitions are about to be taken away."""
        ...


class Tables(TableManager):
    """Faust's tables, of which there are none: it would wait a second for them at each start."""

    async def sleep(self, n: Any, *, loop: Any = None) -> None:
        """Go on at once."""


class App(faust.App):
    """A Faust application that its transport can ask."""

    hooks: Hooks
    instance: str
    """The worker's name in the group; empty for none."""


def _refused(error: KafkaError) -> NoReturn:
    fail(f"Kafka does not let this worker read: {error}. {TWIN}", error)


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """aiokafka's consumer in its own thread, polled for batches."""

    app: App
    busy_until = 0.0

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        # Faust would take aiokafka's round robin, which keeps a site's five topics together only when the partition
        # count happens to divide by the members; the range assignor does always. And it would let a fetch wait for
        # 1.5 s. A fetch under way leaves out what had unread records when it was sent: what comes to those partitions
        # meanwhile is not asked for until it ends, so how long it may wait is what a tick waits on its way back.
        conf = self.app.conf
        return aiokafka.AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            # A member with a name that comes back within its session finds its partitions as it left them; without one
            # the group would first wait a whole session for the member that was killed.
            group_instance_id=self.app.instance or None,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[RangePartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=BATCH,
            fetch_max_wait_ms=50,
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
            **driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )

    async def on_start(self) -> None:
        """Start the consumer; what a full lane leaves unread must not hold up the fetches of other partitions."""
        await super().on_start()
        # aiokafka has no argument for this: with unread records about, its fetcher asks for nothing else for 0.1 s.
        fetcher = vars(vars(self._ensure_consumer())["_fetcher"])
        if "_prefetch_backoff" not in fetcher:
            raise LookupError("this aiokafka keeps its _prefetch_backoff elsewhere")
        fetcher["_prefetch_backoff"] = 0.0
        self.add_future(self._watch())

    async def _watch(self) -> None:
        """Hear what ended our membership: aiokafka tells it at the next poll, which without partitions never comes."""
        coordinator = self._coordinator()
        while True:
            try:
                coordinator.check_errors()
            except KafkaError as error:
                _refused(error)
            await sleep(WATCH)

    async def on_thread_stop(self) -> None:
        """Leave the group when the worker ends in good order; a member with a name would be waited for."""
        if self._consumer is not None:
            vars(self._coordinator())["_group_instance_id"] = None
        await super().on_thread_stop()

    def _coordinator(self) -> Any:
        """Return what keeps our place in the group; aiokafka shows it to nobody."""
        return vars(self._ensure_consumer())["_coordinator"]

    async def poll(self, wanted: set[TP], known: dict[TP, tuple[int, int | None]]) -> dict[TP, Batch]:
        """Fetch a batch of every wanted partition that has one; `known` (position, highwater) is brought up to date."""
        batches: dict[TP, Batch] = await self.call_thread(self._poll, wanted, known)
        return batches

    async def _poll(self, wanted: set[TP], known: dict[TP, tuple[int, int | None]]) -> dict[TP, Batch]:
        consumer = self._ensure_consumer()
        # Idle: no wait, the first record is on its way at once. Busy: let a batch gather.
        rest = self.busy_until - monotonic()
        if rest > 0:
            await sleep(rest)
        batches = {}
        try:
            fetched = await consumer.getmany(*map(driver.ensure_aiokafka_TP, wanted), timeout_ms=int(POLL * 1000))
            for tp in wanted:
                kafka_tp = driver.ensure_aiokafka_TP(tp)
                at = await consumer.position(kafka_tp), consumer.highwater(kafka_tp)
                records = fetched.get(kafka_tp, [])
                if records or known.get(tp) != at:
                    known[tp] = at
                    batches[tp] = Batch(records, *at)
        except IllegalStateError:
            # The partitions were taken away meanwhile; whoever owns them now reads this again.
            return {}
        except KafkaError as error:
            _refused(error)
        count = sum(map(len, fetched.values()))
        self.busy_until = monotonic() + LINGER if 0 < count < WORTH else 0.0
        return batches
