"""SOURCES: the one list of providers, with their terms and how their data are got."""

from __future__ import annotations

from loaders import workbook
from loaders.sources import (
    acled,
    acled_export,
    dtm,
    hapi,
    hdx,
    insecurity_insight,
    ourairports,
    overpass,
    ucdp,
    ucdp_export,
)
from loaders.sources.interface import Source

_GAZETTEER = ("aliases", "neighborhoods")
_WORDS = ("actor_words.csv",)

# Terms of providers whose data come by more than one way.
_ACLED_LICENCE = "ACLED EULA and attribution policy of 8 July 2025: non-commercial, no redistribution of rows"
_ACLED_ATTRIBUTION = "ACLED (Armed Conflict Location & Event Data), www.acleddata.com"
_IOM_LICENCE = "IOM: non-commercial use, no redistribution of rows"


def _polite(megabytes: int, *, spacing: float = 1.0, **more: float) -> dict[str, float | int]:
    """Limits of a session: the largest answer, and the seconds between two requests."""
    return {"spacing": spacing, "max_bytes": megabytes * 1_000_000, **more}


#: Every provider by name.
SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            name="workbook",
            title="Territorial-control workbook",
            reads={"territorial_control": workbook.read},
            needs=("aliases",),
            files=_WORDS,
            cadence_days=7,
            released="whenever staff have read something new; at least weekly",
            licence="own compilation, CC BY 4.0; each row names its source",
            attribution="Port-au-Prince Conflict Monitor, from cited public sources (CC BY 4.0)",
            file_help="the template of `python -m loaders template territorial_control FILE.xlsx`, or its sheet as CSV",
        ),
        Source(
            name="acled",
            title="ACLED",
            reads={"incidents": acled_export.read},
            needs=_GAZETTEER,
            files=_WORDS,
            fetch=acled.fetch,
            keys=("ACLED_EMAIL", "ACLED_PASSWORD"),
            address_keys=("ACLED_ADDRESS",),
            limits=_polite(128),
            cadence_days=7,
            released="Monday or Tuesday, complete on Wednesday, up to the Friday before: refresh on Wednesday",
            licence=_ACLED_LICENCE,
            attribution=_ACLED_ATTRIBUTION,
            page=acled.ADDRESS,
            is_restricted=True,
            file_help="a file of ACLED's export tool (CSV or Excel, any layout, with or without event ids), or the API's JSON",
        ),
        Source(
            name="ucdp",
            title="UCDP",
            reads={"incidents": ucdp_export.read},
            needs=_GAZETTEER,
            files=_WORDS,
            fetch=ucdp_export.fetch,
            address_keys=("UCDP_ADDRESS", "UCDP_API_ADDRESS"),
            limits=_polite(600, max_seconds=1800.0),
            cadence_days=30,
            released="candidate events about 20 to 30 days after the end of a month; a final release every year",
            licence="CC BY 4.0",
            attribution="UCDP Georeferenced Event Dataset and Candidate Events Dataset, Uppsala University (CC BY 4.0)",
            page=ucdp.DOWNLOADS,
            file_help="a release of UCDP GED or Candidate (CSV with or without header, or the ZIP archive of a final one)",
        ),
        Source(
            name="insecurity_insight",
            title="Insecurity Insight",
            reads={"incidents": insecurity_insight.read},
            needs=(*_GAZETTEER, "communes"),
            files=_WORDS,
            cadence_days=30,
            released="about monthly, on HDX",
            licence="as stated on the file's page on HDX; taken as not to be redistributed until that was read",
            attribution=insecurity_insight.ATTRIBUTION,
            page="https://data.humdata.org/organization/insecurity-insight",
            is_restricted=True,
            file_help="a file of attacks on health care from HDX (CSV or Excel), of Haiti or of all countries",
        ),
        Source(
            name="cod_ab",
            title="COD-AB boundaries",
            reads={"communes": hdx.read},
            needs=("neighborhoods",),
            fetch=hdx.fetch,
            address_keys=("HDX_ADDRESS",),
            limits=_polite(128),
            cadence_days=365,
            released="rarely; HDX reviews it yearly",
            licence="CC BY-IGO",
            attribution=hdx.ATTRIBUTION,
            page="https://data.humdata.org/dataset/cod-ab-hti",
            file_help="hti_admin_boundaries.geojson.zip or .shp.zip from HDX, or the zipped shapefile of 2018",
        ),
        Source(
            name="hapi",
            title="ACLED monthly counts on HDX",
            reads={"indicators": hapi.read},
            needs=_GAZETTEER,
            fetch=hapi.fetch,
            keys=(hapi.APP_IDENTIFIER,),
            address_keys=("HAPI_ADDRESS",),
            limits=_polite(64),
            cadence_days=7,
            released="weekly; about a week behind HDX, and the newest month is incomplete",
            licence=_ACLED_LICENCE,
            attribution=f"{_ACLED_ATTRIBUTION}, via HDX",
            page="https://data.humdata.org/dataset/haiti-acled-conflict-data",
            is_restricted=True,
            file_help="HDX's workbook of Haiti (its name says which events), the CSV of HAPI's conflict events, or HAPI's JSON",
        ),
        Source(
            name="dtm",
            title="IOM DTM",
            reads={"indicators": dtm.read},
            needs=_GAZETTEER,
            fetch=dtm.fetch,
            keys=(dtm.KEY,),
            address_keys=("DTM_ADDRESS",),
            limits=_polite(64),
            cadence_days=180,
            released="every three to six months; the API lags DTM's site by months",
            licence=_IOM_LICENCE,
            attribution=dtm.ATTRIBUTION,
            page="https://dtm.iom.int/haiti",
            is_restricted=True,
            file_help="the API's JSON, or the CSV of HDX's dataset global-iom-dtm-from-api",
        ),
        Source(
            name="hapi_idps",
            title="IOM DTM through HAPI",
            reads={"indicators": hapi.read_idps},
            needs=_GAZETTEER,
            fetch=hapi.fetch_idps,
            keys=(hapi.APP_IDENTIFIER,),
            address_keys=("HAPI_ADDRESS",),
            limits=_polite(64),
            cadence_days=180,
            released="after IOM DTM; use it where DTM's own API cannot be reached",
            licence=_IOM_LICENCE,
            attribution=dtm.ATTRIBUTION,
            page="https://hapi.humdata.org",
            is_restricted=True,
            file_help="HAPI's JSON",
        ),
        Source(
            name="overpass",
            title="OpenStreetMap",
            reads={
                "key_sites": overpass.read,
                "roads": overpass.read_roads,
                "osm_places": overpass.read_places,
            },
            needs=("communes",),
            fetch=overpass.fetch,
            address_keys=("OVERPASS_ADDRESS",),
            limits=_polite(128, spacing=overpass.SPACING_SECONDS),
            cadence_days=30,
            released="continuously",
            licence="ODbL (share-alike): kept apart from other tables",
            attribution=overpass.ATTRIBUTION,
            page="https://www.openstreetmap.org/copyright",
            file_help="the JSON of an Overpass answer",
        ),
        Source(
            name="ourairports",
            title="OurAirports",
            reads={"key_sites": ourairports.read},
            needs=("communes",),
            fetch=ourairports.fetch,
            address_keys=("OURAIRPORTS_ADDRESS",),
            limits=_polite(64),
            cadence_days=30,
            released="daily",
            licence="public domain",
            attribution=ourairports.ATTRIBUTION,
            page="https://ourairports.com",
            file_help="airports.csv of OurAirports, as downloaded",
        ),
    )
}
