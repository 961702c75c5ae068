"""Simulated warehouses: everyday life of many sites as telemetry, and scenarios played into it."""
