"""Models at an endpoint or on this machine."""
