"""What equipment says, as bytes, into telemetry: pure functions, no clock and no network."""
