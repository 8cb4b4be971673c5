"""What may leave the product: rows that terms forbid to pass on stay here, and attributions go into every picture."""

from __future__ import annotations

import pandas as pd

#: Providers whose rows must not be passed on; figures drawn from them may. The line is what their terms ask every use to say.
RESTRICTED = {
    "acled": "ACLED (Armed Conflict Location & Event Data), www.acleddata.com",
    "insecurity_insight": "Insecurity Insight, Attacks on Health Care incident data, via HDX",
    "dtm": "International Organization for Migration (IOM), Displacement Tracking Matrix (DTM), https://dtm.iom.int",
}

#: Providers whose rows may be passed on if they are named.
NAMED = {
    "ucdp": "UCDP Georeferenced Event Dataset and Candidate Events Dataset, Uppsala University (CC BY 4.0)",
}


def released(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows that may be passed on; tables without a ``provider`` hold own rows or sums, which may."""
    if "provider" not in rows:
        return rows
    return rows[~rows["provider"].isin(list(RESTRICTED))]


def attributions(rows: pd.DataFrame) -> tuple[str, ...]:
    """Lines that a use of some rows must carry, in the order of the providers' names."""
    if "provider" not in rows:
        return ()
    lines = {**RESTRICTED, **NAMED}
    return tuple(lines[name] for name in sorted(rows["provider"].dropna().unique()) if name in lines)
