"""What the page Evidence shows, derived from a model: who says what, how far the headline depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pandas as pd

from monitor.analysis import agreement, breaks, lags, retaken, revisions, robustness, status, voids
from monitor.analysis.definitions import STALE_CHOICES
from monitor.analysis.model import Choice, Model, Reading, derived

_STATUS = ("territorial_control", "retaken_areas", "incidents", "actors", "neighborhoods")
#: Datasets whose volume is watched for breaks.
WATCHED = ("territorial_control", "retaken_areas", "incidents", "site_status")


@derived("territorial_control", "retaken_areas", "neighborhoods")
def _admitted(model: Model, known_on: date | None, evidence: str) -> pd.DataFrame:
    rows = status.admissible(model.known_assertions(known_on), evidence)
    return rows[rows["neighborhood_id"].isin(model.scope()["neighborhood_id"])]


def admitted(model: Model, choice: Choice) -> pd.DataFrame:
    """Statements about neighborhoods in scope that count under the choice, of all dates."""
    return _admitted(model, choice.known_on, choice.evidence)


@derived("territorial_control", "retaken_areas", "neighborhoods")
def _latest_first(model: Model, known_on: date | None, evidence: str) -> pd.DataFrame:
    return _admitted(model, known_on, evidence).sort_values("from_earliest", ascending=False, kind="stable")


def latest_first(model: Model, choice: Choice) -> pd.DataFrame:
    """What :func:`admitted` returns, the latest statement first."""
    return _latest_first(model, choice.known_on, choice.evidence)


@derived("territorial_control", "retaken_areas", "neighborhoods")
def _ordered(model: Model, known_on: date | None, evidence: str) -> pd.DataFrame:
    rows = status.admissible(status.known(model.statements(), known_on), evidence)
    rows = rows[rows["neighborhood_id"].isin(model.scope()["neighborhood_id"])]
    return robustness.with_sources(rows, model.assertions())


@derived("territorial_control", "retaken_areas", "neighborhoods")
def _voices(
    model: Model, known_on: date | None, evidence: str, stale_after_days: int, by: str
) -> pd.DataFrame:
    return agreement.voices(_admitted(model, known_on, evidence), by=by, stale_after_days=stale_after_days)


def voices(model: Model, choice: Choice, *, by: str = "source_publisher") -> pd.DataFrame:
    """What each source says of each neighborhood, and from when to when (``agreement.voices``)."""
    return _voices(model, choice.known_on, choice.evidence, choice.stale_after_days, by)


def said(model: Model, choice: Choice) -> pd.DataFrame:
    """What every source says on the chosen date (``agreement.said_on``)."""
    return agreement.said_on(voices(model, choice), choice.as_of)


@derived("territorial_control", "retaken_areas", "neighborhoods")
def _pairs(model: Model, reading: Reading, as_of: date, by: str) -> pd.DataFrame:
    choice = Choice(as_of, *reading)
    return agreement.pair_agreement(voices(model, choice, by=by), model.weeks(as_of))


def pairs(model: Model, choice: Choice, *, by: str = "source_publisher") -> pd.DataFrame:
    """Agreement of pairs of sources over all weeks up to the chosen date (``agreement.pair_agreement``)."""
    return _pairs(model, choice.reading, choice.as_of, by)


@derived(*_STATUS)
def _nine_rows(model: Model, reading: Reading, as_of: date) -> pd.DataFrame:
    return robustness.explainer_rows(model.panel(Choice(as_of, *reading)), model.scope())


def nine_rows(model: Model, choice: Choice) -> pd.DataFrame:
    """One row per neighborhood behind the nine numbers (``robustness.explainer_rows``)."""
    return _nine_rows(model, choice.reading, choice.as_of)


@derived(*_STATUS)
def _nine(model: Model, reading: Reading, as_of: date) -> pd.DataFrame:
    return robustness.explainer(_nine_rows(model, reading, as_of))


def nine(model: Model, choice: Choice) -> pd.DataFrame:
    """The nine numbers (``robustness.explainer``)."""
    return _nine(model, choice.reading, choice.as_of)


@derived(*_STATUS)
def _changes(model: Model, reading: Reading, as_of: date) -> pd.DataFrame:
    choice = Choice(as_of, *reading)
    return robustness.statuses_without(
        _ordered(model, choice.known_on, choice.evidence), as_of, stale_after_days=choice.stale_after_days
    )


def changes(model: Model, choice: Choice) -> pd.DataFrame:
    """Neighborhoods whose status rests on one source (``robustness.statuses_without``)."""
    return _changes(model, choice.reading, choice.as_of)


def headline_range(
    model: Model, choice: Choice, *, measure: str, denominator: str
) -> tuple[float, float, float]:
    """Lowest and highest share when each source in turn is dropped, and the share itself."""
    rows = nine_rows(model, choice)
    base = float(nine(model, choice).set_index(["denominator", "measure"])["share"][denominator, measure])
    shares = robustness.share_without(changes(model, choice), rows, measure=measure, denominator=denominator)[
        "share"
    ]
    return min([base, *shares]), max([base, *shares]), base


def sensitivity(model: Model, choice: Choice, *, measure: str, denominator: str) -> pd.DataFrame:
    """The headline under other readings (``robustness.sensitivity``)."""
    other_level = "all_claims" if choice.evidence == "corroborated" else "corroborated"
    places = model.scope()

    def rows_of(other: Choice) -> pd.DataFrame:
        panel = robustness.statuses_on(
            _ordered(model, other.known_on, other.evidence),
            other.as_of,
            areas=places["neighborhood_id"],
            stale_after_days=other.stale_after_days,
        )
        return robustness.explainer_rows(panel, places)

    others = {other_level: rows_of(replace(choice, evidence=other_level))}
    others |= {
        f"stale_{days}": rows_of(replace(choice, stale_after_days=days))
        for days in STALE_CHOICES
        if days != choice.stale_after_days
    }
    return robustness.sensitivity(
        nine_rows(model, choice), changes(model, choice), others, measure=measure, denominator=denominator
    )


@derived("territorial_control", "retaken_areas", "neighborhoods")
def _gains(model: Model, known_on: date | None, evidence: str) -> pd.DataFrame:
    return lags.gains(_admitted(model, known_on, evidence))


def gains(model: Model, choice: Choice) -> pd.DataFrame:
    """Changes of side up to the chosen date and how late each was published (``lags.gains``)."""
    rows = _gains(model, choice.known_on, choice.evidence)
    return rows[rows["from_earliest"] <= pd.Timestamp(choice.as_of)].reset_index(drop=True)


@derived(*_STATUS)
def _unseen_losses(model: Model, reading: Reading) -> pd.DataFrame:
    choice = Choice(date.min, *reading)
    found = retaken.claims_of_all_dates(model, choice)
    return lags.unseen_losses(found, model.known_assertions(choice.known_on))


def unseen_losses(model: Model, choice: Choice) -> pd.DataFrame:
    """Claims of retaken places whose loss nobody had published before (``lags.unseen_losses``), up to the chosen date."""
    rows = _unseen_losses(model, choice.reading)
    rows = rows[rows["claim_date"] <= pd.Timestamp(choice.as_of)]
    if choice.evidence == "corroborated":
        rows = rows[rows["claim_key"].isin(retaken.register(model, choice)["claim_key"])]
    return rows.reset_index(drop=True)


def silence(model: Model, choice: Choice) -> pd.DataFrame:
    """Weeks without a statement per neighborhood (``voids.silence``)."""
    return voids.silence(admitted(model, choice), model.scope(), as_of=choice.as_of)


def _breaks(model: Model, dataset_id: str, known_on: date | None, until: date) -> list[breaks.Break]:
    """Breaks of one dataset's sources: a figure asks for no dataset that it is not drawn from.

    The rows are counted once for all dates; what a date needs is found in the counts, once for all figures of its week.
    """

    def compute() -> tuple[dict[str, pd.Series], list[breaks.Break]]:
        rows = _known(model.frame(dataset_id), known_on)
        return breaks.weekly_volumes(rows, dataset_id), [
            item
            for item in breaks.method_breaks(model.frame("milestones"), {dataset_id: rows})
            if item.dataset_id == dataset_id
        ]

    volumes, methods = model.kept("volumes", (dataset_id, "milestones"), (known_on,), compute)
    found: list[breaks.Break] = model.kept(
        "volume breaks",
        (dataset_id,),
        (known_on, breaks.last_complete_week(until)),
        lambda: breaks.volume_breaks(volumes, dataset_id, until=until),
    )
    return found + [item for item in methods if item.start <= until]


def _known(rows: pd.DataFrame, known_on: date | None) -> pd.DataFrame:
    ended = "withdrawn_at" if "withdrawn_at" in rows else "superseded_at"
    return rows[status.seen(rows, ended, known_on)]


def breaks_of(
    model: Model, dataset_ids: tuple[str, ...], *, known_on: date | None, until: date
) -> tuple[breaks.Break, ...]:
    """Breaks of the sources of some datasets up to a date, in order of date."""
    watched = [name for name in dataset_ids if name in WATCHED]
    return breaks.affecting(
        [item for name in watched for item in _breaks(model, name, known_on, until)], watched
    )


@derived("territorial_control", "retaken_areas", "incidents")
def _revised(model: Model, then: date, now: date | None, as_of: date) -> pd.DataFrame:
    keep = [
        *("kind", "dataset_id", "row_id", "date", "learned_at", "days_late", "was_id", "neighborhood_id"),
        *("status", "note", "source_publisher", "source_url", "source_checked"),
    ]
    found = []
    for ledger in revisions.LEDGERS:
        table = revisions.revisions(model.frame(ledger.dataset_id), ledger, then=then, now=now, as_of=as_of)
        if "summary" in table:
            table = table.rename(columns={"summary": "note"}).assign(status=table["sub_event_type"])
        found.append(table[keep].astype({"status": "object", "was_id": "object"}))
    return pd.concat(found, ignore_index=True).sort_values(
        ["learned_at", "row_id"], ascending=[False, True], kind="stable", ignore_index=True
    )


def revised(model: Model, choice: Choice, then: date) -> pd.DataFrame:
    """What was learned, corrected or withdrawn about dates up to the one shown, since a day (revision-1)."""
    return _revised(model, then, choice.known_on, choice.as_of)


def share_then_and_now(model: Model, choice: Choice, then: date) -> Mapping[str, pd.DataFrame]:
    """Share tables over time as known then and as known now, for the same dates."""
    days = model.weeks(choice.as_of)
    return {
        "then": model.share_table(replace(choice, known_on=then), *days),
        "now": model.share_table(choice, *days),
    }
