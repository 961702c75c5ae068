"""What makes the embedded Kafka a secure one: its certificate, its first users, and who may do what."""

import os
import secrets
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from streams.local.authority import HERE, Authority
from streams.local.configuration import HOST, Ports
from streams.settings import Settings, librdkafka_config

ADMIN = "admin"
BROKER = "broker"
REAUTHENTICATE_MS = 30_000
"""A site has to log in again so often: one whose user is gone is out by then."""
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


class Security:
    """The secrets of a cluster, made once and kept in a folder that its owner alone can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ca = folder / "ca.pem"
        self._store = folder / "broker.pem"
        if not self._store.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for user in (ADMIN, BROKER):
                write_secret(self.password_file(user), secrets.token_urlsafe(32))
            authority = Authority()
            self.ca.write_text(authority.pem)
            write_secret(self._store, authority.certify(*HERE))

    def password_file(self, user: str) -> Path:
        """Where a first user's password is."""
        return self._folder / f"{user}.password"

    def _password(self, user: str) -> str:
        return self.password_file(user).read_text()

    def settings(self, settings: Settings) -> Settings:
        """Add how the administrator logs in."""
        return replace(
            settings,
            security_protocol="SASL_SSL",
            sasl_username=ADMIN,
            sasl_password=self._password(ADMIN),
            ca_file=str(self.ca),
        )

    def environment(self) -> list[str]:
        """Tell the variables with which the administrator logs in."""
        login = {"USERNAME": ADMIN, "PASSWORD_FILE": self.password_file(ADMIN)}
        lines = [f"TOCSIN_SASL_{name}={value}" for name, value in login.items()]
        return ["TOCSIN_SECURITY_PROTOCOL=SASL_SSL", *lines, f"TOCSIN_CA_FILE={self.ca}"]

    def client(self) -> dict[str, Any]:
        """Make the configuration with which the administrator's confluent-kafka client logs in."""
        config = librdkafka_config(self.settings(Settings()))
        del config["bootstrap.servers"]
        return config

    def first_users(self) -> Path:
        """Write the arguments with which Kafka's own tool makes the first users: no command line shows a password."""
        file = self._folder / "first-users"
        users = (f"SCRAM-SHA-512=[name={user},password={self._password(user)}]" for user in (ADMIN, BROKER))
        write_secret(file, "".join(f"--add-scram\n{user}\n" for user in users))
        return file

    def properties(self, ports: Ports) -> dict[str, str | int]:
        """Make what a broker's configuration has besides."""
        password = self._password(BROKER)
        login = f'username="{BROKER}" password="{password}"'
        return {
            "listeners": f"INSIDE://{HOST}:{ports.clients},SITES://{HOST}:{ports.sites},CONTROLLER://{HOST}:{ports.controllers}",
            "advertised.listeners": f"INSIDE://{HOST}:{ports.clients},SITES://{HOST}:{ports.sites}",
            "listener.security.protocol.map": "INSIDE:SASL_SSL,SITES:SASL_SSL,CONTROLLER:SASL_SSL",
            "inter.broker.listener.name": "INSIDE",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
            # The controllers know no SCRAM users before they have a leader.
            "sasl.mechanism.controller.protocol": "PLAIN",
            "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.controller.plain.sasl.jaas.config": f'{PLAIN} {login} user_{BROKER}="{password}";',
            "listener.name.inside.scram-sha-512.sasl.jaas.config": f"{SCRAM} {login};",
            "listener.name.sites.scram-sha-512.sasl.jaas.config": f"{SCRAM};",
            # The platform's aiokafka can't log in anew on a live connection; the sites' clients can.
            "listener.name.sites.scram-sha-512.connections.max.reauth.ms": REAUTHENTICATE_MS,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._store),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.ca),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": f"User:{BROKER};User:{ADMIN}",
            "allow.everyone.if.no.acl.found": "false",
        }


def write_secret(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, also at the moment when it is made."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
