"""What carries the platform's commands out at a site, each at most once, and says what became of it.

commands topic ──► actuator ──► a hand (program, webhook, MQTT) ──► control.actions
└─► journal: begun, done, read so far
"""
