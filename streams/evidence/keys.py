"""Keys that seal: made, read, and told to those who verify. A public key is 64 hex digits, short enough for paper."""

import re
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)


class KeyUnusableError(Exception):
    """It is no such key; the message says what to do."""


def new_key() -> tuple[str, str]:
    """Make a key; returns the private and the public one as PEM."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def private_key(pem: str) -> Ed25519PrivateKey:
    """Read a private key; raises `KeyUnusableError`."""
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusableError("it is no private key in PEM: make one with `tocsin ledger keygen`") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusableError("it is not an Ed25519 key: make one with `tocsin ledger keygen`")
    return key


def public_hex(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """Write the public key as links name it."""
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes_raw().hex()


def trusted(given: str) -> str:
    """Read a public key, given as 64 hex digits or as a PEM file's name; raises `KeyUnusableError`."""
    if re.fullmatch("[0-9a-fA-F]{64}", given):
        return given.lower()
    try:
        key = load_pem_public_key(Path(given).read_bytes())
    except OSError as error:
        raise KeyUnusableError(f"{given}: {error.strerror or error}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusableError(f"{given}: it is no public key in PEM; `tocsin ledger keygen` writes one") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusableError(f"{given}: it is not an Ed25519 key")
    return public_hex(key)
