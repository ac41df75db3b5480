"""Whether a MATLAB file of version 5 is what its tags say, before SciPy reads it.

SciPy's reader trusts the tags of arrays within arrays: a few damaged bytes can end
the whole process. Here every tag is followed first, without reading any values.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

from atlasdb.errors import InvalidDataError
from atlasdb_ingest.readers.limits import check_size

_MATRIX, _COMPRESSED = 14, 15
_SIZES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8}
_SIZES |= {16: 1, 17: 2, 18: 4}  # text
_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE = 1, 2, 3, 4, 5
_FOREIGN = (16, 17)
"""Handles of functions, and objects of MATLAB's newer kinds."""
_TEXT = (1, 2, 16)
_DEEPEST = 32
_BLOCK = 1 << 20


class _Broken(Exception):
    """A tag that leads nowhere."""


def check_matlab5(path: Path) -> None:
    """Refuse a file of version 5 whose tags do not fit together.

    Parameters
    ----------
    path : Path
        Files of other versions pass: their readers look for themselves.

    Raises
    ------
    InvalidDataError
        If the file is cut short or damaged, or unpacks to far more than it is.
    """
    content = path.read_bytes()
    if not _read_as_5(content):
        return
    order = "<" if content[126:128] == b"IM" else ">"
    try:
        at = 128
        while at < len(content):
            kind, data, at = _element(memoryview(content), at, order)
            if kind == _COMPRESSED:
                unpacked = _unpacked(data, path)
                kind, data, _ = _element(memoryview(unpacked), 0, order)
            if kind != _MATRIX:
                raise _Broken
            _matrix(data, order, 0)
    except (_Broken, struct.error, zlib.error) as error:
        raise InvalidDataError(
            f"{path.name} is damaged or cut short: its parts do not fit together. Copy "
            "it again from its source."
        ) from error


def _read_as_5(content: bytes) -> bool:
    """Tell whether SciPy would take a file for one of version 5, as it decides it."""
    if len(content) < 128 or 0 in content[:4]:
        return False  # version 4 begins with a small number
    return content[125 if content[126:127] == b"I" else 124] == 1


def _unpacked(data: memoryview, path: Path) -> bytes:
    """Unpack in blocks, so that what unpacks to too much is stopped."""
    parts, size = [], 0
    unpacker = zlib.decompressobj()
    block = unpacker.decompress(data, _BLOCK)
    while block:
        parts.append(block)
        size += len(block)
        check_size(size, len(data), path)
        block = unpacker.decompress(unpacker.unconsumed_tail, _BLOCK)
    if not unpacker.eof:
        raise _Broken
    return b"".join(parts)


def _element(content: memoryview, at: int, order: str) -> tuple[int, memoryview, int]:
    """Give type and bytes of the element at a place, and where the next one is."""
    (first,) = struct.unpack_from(order + "I", content, at)
    small = first >> 16
    if small:
        if small > 4:
            raise _Broken
        return first & 0xFFFF, content[at + 4 : at + 4 + small], at + 8
    (n,) = struct.unpack_from(order + "I", content, at + 4)
    stop = at + 8 + n
    if stop > len(content):
        raise _Broken
    padded = stop if first == _COMPRESSED else stop + -n % 8
    return first, content[at + 8 : stop], padded


def _matrix(content: memoryview, order: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise _Broken
    if not len(content):
        return  # an empty array may have no tags at all
    kind, flags, at = _element(content, 0, order)
    if kind != 6 or len(flags) != 8:
        raise _Broken
    bits = struct.unpack_from(order + "I", flags, 0)[0]
    what, is_complex = bits & 0xFF, bool(bits & 0x800)
    if what in _FOREIGN:
        return  # SciPy keeps these as bytes
    kind, dims, at = _element(content, at, order)
    if kind not in (5, 6) or len(dims) < 8 or len(dims) % 4:
        raise _Broken
    shape = struct.unpack(f"{order}{len(dims) // 4}i", dims)
    if min(shape) < 0 or len(shape) > 32:
        raise _Broken
    n = math.prod(shape)
    kind, _, at = _element(content, at, order)  # its name
    if kind not in _TEXT:
        raise _Broken
    if what == _CELL:
        _matrices(content, at, order, n, depth)
    elif what in (_STRUCT, _OBJECT):
        if what == _OBJECT:
            _, _, at = _element(content, at, order)
        kind, width, at = _element(content, at, order)
        if kind != 5 or len(width) != 4:
            raise _Broken
        (length,) = struct.unpack(order + "i", width)
        kind, names, at = _element(content, at, order)
        if kind not in _TEXT or length < 1 or len(names) % length:
            raise _Broken
        _matrices(content, at, order, n * (len(names) // length), depth)
    elif what == _CHAR:
        if n:
            _values(content, at, order, None)
    elif what == _SPARSE:
        for _ in range(4 if is_complex else 3):
            _, _, at = _element(content, at, order)  # logical ones lie about theirs
    elif 6 <= what <= 15:
        for _ in range(2 if is_complex else 1):
            at = _values(content, at, order, n)
    else:
        raise _Broken


def _matrices(content: memoryview, at: int, order: str, n: int, depth: int) -> None:
    if 8 * n > len(content) - at:
        raise _Broken
    for _ in range(n):
        kind, data, at = _element(content, at, order)
        if kind != _MATRIX:
            raise _Broken
        _matrix(data, order, depth + 1)


def _values(content: memoryview, at: int, order: str, n: int | None) -> int:
    """Check an element of numbers, of which there must be `n`."""
    kind, data, at = _element(content, at, order)
    if kind not in _SIZES or len(data) % _SIZES[kind]:
        raise _Broken
    if n is not None and len(data) != n * _SIZES[kind]:
        raise _Broken
    return at
