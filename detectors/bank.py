"""All detectors that there are: found by looking into this package, so that a new file is all that a new one needs."""

import importlib
import pkgutil
from functools import cache
from typing import Any

import detectors
from detectors.base import Detector


@cache
def catalogue() -> tuple[type[Detector[Any]], ...]:
    """Every detector class, in the order of its name."""
    for module in pkgutil.walk_packages(detectors.__path__, "detectors."):
        importlib.import_module(module.name)
    found: list[type[Detector[Any]]] = []
    queue: list[type[Detector[Any]]] = [Detector]
    while queue:
        for cls in queue.pop().__subclasses__():
            queue.append(cls)
            if "name" in vars(cls):
                found.append(cls)
    return tuple(sorted(found, key=lambda cls: cls.name))


@cache
def domains() -> dict[str, str]:
    """Each detector's domain."""
    return {kind.name: kind.domain for kind in catalogue()}


@cache
def explainers(detector: str) -> tuple[str, ...]:
    """Name the detectors whose findings explain those of `detector`."""
    return tuple(kind.name for kind in catalogue() if detector in kind.explains)
