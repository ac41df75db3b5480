"""Where an atlas is: which address, and where its files lie."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from atlasdb.store.base import is_server

DEFAULT = "atlas"


def atlas_url(given: str | None = None) -> tuple[str, str]:
    """Give the atlas's address and where that setting came from.

    Parameters
    ----------
    given : str, optional
        What the user named. Without it: ``$ATLASDB_URL``, then ``$NEO4J_URI``, then
        the folder ``atlas``.

    Returns
    -------
    url, source : str
    """
    if given:
        return given, "--atlas"
    for name in ("ATLASDB_URL", "NEO4J_URI"):
        if os.environ.get(name):
            return os.environ[name], f"${name}"
    return DEFAULT, "default"


def files_folder(url: str, given: Path | None = None) -> tuple[Path, str]:
    """Give the folder of an atlas's files and where that setting came from.

    In an embedded atlas that is its own ``files``. Beside a server it is
    ``--files``, then ``$ATLASDB_FILES``, then a folder of the user's data directory
    named after server and database.
    """
    if not is_server(url):
        return Path(url) / "files", "the atlas folder"
    if given is not None:
        return given, "--files"
    if os.environ.get("ATLASDB_FILES"):
        return Path(os.environ["ATLASDB_FILES"]).expanduser(), "$ATLASDB_FILES"
    from platformdirs import user_data_path

    parts = urlsplit(url)
    database = os.environ.get("NEO4J_DATABASE", "neo4j")
    name = f"{parts.hostname}-{parts.port or 7687}-{database}"
    safe = re.sub(r"[^A-Za-z0-9.-]", "_", name)
    return user_data_path("atlasdb", appauthor=False) / "files" / safe, "default"
