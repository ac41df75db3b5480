"""The public face: what is promised is there, and is imported late."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import atlasdb
import atlasdb_ingest


@pytest.mark.parametrize("package", [atlasdb, atlasdb_ingest])
def test_every_public_name_is_there(package: ModuleType) -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None
        assert name in dir(package)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing_like_this"):
        getattr(atlasdb, "nothing_like_this".strip())


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, atlasdb, atlasdb_ingest;"
        "print(sorted({'torch', 'mne', 'pandas', 'neo4j'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
