"""Credentials and addresses of services: from the environment, else from Streamlit's secrets file. Never printed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from loaders.store import DatasetError

SECRETS = Path(".streamlit") / "secrets.toml"


def read_settings(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Texts of the secrets file under a folder, and the environment over them.

    Raises
    ------
    DatasetError
        The file is there and is not TOML; its content is not part of the message.
    """
    path = folder / SECRETS
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raw = {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise DatasetError(f'{SECRETS} is not valid TOML. Write one NAME = "value" a line.') from None
    except OSError as error:
        raise DatasetError(f"{SECRETS} cannot be read: {error.strerror}.") from None
    return {**{name: value for name, value in raw.items() if isinstance(value, str)}, **environment}
