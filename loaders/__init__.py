"""From a source to a validated dataset: ``python -m loaders``."""
