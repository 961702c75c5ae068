"""From incidents to people: the board of open incidents, and the sinks that hang off it.

    incidents topic ──► notifier ──► board ──► alertmanager (one task each)
                                           ├─► gauges (Prometheus)
                                           └─► annotations (Grafana)

A sink looks at the board when it is woken and brings what it has not yet brought, so a slow or dead one delays nothing
else, needs no queue, and has caught up one round after it came back.
"""
