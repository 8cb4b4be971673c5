"""What must be translated, bringing the catalogues up to date, and finding what is missing or wrong in them.

The strings are found where they stand: in calls of ``_()``, ``ngettext()`` and ``marked()`` in the code, and in the few
places whose texts are data of the program itself (definitions, titles of pages, meanings of columns, vocabularies) or of the
datasets (what ``dataset.yaml`` says, the columns that contracts mark as translated, notes of refreshes).
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from loaders.contracts import CONTRACTS
from monitor.language import LANGUAGES, MACHINE_MADE, catalogue_path
from monitor.vocabulary import counted

ROOT = Path(__file__).resolve().parents[2]
#: Languages with a catalogue.
TRANSLATED = tuple(code for code in LANGUAGES if code != "en")
#: How many forms a noun takes, and which form goes with which number. Nouns do not change in Haitian Creole.
PLURAL_FORMS = {"fr": "nplurals=2; plural=(n > 1);", "ht": "nplurals=1; plural=0;"}

_FUNCTIONS = ("_", "ngettext", "marked")
#: Marks as no translation may write them. French sets them apart by a narrow no-break space, Haitian Creole by nothing.
_WRONG_MARKS = {
    "fr": re.compile(r"(?<!\u202f)[:;!?»](?=\s|$)|«(?!\u202f)"),
    "ht": re.compile(r"[\s\u202f][:;!?](?=\s|$)|[«»]"),
}
_PLACEHOLDER = re.compile(r"\{(\w*)[^{}]*\}")
#: Texts of ``dataset.yaml`` that readers see. What a provider's terms ask to be said stays in the words they ask for.
_ABOUT = ("title", "description", "producer", "licence")
_HEADER = """\
# Port-au-Prince Conflict Monitor. How to review and correct: docs/languages.md.
msgid ""
msgstr ""
"Project-Id-Version: Port-au-Prince Conflict Monitor\\n"
"Language: {code}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""
_NEVER = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass(frozen=True)
class Problem:
    """Something missing or wrong: where, which text, and what about it."""

    where: str
    text: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: {self.text!r}"


def code_files() -> list[Path]:
    """Files whose strings the reader may see."""
    return [
        ROOT / "dashboard.py",
        *sorted((ROOT / "pages").glob("*.py")),
        *(path for path in sorted((ROOT / "monitor").rglob("*.py")) if path.parent.name != "locales"),
    ]


def template() -> Catalog:
    """Every string that must be translated, with the files in which it stands."""
    found = Catalog(project="Port-au-Prince Conflict Monitor", charset="utf-8", creation_date=_NEVER)
    for path in code_files():
        name = path.relative_to(ROOT).as_posix()
        for call in _calls(path):
            texts = [
                part.value
                for part in call.args
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value
            ]
            if texts:
                found.add(tuple(texts) if len(texts) > 1 else texts[0], locations=[(name, 0)])
    for name, text in (*_texts_of_the_program(), *_texts_of_data(), *_remarks()):
        found.add(text, locations=[(name, 0)])
    return found


def may_wait() -> set[str]:
    """Strings without which a catalogue is complete: remarks about rows and notes of refreshes, and nothing else."""
    must = {text for _name, text in (*_texts_of_the_program(), *_texts_of_data())}
    called = {
        part.value
        for path in code_files()
        for call in _calls(path)
        for part in call.args
        if isinstance(part, ast.Constant)
    }
    return {text for _name, text in _remarks()} - must - called


def _calls(path: Path) -> Iterator[ast.Call]:
    """Calls of the translating functions in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
            yield node


def _texts_of_the_program() -> Iterator[tuple[str, str]]:
    """Texts that reach ``_()`` through a variable: definitions, headlines and formulas, page titles, meanings of columns."""
    from monitor.analysis.definitions import DEFINITIONS, OTHER_DEFINITIONS
    from monitor.analysis.lineage import FORMULAS, HEADLINES
    from monitor.export.figures import FIGURES
    from monitor.export.link import PARAMETERS
    from monitor.ui.navigation import PAGES

    for definition in (*DEFINITIONS, *OTHER_DEFINITIONS):
        yield "monitor/analysis/definitions.py", definition.name
        yield "monitor/analysis/definitions.py", definition.text
    for text in (*(headline.name for headline in HEADLINES.values()), *FORMULAS):
        yield "monitor/analysis/lineage.py", text
    for parameter in PARAMETERS.values():
        yield "monitor/export/link.py", parameter.about
    for contract in CONTRACTS.values():
        for column in contract.columns:
            yield "loaders/contracts.py", column.about
    for page in PAGES:
        yield "monitor/ui/navigation.py", page.title
    for figure in FIGURES.values():
        yield "monitor/export/figures", figure.title


def _texts_of_data() -> Iterator[tuple[str, str]]:
    """Texts of the datasets that must be translated before they are committed."""
    import yaml

    for path in sorted((ROOT / "datasets").glob("*/dataset.yaml")):
        about, name = yaml.safe_load(path.read_text(encoding="utf-8")), path.relative_to(ROOT).as_posix()
        yield from ((name, about[key]) for key in _ABOUT)
        yield from ((name, text) for text in about["known_limits"])
        if not CONTRACTS[path.parent.name].is_fetched:
            yield name, about["attribution"]
    yield from _cells("must")


def _remarks() -> Iterator[tuple[str, str]]:
    """Texts of the datasets that are shown as they were written until somebody translates them."""
    for path in sorted((ROOT / "datasets").glob("*/provenance.json")):
        for note in json.loads(path.read_text(encoding="utf-8"))["warnings"]:
            yield path.relative_to(ROOT).as_posix(), counted(note)[0]
    yield from _cells("may")


def _cells(how: str) -> Iterator[tuple[str, str]]:
    """Cells of the committed tables in columns that the contracts mark as translated, by whether they must be."""
    for contract in CONTRACTS.values():
        names = [column.name for column in contract.columns if column.translated == how]
        if names and not contract.is_fetched:
            path = ROOT / "datasets" / contract.dataset_id / contract.file_name
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    yield from ((path.relative_to(ROOT).as_posix(), row[name]) for name in names if row[name])


def read(code: str) -> Catalog:
    """Catalogue of a language; an empty one if the language is new."""
    path = catalogue_path(code)
    content = (
        path.read_bytes() if path.exists() else _HEADER.format(code=code, plurals=PLURAL_FORMS[code]).encode()
    )
    return read_po(io.BytesIO(content))


def write(code: str, catalogue: Catalog) -> None:
    """Write a catalogue: sorted by text, without line numbers, so that a difference shows what changed and nothing else."""
    path = catalogue_path(code)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Only named placeholders are used; a percent sign in a text is a percent sign.
    for message in catalogue:
        message.flags.discard("python-format")
    with path.open("wb") as file:
        write_po(file, catalogue, width=110, sort_output=True, include_lineno=False, ignore_obsolete=True)


def update(code: str) -> int:
    """Add new strings to a catalogue and drop those no longer used; return how many wait for a translation.

    What waits carries the mark of machine-made entries from the beginning, so that nobody can forget it.
    """
    catalogue = read(code)
    catalogue.update(template(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    waiting = [message for message in catalogue if message.id and not _strings(message.string)[0]]
    for message in waiting:
        if MACHINE_MADE not in message.user_comments:
            message.user_comments.append(MACHINE_MADE)
    write(code, catalogue)
    return len(waiting)


def _strings(string: str | Iterable[str] | None) -> list[str]:
    return [string or ""] if string is None or isinstance(string, str) else list(string)


def _placeholders(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in _PLACEHOLDER.findall(text)}


def problems() -> list[Problem]:
    """Everything that keeps the catalogues from being complete and right."""
    needed, optional = template(), may_wait()
    found = list(_unreadable())
    for code in TRANSLATED:
        catalogue = read(code)
        where = catalogue_path(code).relative_to(ROOT).as_posix()
        for message in needed:
            if not message.id:
                continue
            key = message.id if isinstance(message.id, str) else message.id[0]
            known = catalogue.get(key)
            if known is None or not all(_strings(known.string)):
                if key not in optional:
                    found.append(Problem(where, key, "not translated"))
            elif known.fuzzy:
                found.append(Problem(where, key, "marked fuzzy"))
            else:
                found += _mismatches(where, _strings(message.id), _strings(known.string))
                found += (
                    Problem(where, key, f"other spaces at the marks of {string!r}")
                    for string in _strings(known.string)
                    if _WRONG_MARKS[code].search(string)
                )
        found += [
            Problem(where, str(message.id), "no longer used; run make catalogues")
            for message in catalogue
            if message.id and needed.get(message.id if isinstance(message.id, str) else message.id[0]) is None
        ]
    return found


def _mismatches(where: str, ids: list[str], strings: list[str]) -> Iterator[Problem]:
    """Placeholders, marks of emphasis and outer spaces that a translation lost or invented."""
    for string in strings:
        if _placeholders([string]) - _placeholders(ids) or _placeholders(ids[-1:]) - _placeholders([string]):
            yield Problem(where, ids[0], f"other placeholders in {string!r}")
        if any(len(_PLACEHOLDER.findall(string)) > len(_PLACEHOLDER.findall(text)) for text in ids[-1:]):
            yield Problem(
                where, ids[0], f"a placeholder stands twice in {string!r}; are these two translations?"
            )
        if (string != string.strip(" ")) != (ids[0] != ids[0].strip(" ")):
            yield Problem(where, ids[0], f"other spaces at the ends of {string!r}")


def _unreadable() -> Iterator[Problem]:
    """Calls of the translating functions with something else than a plain string or a name."""
    for path in code_files():
        name = path.relative_to(ROOT).as_posix()
        for call in _calls(path):
            if any(isinstance(part, ast.JoinedStr | ast.BinOp) for part in call.args):
                yield Problem(
                    f"{name}:{call.lineno}", ast.unparse(call), "an f-string or a sum cannot be translated"
                )
