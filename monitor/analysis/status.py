"""Who holds what: from dated statements (assertions) to the status of each neighborhood on any date.

Everything is vectorised over a sorted ledger: which statement gives the status, and whether it is contested or
disputed, changes only when a statement or a clash is added, so each is a property of the statement that gives the
status. Definitions: status-1, evidence-1, known-on-1, stale-1, contested-1, disputed-1.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from loaders.contracts import PARTY_OF_CLAIMANT, SIDE_OF_STATUS, VERIFICATION_RANK, Status, Verification
from monitor.analysis.definitions import (
    EVIDENCE_LEVELS,
    RULES,
    STALE_AFTER_DAYS,
    Rules,
)

DAY = pd.Timedelta(days=1)

#: All statuses in the order of their names.
STATUSES = pd.Index(sorted(map(str, Status)), dtype="str")

#: Columns of an assertion that the derivation reads (a subset of the ``territorial_control`` contract).
ASSERTION_COLUMNS = [
    *(
        "assertion_id",
        "neighborhood_id",
        "sub_zone",
        "status",
        "actor_id",
        "from_earliest",
        "from_latest",
        "claimant",
    ),
    *(
        "claimant_name",
        "verification",
        "source_id",
        "source_publisher",
        "source_url",
        "published_date",
        "source_checked",
    ),
    *("recorded_at", "withdrawn_at", "note"),
]

#: Columns of an assertion that decide about statuses; the others (texts, addresses) need not be moved about.
_LEDGER_COLUMNS = [
    name
    for name in ASSERTION_COLUMNS
    if name not in ("claimant_name", "source_publisher", "source_url", "source_checked", "note")
]

#: Columns of an incident that :func:`state_clashes` reads.
CLASH_COLUMNS = (
    "sub_event_type",
    "count_role",
    "recorded_at",
    "superseded_at",
    "neighborhood_id",
    "actor_ids",
    "event_date",
)

_DECIDED_SIDES = ("gang", "state", "third_party")


def all_assertions(territorial_control: pd.DataFrame, retaken_areas: pd.DataFrame) -> pd.DataFrame:
    """Every statement about control: the assertions, and the claims of the retaken register read as assertions.

    Returns
    -------
    DataFrame
        ``ASSERTION_COLUMNS`` and ``origin`` (``assertion`` or ``claim``), one row per statement.
    """
    claims = retaken_areas.rename(columns={"claim_id": "assertion_id", "claim_date": "from_earliest"})
    claims = claims.assign(from_latest=claims["from_earliest"])
    return pd.concat(
        [
            territorial_control[ASSERTION_COLUMNS].assign(origin="assertion"),
            claims[ASSERTION_COLUMNS].assign(origin="claim"),
        ],
        ignore_index=True,
    )


def seen(rows: pd.DataFrame, ended_column: str, known_on: date | None) -> pd.Series:
    """Whether each row counted at the end of a day (UTC); for None, whether it counts now."""
    ended = rows[ended_column]
    if known_on is None:
        return ended.isna()
    end = pd.Timestamp(known_on, tz="UTC") + DAY
    return (rows["recorded_at"] < end) & (ended.isna() | (ended >= end))


def known(assertions: pd.DataFrame, known_on: date | None) -> pd.DataFrame:
    """Statements recorded by the end of a day (UTC) and not yet withdrawn then; all current ones for ``None``."""
    return assertions[seen(assertions, "withdrawn_at", known_on)]


def admissible(assertions: pd.DataFrame, evidence: str) -> pd.DataFrame:
    """Statements that count at an evidence level (definition evidence-1).

    Raises
    ------
    ValueError
        The level is not one of ``EVIDENCE_LEVELS``.
    """
    if evidence not in EVIDENCE_LEVELS:
        raise ValueError(f"evidence must be one of {', '.join(EVIDENCE_LEVELS)}, not {evidence!r}")
    if evidence == "all_claims":
        return assertions
    rank = assertions["verification"].map(VERIFICATION_RANK).astype("int64")
    own_gain = assertions["claimant"].map(PARTY_OF_CLAIMANT) == assertions["status"].map(SIDE_OF_STATUS)
    floor = np.where(
        own_gain, VERIFICATION_RANK[Verification.CORROBORATED], VERIFICATION_RANK[Verification.SINGLE_SOURCE]
    )
    return assertions[rank >= floor]


def with_sub_zones(assertions: pd.DataFrame) -> pd.DataFrame:
    """Statements per named sub-zone: those about the sub-zone, and those about the whole neighborhood around it.

    Returns
    -------
    DataFrame
        As the input, with ``neighborhood_id`` = ``<neighborhood>/<sub-zone>`` for each sub-zone ever named. A
        neighborhood of which no sub-zone is named does not occur.
    """
    is_part = assertions["sub_zone"].notna() & (assertions["sub_zone"] != "")
    parts = assertions[is_part]
    zones = parts[["neighborhood_id", "sub_zone"]].drop_duplicates().rename(columns={"sub_zone": "zone"})
    whole = assertions[~is_part].merge(zones, on="neighborhood_id")
    rows = pd.concat([parts.assign(zone=parts["sub_zone"]), whole], ignore_index=True)
    rows["neighborhood_id"] = rows["neighborhood_id"].str.cat(rows["zone"], sep="/")
    return rows.drop(columns="zone")


def whole_statements(assertions: pd.DataFrame) -> pd.DataFrame:
    """Statements about whole neighborhoods; a party's wider claim of the same day does not widen its named streets."""
    is_part = (
        assertions["sub_zone"].notna()
        & (assertions["sub_zone"] != "")
        & ~assertions["neighborhood_id"].str.contains("/")
    )
    if not is_part.any():
        return assertions
    keys = ["neighborhood_id", "claimant", "status", "from_earliest"]
    named = assertions.loc[is_part, keys].drop_duplicates()
    # Few statements can be such a claim: only these are compared.
    claimed = ~is_part & (assertions["verification"] == Verification.CLAIMED)
    claimed &= assertions["neighborhood_id"].isin(named["neighborhood_id"])
    wider = claimed.to_numpy().copy()
    wider[wider] = (
        assertions.loc[claimed, keys].merge(named.assign(named=True), on=keys, how="left")["named"].eq(True)
    )
    return assertions[~is_part & ~wider]


def status_history(
    assertions: pd.DataFrame,
    *,
    known_on: date | None = None,
    evidence: str = "all_claims",
    stale_after_days: int = STALE_AFTER_DAYS,
    clashes: pd.DataFrame | None = None,
    rules: Rules = RULES,
) -> pd.DataFrame:
    """Intervals of status per neighborhood, without overlap; a gap after the staleness limit is its own interval.

    Parameters
    ----------
    assertions
        Statements with ``ASSERTION_COLUMNS`` (``source_publisher`` … ``note`` may be absent).
    known_on
        Count only what was recorded by that day.
    evidence
        ``all_claims`` or ``corroborated``.
    stale_after_days
        Days after the end of the latest window of the statements that say a status on which it becomes unknown.
    clashes
        Armed clashes with state forces, as known on the same day: ``neighborhood_id, event_date``.
    rules
        Constants of contested and disputed, where a link holds older ones fast.

    Returns
    -------
    DataFrame
        One row per interval ``[valid_from, valid_to)``; ``valid_to`` is NaT for the last. Columns
        ``neighborhood_id, valid_from, valid_to, status, last_status, since, assertion_id, actor_id, verification,
        source_id, confirmed_on, contested_from, is_stale, is_disputed``. ``since`` is the first day of the unbroken
        run of the same status; ``last_status`` keeps the reported status of a stale interval. Sorted by neighborhood
        and date.
    """
    return history_of(
        in_order(assertions),
        known_on=known_on,
        evidence=evidence,
        stale_after_days=stale_after_days,
        clashes=clashes,
        rules=rules,
    )


def in_order(assertions: pd.DataFrame) -> pd.DataFrame:
    """Statements in the order in which they give a status, whatever reading is chosen later.

    Returns
    -------
    DataFrame
        The columns of ``assertions`` that decide about statuses and ``rank, side, specific, source, unit`` (numbers for
        the last two) and ``row`` (its place in ``assertions``), sorted by neighborhood and date; rows without a date are
        left out.
    """
    dated = assertions["from_earliest"].notna()
    rows = assertions.loc[dated, _LEDGER_COLUMNS]
    rows = rows.assign(
        row=np.flatnonzero(dated),
        rank=rows["verification"].map(VERIFICATION_RANK).astype("int64"),
        side=rows["status"].map(SIDE_OF_STATUS),
        specific=rows["sub_zone"].notna() & (rows["sub_zone"] != ""),
        source=pd.factorize(rows["source_id"].where(rows["source_id"].notna(), rows["assertion_id"]))[0],
    ).sort_values(
        ["neighborhood_id", "from_earliest", "specific", "rank", "published_date", "assertion_id"],
        kind="stable",
        ignore_index=True,
    )
    return rows.assign(unit=pd.factorize(rows["neighborhood_id"])[0])


def history_of(
    ordered: pd.DataFrame,
    *,
    known_on: date | None,
    evidence: str,
    stale_after_days: int,
    clashes: pd.DataFrame | None = None,
    rules: Rules = RULES,
) -> pd.DataFrame:
    """What :func:`status_history` returns, from statements :func:`in_order`."""
    rows = known(ordered, known_on)
    ledger = _ledger(whole_statements(admissible(rows, evidence)), clashes, rules)
    limit = ledger["confirmed_on"] + (stale_after_days + 1) * DAY
    lapses = ledger["valid_to"].isna() | (ledger["valid_to"] > limit)
    stale = ledger[lapses].assign(
        status=str(Status.UNKNOWN),
        is_stale=True,
        valid_from=limit[lapses],
        contested_from=pd.NaT,
        is_disputed=False,
    )
    fresh = ledger.assign(valid_to=ledger["valid_to"].where(~lapses, limit))
    history = pd.concat([fresh, stale], ignore_index=True)
    # A statement with a long window can outlast the next one: then it has no fresh days of its own to lapse.
    history = history[history["valid_to"].isna() | (history["valid_to"] > history["valid_from"])]
    history = history.sort_values(["neighborhood_id", "valid_from"], kind="stable", ignore_index=True)
    same = (history["neighborhood_id"] == history["neighborhood_id"].shift()) & (
        history["status"] == history["status"].shift()
    )
    runs = (~same).cumsum()
    history["since"] = (
        history.groupby(runs)["valid_from"].transform("first") if len(history) else history["valid_from"]
    )
    return history


def _ledger(assertions: pd.DataFrame, clashes: pd.DataFrame | None, rules: Rules) -> pd.DataFrame:
    """The statements that give a status, in order, each with what the other statements say about it."""
    rows = assertions.reset_index(drop=True)
    credible = rows["rank"] >= VERIFICATION_RANK[Verification.SINGLE_SOURCE]
    window = pd.Timedelta(days=rules.contested_window_days)
    both = pd.Series(True, index=rows.index)
    for side in ("state", "gang"):
        dates = rows["from_earliest"].where(credible & (rows["side"] == side))
        last = dates.groupby(rows["unit"], sort=False).ffill()
        both &= (rows["from_earliest"] - last) <= window
    # Statements of one day are one moment: what holds after the last of them holds for the day.
    is_last_of_day = ~rows.duplicated(["unit", "from_earliest"], keep="last")
    rows["contested_by_rule"] = both
    rows["is_disputed"] = _disputed(rows, rules.dispute_window_days)
    rows["valid_from"] = rows["from_earliest"]
    # A statement of the same status whose window reaches further confirms it; one of another status does not.
    rows["confirmed_on"] = rows.groupby(["unit", "status"], sort=False)["from_latest"].cummax()
    winners = rows[is_last_of_day].copy()
    winners["valid_to"] = winners.groupby("unit", sort=False)["valid_from"].shift(-1)
    contested = winners["contested_by_rule"] | (winners["side"] == "contested")
    by_clash = _second_clash(winners, clashes, rules)
    winners["contested_from"] = winners["valid_from"].where(contested, by_clash)
    winners["last_status"] = winners["status"]
    winners["is_stale"] = False
    columns = [
        *(
            "neighborhood_id",
            "valid_from",
            "valid_to",
            "status",
            "last_status",
            "assertion_id",
            "actor_id",
            "verification",
        ),
        *("source_id", "confirmed_on", "contested_from", "is_stale", "is_disputed"),
    ]
    return winners[columns].reset_index(drop=True)


def _disputed(rows: pd.DataFrame, window_days: int) -> pd.Series:
    """Whether each statement is disputed by another source (definition disputed-1); rows are sorted."""
    unit, source = rows["unit"].to_numpy(), rows["source"].to_numpy()
    side = pd.Index(_DECIDED_SIDES).get_indexer(rows["side"])
    decided = side >= 0
    rank = rows["rank"].to_numpy()
    days = (rows["from_earliest"] - pd.Timestamp("1970-01-01")).dt.days.to_numpy()
    later = rows.groupby(["unit", "source"], sort=False)["from_earliest"].shift(-1)
    superseded = (later - pd.Timestamp("1970-01-01")).dt.days.fillna(np.inf).to_numpy()
    disputed = np.zeros(len(rows), dtype=bool)
    for lag in range(1, len(rows)):
        this, other = np.arange(lag, len(rows)), np.arange(len(rows) - lag)
        near = (unit[this] == unit[other]) & (days[this] - days[other] <= window_days)
        if not near.any():
            break
        disputed[this] |= (
            near
            & decided[this]
            & decided[other]
            & (side[this] != side[other])
            & (source[this] != source[other])
            & (rank[other] >= rank[this])
            & (superseded[other] > days[this])
        )
    return pd.Series(disputed, index=rows.index)


def _second_clash(winners: pd.DataFrame, clashes: pd.DataFrame | None, rules: Rules) -> pd.Series:
    """Date of the clash that makes a status contested: the n-th within the window after its statement; NaT if none."""
    if clashes is None or clashes.empty or winners.empty:
        return pd.Series(pd.NaT, index=winners.index, dtype="datetime64[us]")
    units = pd.Index(winners["neighborhood_id"].unique())
    span = 1_000_000
    # Clashes outside the units get negative keys: they lie before all others.
    clash_keys = np.sort(
        _codes(clashes["neighborhood_id"], units) * span + day_numbers(clashes["event_date"])
    )
    start = _codes(winners["neighborhood_id"], units) * span + day_numbers(winners["valid_from"])
    position = np.searchsorted(clash_keys, start, side="right") + rules.contested_min_clashes - 1
    found = position < len(clash_keys)
    days = np.full(len(winners), -1)
    days[found] = clash_keys[position[found]] - start[found]
    hit = (days >= 0) & (days <= rules.contested_window_days)
    dates = winners["valid_from"] + pd.to_timedelta(np.where(hit, days, 0), unit="D")
    dates = dates.where(hit)
    return dates.where(winners["valid_to"].isna() | (dates < winners["valid_to"]))


def _codes(values: pd.Series, among: pd.Index) -> np.ndarray:
    """Place of each value in an index, -1 where it is not among them; texts are looked up once each."""
    codes, texts = pd.factorize(values)
    return np.append(among.get_indexer(pd.Index(texts)), -1)[codes]


def day_numbers(dates: pd.Series) -> np.ndarray:
    """Days since 1970 as integers."""
    return dates.to_numpy("datetime64[D]").astype("int64")


def rows_on(ids: pd.Series, starts: pd.Series, units: pd.Index, days: pd.DatetimeIndex) -> np.ndarray:
    """Place of the row that holds on each day: the last of its unit that has started.

    Parameters
    ----------
    ids, starts
        Unit and first day of each row, sorted by both.
    units, days
        Units and days asked for, each sorted.

    Returns
    -------
    ndarray of int
        One entry per unit and day, units first; -1 where no row has started.
    """
    span = 1_000_000
    # The rows are sorted by unit and date, and so are the keys of those asked for.
    unit = _codes(ids, units)
    asked = np.flatnonzero(unit >= 0)
    keys = unit[asked] * span + day_numbers(starts)[asked]
    wanted = (np.arange(len(units))[:, None] * span + day_numbers(days.to_series())[None, :]).ravel()
    position = np.searchsorted(keys, wanted, side="right") - 1
    found = position >= 0
    found[found] = keys[position[found]] // span == wanted[found] // span
    row = np.full(len(wanted), -1)
    row[found] = asked[position[found]]
    return row


def _days(dates: Iterable[date]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(list(dates))).as_unit("us").unique().sort_values()


def statuses_over(
    history: pd.DataFrame, dates: Iterable[date], areas: Iterable[str]
) -> tuple[np.ndarray, pd.DatetimeIndex]:
    """Statuses alone of what :func:`panel_of` returns: a tenth of the time where many dates are asked for.

    Returns
    -------
    statuses, days
        Places in ``STATUSES``, areas in their order × days; and the days, sorted.
    """
    days = _days(dates)
    ids = pd.Index(list(areas), dtype="str")
    units = ids.sort_values()
    row = rows_on(history["neighborhood_id"], history["valid_from"], units, days)
    # Row -1, nothing found, takes the last.
    codes = np.append(STATUSES.get_indexer(history["status"]), STATUSES.get_loc(str(Status.NO_DATA)))
    return codes[row].reshape(len(units), len(days))[units.get_indexer(ids)], days


def panel_of(
    history: pd.DataFrame, dates: Iterable[date], areas: Iterable[str] | None = None
) -> pd.DataFrame:
    """Sample a status history on dates.

    Parameters
    ----------
    history
        As :func:`status_history` returns it.
    dates
        Civil dates.
    areas
        Neighborhood ids to report; those without any statement get ``no_data``. Default: those in the history.

    Returns
    -------
    DataFrame
        One row per neighborhood and date, sorted by both: ``neighborhood_id, date, status, last_status, since,
        assertion_id, actor_id, verification, source_id, confirmed_on, age_days, is_stale, is_contested,
        is_disputed``. ``age_days`` counts from ``confirmed_on``, the end of the latest window of the statements that say
        this status.
    """
    days = _days(dates)
    units = pd.Index(
        sorted(history["neighborhood_id"].unique() if areas is None else set(areas)), dtype="str"
    )
    row = rows_on(history["neighborhood_id"], history["valid_from"], units, days)
    found = row >= 0

    def picked(name: str) -> pd.Series:
        return pd.Series(history[name].array.take(row, allow_fill=True))

    def is_true(name: str) -> np.ndarray:
        values = np.append(history[name].to_numpy(dtype="bool"), False)
        return values[row]  # row -1, nothing found, takes the last

    day = pd.Series(np.tile(days, len(units)))
    confirmed, contested, stale = picked("confirmed_on"), picked("contested_from"), is_true("is_stale")
    age = np.maximum(day_numbers(day) - day_numbers(confirmed.where(found, day)), 0)
    return pd.DataFrame(
        {
            "neighborhood_id": units.repeat(len(days)),
            "date": day,
            "status": picked("status").astype("str").where(found, str(Status.NO_DATA)),
            "last_status": picked("last_status").astype("str").where(found, str(Status.NO_DATA)),
            "since": picked("since"),
            "assertion_id": picked("assertion_id"),
            "actor_id": picked("actor_id"),
            "verification": picked("verification"),
            "source_id": picked("source_id"),
            "confirmed_on": confirmed,
            "is_stale": stale,
            "is_disputed": is_true("is_disputed"),
            "is_contested": (contested <= day).to_numpy() & ~stale,
            "age_days": pd.Series(age, dtype="Float64").where(found),
        }
    )


def status_panel(
    assertions: pd.DataFrame,
    dates: Iterable[date],
    *,
    known_on: date | None = None,
    evidence: str = "all_claims",
    stale_after_days: int = STALE_AFTER_DAYS,
    clashes: pd.DataFrame | None = None,
    areas: Iterable[str] | None = None,
    rules: Rules = RULES,
) -> pd.DataFrame:
    """Status of every neighborhood on every date: :func:`status_history` sampled by :func:`panel_of`."""
    history = status_history(
        assertions,
        known_on=known_on,
        evidence=evidence,
        stale_after_days=stale_after_days,
        clashes=clashes,
        rules=rules,
    )
    return panel_of(history, dates, areas)


def state_clashes(
    incidents: pd.DataFrame, actors: pd.DataFrame, known_on: date | None = None
) -> pd.DataFrame:
    """Armed clashes in which state forces take part, at neighborhood precision: ``neighborhood_id, event_date``.

    Only primary rows count, in the version that held at the end of the known-on date (UTC), or holds now; a clash of gangs
    among themselves does not contest the state's hold.
    """
    return clashes_known(all_state_clashes(incidents, actors), known_on)


def all_state_clashes(incidents: pd.DataFrame, actors: pd.DataFrame) -> pd.DataFrame:
    """All versions of what :func:`state_clashes` returns, with ``recorded_at, superseded_at``: the same for all known-on dates."""
    state = set(actors.loc[actors["side"] == "state", "actor_id"])
    rows = incidents[
        (incidents["sub_event_type"] == "Armed clash")
        & (incidents["count_role"] == "primary")
        & incidents["neighborhood_id"].notna()
    ]
    # The same few combinations of actors recur in any number of events.
    codes, combinations = pd.factorize(rows["actor_ids"])
    takes_part = np.array([bool(state & set(ids.split("|"))) for ids in combinations] + [False])[codes]
    clashes = rows.loc[takes_part, ["neighborhood_id", "event_date", "recorded_at", "superseded_at"]]
    return clashes.astype({"neighborhood_id": "category"})


def clashes_known(clashes: pd.DataFrame, known_on: date | None) -> pd.DataFrame:
    """Those of :func:`all_state_clashes` that held at the end of a day (UTC), or hold now, without their versions."""
    return clashes.loc[seen(clashes, "superseded_at", known_on), ["neighborhood_id", "event_date"]]


def transitions(panel: pd.DataFrame, start: date, end: date) -> pd.DataFrame:
    """What changed between two dates of a panel.

    Returns
    -------
    DataFrame
        ``neighborhood_id, status_from, status_to`` and the columns of the later date, only for neighborhoods whose
        status differs.
    """
    first = panel[panel["date"] == pd.Timestamp(start)].set_index("neighborhood_id")
    last = panel[panel["date"] == pd.Timestamp(end)].set_index("neighborhood_id")
    both = last.assign(status_from=first["status"].reindex(last.index), status_to=last["status"])
    return both[both["status_from"] != both["status_to"]].reset_index()
