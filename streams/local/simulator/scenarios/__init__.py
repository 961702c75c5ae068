"""Stories played into the life of a site. Each is one module here with a `SCENARIO`; adding the file registers it."""

import importlib
import pkgutil
from functools import cache

from streams.local.simulator.scenarios.base import Label, Part, Scenario, Stage

__all__ = ["Label", "Part", "Scenario", "Stage", "find", "library"]


@cache
def library() -> dict[str, Scenario]:
    """Answer all scenarios by name."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "base")
    found = [importlib.import_module(f"{__name__}.{name}").SCENARIO for name in modules]
    return {scenario.name: scenario for scenario in found}


def find(name: str) -> Scenario:
    """Answer a scenario; ValueError names those that there are."""
    if name not in library():
        raise ValueError(f"there is no scenario {name}; there are {', '.join(library())}")
    return library()[name]
