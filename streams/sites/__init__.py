"""The site's side: publish from real equipment, safely, through bad lines; and the gate that sites come in by."""

from streams.sites.publisher import Publisher
from streams.sites.spool import SpoolError
from streams.sites.wire import RefusedError

__all__ = ["Publisher", "RefusedError", "SpoolError"]
