"""The arrays that blocks of shuffles are computed in: numpy's, or torch's on a device.

Both have the same names for what a block needs, so the arithmetic is written once; what
differs between them is here. Shuffles are drawn by numpy on the CPU wherever their
statistics are computed, so the same seed shuffles alike on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atlasdb import devices
from atlasdb.errors import MissingExtraError

if TYPE_CHECKING:
    import torch

Block = Any
"""Statistics of some shuffles, as numpy's or torch's array."""

SMALL = 1 << 26
"""Up to so many statistics in all, double precision costs nothing, and the CPU is done
before an accelerator has started."""


class Arrays:
    """Numpy's arrays, on the CPU."""

    device = "cpu"
    lib: Any = np

    def dtype(self, n: int) -> np.dtype[Any]:
        """Give the precision for so many statistics."""
        return np.dtype(np.float64 if n <= SMALL else np.float32)

    def put(self, values: NDArray[Any]) -> Any:
        """Move numbers to where they are computed with."""
        return values

    def empty(self, shape: tuple[int, int], dtype: np.dtype[Any]) -> Block:
        """Give room for a block."""
        return np.empty(shape, dtype=dtype)

    def product(self, weights: Any, residuals: Any, out: Block) -> None:
        """Write the product of two matrices."""
        np.matmul(weights, residuals, out=out)

    def numbers(self, values: Any) -> NDArray[Any]:
        """Give what was computed as numpy's array."""
        array: NDArray[Any] = values
        return array

    def passing(
        self, values: Block, limit: Any
    ) -> tuple[NDArray[np.intp], NDArray[Any]]:
        """Give the places in the flattened block that pass a limit, and what passes."""
        places = np.flatnonzero(values > limit)
        return places, values.ravel()[places]


class Tensors(Arrays):
    """Torch's arrays, on a device.

    Parameters
    ----------
    device : torch.device
    """

    def __init__(self, device: torch.device) -> None:
        import torch

        self.lib = torch
        self.device = device.type
        self._where = device

    def dtype(self, n: int) -> np.dtype[Any]:
        """Give the precision for so many statistics."""
        return np.dtype(np.float32) if self.device == "mps" else super().dtype(n)

    def put(self, values: NDArray[Any]) -> Any:
        """Move numbers to where they are computed with."""
        if self.device == "mps":  # has no double precision
            values = values.astype(np.float32)
        return self.lib.from_numpy(values).to(self._where)

    def empty(self, shape: tuple[int, int], dtype: np.dtype[Any]) -> Block:
        """Give room for a block."""
        return self.lib.empty(
            shape, dtype=getattr(self.lib, dtype.name), device=self._where
        )

    def product(self, weights: Any, residuals: Any, out: Block) -> None:
        """Write the product of two matrices, in the precision of its numbers."""
        settings = self.lib.backends.cuda.matmul
        new = hasattr(settings, "fp32_precision")  # TF32 has 10 bits only
        name, exact = ("fp32_precision", "ieee") if new else ("allow_tf32", False)
        before = getattr(settings, name)
        setattr(settings, name, exact)
        try:
            self.lib.matmul(weights, residuals, out=out)
        finally:
            setattr(settings, name, before)

    def numbers(self, values: Any) -> NDArray[Any]:
        """Give what was computed as numpy's array."""
        array: NDArray[Any] = values.cpu().numpy()
        return array

    def passing(
        self, values: Block, limit: Any
    ) -> tuple[NDArray[np.intp], NDArray[Any]]:
        """Give the places in the flattened block that pass a limit, and what passes."""
        places = (values > limit).ravel().nonzero().ravel()
        return self.numbers(places), self.numbers(values.ravel()[places])


def chosen(device: str, n: int) -> Arrays:
    """Choose where so many statistics are computed.

    Parameters
    ----------
    device : str
        "auto" takes an accelerator if there is one and it is worth starting; "cpu"; or
        a device that torch knows.
    n : int
        Statistics in all.

    Raises
    ------
    InvalidDataError
        If there is no such device here.
    MissingExtraError
        If it needs torch, which is not installed.
    """
    if device == "cpu" or (device == "auto" and n <= SMALL):
        return Arrays()
    try:
        found = devices.choose(device)
    except MissingExtraError:
        if device != "auto":
            raise
        return Arrays()
    return Arrays() if found.type == "cpu" else Tensors(found)
