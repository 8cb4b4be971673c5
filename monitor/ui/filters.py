"""What the reader chooses, kept in the link: one bar of controls on every page.

The link is the state; ``monitor.export.link`` lists its parameters. A page reads them with :func:`read`, which reports bad values on screen and then uses
the default; controls write them with :func:`write`. Parameters shared by all pages survive a change of page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from monitor.analysis.definitions import EVIDENCE_LEVELS, STALE_AFTER_DAYS, STALE_CHOICES
from monitor.charts.style import evidence_label
from monitor.export.link import PARAMETERS, BadLinkError, outside, value_of
from monitor.language import _, format_date
from monitor.ui import data
from monitor.ui.data import Choice

_CARRIED = "carried parameters"

#: Width of the field of the date: what a day and its button need.
_DATE_PX = 160


def carry() -> None:
    """Keep shared parameters in the link when the page changes; call once per run, before anything reads them."""
    kept: dict[str, str] = st.session_state.setdefault(_CARRIED, {})
    for name, parameter in PARAMETERS.items():
        if parameter.shared:
            if name in st.query_params:
                kept[name] = st.query_params[name]
            elif name in kept:
                st.query_params[name] = kept[name]


def read(name: str, default: Any = None) -> Any:
    """Value of a parameter; a bad one is reported on screen, and the default is used."""
    text = st.query_params.get(name)
    if text is None or text == "":
        return default
    try:
        return value_of(name, text)
    except BadLinkError as bad:
        report(name, text, bad.why)
        write(name, None)
        return default


def report(name: str, text: str, why: str) -> None:
    """Tell the reader that a parameter of the link was not used."""
    st.warning(str(BadLinkError(name, text, why)), icon=":material/link_off:")


def report_unknown() -> None:
    """Tell the reader about parameters of the link that no page knows."""
    for name in st.query_params:
        if name not in PARAMETERS and name not in ("embed", "embed_options"):
            report(name, st.query_params[name], _("there is no such parameter"))


def report_snapshot() -> None:
    """Say that the page is pinned to a snapshot, and how to leave it; tell the reader about one that is not kept."""
    asked = read("snap")
    if asked is None or "brief" in st.query_params:
        return
    if data.pinned_id() is None:
        why = _("that snapshot is not kept here; the current data is shown")
        report("snap", asked, why)
        write("snap", None)
        return
    row = st.container(horizontal=True, vertical_alignment="center")
    row.markdown(
        ":material/keep: "
        + _("Pinned to snapshot {id}: later refreshes do not change what you see.").format(id=asked)
    )
    row.button(_("Show the current data"), on_click=write, args=("snap", None), type="tertiary")


def write(name: str, value: Any) -> None:
    """Put a value into the link; None takes the parameter out."""
    kept: dict[str, str] = st.session_state.setdefault(_CARRIED, {})
    if value is None or value == "":
        st.query_params.pop(name, None)
        kept.pop(name, None)
    else:
        st.query_params[name] = value.isoformat() if isinstance(value, date) else str(value)
        if PARAMETERS[name].shared:
            kept[name] = st.query_params[name]


def control(name: str, key: str) -> dict[str, Any]:
    """Key and callback of a Streamlit control that writes a parameter."""
    return {"key": key, "on_change": lambda: write(name, st.session_state[key])}


def choice(*, evidence: bool = True, steps: bool = True) -> Choice:
    """Show the bar of controls and return what the reader chose: date, evidence level, known-on date, limit.

    A page whose first sentence needs no more than this calls :func:`chosen`, says the sentence, and then shows
    :func:`controls`: the sentence is on the screen before the browser has loaded the controls.
    """
    now = chosen()
    controls(now, evidence=evidence, steps=steps)
    return now


def chosen() -> Choice:
    """What the link asks for, without showing any control; values that cannot be used are reported."""
    as_of = within_the_data("as_of", read("as_of", data.default_date()))
    known_on = read("known_on")
    if known_on is not None:
        known_on = within_the_data("known_on", known_on)
    return Choice(
        as_of=as_of,
        known_on=known_on,
        evidence=read("evidence", EVIDENCE_LEVELS[0]),
        stale_after_days=read("stale_after", STALE_AFTER_DAYS),
        definitions=read("definitions", ()),
    )


def within_the_data(name: str, day: date) -> date:
    """A date of the link, or the nearest that can be looked at; the reader is told of the difference."""
    why = outside(day, data.first_date(), data.today())
    if why is None:
        return day
    report(name, day.isoformat(), why)
    return min(max(day, data.first_date()), data.today())


def controls(now: Choice, *, evidence: bool = True, steps: bool = True) -> None:
    """The bar of controls under a page's sentence; a page with a time bar does without the buttons that step through dates."""
    # One row that breaks where the screen ends: on a phone the figure must not begin below the first screen.
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    sync("as_of control", now.as_of)
    row.date_input(
        _("As of"),
        min_value=data.first_date(),
        max_value=data.today(),
        format="YYYY-MM-DD",
        width=_DATE_PX,
        **control("as_of", "as_of control"),
    )
    _jump(row, now.as_of, data.default_date(), steps=steps)
    if evidence:
        sync("evidence control", now.evidence)
        row.segmented_control(
            _("Evidence"),
            EVIDENCE_LEVELS,
            format_func=evidence_label,
            required=True,
            width="content",
            **control("evidence", "evidence control"),
        )
    with row.popover(_("More"), icon=":material/tune:"):
        sync("known_on control", now.known_on)
        st.date_input(
            _("As known on (leave empty for all that is known)"),
            min_value=data.first_date(),
            max_value=data.today(),
            format="YYYY-MM-DD",
            **control("known_on", "known_on control"),
        )
        sync("stale control", now.stale_after_days)
        st.segmented_control(
            _("A report counts for (days)"),
            STALE_CHOICES,
            required=True,
            **control("stale_after", "stale control"),
        )


def _jump(row: DeltaGenerator, as_of: date, default: date, *, steps: bool) -> None:
    """Buttons that step a week or jump to the last well-covered date or today."""
    if steps:
        _step_buttons(row, as_of, default)
    row.button(
        _("Today"),
        help=_("Shows how old the reports are"),
        on_click=write,
        args=("as_of", data.today()),
        disabled=as_of == data.today(),
    )


def _step_buttons(row: DeltaGenerator, as_of: date, default: date) -> None:
    for label, target, help_ in (
        (":material/chevron_left:", max(as_of - timedelta(days=7), data.first_date()), _("One week back")),
        (":material/chevron_right:", min(as_of + timedelta(days=7), data.today()), _("One week on")),
    ):
        row.button(
            label,
            key=f"jump {help_}",
            help=help_,
            on_click=write,
            args=("as_of", target),
            disabled=target == as_of,
        )
    row.button(
        _("Last covered"),
        help=_("The last date that the data covers well: {date}").format(date=format_date(default)),
        on_click=write,
        args=("as_of", default),
        disabled=as_of == default,
    )


def select(
    name: str,
    label: str,
    options: list[str],
    *,
    default: str | None,
    labels: Mapping[str, str] | None = None,
    kind: str = "selectbox",
    **more: Any,
) -> Any:
    """A control bound to a parameter; a value that is not among the options is reported."""
    value = read(name, default)
    if value is not None and value not in options:
        report(name, str(value), _("it is not among the choices"))
        value = default
    key = f"{name} control"
    sync(key, value)
    shown = (lambda option: labels.get(option, option)) if labels else str
    if kind == "segmented":
        return st.segmented_control(
            label, options, format_func=shown, required=True, **control(name, key), **more
        )
    return st.selectbox(label, options, format_func=shown, **control(name, key), **more)


def part(options: Mapping[str, str]) -> str:
    """Parts of a page, one shown at a time: only what is shown is computed, and the link opens it."""
    return select(
        "show",
        _("Part of the page"),
        list(options),
        default=next(iter(options)),
        labels=options,
        kind="segmented",
        label_visibility="collapsed",
    )


def sync(key: str, value: Any) -> None:
    """Make a control show what the link says."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value
