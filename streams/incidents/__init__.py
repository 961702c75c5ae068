"""From signs to incidents: the pure core that stream and backtest share."""

from detectors import WAY as WAY  # settles whether the modules here are imported compiled
