"""The notifier inside another program, and how it fails."""

import asyncio
import gc
from typing import Any

import pytest
from confluent_kafka import Consumer

from streams import metrics
from streams.alerts import topic
from streams.alerts.notifier import running
from streams.settings import Settings
from tests.alerts.story import closed, critical, incident, notifying, until


def value(sample: str, **labels: str) -> float | None:
    return metrics.NOTIFIER.get_sample_value(sample, labels)


def test_gauges_show_what_is_open_and_end_at_zero() -> None:
    async def night() -> None:
        async with notifying(Settings()) as (_, feed):
            feed.put(critical("a", site="A-1"), incident("b", site="A-1"), incident("c", site="C-3", severity="info"))
            await until(lambda: value("tocsin_open_incidents", severity="info") == 1)
            assert value("tocsin_open_incidents", severity="critical") == 1
            assert value("tocsin_site_risk", site="A-1") == 0.97
            assert value("tocsin_site_evidence", site="A-1", domain="power") == 2
            feed.put(
                closed("a", 3, site="A-1"), incident("b", 2, site="A-1", status="closed", closed=critical().updated)
            )
            await until(lambda: value("tocsin_site_risk", site="A-1") == 0)
            assert value("tocsin_open_incidents", severity="critical") == 0

    asyncio.run(night())


def test_pages_and_verdicts_are_counted_once_and_the_past_not_at_all() -> None:
    async def night() -> None:
        before = value("tocsin_pages_total") or 0
        wrong = value("tocsin_verdicts_total", verdict="false_positive") or 0
        async with notifying(Settings(), critical("p", pages=4)) as (_, feed):
            feed.put(critical("n"), critical("n", 3), critical("n", 4, pages=2))
            feed.put(closed("n", 5, pages=2, verdict="false_positive"))
            await until(lambda: value("tocsin_verdicts_total", verdict="false_positive") == wrong + 1)
            assert value("tocsin_pages_total") == before + 2

    asyncio.run(night())


def test_a_fault_of_its_own_ends_it() -> None:
    async def night() -> None:
        async with notifying(Settings()) as (notifier, feed):
            notifier.board.incidents = NotImplemented
            feed.put(critical())
            await asyncio.sleep(0.5)

    with pytest.raises(ExceptionGroup):
        asyncio.run(night())


def test_it_runs_in_a_thread_beside_other_work() -> None:
    with running(Settings(brokers="127.0.0.1:9")) as notifier:
        assert notifier.unready() == "reading the incidents so far"


def test_a_consumer_is_closed_only_when_nothing_works_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Told:
        def __init__(self, config: dict[str, Any]) -> None:
            self.real = Consumer(config)

        def list_topics(self, *given: Any, **options: Any) -> Any:
            told.append("asks")
            try:
                return self.real.list_topics(*given, **options)
            finally:
                told.append("has asked")

        def close(self) -> None:
            told.append("closes")
            self.real.close()

    monkeypatch.setattr(topic, "Consumer", Told)

    unheard: list[dict[str, Any]] = []

    async def stopped_while_it_asks() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
        following = asyncio.ensure_future(anext(topic.follow(Settings(brokers="127.0.0.1:9"), ["incidents"])))
        await until(lambda: told)
        following.cancel()
        await asyncio.wait([following])
        await until(lambda: "closes" in told)
        gc.collect()

    asyncio.run(stopped_while_it_asks())
    assert told == ["asks", "has asked", "closes"]
    assert not unheard, "what it asked failed after it was stopped, and nobody heard of it"
