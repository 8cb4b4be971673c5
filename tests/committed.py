"""The committed datasets as a model, without a dashboard."""

from __future__ import annotations

from monitor.analysis.model import Model
from monitor.export.kept import Kept
from tests.server import DATASETS


def committed_model() -> Model:
    """Return a model of the committed datasets that shares nothing with any other."""
    return Model(Kept(root=DATASETS))
