"""Catalogues of the interface's strings, and what keeps them complete: ``python -m monitor.locales update | check``."""
