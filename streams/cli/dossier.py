"""`tocsin dossier`: an incident's file for police and insurer."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

    from streams.evidence.dossier import Dossier
    from streams.evidence.sources import Source
    from streams.settings import Settings


def command(
    incident: Annotated[str, typer.Argument(help="The incident's id.")],
    key: Annotated[list[str], typer.Option(help="The ledger's public key, a file or its 64 digits; may be repeated.")],
    folder: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="DIR", file_okay=False, exists=True, help="The ledger's folder; Kafka otherwise."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Where it goes; ./dossier-INCIDENT otherwise.")
    ] = None,
    pdf: Annotated[bool, typer.Option(help="Print it as well.")] = True,
    by: Annotated[str, typer.Option(help="Who makes it.")] = "",
    publish_watchlist: Annotated[
        bool, typer.Option("--publish-watchlist", help="Put the tags and plates on the watch list of all sites now.")
    ] = False,
    brokers: Annotated[str | None, typer.Option(help="Kafka's addresses; TOCSIN_BROKERS otherwise.")] = None,
) -> None:
    """Write an incident's file for police and insurer, with the goods that left.

    Into a folder go dossier.html and dossier.pdf, imei.csv for operators' block lists, watchlist.ndjson as records of
    `control.watchlist`, and evidence.ndjson and links.ndjson: every cited record with what proves it. Kafka has an
    incident's records for as long as telemetry stays there; the ledger's folder has them for good. Exit code 1, and red
    ink on the first page, where the seals do not hold.
    """
    from streams.evidence.dossier import make
    from streams.evidence.files import PdfError
    from streams.evidence.folder import Folder
    from streams.evidence.gather import GatherError
    from streams.evidence.keys import KeyUnusableError, trusted
    from streams.evidence.shelf import FolderError
    from streams.evidence.sources import FolderSource, KafkaSource
    from streams.evidence.topic import TopicError
    from streams.settings import Settings, SettingsError

    try:
        settings = Settings.from_env(given={"TOCSIN_BROKERS": brokers})
        keys = [trusted(one) for one in key]
        source: Source = FolderSource(Folder(folder)) if folder else KafkaSource(settings)
        made = make(source, incident, keys)
        _write(made, out or Path(f"dossier-{incident}"), pdf, by)
        if publish_watchlist:
            _publish(made, settings)
    except (GatherError, FolderError, TopicError, KeyUnusableError, SettingsError, PdfError, OSError) as error:
        typer.echo(f"tocsin dossier: {error}", err=True)
        raise typer.Exit(2) from error
    for problem in made.problems:
        typer.echo(str(problem), err=True)
    if made.problems:
        raise typer.Exit(1)


def _write(made: "Dossier", out: Path, paper: bool, by: str) -> None:
    from datetime import UTC, datetime

    from msgspec import json

    from streams.evidence import files

    out.mkdir(parents=True, exist_ok=True)
    page = files.html(made, datetime.now(UTC), by)
    lists = {
        "imei.csv": files.imeis(made).encode(),
        "watchlist.ndjson": b"".join(json.encode(watch) + b"\n" for watch in files.watches(made)),
        "evidence.ndjson": b"".join(line + b"\n" for line in files.evidence(made)),
        "links.ndjson": b"".join(line + b"\n" for line, _ in files.cited_links(made)),
    }
    for name, data in {"dossier.html": page.encode(), **lists}.items():
        (out / name).write_bytes(data)
    if paper:
        (out / "dossier.pdf").write_bytes(files.pdf(page, lists))
    typer.echo(f"{out}: {len(made.rows):,} pieces of evidence, {len(made.imeis):,} IMEIs")


def _publish(made: "Dossier", settings: "Settings") -> None:
    from confluent_kafka import KafkaException, Producer
    from msgspec import json

    from streams.evidence import files
    from streams.evidence.topic import TopicError
    from streams.settings import librdkafka_config
    from streams.telemetry.control import WATCHLIST

    failed: list[str] = []
    producer = Producer(librdkafka_config(settings, **{"acks": "all", "message.timeout.ms": 30_000, "log_level": 0}))
    watches = files.watches(made)

    def landed(error: "KafkaError | None", _: object) -> None:
        if error is not None:
            failed.append(error.str())

    for watch in watches:
        try:
            producer.produce(WATCHLIST, json.encode(watch), watch.value, on_delivery=landed)
        except KafkaException as error:
            landed(error.args[0], None)
    if producer.flush(35) or failed:
        raise TopicError(f"the watch list did not get to Kafka at {settings.brokers}: {failed[:1] or 'no answer'}")
    typer.echo(f"{len(watches):,} plates and tags are on the watch list of all sites")
