"""What each user may do: for the platform's processes and for sites, as Kafka's access control lists."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from streams.settings import Settings

TOPIC, GROUP = ResourceType.TOPIC, ResourceType.GROUP
READ, WRITE, DESCRIBE = AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE
LOOK = AclOperation.DESCRIBE_CONFIGS
_ANY: Any = None  # confluent-kafka's types don't know that a filter may leave a name open
LITERAL, PREFIXED = ResourcePatternType.LITERAL, ResourcePatternType.PREFIXED


class Right(NamedTuple):
    """Leave to do something with one topic, group or other resource, or with all whose names begin so."""

    operation: AclOperation
    name: str
    pattern: ResourcePatternType = LITERAL
    resource: ResourceType = TOPIC


def of_site(site: str) -> list[Right]:
    """A site writes to its own topic and does nothing else."""
    return [Right(WRITE, f"in.{site}"), Right(DESCRIBE, f"in.{site}")]


def of_roles(settings: Settings) -> dict[str, list[Right]]:
    """The platform's processes, each by the name of its command."""
    outputs = ("findings", "incidents", "commands", "dead-letters")
    written = ("control.actions", "control.verdicts", "control.maintenance")
    return {
        "worker": [
            Right(READ, "telemetry.", PREFIXED),
            Right(READ, "control.", PREFIXED),
            Right(READ, "tocsin.", PREFIXED),
            Right(WRITE, "tocsin.", PREFIXED),
            Right(READ, settings.group, LITERAL, GROUP),
            Right(WRITE, f"{settings.group}-", PREFIXED, ResourceType.TRANSACTIONAL_ID),
            *(Right(WRITE, name) for name in ("control.clock", *outputs)),
            Right(LOOK, "*"),  # at its start it checks how every topic is kept
            Right(DESCRIBE, "*"),
        ],
        "gate": [
            Right(READ, "in.", PREFIXED),
            Right(READ, "tocsin-gate", LITERAL, GROUP),
            Right(WRITE, "telemetry.", PREFIXED),
            Right(WRITE, "dead-letters"),
        ],
        "ledger": [
            *(Right(READ, name, PREFIXED) for name in ("telemetry.", "control.")),
            *(Right(READ, name) for name in ("findings", "incidents", "commands", "evidence")),
            Right(READ, "tocsin-ledger", LITERAL, GROUP),
            Right(WRITE, "evidence"),
            Right(WRITE, "tocsin-ledger", LITERAL, ResourceType.TRANSACTIONAL_ID),
        ],
        "console": [
            *(Right(READ, name) for name in ("incidents", "findings", "control.sites", *written)),
            *(Right(WRITE, name) for name in written),
            Right(READ, "tocsin-console", LITERAL, GROUP),
        ],
        "notifier": [Right(READ, "incidents"), Right(READ, "tocsin-notifier", LITERAL, GROUP)],
        "report": [
            *(Right(READ, name) for name in ("incidents", "findings", "dead-letters", "control.verdicts")),
            Right(READ, "tocsin.state"),
            Right(READ, "tocsin-report", LITERAL, GROUP),
            Right(LOOK, "*"),
            Right(DESCRIBE, "*"),
        ],
        "drill": [
            Right(WRITE, "telemetry.", PREFIXED),
            *(Right(WRITE, name) for name in ("control.clock", "control.sites", "incidents")),
            *(Right(READ, name) for name in ("findings", "incidents", "control.sites", "control.clock")),
            Right(READ, "tocsin-drill", LITERAL, GROUP),
        ],
        "actuate": [
            Right(READ, "commands"),
            Right(READ, "tocsin-actuator", LITERAL, GROUP),
            Right(WRITE, "control.actions"),
        ],
    }


def bindings(user: str, rights: Iterable[Right]) -> list[AclBinding]:
    """Make Kafka's access control entries of a user's rights."""
    return [
        AclBinding(r.resource, r.name, r.pattern, f"User:{user}", "*", r.operation, AclPermissionType.ALLOW)
        for r in rights
    ]


def everything_of(user: str | None) -> AclBindingFilter:
    """Make the filter that finds every entry of a user, or of everybody."""
    return AclBindingFilter(
        ResourceType.ANY,
        _ANY,
        ResourcePatternType.ANY,
        f"User:{user}" if user else _ANY,
        _ANY,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
