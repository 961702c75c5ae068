"""Which hand an actuator has."""

from pathlib import Path

from streams.sites.actuator.hand import Hand, HandError
from streams.sites.actuator.mqtt import Mqtt
from streams.sites.actuator.program import Program
from streams.sites.actuator.webhook import Webhook


def make(program: str | None, webhook: str | None, mqtt: str | None, secret_file: Path | None) -> Hand:
    """Make the one hand that was asked for. Raises `HandError`."""
    if sum(way is not None for way in (program, webhook, mqtt)) != 1:
        raise HandError("give one of --exec, --webhook and --mqtt")
    if program is not None:
        return Program(program)
    try:
        secret = secret_file.read_text().strip() if secret_file is not None else ""
    except OSError as error:
        raise HandError(f"--secret-file {secret_file}: {error.strerror}") from error
    return Webhook(webhook, secret) if webhook is not None else Mqtt(mqtt or "", secret)
