"""What a publisher shows of itself."""

from streams import metrics


class Publishing:
    """What one site's publisher shows."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.acknowledged = metrics.PUBLISHED.labels(site).inc

    def refused(self, code: str) -> None:
        """Count a refused object."""
        metrics.PUBLISH_REFUSED.labels(self.site, code).inc()

    def spool(self, objects: int, size: int, lost: int) -> None:
        """Show how full the spool is."""
        metrics.SPOOL_OBJECTS.labels(self.site).set(objects)
        metrics.SPOOL_BYTES.labels(self.site).set(size)
        metrics.SPOOL_LOST.labels(self.site).set(lost)
