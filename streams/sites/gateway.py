"""One process at a site: every source of its `site.toml`, supervised, into the publisher's spool."""

import asyncio
import logging
from collections.abc import Iterator

from streams import metrics, metrics_server
from streams.process import until_told
from streams.sites.configuration import Site
from streams.sites.publisher import Publisher
from streams.sites.source import secret
from streams.sites.supervisor import Publish, Supervisor

log = logging.getLogger("tocsin.gateway")


class Gateway:
    """The sources of one site.

    Parameters
    ----------
    site
        The configuration.
    publisher
        Where objects go; safe once `publish_async` returns.
    """

    def __init__(self, site: Site, publisher: Publish) -> None:
        self.site = site
        self.sources = [Supervisor(source, site.site, site.folder, publisher) for source in site.source]
        self._publisher = publisher

    def ready(self) -> str | None:
        """Return None when every source is up, else which are not."""
        down = [one.source.name for one in self.sources if not one.up]
        return f"silent: {', '.join(down)}" if down else None

    async def run(self) -> None:
        """Work until cancelled, or until no source has anything more to send."""
        async with asyncio.TaskGroup() as group:
            heart = group.create_task(self._beat(), name="heartbeat")
            async with asyncio.TaskGroup() as sources:
                for one in self.sources:
                    sources.create_task(one.run(), name=one.source.name)
            heart.cancel()

    async def _beat(self) -> None:
        while True:
            for one in self.sources:
                if one.up:
                    await self._publisher.publish_async(one.heartbeat())
            await asyncio.sleep(self.site.heartbeat_s)


def describe(site: Site) -> Iterator[str]:
    """Tell in lines what a gateway with this configuration would send, and where to."""
    target = site.kafka.topic or "telemetry.*"
    yield f"{site.site} publishes to {target} at {site.kafka.brokers}; what can't go out waits in {site.spool_folder}."
    for source in site.source:
        yield f"{source.name} ({source.__struct_config__.tag}, {source.where()}):"
        for device, types, when in source.sends():
            yield f"  {device}: {', '.join(types)} {when}"
        yield f"  gateway-{source.name}: alarm.heartbeat every {site.heartbeat_s:g} s while this source is up"


async def serve(site: Site) -> None:
    """Run a gateway with its publisher and metrics until SIGTERM or Ctrl-C, or until nothing more can come.

    Raises
    ------
    OSError, SpoolError
        When the address of its metrics is taken, or the spool can't be used.
    """
    work = asyncio.current_task()
    assert work is not None
    until_told(work)
    settings, topic = site.kafka.settings(site.folder), site.kafka.topic
    token = secret(site.folder, site.metrics_token_file) if site.metrics_token_file else ""
    try:
        async with Publisher(
            site.site,
            settings=settings,
            topic=topic,
            spool=site.spool_folder,
            heartbeat_s=site.heartbeat_s,
            name="gateway",
        ) as publisher:
            gateway = Gateway(site, publisher)
            server = metrics_server.serve(
                *([metrics.SITE], site.metrics_host, site.metrics_port), ready=gateway.ready, token=token
            )
            log.info("Site %s, %d sources. Metrics on %s/metrics.", site.site, len(gateway.sources), server.url)
            try:
                await gateway.run()
            finally:
                server.close()
    except asyncio.CancelledError:
        log.info("Stopped.")
