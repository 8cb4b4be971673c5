"""Declared corrections of source rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import yaml

from loaders import history
from loaders.contracts import Contract, ContractError


def correct(parsed: pd.DataFrame, contract: Contract, root: Path, *, whole: bool) -> pd.DataFrame:
    """Apply corrections.yaml: declared fixes, each with a reason and the value it expects to find.

    A reading that does not speak of everything need not hold every row that is corrected.
    """
    path = root / contract.dataset_id / "corrections.yaml"
    if not path.is_file():
        return parsed
    try:
        corrections = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        raise ContractError(f"{contract.dataset_id}/corrections.yaml is not valid YAML: {error}") from None
    if not isinstance(corrections, list) or not all(isinstance(item, dict) for item in corrections):
        raise ContractError(
            f"{contract.dataset_id}/corrections.yaml must be a list, each item with key, column, expect, value, reason."
        )
    parsed = parsed.copy()
    keys = history.keys_of(parsed, contract.key)
    for number, item in enumerate(corrections, start=1):
        where = f"{contract.dataset_id}/corrections.yaml, correction {number}"
        absent = {"key", "column", "expect", "value", "reason"} - set(item)
        if absent:
            raise ContractError(f"{where}: {', '.join(sorted(absent))} not given.")
        rows = keys.index[keys == str(item["key"])]
        if not len(rows) and not whole and item["column"] in parsed.columns:
            continue
        if len(rows) != 1 or item["column"] not in parsed.columns:
            raise ContractError(
                f"{where}: {len(rows)} rows have the key {item['key']!r}, or the column is unknown."
            )
        present = str(parsed.at[rows[0], item["column"]])
        if present != str(item["expect"]):
            raise ContractError(
                f"{where}: expected {item['expect']!r} in {item['column']} of {item['key']}, found {present!r}. "
                "The source seems fixed: remove the correction."
            )
        parsed[item["column"]] = parsed[item["column"]].astype("object")
        parsed.at[rows[0], item["column"]] = str(item["value"])
    return parsed
