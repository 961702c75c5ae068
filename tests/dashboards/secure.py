"""What the containers of docker-compose's profile `secure` would see, in one folder of this machine."""

import re
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from msgspec.structs import replace

from streams.local.monitoring import Program
from streams.settings import Settings

ROOT = Path(__file__).parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
SHOWN = re.compile("TOCSIN_((METRICS|CONSOLE)_(CERTIFICATE|KEY)|WEB_CA_FILE)")


class Place:
    """Holds the certificates, which the profile's own command has made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca = folder / "authority/ca.pem"
        for mount in SERVICES["certificates"]["volumes"]:
            (folder / mount.partition(":/")[2]).mkdir(parents=True)
        assert self.run("certificates").returncode == 0
        self.trust = ssl.create_default_context(cafile=self.ca)

    def here(self, text: str, owner: str = "") -> str:
        """Turn a container's paths into this machine's; `owner` is whose container it is."""
        moved = re.sub(r"(^|[=\s:\"])/(authority|own|etc)/", rf"\1{self.folder}/\2/", text)
        return moved.replace("/secrets/", f"{self.folder}/own/{owner}/")

    def run(self, service: str) -> subprocess.CompletedProcess[str]:
        """Run a service's command to its end."""
        command = [self.here(part) for part in SERVICES[service]["command"]]
        return subprocess.run([sys.executable, *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=60)

    def own(self, service: str) -> Settings:
        """Tell one of our processes of its certificate, as its environment does."""
        owner = service.removesuffix("-secure")
        given = {key: value for key, value in SERVICES[service]["environment"].items() if SHOWN.fullmatch(key)}
        assert len(given) >= 3
        settings = Settings.from_env({key: self.here(value, owner) for key, value in given.items()})
        return replace(settings, metrics_token="sesame")

    def tls_files(self, owner: str) -> Path:
        """Write the files by which a program shows itself, and is known."""
        folder = self.folder / "tls" / owner
        folder.mkdir(parents=True)
        for file in (ROOT / "dashboards/tls").iterdir():
            (folder / file.name).write_text(self.here(file.read_text(), owner))
        return folder

    def program(self, service: str, port: int, paths: dict[str, Path]) -> Program:
        """Make Prometheus or Alertmanager with the flags of its service; `paths` tells where theirs are here."""
        moved = paths | {"/etc/tls": self.tls_files(service)}
        flags = []
        for flag in SERVICES[f"{service}-secure"]["command"]:
            name, _, value = flag.partition("=")
            for there, here in moved.items():
                value = re.sub(f"^{there}(?=/|$)", str(here), value)
            flags.append(f"{name}={f'127.0.0.1:{port}' if name == '--web.listen-address' else value}")
        name = {"alertmanager": "prometheus-alertmanager"}.get(service, service)
        return Program(self.folder, service, [name, *flags], port, self.trust)
