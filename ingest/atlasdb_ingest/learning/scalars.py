"""Numbers that tell how a training goes, as TensorBoard shows them.

Only numbers, their names and steps are written: nothing of what is learned from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from atlasdb.errors import InvalidDataError, MissingExtraError

if TYPE_CHECKING:
    import torch

Log: TypeAlias = "Callable[[str, torch.Tensor | float, int], object]"
"""Takes the name of a number, the number, and the step."""


@contextmanager
def logged(folder: str | Path | None) -> Iterator[Log]:
    """Open a log of numbers.

    Parameters
    ----------
    folder : str, Path or None
        Where TensorBoard is to find it; None: nothing is written.

    Yields
    ------
    callable
        Takes name, number and step. Where nothing is written, it waits for no device.

    Raises
    ------
    MissingExtraError
        If tensorboard is not installed.
    InvalidDataError
        If the folder cannot be written to.
    """
    if folder is None:
        yield lambda name, value, step: None
        return
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("--log-dir", "tensorboard", "tensorboard") from error
    try:
        # Before TensorBoard does it, through TensorFlow where that is installed.
        Path(folder).mkdir(parents=True, exist_ok=True)
        writer = SummaryWriter(str(folder))
    except OSError as error:
        raise InvalidDataError(
            f"Could not write to {folder}: {error.strerror or error}."
        ) from error
    with writer:
        yield writer.add_scalar
