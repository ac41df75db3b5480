"""What headers of EEG files promise, held against the bytes that are there.

Readers take a file that was cut short for a shorter recording and say nothing, so
this is looked at before they are called.
"""

from __future__ import annotations

import configparser
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np

from atlasdb.errors import InvalidDataError, NotFoundError

_GDF_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 8, 8: 8, 16: 4, 17: 8}
_GDF_BYTES |= {255 + 24: 3, 511 + 24: 3}
_BRAINVISION_BYTES = {"INT_16": 2, "INT_32": 4, "IEEE_FLOAT_32": 4, "IEEE_FLOAT_64": 8}


def check_edf(path: Path) -> None:
    """Refuse an EDF or BDF file that has fewer bytes than its header says.

    Parameters
    ----------
    path : Path
        ``.edf`` or ``.bdf``.

    Raises
    ------
    InvalidDataError
        If there is no sound header, or records are missing.
    """
    sample = 3 if path.suffix.lower() == ".bdf" else 2
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(256)
        try:
            n_header, n_records = int(head[184:192]), int(head[236:244])
            duration, n_channels = float(head[244:252]), int(head[252:256])
            sound = (
                len(head) == 256
                and 0 < n_channels < 10_000
                and n_header == 256 * (n_channels + 1) <= size
                and 0 <= duration < np.inf
                and n_records >= -1
            )
            file.seek(256 + 216 * n_channels if sound else 0)
            fields = file.read(8 * n_channels) if sound else b""
            counts = [int(fields[k : k + 8]) for k in range(0, len(fields), 8)]
        except ValueError:
            sound, counts = False, []
    if not sound or not counts or min(counts) < 0 or sum(counts) == 0:
        raise InvalidDataError(
            f"{path.name} has no sound {path.suffix[1:].upper()} header; it is damaged "
            "or of another format."
        )
    _check_records(path, n_records, size - n_header, sample * sum(counts))


def check_gdf(path: Path) -> None:
    """Refuse a GDF file that has fewer bytes than its header says."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(256)
        try:
            version = float(head[4:8])
            (n_records,) = struct.unpack("<q", head[236:244])
            if version >= 1.9:
                n_header = 256 * struct.unpack("<H", head[184:186])[0]
                (n_channels,) = struct.unpack("<H", head[252:254])
            else:
                (n_header,) = struct.unpack("<q", head[184:192])
                (n_channels,) = struct.unpack("<I", head[252:256])
            file.seek(256 + 216 * n_channels)
            fields = np.frombuffer(file.read(8 * n_channels), "<u4").astype(np.int64)
            counts, kinds = fields[:n_channels], fields[n_channels:]
            record = sum(
                int(n) * _GDF_BYTES[int(kind)]
                for n, kind in zip(counts, kinds, strict=True)
            )
        except (ValueError, KeyError, struct.error, OverflowError):
            record = 0
    if record <= 0 or head[:3] != b"GDF":
        raise InvalidDataError(
            f"{path.name} has no sound GDF header; it is damaged or of another format."
        )
    _check_records(path, n_records, size - n_header, record)


def _check_records(path: Path, n_records: int, n_bytes: int, record: int) -> None:
    there = max(n_bytes, 0) // record
    if n_records >= 0 and there < n_records:
        raise InvalidDataError(
            f"{path.name} is cut short: its header promises {n_records} records and "
            f"{there} are there. Copy it again from its source."
        )
    if there == 0:
        raise InvalidDataError(f"{path.name} holds a header and no data.")


def check_brainvision(path: Path) -> list[Path]:
    """Refuse a BrainVision header whose data are not there or are cut short.

    Parameters
    ----------
    path : Path
        ``.vhdr``.

    Returns
    -------
    list of Path
        The data file and, where there is one, the marker file.

    Raises
    ------
    NotFoundError
        If the data file is not there.
    InvalidDataError
        If the header is not sound, leads out of its folder, or the data are not a
        whole number of samples.
    """
    common, binary = _brainvision_sections(path)
    broken = InvalidDataError(
        f"{path.name} is no sound BrainVision header; it is damaged or of another "
        "format."
    )
    data = _beside(path, common.get("datafile", ""))
    if data is None:
        raise broken
    if not data.is_file():
        raise NotFoundError(
            f"The data file of {path.name} ({data.suffix or 'without ending'}) is not "
            "beside it. Copy .vhdr, .vmrk and .eeg together, with their names."
        )
    try:
        n_channels = int(common["numberofchannels"])
        points = int(common.get("datapoints", "0") or 0)
    except (KeyError, ValueError):
        raise broken from None
    width = _BRAINVISION_BYTES.get(binary.get("binaryformat", "").upper())
    text = common.get("dataformat", "BINARY").upper() == "ASCII"
    if n_channels < 1 or points < 0 or (width is None and not text):
        raise broken
    if width is not None:
        frame, size = n_channels * width, data.stat().st_size
        if size == 0 or size % frame or size // frame < points:
            raise InvalidDataError(
                f"The data file of {path.name} is cut short: {size} bytes are not "
                f"{f'{points} x' if points else 'a whole number of'} samples of "
                f"{frame} bytes. Copy it again from its source."
            )
    markers = _beside(path, common.get("markerfile", "")) or path.with_suffix(".vmrk")
    if not markers.is_file():
        markers = path.with_suffix(".vmrk")
    return [data] + ([markers] if markers.is_file() else [])


def _brainvision_sections(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Read the two sections that say how much data there must be."""
    raw = path.read_bytes()[: 1 << 20]
    text = raw.decode("latin-1")
    start = text.find("[")
    end = text.find("[Comment]")
    parser = configparser.RawConfigParser(
        strict=False, allow_no_value=True, delimiters=("=",), comment_prefixes=(";",)
    )
    try:
        parser.read_string(text[max(start, 0) : end if end > 0 else None])
    except configparser.Error:
        return {}, {}
    found = [
        {k: v or "" for k, v in parser.items(name)} if parser.has_section(name) else {}
        for name in ("Common Infos", "Binary Infos")
    ]
    return found[0], found[1]


def _beside(path: Path, name: str) -> Path | None:
    """Resolve a name that a header gives; None if it leads out of the folder."""
    name = name.strip().replace("$b", path.stem)
    with suppress(UnicodeDecodeError):  # most headers are UTF-8, read as Latin-1
        name = name.encode("latin-1").decode("utf-8")
    if not name or "\0" in name or Path(name).name != name or "\\" in name:
        return None
    return path.with_name(name)
