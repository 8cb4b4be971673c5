"""Frame contracts and vocabularies: the words and columns that every other module shares.

Nothing local is imported here. Importing this module is cheap (no pandera, no geopandas): the dashboard reads
vocabularies and column kinds from it at start-up; :func:`enforce` builds the pandera schema only when a loader
validates a frame.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

import pandas as pd

if TYPE_CHECKING:
    import pandera.pandas as pa

# --------------------------------------------------------------------------------------------------------------------
# Vocabularies
# --------------------------------------------------------------------------------------------------------------------


class Status(StrEnum):
    """Who holds a neighborhood (docs/methods.md, "Status of a neighborhood")."""

    GANG_CONTROL = "gang_control"
    GANG_INFLUENCE = "gang_influence"
    CONTESTED = "contested"
    STATE_PRESENCE = "state_presence"
    STATE_HELD = "state_held"
    THIRD_PARTY = "third_party"
    UNKNOWN = "unknown"
    NO_DATA = "no_data"


#: Statuses an assertion may carry; ``no_data`` is only ever derived (never any assertion).
ASSERTED_STATUSES = tuple(s for s in Status if s is not Status.NO_DATA)

#: The side each status speaks for. Statuses without a side cannot disagree with anyone.
SIDE_OF_STATUS: Mapping[str, str] = {
    Status.GANG_CONTROL: "gang",
    Status.GANG_INFLUENCE: "gang",
    Status.STATE_PRESENCE: "state",
    Status.STATE_HELD: "state",
    Status.THIRD_PARTY: "third_party",
    Status.CONTESTED: "contested",
    Status.UNKNOWN: "none",
    Status.NO_DATA: "none",
}


class Verification(StrEnum):
    """How far a statement has been verified, weakest first; ``denied`` stands outside the order."""

    DENIED = "denied"
    CLAIMED = "claimed"
    SINGLE_SOURCE = "single_source"
    CORROBORATED = "corroborated"
    CONFIRMED = "confirmed"


VERIFICATION_RANK: Mapping[str, int] = {
    Verification.DENIED: 0,
    Verification.CLAIMED: 1,
    Verification.SINGLE_SOURCE: 2,
    Verification.CORROBORATED: 3,
    Verification.CONFIRMED: 4,
}

CLAIMANTS = ("state", "gang", "residents", "press", "UN", "NGO", "analyst")

#: The side a claimant belongs to when it speaks of its own gains.
PARTY_OF_CLAIMANT: Mapping[str, str] = {"state": "state", "gang": "gang"}

CONFIDENCES = ("high", "medium", "low")
PRECISIONS = ("day", "month", "quarter", "year")
SOURCE_CHECKS = ("page", "recall")
PLACE_TYPES = ("neighborhood", "commune", "locality", "aggregate")
GEOMETRY_BASES = ("official", "mapped", "approximate", "none")
LOCATION_PRECISIONS = ("neighborhood", "commune", "metro", "national", "outside")
SITE_STATUSES = ("open", "reduced", "closed", "destroyed", "unknown")
SITE_EVENTS = ("attacked", "retaken", "reopened")
ACTOR_SIDES = ("gang", "state", "third_party", "other")
#: How an actor belongs to another; only members are counted with their coalition.
RELATIONS = ("member", "ally")
#: Rules by which statements about the mission are judged (monitor.analysis.scorecard).
STATEMENT_RULES = (
    "helped_retake",
    "regained",
    "secured_site",
    "reopened_site",
    "lacks_funds",
    "lacks_personnel",
    "happened",
)
EVENT_TYPES = (
    "Battles",
    "Explosions/Remote violence",
    "Violence against civilians",
    "Riots",
    "Protests",
    "Strategic developments",
)
MISSION_BASES = (
    "authorised",
    "pledged",
    "offered",
    "deployed",
    "required",
    "committed",
    "received",
    "frozen",
    "delivered",
    "strength",
    "other",
)

#: The communes whose neighborhoods make up the product's default scope *U*.
METRO_COMMUNES = (
    "Port-au-Prince",
    "Delmas",
    "Carrefour",
    "Pétion-Ville",
    "Kenscoff",
    "Gressier",
    "Cité Soleil",
    "Tabarre",
    "Croix-des-Bouquets",
)

LOCAL_TIME_ZONE = "America/Port-au-Prince"

# --------------------------------------------------------------------------------------------------------------------
# Contracts
# --------------------------------------------------------------------------------------------------------------------

Kind = Literal["id", "text", "url", "date", "timestamp", "float", "int", "bool"]


@dataclass(frozen=True)
class Column:
    """One column: its kind, whether it must be filled, the values it may take, and what it means."""

    name: str
    kind: Kind
    about: str
    required: bool = False
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    #: Text of ours that readers see in their language (docs/languages.md): a name, label or statement must be translated
    #: before it is committed; a remark may wait and is shown as it was written.
    translated: Literal["no", "may", "must"] = "no"


Format = Literal["csv", "geojson", "parquet"]


@dataclass(frozen=True)
class Contract:
    """What a dataset's frame looks like: columns in file order, the key, and the file's name.

    The suffix of ``file_name`` is the format: tables that people review are CSV, bulk tables are Parquet, features are
    GeoJSON.
    """

    dataset_id: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    file_name: str = "data.csv"
    date_column: str | None = None
    #: Column that says when a version of a row ended: it was replaced by a later version, or withdrawn. A dataset without
    #: one keeps no versions.
    ends: str | None = None
    #: Rows come from a service or a provider's file, are not part of the repository, and may not have been fetched yet.
    is_fetched: bool = False

    @property
    def column_names(self) -> list[str]:
        """Column names in file order, without ``geometry``."""
        return [column.name for column in self.columns]

    @property
    def format(self) -> Format:
        """Format of the data file."""
        match self.file_name.rpartition(".")[2]:
            case "geojson":
                return "geojson"
            case "parquet":
                return "parquet"
            case _:
                return "csv"

    @property
    def has_geometry(self) -> bool:
        """Whether rows are GeoJSON features."""
        return self.format == "geojson"

    @property
    def row_key(self) -> tuple[str, ...]:
        """What tells rows apart: the key, and for a dataset that keeps versions the time at which we recorded it."""
        return self.key if self.ends is None else (*self.key, RECORDED_AT.name)

    def in_bulk(self) -> Contract:
        """The same table as Parquet, for more rows than anybody reviews line by line.

        The store reads a version in whichever of the two formats it was published.
        """
        return replace(self, file_name="data.parquet")


class ContractError(ValueError):
    """A frame that does not have the shape its contract asks for: nothing of it can be used."""


def _id(name: str, about: str, *, required: bool = True) -> Column:
    return Column(name, "id", about, required=required)


def _source_columns(*, dated: bool = True) -> tuple[Column, ...]:
    return (
        Column("source_id", "id", "key of the source in `sources`; empty where the source has no page"),
        Column("source_title", "text", "title of the page or document"),
        Column("source_publisher", "text", "who published it", required=True),
        Column("source_url", "url", "address of the page"),
        Column("published_date", "date", "civil date of publication, not before the event", required=dated),
        Column(
            "source_checked", "text", "page: seen on the page; recall: from knowledge", True, SOURCE_CHECKS
        ),
    )


RECORDED_AT = Column(
    "recorded_at", "timestamp", "when we recorded it (UTC); drives 'as known on'", required=True
)


def _lat_lon(*, required: bool = True) -> tuple[Column, Column]:
    return (
        Column("lat", "float", "latitude, degrees, EPSG:4326", required, minimum=17.5, maximum=20.5),
        Column("lon", "float", "longitude, degrees, EPSG:4326", required, minimum=-75.0, maximum=-71.0),
    )


CONTRACTS: dict[str, Contract] = {
    contract.dataset_id: contract
    for contract in (
        Contract(
            "coastline",
            (
                _id("coastline_id", "part of the shoreline"),
                Column("name", "text", "what the polygon is", required=True),
                Column("source_publisher", "text", "producer of the shoreline", required=True),
                Column("licence", "text", "licence of the shoreline", required=True),
            ),
            key=("coastline_id",),
            file_name="data.geojson",
        ),
        Contract(
            "communes",
            (
                _id("commune_id", "slug of the commune"),
                Column("name", "text", "name of the commune", required=True),
                Column("geometry_basis", "text", "where the outline comes from", True, GEOMETRY_BASES),
                Column("area_km2", "float", "area of the outline, km², EPSG:6933", True, minimum=0),
                Column("population", "float", "people", minimum=0),
                Column("population_year", "int", "vintage of the population figure"),
                Column("population_basis", "text", "how the population was obtained"),
                *_source_columns(),
            ),
            key=("commune_id",),
            file_name="data.geojson",
        ),
        Contract(
            "neighborhoods",
            (
                _id("neighborhood_id", "slug of the place, the key used everywhere"),
                Column("name", "text", "name of the place", required=True),
                Column("place_type", "text", "level of the place", True, PLACE_TYPES),
                Column(
                    "is_in_scope", "bool", "one of the areas that shares are computed over", required=True
                ),
                Column("commune", "text", "commune the place belongs to", required=True),
                Column("commune_id", "id", "slug of the commune, where it is a metro commune"),
                Column("section", "text", "communal section"),
                *_lat_lon(),
                Column("coordinate_quality", "text", "good, checked, or approx (0.3-1 km)", True),
                Column("coordinate_source", "text", "where the point comes from"),
                Column("geometry_basis", "text", "where the area comes from", True, GEOMETRY_BASES),
                Column("area_km2", "float", "area, km², EPSG:6933; empty where there is no area", minimum=0),
                Column(
                    "population",
                    "float",
                    "people; for a neighborhood, its commune's figure split by area",
                    minimum=0,
                ),
                Column("population_year", "int", "vintage of the population figure"),
                Column("population_basis", "text", "how the population was obtained"),
                Column("note", "text", "remark"),
                *_source_columns(),
            ),
            key=("neighborhood_id",),
            file_name="data.geojson",
        ),
        Contract(
            "aliases",
            (
                Column("alias", "text", "a spelling", required=True),
                Column(
                    "alias_key", "id", "the spelling without accents, case and punctuation", required=True
                ),
                Column("language", "text", "language of the spelling", True, ("fr", "ht", "en", "und")),
                _id("neighborhood_id", "the place it names"),
                Column("is_name", "bool", "the spelling is the place's main name", required=True),
            ),
            key=("alias_key", "neighborhood_id"),
        ),
        Contract(
            "territorial_control",
            (
                _id("assertion_id", "key of the statement"),
                _id("neighborhood_id", "the place it speaks of"),
                Column("sub_zone", "text", "named part of the place, where only a part is meant"),
                Column("status", "text", "status by the crosswalk", True, tuple(ASSERTED_STATUSES)),
                Column(
                    "source_word", "text", "the source's own category, before the crosswalk", required=True
                ),
                Column("actor_id", "id", "first actor named"),
                Column("actor_ids", "text", "all actors named, separated by |"),
                Column("actor_text", "text", "actors as written"),
                Column("from_earliest", "date", "first day on which it may hold", required=True),
                Column("from_latest", "date", "last day of the window in which it held", required=True),
                Column("date_precision", "text", "precision of the date", True, PRECISIONS),
                Column("claimant", "text", "who says so", True, CLAIMANTS),
                Column(
                    "claimant_name", "text", "the claimant by name, where a party speaks", translated="must"
                ),
                Column("verification", "text", "how far it is verified", True, tuple(Verification)),
                Column("confidence", "text", "judgement of the single report", True, CONFIDENCES),
                *_source_columns(),
                RECORDED_AT,
                Column("withdrawn_at", "timestamp", "when we withdrew it (UTC)"),
                Column(
                    "crosswalk_version",
                    "text",
                    "version of the crosswalk that mapped the words",
                    required=True,
                ),
                Column("note", "text", "what happened, in our words", translated="may"),
            ),
            key=("assertion_id",),
            date_column="from_earliest",
            ends="withdrawn_at",
        ),
        Contract(
            "retaken_areas",
            (
                _id("claim_id", "key of the claim"),
                _id("neighborhood_id", "the place claimed"),
                Column("sub_zone", "text", "named part of the place, where only a part is meant"),
                Column("status", "text", "status by the crosswalk", True, tuple(ASSERTED_STATUSES)),
                Column("claim_date", "date", "day of the operation or announcement", required=True),
                Column("forces", "text", "who took it, as written", required=True, translated="may"),
                Column("actor_id", "id", "first actor named"),
                Column("actor_ids", "text", "all actors named, separated by |"),
                Column("claimant", "text", "who says so", True, CLAIMANTS),
                Column(
                    "claimant_name", "text", "the claimant by name, where a party speaks", translated="must"
                ),
                Column("verification", "text", "how far it is verified", True, tuple(Verification)),
                Column("compiled_outcome", "text", "the compiler's reading, for comparison only"),
                Column("compiled_outcome_basis", "text", "what that reading rests on"),
                Column("compiled_lost_date", "date", "the compiler's date of loss, for comparison only"),
                *_source_columns(),
                RECORDED_AT,
                Column("withdrawn_at", "timestamp", "when we withdrew it (UTC)"),
                Column(
                    "crosswalk_version",
                    "text",
                    "version of the crosswalk that mapped the words",
                    required=True,
                ),
                Column("note", "text", "what happened, in our words", translated="may"),
            ),
            key=("claim_id",),
            date_column="claim_date",
            ends="withdrawn_at",
        ),
        Contract(
            "incidents",
            (
                _id("event_id", "key of the event"),
                Column("provider", "text", "who coded the event", required=True),
                Column("event_date", "date", "day of the event, or first day of the period", required=True),
                Column("date_precision", "text", "precision of the date", True, PRECISIONS),
                Column("event_type", "text", "ACLED vocabulary", True, EVENT_TYPES),
                Column("sub_event_type", "text", "ACLED vocabulary", required=True),
                Column("actor1", "text", "first actor, as written", translated="may"),
                Column("actor2", "text", "second actor, as written", translated="may"),
                Column("actor_ids", "text", "actors named, separated by |"),
                Column("neighborhood_id", "id", "the neighborhood, only where the source is that precise"),
                Column("commune", "text", "the commune"),
                _id("place_id", "the place as reported, at the source's own precision"),
                Column("location_precision", "text", "how precise the place is", True, LOCATION_PRECISIONS),
                Column("fatalities_low", "float", "lowest count of the event's reports", minimum=0),
                Column("fatalities", "float", "count of this report", minimum=0),
                Column("fatalities_high", "float", "highest count of the event's reports", minimum=0),
                Column("fatalities_basis", "text", "what the count rests on", translated="may"),
                Column("event_group", "id", "reports of one event share a group"),
                Column(
                    "count_role", "text", "only primary rows are counted", True, ("primary", "alternative")
                ),
                Column("summary", "text", "what happened, in our words", required=True, translated="may"),
                *_source_columns(),
                RECORDED_AT,
                Column(
                    "superseded_at", "timestamp", "when a newer version of the event replaced this row (UTC)"
                ),
            ),
            key=("event_id",),
            date_column="event_date",
            ends="superseded_at",
        ),
        Contract(
            "key_sites",
            (
                _id("site_id", "key of the site"),
                Column("name", "text", "name of the site", required=True, translated="must"),
                Column("alt_names", "text", "other names, separated by |"),
                Column("site_type", "text", "airport, hospital, port, prison …", required=True),
                Column("tier", "int", "1: first shown; 2: others", True, minimum=1, maximum=2),
                Column("commune", "text", "commune, or the two it straddles", required=True),
                Column("neighborhood_id", "id", "place the site lies in", required=True),
                Column("is_in_scope", "bool", "lies in a metro commune", required=True),
                *_lat_lon(),
                Column("coordinate_quality", "text", "good, checked, or approx", required=True),
                Column("operator", "text", "who runs it", translated="may"),
                Column("note", "text", "remark", translated="may"),
                *_source_columns(),
            ),
            key=("site_id",),
        ),
        Contract(
            "site_status",
            (
                _id("status_id", "key of the report"),
                _id("site_id", "the site"),
                Column("status_date", "date", "day of the state or event", required=True),
                Column("date_precision", "text", "precision of the date", True, PRECISIONS),
                Column(
                    "stated_since", "date", "earlier day since which the source says the state has lasted"
                ),
                Column(
                    "status", "text", "state from that day on; empty for a mere event", values=SITE_STATUSES
                ),
                Column("event", "text", "what happened on that day", values=SITE_EVENTS),
                Column("held_by", "text", "who holds the site from that day on", values=("gang", "state")),
                Column(
                    "source_word", "text", "the source's own category, before the crosswalk", required=True
                ),
                *_source_columns(),
                RECORDED_AT,
                Column("withdrawn_at", "timestamp", "when we withdrew it (UTC)"),
                Column("note", "text", "what was reported, in our words", translated="may"),
            ),
            key=("status_id",),
            date_column="status_date",
            ends="withdrawn_at",
        ),
        Contract(
            "site_restrictions",
            (
                _id("restriction_id", "key of the window"),
                _id("site_id", "the site"),
                Column("authority", "text", "who restricts", required=True, translated="must"),
                Column("start_date", "date", "first day", required=True),
                Column("end_date", "date", "last day announced", required=True),
                Column("scope", "text", "what is restricted", required=True, translated="must"),
                *_source_columns(),
                RECORDED_AT,
                Column("withdrawn_at", "timestamp", "when we withdrew it (UTC)"),
                Column("note", "text", "what was announced, in our words", translated="may"),
            ),
            key=("restriction_id",),
            date_column="start_date",
            ends="withdrawn_at",
        ),
        Contract(
            "actors",
            (
                _id("actor_id", "key of the actor"),
                Column("name", "text", "name", required=True, translated="must"),
                Column("alt_names", "text", "other names, separated by |"),
                Column("actor_type", "text", "gang, coalition, state force …", required=True),
                Column("side", "text", "whose side it fights on", True, ACTOR_SIDES),
                Column("parent_id", "id", "coalition it belongs to"),
                Column("parent_text", "text", "coalition as written, with earlier ones"),
                Column("parent_since", "date", "since when"),
                Column("parent_basis", "text", "what the membership rests on"),
                Column("valid_from", "date", "first day of existence, where dated"),
                Column("valid_to", "date", "last day of existence, where dated"),
                Column("leader", "text", "leader, as reported", translated="may"),
                Column("base_ids", "text", "places it operates from, separated by |"),
                Column("state", "text", "active, degraded …", required=True, translated="must"),
                Column("note", "text", "remark", translated="may"),
                *_source_columns(),
            ),
            key=("actor_id",),
        ),
        Contract(
            "actor_memberships",
            (
                _id("membership_id", "key of the membership"),
                _id("actor_id", "the member"),
                _id("parent_id", "the actor it belongs to"),
                Column("relation", "text", "member, or a looser ally", True, RELATIONS),
                Column("valid_from", "date", "first day; empty where no source dates it"),
                Column("valid_to", "date", "last day; empty where it lasts"),
                Column("basis", "text", "what the dates rest on", translated="must"),
                Column("parent_text", "text", "coalitions as written", required=True),
                *_source_columns(),
            ),
            key=("membership_id",),
        ),
        Contract(
            "statements_scorecard",
            (
                _id("statement_id", "key of the statement"),
                Column("statement", "text", "what is said, in our words", required=True, translated="must"),
                Column("topic", "text", "what it is about", required=True),
                Column("said_by", "text", "who says so", required=True, translated="must"),
                Column("rule", "text", "rule by which it is judged", True, STATEMENT_RULES),
                Column("subject", "id", "site or milestone that the rule looks at"),
                Column("note", "text", "what the statement leaves open", translated="must"),
                *_source_columns(),
            ),
            key=("statement_id",),
        ),
        Contract(
            "mission",
            (
                _id("figure_id", "key of the figure"),
                Column("as_of", "date", "day the figure holds for", required=True),
                Column("date_precision", "text", "precision of the date", True, PRECISIONS),
                Column(
                    "topic",
                    "text",
                    "what is counted",
                    True,
                    ("personnel", "funding", "police", "equipment", "plan"),
                ),
                Column("series", "text", "the series, as compiled", required=True),
                Column("basis", "text", "basis of the figure; bases are never summed", True, MISSION_BASES),
                Column("entity", "text", "country, force or fund", required=True, translated="must"),
                Column("is_batch", "bool", "an arriving batch, not a total", required=True),
                Column("value", "float", "the figure", minimum=0),
                Column("unit", "text", "unit", required=True),
                Column("note", "text", "remark", translated="may"),
                *_source_columns(),
            ),
            key=("figure_id",),
            date_column="as_of",
        ),
        Contract(
            "indicators",
            (
                _id("figure_id", "key of the figure"),
                Column("indicator", "id", "what is measured", required=True),
                Column("area_id", "id", "place the figure is for", required=True),
                Column(
                    "period_start", "date", "first day of the period, or day of the figure", required=True
                ),
                Column("period_end", "date", "last day of the period"),
                Column("date_precision", "text", "precision of the date", True, PRECISIONS),
                Column("value", "float", "the figure", True, minimum=0),
                Column("unit", "text", "unit", required=True),
                Column("note", "text", "remark", translated="may"),
                *_source_columns(),
            ),
            key=("figure_id",),
            date_column="period_start",
        ),
        Contract(
            "milestones",
            (
                _id("milestone_id", "key of the event"),
                Column("milestone_date", "date", "day of the event", required=True),
                Column("kind", "text", "mandate, deployment, site, politics …", required=True),
                Column("label", "text", "what happened", required=True, translated="must"),
                Column("source_checked", "text", "page or recall", True, SOURCE_CHECKS),
            ),
            key=("milestone_id",),
            date_column="milestone_date",
        ),
        Contract(
            "sources",
            (
                _id("source_id", "key of the source"),
                Column("title", "text", "title", required=True),
                Column("publisher", "text", "who published it", required=True),
                Column("source_type", "text", "local press, UN, NGO …", required=True),
                Column("claimant", "text", "whose voice the source is by default", True, CLAIMANTS),
                Column("published_date", "date", "publication date"),
                Column("source_url", "url", "address"),
                Column("licence", "text", "licence or reuse note", required=True, translated="must"),
                Column("cadence_days", "int", "usual days between issues; empty for one-off pages"),
                Column("known_bias", "text", "known bias of this kind of source"),
                Column("method_breaks", "text", "dated changes of method, separated by |"),
                Column("rows_citing", "int", "rows of the fact base that cite it", minimum=0),
            ),
            key=("source_id",),
        ),
    )
}


#: Classes of main roads in OpenStreetMap, the widest first.
ROAD_CLASSES = ("motorway", "trunk", "primary", "secondary")


def _of_provider(dataset_id: str, like: str, file_name: str) -> Contract:
    """Contract of a provider's rows: the columns of a dataset of ours, kept apart from it."""
    return replace(CONTRACTS[like], dataset_id=dataset_id, file_name=file_name, is_fetched=True)


_OSM_ID = "id of the object, way-123 or node-123"

CONTRACTS |= {
    contract.dataset_id: contract
    for contract in (
        Contract(
            "roads",
            (
                _id("road_id", _OSM_ID),
                Column("name", "text", "name"),
                Column("ref", "text", "number of the road"),
                Column("road_class", "text", "class of the road", True, ROAD_CLASSES),
                Column("source_url", "url", "address of the object", required=True),
            ),
            key=("road_id",),
            file_name="data.geojson",
            is_fetched=True,
        ),
        Contract(
            "osm_places",
            (
                _id("osm_id", _OSM_ID),
                Column("name", "text", "name", required=True),
                Column("name_fr", "text", "name in French"),
                Column("name_ht", "text", "name in Haitian Creole"),
                Column("alt_names", "text", "other spellings, separated by |"),
                Column("place_type", "text", "neighbourhood, suburb or quarter", required=True),
                Column("lat", "float", "latitude, degrees", True, minimum=-90, maximum=90),
                Column("lon", "float", "longitude, degrees", True, minimum=-180, maximum=180),
                Column("source_url", "url", "address of the object", required=True),
            ),
            key=("osm_id",),
            is_fetched=True,
        ),
        _of_provider("boundaries", "communes", "data.geojson"),
        _of_provider("acled_incidents", "incidents", "data.parquet"),
        _of_provider("ucdp_incidents", "incidents", "data.parquet"),
        _of_provider("insecurity_insight_incidents", "incidents", "data.parquet"),
        _of_provider("acled_monthly_counts", "indicators", "data.csv"),
        _of_provider("iom_displacement", "indicators", "data.csv"),
        _of_provider("osm_sites", "key_sites", "data.csv"),
        _of_provider("airports", "key_sites", "data.csv"),
    )
}

#: Datasets whose rows are part of the repository: those that are not a provider's.
COMMITTED_DATASETS = tuple(name for name, contract in CONTRACTS.items() if not contract.is_fetched)

#: Providers' events, side by side with ours in ``incidents`` and never added to them or to one another.
INCIDENT_DATASETS = ("incidents", "acled_incidents", "ucdp_incidents", "insecurity_insight_incidents")


# --------------------------------------------------------------------------------------------------------------------
# Conversion and enforcement
# --------------------------------------------------------------------------------------------------------------------

_TRUE_FALSE = {"true": True, "false": False}


def typed(frame: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Convert a frame of strings to the contract's kinds.

    Parameters
    ----------
    frame
        Columns of the contract as strings; an empty string or NA means "not known".

    Returns
    -------
    DataFrame
        Same rows; dates as ``datetime64[us]`` without zone, timestamps as ``datetime64[us, UTC]``, numbers as
        ``float64``/``Int64``, booleans as ``boolean``, text as ``str`` with NA. A value that cannot be converted
        becomes NA: :func:`enforce` finds and reports it first, :func:`typed` alone is for trusted files.
    """
    out = {}
    for column in contract.columns:
        raw = frame[column.name]
        if isinstance(raw.dtype, pd.StringDtype):
            # What the store reads: seldom anything to repair, and looking is ten times faster than repairing.
            if (is_empty := (raw == "").fillna(False)).any():
                raw = raw.mask(is_empty, None)
        elif raw.dtype == object:
            raw = raw.where(raw.notna() & (raw.astype("str") != ""), None)
        out[column.name] = _convert(raw, column.kind)
    return pd.DataFrame(out, index=frame.index)


def _convert(raw: pd.Series, kind: Kind) -> pd.Series:
    match kind:
        case "date":
            if pd.api.types.is_datetime64_any_dtype(raw.dtype):
                return raw.astype("datetime64[us]")
            return pd.to_datetime(raw, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
        case "timestamp":
            if pd.api.types.is_datetime64_any_dtype(raw.dtype):
                return raw.astype("datetime64[us, UTC]")
            return pd.to_datetime(raw, format="ISO8601", utc=True, errors="coerce").astype(
                "datetime64[us, UTC]"
            )
        case "float":
            numbers = pd.to_numeric(raw, errors="coerce").astype("float64")
            return numbers.where(numbers.abs() != math.inf)
        case "int":
            numbers = pd.to_numeric(raw, errors="coerce").astype("float64")
            return numbers.where(numbers % 1 == 0).astype("Int64")
        case "bool":
            if raw.dtype == bool or raw.dtype == "boolean":
                return raw.astype("boolean")
            return raw.astype("str").str.lower().map(_TRUE_FALSE).astype("boolean")
        case _:
            if isinstance(raw.dtype, pd.StringDtype) and not raw.str.contains("\r", regex=False).any():
                return raw.astype("str")
            # A lone carriage return would end the row when the file is read again.
            texts = raw.astype("str").str.replace("\r\n?", "\n", regex=True)
            return texts.where(raw.notna(), None).astype("str")


def schema(contract: Contract, key: Sequence[str] = ()) -> pa.DataFrameSchema:
    """Build the pandera schema that states a contract's rules on a typed frame.

    Parameters
    ----------
    key
        Columns that tell rows apart; by default the contract's key.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        One check per rule: filled, allowed values, range, web address, unique key.
    """
    import pandera.pandas as pa

    columns = {}
    for column in contract.columns:
        checks = []
        if column.values:
            checks.append(pa.Check.isin(column.values, error=f"is not one of: {', '.join(column.values)}"))
        if column.minimum is not None:
            checks.append(pa.Check.ge(column.minimum, error=f"is below {column.minimum:g}"))
        if column.maximum is not None:
            checks.append(pa.Check.le(column.maximum, error=f"is above {column.maximum:g}"))
        if column.kind == "url":
            checks.append(
                pa.Check.str_matches(r"^https?://\S+$", error="is not a web address (http:// or https://)")
            )
        if column.kind == "id":
            checks.append(
                pa.Check.str_matches(
                    r"^[A-Za-z0-9][A-Za-z0-9_.:'-]*$", error="is not an ASCII id (letters, digits, - _ .)"
                )
            )
        columns[column.name] = pa.Column(None, checks=checks, nullable=not column.required, required=True)
    return pa.DataFrameSchema(columns, unique=list(key or contract.key), report_duplicates="exclude_first")


def known_at(frame: pd.DataFrame, moment: pd.Timestamp | None, *, ends: str) -> pd.DataFrame:
    """Rows of a dataset that keeps versions, as they were known at a moment.

    Parameters
    ----------
    frame
        With ``recorded_at`` and the column named in ``ends`` (``Contract.ends``).
    moment
        Time with zone; None for what is known now.

    Returns
    -------
    DataFrame
        At most one row of each key: recorded by then, and neither replaced nor withdrawn by then.
    """
    ended = frame[ends]
    if moment is None:
        return frame[ended.isna()]
    return frame[(frame[RECORDED_AT.name] <= moment) & (ended.isna() | (ended > moment))]


REJECTED_COLUMNS = ["row", "column", "value", "reason", "record"]


def enforce(
    frame: pd.DataFrame, contract: Contract, *, with_versions: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a parsed frame into rows that keep the contract and rows that break it.

    Parameters
    ----------
    frame
        Parsed rows, one per source row, columns of the contract (extra columns are an error: nothing is dropped
        silently). The index is the row number in the source.
    with_versions
        The frame holds earlier versions of rows: a key may recur, recorded at another time.

    Returns
    -------
    valid, rejected : DataFrame, DataFrame
        ``valid`` is typed, sorted by key and keeps its row numbers. ``rejected`` has ``row, column, value, reason, record`` (the whole
        row as JSON), one line per row: its first broken rule.

    Raises
    ------
    ContractError
        When columns are missing or unexpected: then no row can be trusted.
    """
    import pandera.errors

    names = contract.column_names
    missing = [name for name in names if name not in frame.columns]
    extra = [name for name in frame.columns if name not in names and name != "geometry"]
    if missing or extra:
        raise ContractError(
            f"{contract.dataset_id}: columns do not match the contract; missing: {missing or 'none'}, "
            f"unexpected: {extra or 'none'}. Expected: {', '.join(names)}."
        )
    values = typed(frame, contract)
    reasons: dict[object, tuple[str, str, str]] = {}
    for column in contract.columns:
        raw = frame[column.name]
        filled = raw.notna() & (raw.astype("str") != "")
        for row in frame.index[filled & values[column.name].isna()]:
            text = str(raw.loc[row])
            reasons.setdefault(row, (column.name, text, f"{text!r} is not a {_KIND_WORDS[column.kind]}"))
    key = contract.row_key if with_versions else contract.key
    try:
        schema(contract, key).validate(values, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        for case in cases.itertuples():
            if pd.isna(case.index):
                raise ContractError(f"{contract.dataset_id}: {case.check} {case.failure_case}") from None
            row = case.index
            name = case.column if isinstance(case.column, str) and case.column in names else contract.key[0]
            text = "" if pd.isna(frame.at[row, name]) else str(frame.at[row, name])
            if case.check == "not_nullable":
                reason = "is empty but must be filled"
            elif case.check in ("multiple_fields_uniqueness", "field_uniqueness"):
                reason = f"repeats the key {' + '.join(key)} of an earlier row"
            else:
                reason = f"{text!r} {case.check}"
            reasons.setdefault(row, (name, text, reason))
    keep = ~frame.index.isin(list(reasons))
    valid = values[keep]
    if "geometry" in frame.columns:
        valid = valid.assign(geometry=frame.loc[keep, "geometry"])
    valid = valid.sort_values(list(key), kind="stable")
    rejected = pd.DataFrame(
        [
            {
                "row": row,
                "column": reasons[row][0],
                "value": reasons[row][1],
                "reason": reasons[row][2],
                "record": frame.drop(columns="geometry", errors="ignore")
                .loc[row]
                .to_json(force_ascii=False, date_format="iso"),
            }
            for row in frame.index
            if row in reasons
        ],
        columns=REJECTED_COLUMNS,
    )
    return valid, rejected


_KIND_WORDS = {
    "date": "date (write YYYY-MM-DD)",
    "timestamp": "time (write YYYY-MM-DDThh:mm:ssZ)",
    "float": "number",
    "int": "whole number",
    "bool": "truth value (write true or false)",
    "id": "text",
    "text": "text",
    "url": "text",
}
