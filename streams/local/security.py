"""What makes the embedded Kafka a secure one: its authority and certificate, its first users, and who may do what."""

import datetime
import ipaddress
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from streams.local.configuration import HOST, Ports
from streams.settings import Settings, librdkafka_config

ADMIN = "admin"
BROKER = "broker"
REAUTHENTICATE_MS = 30_000
"""A site has to log in again so often: one whose user is gone is out by then."""
YEARS = 10
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
            ca, store = certify(HOST, "localhost")
            self.ca.write_bytes(ca)
            write_secret(self._store, store)

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


def certify(*names: str) -> tuple[bytes, str]:
    """Make an authority, and a certificate by it for host names and addresses; the authority's own key is kept nowhere.

    Returns
    -------
    The authority's certificate, and the key and certificate that a broker shows, as PEM.
    """
    now = datetime.datetime.now(datetime.UTC)
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Tocsin's own authority")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])

    def sign(name: x509.Name, public: ec.EllipticCurvePublicKey, *extensions: tuple[Any, bool]) -> bytes:
        builder = x509.CertificateBuilder(issuer, name, public, x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=365 * YEARS))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    of_authority = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
    ca = sign(issuer, authority.public_key(), (x509.BasicConstraints(True, 0), True), (of_authority, False))
    signer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(of_authority)
    known_as = x509.SubjectAlternativeName([_general_name(name) for name in names])
    certificate = sign(subject, key.public_key(), (known_as, False), (signer, False))
    secret = key.private_bytes(  # Kafka reads PKCS#8 only
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return ca, (secret + certificate).decode()


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def write_secret(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, also at the moment when it is made."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def main(broker: str, authority: str, *names: str) -> None:
    """Put a broker's key and certificate into one folder and the authority's certificate into another, once."""
    store = Path(broker, "broker.pem")
    if not store.exists():
        ca, pem = certify(*names)
        Path(authority, "ca.pem").write_bytes(ca)
        store.write_text(pem)  # in a folder of the broker's own, whose user is another than ours


if __name__ == "__main__":
    main(*sys.argv[1:])
