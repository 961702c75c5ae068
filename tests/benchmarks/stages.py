"""Where the time of a worker goes, by stage: what its main thread is at, a thousand times a second."""

import sys
import threading
import time
from collections import Counter
from operator import itemgetter
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).parents[2]
PERIOD = 0.001
STAGES = {
    "streams/worker/runner.py:save": "snapshot",
    "streams/worker/runner.py:begin": "snapshot",
    "streams/worker/publisher.py": "publish",
    "streams/worker/agents.py": "decode",
    "streams/telemetry/decode.py": "decode",
    "streams/worker/fetch.py": "fetch",
    "streams/worker/transport.py": "fetch",
    "streams/incidents/case.py": "correlate",
    "streams/incidents/fusion.py": "correlate",
    "streams/incidents/weighing.py": "correlate",
    "streams/incidents/opened.py": "correlate",
    "streams/incidents/reorder.py": "put in order",
    "streams/incidents/sequence.py": "drop repeats",
    "streams/incidents/shard.py": "dispatch",
    "streams/incidents/watch.py": "dispatch",
    "streams/incidents/timers.py": "dispatch",
    "streams/incidents/crew.py": "dispatch",
    "detectors/scene.py": "scene",
    "detectors/presence.py": "scene",
}
FAMILIES = ("power", "alarm", "camera", "rfid", "shipment")
FETCH, REST = "fetch", "Faust and the rest"


class Stages:
    """Samples the innermost known stage of the main thread; what other threads use (the consumer's) is fetching."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._own = 0.0

    def start(self) -> None:
        """Begin."""
        self._own = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
        threading.Thread(target=self._watch, args=(threading.main_thread().ident,), daemon=True).start()

    def told(self, events: int, used: float) -> dict[str, float]:
        """Share out the CPU seconds that so many events took, in µs an event; called by the main thread."""
        own = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID) - self._own
        each = 1e6 * own / events / (sum(self.counts.values()) or 1)
        shares = {stage: each * count for stage, count in self.counts.items()}
        shares[FETCH] = shares.get(FETCH, 0.0) + 1e6 * (used - own) / events
        return dict(sorted(shares.items(), key=itemgetter(1), reverse=True))

    def _watch(self, main: int) -> None:
        while True:
            time.sleep(PERIOD)
            frame = sys._current_frames().get(main)
            if frame is not None and frame.f_code.co_name != "select":
                self.counts[_stage(frame)] += 1


def _stage(frame: FrameType | None) -> str:
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(f"{ROOT}/"):
            path = path.removeprefix(f"{ROOT}/")
            parts = path.split("/")
            if parts[0] == "detectors" and parts[1] in FAMILIES:
                return parts[1]  # a part that families share counts to the one that called it
            stage = STAGES.get(f"{path}:{frame.f_code.co_name}") or STAGES.get(path)
            if stage:
                return stage
        frame = frame.f_back
    return REST
