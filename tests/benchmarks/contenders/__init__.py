"""Those who race: each reads the same topics in a process of its own."""
