"""Whom Alertmanager tells: a line of addresses becomes its receivers.

Addresses are separated by spaces, and all of them are told. One is

- `https://pager.example/hook` (or http): a webhook,
- `mailto:night@example.com`: an e-mail,
- `pagerduty:/run/secrets/pagerduty-key` or `opsgenie:/run/secrets/opsgenie-key`: that service, its key in a file which
  Alertmanager reads, so that no key stands in the configuration.

`FR=mailto:paris@example.com` is the address of one region only, which then replaces the others for its sites; a site's
region is what stands before its first hyphen.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

NAMES = ("pager", "shift", "watchdog")
REGION = re.compile(r"([A-Z0-9]+)=(.*)")
MAIL = {
    "SMTP_HOST": "smtp_smarthost",
    "SMTP_FROM": "smtp_from",
    "SMTP_USER": "smtp_auth_username",
    "SMTP_PASSWORD_FILE": "smtp_auth_password_file",
}
"""Variables of a mail server (host:port, sender; where it asks for them user and password) → Alertmanager's names."""

SUMMARY = (
    "{{ range .Alerts.Firing }}{{ .Annotations.summary }} {{ end }}"
    "{{ if not .Alerts.Firing }}Over: {{ range .Alerts.Resolved }}{{ .Annotations.summary }} {{ end }}{{ end }}"
)
"""What stands on a telephone's lock screen."""
TEXT = (
    "{{ range .Alerts.Firing }}{{ .Annotations.summary }}\n{{ .Annotations.description }}\n"
    "{{ with .Annotations.dashboard_url }}Dashboard: {{ . }}\n{{ end }}"
    "Runbook: {{ .Annotations.runbook_url }}\n\n{{ end }}"
    "{{ range .Alerts.Resolved }}Over: {{ .Annotations.summary }}\n{{ end }}"
)

Addresses = list[tuple[str, str]]
"""Kind (`http`, `mailto`, `pagerduty`, `opsgenie`) and place."""


def sort_out(name: str, given: str) -> dict[str, Addresses]:
    """Tell the addresses of each region, those of all others under the empty string. Raises `ValueError`."""
    regions: dict[str, Addresses] = {"": []}
    for word in given.split():
        found = REGION.fullmatch(word)
        region, address = found.groups() if found else ("", word)
        regions.setdefault(region, []).append(_address(name, address))
    if not regions[""]:
        raise ValueError(f"The {name} has no address for the regions that are not named in {given!r}.")
    return regions


def _address(name: str, address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    if parts.scheme in ("http", "https") and parts.netloc:
        return "http", address
    if parts.scheme == "mailto" and "@" in parts.path:
        return "mailto", parts.path
    if parts.scheme in ("pagerduty", "opsgenie") and parts.path.startswith("/"):
        return parts.scheme, parts.path
    raise ValueError(
        f"The {name}'s address {address!r} is not one such as https://pager.example/hook, mailto:night@example.com,"
        " pagerduty:/FILE/WITH/KEY or opsgenie:/FILE/WITH/KEY."
    )


def receiver(name: str, region: str, addresses: Addresses) -> dict[str, object]:
    """Answer Alertmanager's receiver; the watchdog hears that all is well and nothing else."""
    configs: dict[str, object] = {"name": f"{name}-{region}" if region else name}
    for kind, place in addresses:
        key, config = _config(kind, place)
        listed = configs.setdefault(key, [])
        if isinstance(listed, list):
            listed.append({"send_resolved": name != "watchdog", **config})
    return configs


def _config(kind: str, place: str) -> tuple[str, dict[str, object]]:
    if kind == "mailto":
        return "email_configs", {"to": place, "headers": {"Subject": SUMMARY}, "html": "", "text": TEXT}
    if kind == "pagerduty":
        return "pagerduty_configs", {
            "routing_key_file": place,
            "description": SUMMARY,
            "severity": "{{ .CommonLabels.severity }}",
            "details": {"text": TEXT},
        }
    if kind == "opsgenie":
        return "opsgenie_configs", {
            "api_key_file": place,
            "message": SUMMARY,
            "description": TEXT,
            "priority": '{{ if eq .CommonLabels.severity "critical" }}P1{{ else }}P3{{ end }}',
        }
    return "webhook_configs", {"url": place}


def mail_server(environ: Mapping[str, str]) -> dict[str, str] | None:
    """Read a mail server's variables as Alertmanager's global settings; None where there is none."""
    if not environ.get("SMTP_HOST"):
        return None
    if not environ.get("SMTP_FROM"):
        raise ValueError("SMTP_HOST is set: set SMTP_FROM, the sender's address, as well.")
    return {name: environ[variable] for variable, name in MAIL.items() if environ.get(variable)}
