"""Users of the cluster: made, given a new password, shut out, listed."""

import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclOperation,
    AdminClient,
    NewTopic,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from streams.settings import Settings, librdkafka_config
from streams.sites.access import quotas
from streams.sites.access.rights import Right, bindings, everything_of, of_roles, of_site
from streams.topics import TELEMETRY_BYTES

ITERATIONS = 8192
WAIT_S = 30.0
RATE = 1 << 20
"""Bytes a second that a site may write: some 5,000 objects."""


class AccessError(Exception):
    """Kafka does not let it be done; the message says why and what to do."""


class SiteAccess(NamedTuple):
    """A site as the cluster knows it."""

    site: str
    user: bool
    """it can log in"""
    may_write: bool
    topic: bool
    rate: float | None
    """bytes a second that it may write"""


class Users:
    """The administrator's view of the cluster."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admin = AdminClient(librdkafka_config(settings, log_level=0))

    def add_site(self, site: str, rate: float = RATE) -> str:
        """Make a site's topic, user, rights and quota, and answer its password. Raises `AccessError`."""
        if self._password_set(site):
            raise AccessError(f"{site} is there already: `tocsin sites rotate {site}` gives it a new password")
        self._allow(site, of_site(site))
        self._make_topic(site)
        self._quota(site, rate)
        password = self._set_password(site)
        self._until_known(site)
        return password

    def add_role(self, role: str) -> tuple[str, str]:
        """Make the user of one of the platform's processes, and answer its name and password; its old one ends."""
        user = f"tocsin-{role}"
        self._forbid(user)
        self._allow(user, of_roles(self._settings)[role])
        return user, self._set_password(user)

    def rotate(self, site: str) -> str:
        """Give a site a new password; the old one opens nothing from now on. Raises `AccessError`."""
        if not self._password_set(site):
            raise AccessError(f"there is no site {site}: `tocsin sites add {site}` makes it")
        return self._set_password(site)

    def revoke(self, site: str) -> None:
        """Shut a site out, also where it is connected now; its topic stays. Raises `AccessError`."""
        forbidden = self._forbid(site)
        known = self._password_set(site)
        if known:
            deletion = UserScramCredentialDeletion(site, ScramMechanism.SCRAM_SHA_512)
            self._done(self._admin.alter_user_scram_credentials([deletion], request_timeout=WAIT_S), "forget the user")
        self._quota(site, None)
        if not (forbidden or known):
            raise AccessError(f"there is no site {site}; `tocsin sites list` tells which there are")

    def sites(self) -> list[SiteAccess]:
        """List every site that has a topic, a user's rights, or both. Raises `AccessError`."""
        rates = self._rates()
        try:
            topics = {name for name in self._admin.list_topics(timeout=WAIT_S).topics if name.startswith("in.")}
            found = self._admin.describe_acls(everything_of(None), request_timeout=WAIT_S).result()
            users: Any = self._admin.describe_user_scram_credentials(request_timeout=WAIT_S)
            users = users.result()
        except KafkaException as error:
            raise AccessError(self._words(error)) from error
        writers = {
            str(acl.name)
            for acl in found
            if acl.operation == AclOperation.WRITE and acl.principal == f"User:{str(acl.name).removeprefix('in.')}"
        }
        names = sorted(name.removeprefix("in.") for name in topics | writers if name.startswith("in."))
        return [
            SiteAccess(one, one in users, f"in.{one}" in writers, f"in.{one}" in topics, rates.get(one))
            for one in names
        ]

    def _until_known(self, site: str) -> None:
        """Wait until the brokers have heard of it."""
        end = time.monotonic() + WAIT_S
        while not any(row.site == site and row.user and row.may_write and row.topic for row in self.sites()):
            if time.monotonic() > end:
                raise AccessError(f"the brokers have not heard of {site} within {WAIT_S:g} s: are all of them up?")
            time.sleep(0.1)

    def _make_topic(self, site: str) -> None:
        config = {
            "message.timestamp.type": "LogAppendTime",  # when it came is for us to say
            "max.message.bytes": str(TELEMETRY_BYTES),
            "min.insync.replicas": str(min(2, max(1, self._settings.replication - 1))),
            "retention.ms": str(int(self._settings.retention_h * 3_600_000) or -1),
        }
        topic = NewTopic(f"in.{site}", 1, self._settings.replication, config=config)
        self._done(
            self._admin.create_topics([topic], request_timeout=WAIT_S),
            "make the topic",
            KafkaError.TOPIC_ALREADY_EXISTS,
        )

    def _allow(self, user: str, rights: Iterable[Right]) -> None:
        self._done(self._admin.create_acls(bindings(user, rights), request_timeout=WAIT_S), "give leave")

    def _forbid(self, user: str) -> bool:
        """Take every right from a user; True if there was any."""
        answers = self._admin.delete_acls([everything_of(user)], request_timeout=WAIT_S)
        return any(self._done(answers, "take leave"))

    def _rates(self) -> Mapping[str, float]:
        """Ask for all quotas; the first thing to be asked, since Kafka tells them to an administrator only.

        With anybody else, confluent-kafka would find no rights at all, and abort the process at the users.
        """
        try:
            return quotas.rates(self._settings)
        except quotas.QuotaError as error:
            raise AccessError(str(error)) from error

    def _password_set(self, user: str) -> bool:
        self._rates()
        answers: Any = self._admin.describe_user_scram_credentials([user], request_timeout=WAIT_S)
        try:
            return bool(answers[user].result().scram_credential_infos)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.RESOURCE_NOT_FOUND:
                return False
            raise AccessError(self._words(error)) from error

    def _set_password(self, user: str) -> str:
        password = secrets.token_urlsafe(32)
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
        change = UserScramCredentialUpsertion(user, info, password.encode())
        self._done(self._admin.alter_user_scram_credentials([change], request_timeout=WAIT_S), "set the password")
        return password

    def _quota(self, user: str, rate: float | None) -> None:
        try:
            quotas.set_rate(self._settings, user, rate)
        except quotas.QuotaError as error:
            raise AccessError(str(error)) from error

    def _done(self, answers: dict[Any, Any], what: str, *but: int) -> list[Any]:
        """Wait for Kafka's answers; raises `AccessError` unless it is one of the excepted."""
        results = []
        for answer in answers.values():
            try:
                results.append(answer.result())
            except KafkaException as error:
                if error.args[0].code() not in but:
                    raise AccessError(f"could not {what}: {self._words(error)}") from error
        return results

    def _words(self, error: KafkaException) -> str:
        told = error.args[0]
        if told.code() in (KafkaError.CLUSTER_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED):
            return f"{told.str()}: log in as the cluster's administrator (TOCSIN_SASL_USERNAME)"
        if told.code() == KafkaError.SECURITY_DISABLED:
            return (
                f"Kafka at {self._settings.brokers} has no access control: `tocsin broker --secure` runs one that has"
            )
        return f"Kafka at {self._settings.brokers}: {told.str()}"
