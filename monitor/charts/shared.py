"""Large parts that many figures have in common: encoded once, never copied."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import orjson
from plotly.utils import PlotlyJSONEncoder


class Shared(dict[str, Any]):
    """A geometry or a map style that many figures show: they hold it without copying it, and it is encoded once.

    Plotly copies plain dicts three times on the way to the browser. One of these must not be changed once a figure has it.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> Shared:
        """Return the same object."""
        return self

    @cached_property
    def encoded(self) -> bytes:
        """The object as JSON, made once."""
        return encode(self)


_as_plotly_writes = PlotlyJSONEncoder().default


def encode(content: Any) -> bytes:
    """Return content as compact JSON in UTF-8; frames, dates and figures as Plotly writes them, what is no number as null."""
    return orjson.dumps(content, default=_as_plotly_writes, option=orjson.OPT_NON_STR_KEYS)
