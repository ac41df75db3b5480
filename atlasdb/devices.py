"""Where arrays are computed: the CPU, or an accelerator that torch can use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atlasdb.errors import InvalidDataError, MissingExtraError

if TYPE_CHECKING:
    import torch


def choose(name: str) -> torch.device:
    """Find the device to compute on.

    Parameters
    ----------
    name : str
        "auto" takes CUDA, then MPS, then the CPU; or a device that torch knows.

    Returns
    -------
    torch.device
        One that works.

    Raises
    ------
    InvalidDataError
        If there is no such device here.
    MissingExtraError
        If torch is not installed.
    """
    try:
        import torch  # heavy, and not everybody has it
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"Device '{name}'", "torch", "ingest") from error
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        if torch.backends.mps.is_available():
            return torch.device("mps")
        return torch.device("cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InvalidDataError(
            f"Device '{name}' cannot be used here. Use auto, cpu, cuda or mps."
        ) from error
    if device.type == "meta":
        raise InvalidDataError(
            "Device 'meta' computes nothing. Use auto, cpu, cuda or mps."
        )
    return device
