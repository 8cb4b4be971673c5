"""What the server does between its start and its first reader: heavy imports and derived data, in a thread of their own.

The server answers before pandas is imported. While the first browser loads Streamlit's scripts, this thread imports what
the pages need and computes what the overview shows. A page that runs meanwhile waits for no more than is missing.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from monitor.ui import opening, serving

#: Seconds after the start of the server's loop at which it surely listens.
_LISTENING = 0.05

#: Seconds for which the warming thread computes while the server waits to answer; Python's own 0.005 would add up to half a
#: second over the hundred scripts that a browser fetches.
_TURN = 0.0005

_USUAL_TURN = sys.getswitchinterval()

#: Seconds left to the first reader before the rest is computed.
_QUIET = 4


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Start warming once the server listens; for ``st.App(lifespan=…)``."""
    opening.begin()
    sys.setswitchinterval(_TURN)
    thread = threading.Thread(target=_warm, daemon=True)
    timer = asyncio.get_running_loop().call_later(_LISTENING, thread.start)
    yield
    timer.cancel()


def import_for_pages() -> None:
    """Import what the first sentence and the figures of the overview need."""
    from monitor.ui import blocks, data, filters, languages, navigation, views  # noqa: F401


def _warm() -> None:
    """Import, derive what the first sentence of most pages says, and once it is quiet, build the overview's figures.

    Streamlit looks for garbage among all objects after each run of a page. Those of the packages and of the data stay for
    as long as the server runs: frozen, they are not looked at, which takes a third off the time of an answer.
    """
    opening.leave_first_run_alone()
    import_for_pages()
    from monitor.analysis.definitions import EVIDENCE_LEVELS, STALE_AFTER_DAYS
    from monitor.export.figures import build
    from monitor.ui import data

    try:
        model = data.model()
        choice = data.Choice(model.default_date(), None, EVIDENCE_LEVELS[0], STALE_AFTER_DAYS)
        model.panel(choice)
        opening.end()
        gc.freeze()
        # A reader who waits since the server started gets all of it for the page.
        time.sleep(_QUIET)
        for figure_id in ("overview-map", "overview-shares"):
            build(figure_id, model, choice)
        gc.collect()
        gc.freeze()
    except data.DatasetError:
        return  # the pages say what is wrong
    finally:
        sys.setswitchinterval(_USUAL_TURN)
        opening.end()
        serving.keep_packed()
