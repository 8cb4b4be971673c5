"""The committed datasets as a model, without a dashboard."""

from __future__ import annotations

from monitor.analysis.model import Model
from monitor.export.figures import FIGURES
from monitor.export.kept import Kept
from tests.server import DATASETS

#: Figures that can be drawn from the committed data: it has too few spells for a curve of them, which
#: tests/export/test_breaks.py draws from others.
DRAWN = [name for name in FIGURES if name != "hold-spells-curve"]


def committed_model() -> Model:
    """Return a model of the committed datasets that shares nothing with any other."""
    return Model(Kept(root=DATASETS))
