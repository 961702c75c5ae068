"""Who vouches for whom in a cluster that speaks TLS: an authority, and the certificates that it signs."""

import datetime
import ipaddress
import sys
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

YEARS = 10
HERE = ("localhost", "127.0.0.1")
USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


class Authority:
    """Made anew each time; its own key is kept nowhere, so all that it is to sign is signed at once.

    Attributes
    ----------
    pem
        Its certificate, by which others know what it signed.
    """

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Tocsin's own authority")
        own = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        self._signer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)
        signs = dict.fromkeys(USES, False) | {"key_cert_sign": True, "crl_sign": True}
        extensions = (x509.BasicConstraints(True, 0), True), (x509.KeyUsage(**signs), True), (own, False)
        self.pem = self._sign(self._name, self._key, *extensions)

    def certify(self, *names: str) -> str:
        """Make a key and a certificate for host names and addresses, in one PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        known_as = x509.SubjectAlternativeName([_general_name(name) for name in names])
        certificate = self._sign(_name(names[0]), key, (known_as, False), (self._signer, False))
        secret = key.private_bytes(  # Kafka reads PKCS#8 only
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return secret.decode() + certificate

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *extensions: tuple[Any, bool]) -> str:
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=365 * YEARS))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def main(ca: str, *stores: str) -> int:
    """Write the authority's certificate, and for each `FILE:NAME` a key and certificate of that host, once.

    Each file lies in a folder of its host's own, whose user is another than ours. Answers 0, or 2 after saying what is
    wrong.
    """
    files = {Path(file): name for file, _, name in (store.rpartition(":") for store in stores)}
    missing = [str(file) for file in files if not file.exists()]
    if not Path(ca).exists():
        authority = Authority()
        for file, name in files.items():
            file.write_text(authority.certify(name, *HERE))
        Path(ca).write_text(authority.pem)  # last: where it is, all is there
    elif missing:
        sys.stderr.write(
            f"{', '.join(missing)} can't be signed by {ca}, whose key is kept nowhere: remove the volumes of all, and "
            "all are made anew; sites need the new certificate then.\n"
        )
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
