"""Brings data source, folder and dashboards into Grafana; doing it again changes nothing."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from dashboards.build import Json
from dashboards.catalogue import dashboards
from dashboards.panels import SOURCE
from streams.alerts.grafana import Grafana, GrafanaError

FOLDER, FOLDER_TITLE = "tocsin", "Tocsin"
SOURCE_NAME = "Tocsin Prometheus"
RIGHTS = [
    f"{thing}:{verb}" for thing in ("datasources", "folders", "dashboards") for verb in ("read", "create", "write")
]
"""What an account must be allowed to do; Grafana's role Admin is."""


class Change(NamedTuple):
    """What was, or would be, done to one thing; `details` say what differs, one line each."""

    thing: str
    action: str
    details: list[str]


def provision(grafana: Grafana, prometheus_url: str, authority: str = "", *, dry_run: bool = False) -> Iterator[Change]:
    """Yield one `Change` a thing (`created`, `updated` or `unchanged`), doing it just before.

    `authority` is the certificate (PEM) by which Grafana is to know Prometheus; the system's where there is none. With
    `dry_run` nothing is written. Only what the definitions say is compared: what Grafana adds by itself (ids,
    versions, defaults) is nobody's change. Raises `GrafanaError`, before anything is written where the account may not
    do all that is needed.
    """
    _ask_for_rights(grafana)
    yield _data_source(grafana, prometheus_url, authority, dry_run)
    yield _folder(grafana, dry_run)
    for wanted in dashboards():
        yield _dashboard(grafana, wanted, dry_run)


def _ask_for_rights(grafana: Grafana) -> None:
    may = grafana.rights()
    if may is None:  # an older one, or one without fine-grained rights: what it refuses, it refuses in words
        return
    missing = [right for right in RIGHTS if right not in may]
    if missing:
        raise GrafanaError(
            f"The account lacks rights at {grafana.url}: {', '.join(missing)}. Give it the role Admin, or these."
        )


def _data_source(grafana: Grafana, url: str, authority: str, dry_run: bool) -> Change:
    wanted: Json = {
        "name": SOURCE_NAME,
        "uid": SOURCE.uid,
        "type": SOURCE.type_val,
        "url": url,
        "access": "proxy",
        "jsonData": {"httpMethod": "POST", "timeInterval": "5s"},
    }
    if authority:
        # Grafana keeps the certificate to itself; by its hash one sees whether it is this one.
        digest = sha256(authority.encode()).hexdigest()
        wanted["jsonData"] |= {"tlsAuthWithCACert": True, "authority": digest}
    existing = grafana.data_source(SOURCE_NAME)
    if existing and existing.get("readOnly"):
        raise GrafanaError(f"The data source {SOURCE_NAME!r} is set by a file of Grafana's and can't be changed here.")
    change = _compared(f"data source {SOURCE_NAME}", wanted, existing)
    if change.action != "unchanged" and not dry_run:
        secret = {"secureJsonData": {"tlsCACert": authority}} if authority else {}
        grafana.put_data_source(wanted | secret, existing)
    return change


def _folder(grafana: Grafana, dry_run: bool) -> Change:
    existing = grafana.folder(FOLDER)
    change = _compared(f"folder {FOLDER_TITLE}", {"uid": FOLDER, "title": FOLDER_TITLE}, existing)
    if change.action != "unchanged" and not dry_run:
        grafana.put_folder(FOLDER, FOLDER_TITLE, existing)
    return change


def _dashboard(grafana: Grafana, wanted: Json, dry_run: bool) -> Change:
    found = grafana.dashboard(wanted["uid"])
    existing = found and {"definition": found["dashboard"], "folder": found["meta"].get("folderUid")}
    # Grafana may give back a definition that it has migrated to a later schema.
    definition = {name: value for name, value in wanted.items() if name != "schemaVersion"}
    change = _compared(f"dashboard {wanted['title']}", {"definition": definition, "folder": FOLDER}, existing)
    if change.action != "unchanged" and not dry_run:
        grafana.put_dashboard(wanted, FOLDER, "tocsin provision")
    return change


def _compared(thing: str, wanted: Json, existing: Json | None) -> Change:
    if existing is None:
        return Change(thing, "created", [])
    details = list(_differences(wanted, existing, ""))
    return Change(thing, "updated" if details else "unchanged", details)


def _differences(wanted: Any, existing: Any, path: str) -> Iterator[str]:
    """Say where the existing lacks or contradicts the wanted; what it has beyond is no difference."""
    if isinstance(wanted, dict) and isinstance(existing, dict):
        for name, value in wanted.items():
            yield from _differences(value, existing.get(name), f"{path}.{name}" if path else name)
    elif isinstance(wanted, list) and isinstance(existing, list) and len(wanted) == len(existing):
        for number, (one, other) in enumerate(zip(wanted, existing, strict=True)):
            yield from _differences(one, other, f"{path}[{number}]")
    elif wanted != existing and (wanted or existing):  # Grafana leaves out what is empty
        yield f"{path}: {_short(existing)} → {_short(wanted)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
