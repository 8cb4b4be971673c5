"""From a provider's figures to rows of the dataset ``indicators``."""

from __future__ import annotations

import pandas as pd

from loaders.contracts import CONTRACTS, typed


def indicators(figures: pd.DataFrame, *, title: str, publisher: str, page: str) -> pd.DataFrame:
    """Complete rows of ``indicators``.

    Parameters
    ----------
    figures
        ``figure_id, indicator, area_id, period_start, period_end, date_precision, value, unit, note, published_date``; any
        index. Rows without a value are left out: not given is not 0.
    title, publisher, page
        Source of all rows.

    Returns
    -------
    DataFrame
        Columns and kinds of ``CONTRACTS["indicators"]``, sorted by ``figure_id``.
    """
    contract = CONTRACTS["indicators"]
    frame = figures[figures["value"].notna()].assign(
        source_id="", source_title=title, source_publisher=publisher, source_url=page, source_checked="page"
    )
    return typed(frame[contract.column_names], contract).sort_values("figure_id", ignore_index=True)
