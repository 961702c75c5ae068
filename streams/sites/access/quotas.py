"""How many bytes a second a user may write, by Kafka's own quotas.

confluent-kafka has no call for it, and aiokafka the one that reads; the one that sets is told here as Kafka's protocol
describes it (API 49, version 0).
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import ClusterAuthorizationFailedError, KafkaError, for_code
from aiokafka.protocol.admin import DescribeClientQuotasRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String

from streams.settings import Settings, aiokafka_config

RATE = "producer_byte_rate"
USER = "user"
ANY = 2
"""Kafka's match type for every named user."""

_text = String("utf-8")


class QuotaError(Exception):
    """A quota can't be set or read."""


class _AlterResponse(Response):
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "entries",
            Array(
                ("error_code", Int16),
                ("error_message", _text),
                ("entity", Array(("entity_type", _text), ("entity_name", _text))),
            ),
        ),
    )


class _AlterStruct(RequestStruct):
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = _AlterResponse
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", Array(("entity_type", _text), ("entity_name", _text))),
                ("ops", Array(("key", _text), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


class _Alter(Request[_AlterStruct]):
    API_KEY = 49

    def __init__(self, user: str, rate: float | None) -> None:
        self._entry = ([(USER, user)], [(RATE, rate or 0.0, rate is None)])

    def build(self, request_struct_class: type[_AlterStruct]) -> _AlterStruct:
        return request_struct_class([self._entry], False)


def set_rate(settings: Settings, user: str, rate: float | None) -> None:
    """Let a user write so many bytes a second to each broker; None takes the quota away. Raises `QuotaError`."""
    answer = asyncio.run(_ask(settings, _Alter(user, rate)))
    for code, message, _ in answer.entries:
        if code:
            raise QuotaError(f"the quota of {user} can't be set: {_words(code, message)}")


def rates(settings: Settings) -> Mapping[str, float]:
    """Ask for every user's bytes a second. Raises `QuotaError`."""
    answer = asyncio.run(_ask(settings, DescribeClientQuotasRequest([(USER, ANY, None)], False)))
    if answer.error_code:
        raise QuotaError(f"the quotas can't be read: {_words(answer.error_code, answer.error_message)}")
    return {entity[0][1]: value for entity, values in answer.entries for name, value in values if name == RATE}


def _words(code: int, message: str | None) -> str:
    kind = for_code(code)
    if kind is ClusterAuthorizationFailedError:
        return "log in as the cluster's administrator (TOCSIN_SASL_USERNAME)"
    return message or str(kind.description)


async def _ask(settings: Settings, request: Any) -> Any:
    client = AIOKafkaClient(bootstrap_servers=settings.brokers, **aiokafka_config(settings))
    try:
        await client.bootstrap()
        return await client.send(client.get_random_node(), request)
    except KafkaError as error:
        raise QuotaError(f"Kafka at {settings.brokers} does not answer: {error}") from error
    finally:
        await client.close()
