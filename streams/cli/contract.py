"""`tocsin contract`: the public interface, for people and for code generators."""

import sys


def command() -> None:
    """Print the public interface as AsyncAPI 3 with JSON Schemas."""
    from msgspec import json

    from streams.telemetry.contract import document

    sys.stdout.buffer.write(json.format(json.encode(document()), indent=2) + b"\n")
