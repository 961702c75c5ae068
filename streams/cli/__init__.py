"""The `tocsin` command: one file a subcommand, imported only when it runs so that `--help` answers at once."""

import importlib
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "demo": "Run everything on this machine and watch the reference night being caught.",
    "worker": "Consume telemetry, detect, correlate and publish incidents.",
    "notifier": "Carry incidents to Alertmanager, Prometheus and Grafana.",
    "console": "Serve incidents as pages on which people look, judge and act.",
    "broker": "Run a real Apache Kafka on this machine, without Docker or Java.",
    "topics": "Create the platform's topics and check them.",
    "state": "Show, export or reset what is learnt of sites and devices.",
    "publish": "Publish a file's or a pipe's objects, as a site does.",
    "gate": "Let sites' telemetry in, each for itself.",
    "sites": "Say who may speak for which site: add, rotate, revoke, list.",
    "access": "Give one of the platform's processes a user with the rights it needs.",
    "gateway": "Publish what a site's equipment says: UPSes, alarm panels, cameras, readers, MQTT.",
    "ledger": "Seal what was measured, found, decided and done, in a hash chain a site.",
    "verify": "Find any change, gap or reordering in what was sealed, and say where.",
    "actuate": "Carry out a site's commands, each at most once, and confirm them.",
    "report": "Tell what the shift was like: pages, delays, verdicts, silence, dead letters.",
    "dossier": "Write an incident's file for police and insurer, with the goods that left.",
    "drill": "Attack a shadow of a site on the live path, and report how soon it is noticed.",
    "simulate": "Generate the telemetry of simulated sites, as a recording or into Kafka.",
    "backtest": "Run recordings through the very code that serves the stream.",
    "compile": "Make machine code of the core: the same answers, several times faster.",
    "contract": "Print the public interface as AsyncAPI and JSON Schema.",
    "provision": "Bring data source, folders and dashboards into Grafana.",
}


class LazyGroup(TyperGroup):
    """Loads a subcommand's module when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the commands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Build the subcommand from its module's `command` function."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"streams.cli.{cmd_name}")
        single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        single.command(name=cmd_name)(module.command)
        return typer.main.get_command(single)


def main() -> None:
    """Run the command line."""
    app = typer.Typer(
        cls=LazyGroup,
        no_args_is_help=True,
        add_completion=False,
        help="Streaming security telemetry for warehouses.",
        pretty_exceptions_enable=False,
    )
    app.callback()(_nothing)
    app()


def _nothing() -> None:
    """Streaming security telemetry for warehouses: five Kafka topics in, paged incidents out."""
