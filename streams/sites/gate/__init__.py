"""The gate: the only way from the sites' own topics to the platform's telemetry."""
