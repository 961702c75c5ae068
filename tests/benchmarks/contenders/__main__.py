"""One contender: `python -m tests.benchmarks.contenders NAME [--idle] [--stages]`.

Brokers come from the environment, the load by standard input: {"events": …, "ends": {topic: […]}, "latest": …}.
"""

import argparse
import json
import logging
import sys
from importlib import import_module

from detectors.bank import catalogue
from streams.settings import Settings
from tests.benchmarks.race import Race
from tests.benchmarks.stages import Stages

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("--idle", action="store_true")
parser.add_argument("--stages", action="store_true")
given = parser.parse_args()
load = json.load(sys.stdin)
logging.basicConfig(level="ERROR")
catalogue()  # loading the detectors is no part of the race
racing = Race(load["events"], load["ends"], load["latest"], given.idle, Stages() if given.stages else None)
import_module(f"tests.benchmarks.contenders.{given.name}").run(Settings.from_env(), racing)
