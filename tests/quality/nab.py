"""`python -m tests.quality.nab`: the univariate detector on the Numenta Anomaly Benchmark; some seconds.

With `sensitivity` it also halves and doubles every parameter, one at a time, and judges each half of the series by the
threshold that suits the other half best; some minutes.
"""

import importlib
import importlib.util
import random
import statistics
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from detectors.state import dump
from detectors.univariate import RecordNovelty

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
STANDARD = (1.0, 0.11, 1.0)
"""Weights of a window found, a false alarm and a window missed in NAB's standard profile."""
OTHER: dict[str, tuple[Any, ...]] = {
    "lags": ((3, 12, 48), (10, 40, 160), (5, 20), (4, 16, 64)),
    "generation": (2000, 8000),
    "weeks": (2, 8),
    "warm_days": (2.0, 8.0),
    "warm": (150.0, 600.0),
    "half": (0.05, 0.2),
    "weight": (0.05, 0.2),
    "mean_weight": (0.25, 1.0),
    "cool": (50, 200),
    "rise": (1.0, 1.5),
}


def scorer() -> Any:
    """NAB's rules: the module `nabscore` beside the data."""
    spec = importlib.util.spec_from_file_location("nabscore", SHARED / "tools" / "nabscore.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def declared() -> Callable[[], Any]:
    """The factory that pyproject.toml names."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["tocsin"]["nab"]
    module, _, name = named.partition(":")
    factory: Callable[[], Any] = getattr(importlib.import_module(module), name)
    return factory


def run(files: list[dict[str, Any]], make: Callable[[], Any]) -> tuple[float, int]:
    """Score every file; returns µs of CPU an event, and the bytes of the largest state."""
    clock, events, largest = time.process_time(), 0, []
    for file in files:
        detector = make()
        file["scores"] = [detector.update(v, at) for v, at in zip(file["values"], file["times"], strict=True)]
        events += len(file["scores"])
        largest.append(detector)
    cost = (time.process_time() - clock) / events * 1e6
    return cost, max(len(msgspec.msgpack.encode(dump(detector))) for detector in largest)


def at_threshold(nab: Any, files: list[dict[str, Any]], threshold: float) -> tuple[int, int, int, float]:
    """Windows, windows found, false alarms and the standard score at a given threshold."""
    windows = found = alarms = 0
    points = 0.0
    top = float(nab.sigmoid(-1.0))
    for file in files:
        value, window = nab.event_values(file["times"], file["windows"])
        skip = min(int(0.15 * len(value)), 750)
        fired = [i for i, score in enumerate(file["scores"]) if score >= threshold and i >= skip]
        best: dict[int, float] = {}
        for i in fired:
            if window[i] < 0:
                alarms += 1
                points += STANDARD[1] * value[i]
            else:
                best[window[i]] = max(best.get(window[i], 0.0), value[i] / top)
        windows += len(file["windows"])
        found += len(best)
        points += sum(best.values()) - STANDARD[2] * (len(file["windows"]) - len(best))
    score = 100.0 * (points + STANDARD[2] * windows) / ((1.0 + STANDARD[2]) * windows) if windows else 0.0
    return windows, found, alarms, score


def folds(nab: Any, files: list[dict[str, Any]], rounds: int = 10) -> list[float]:
    """Scores of halves of the series, drawn within each category, at the threshold that suits the other half best."""
    scores = []
    for seed in range(rounds):
        halves: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
        order = random.Random(seed).sample(files, len(files))
        for n, file in enumerate(sorted(order, key=lambda file: file["name"].split("/")[0])):
            halves[n % 2].append(file)
        for learnt, judged in (halves, halves[::-1]):
            scores.append(at_threshold(nab, judged, nab.best_score(learnt, STANDARD)[1])[3])
    return scores


def table(nab: Any, files: list[dict[str, Any]]) -> Iterator[str]:
    """Lines of the table by category."""
    _, threshold = nab.best_score(files, STANDARD)
    names = [file["name"].split("/")[0] for file in files]
    yield f"{'at threshold ' + format(threshold, '.3f'):24} series windows found false alarms  score"
    for category in (*sorted(set(names)), "all"):
        chosen = [file for file, name in zip(files, names, strict=True) if category in (name, "all")]
        windows, found, alarms, score = at_threshold(nab, chosen, threshold)
        shown = f"{score:6.1f}" if windows else "     –"
        yield f"{category:24} {len(chosen):6} {windows:7} {found:5} {alarms:12} {shown}"
    for profile, weights in nab.PROFILES.items():
        yield f"{profile:24} {nab.best_score(files, weights)[0]:.1f}"


def main() -> None:
    """Print the tables."""
    nab = scorer()
    files = nab.load(SHARED / "data" / "nab", "*")
    cost, size = run(files, declared())
    for line in table(nab, files):
        sys.stdout.write(line + "\n")
    sys.stdout.write(f"{cost:.1f} µs of CPU an event, {size / 1000:.1f} kB of state a stream at most\n")
    if "sensitivity" in sys.argv[1:]:
        for name, values in {"as it is": (None,), **OTHER}.items():
            for value in values:
                given: dict[str, Any] = {} if value is None else {name: value}
                run(files, partial(RecordNovelty, **given))
                halves = folds(nab, files)
                sys.stdout.write(
                    f"{name} {value or ''}: {nab.best_score(files, STANDARD)[0]:.1f}, halves by the other's threshold "
                    f"{statistics.mean(halves):.1f} ± {statistics.stdev(halves):.1f}\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
