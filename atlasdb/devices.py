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
    there = [
        kind
        for kind, works in (
            ("cuda", torch.cuda.is_available()),
            ("mps", torch.backends.mps.is_available()),
            ("cpu", True),
        )
        if works
    ]
    if name == "auto":
        return torch.device(there[0])
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise InvalidDataError(
            f"Device '{name}' cannot be used: torch {torch.__version__} finds "
            f"{' and '.join(there)} here. Use auto, or one of them."
        ) from error
    return device
