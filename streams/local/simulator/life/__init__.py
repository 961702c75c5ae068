"""What a site's devices and people do on an ordinary day, one module a trade."""
