"""Stand-ins for the providers: real HTTP on loopback, every row invented."""
