"""Inverses of several matrices, however large and whatever threads a program set."""

from __future__ import annotations

import torch

_TOGETHER = 128
"""Rows up to which matrices are inverted together."""


def inverse(matrices: torch.Tensor) -> torch.Tensor:
    """Invert matrices.

    Where a program has set the number of torch's threads, LU of several larger
    matrices at once never ends in some builds of torch. One by one they take about as
    long.

    Parameters
    ----------
    matrices : Tensor, shape (n, n_rows, n_rows)
        None of them singular.

    Returns
    -------
    Tensor, shape (n, n_rows, n_rows)

    Raises
    ------
    torch.linalg.LinAlgError
        If a matrix is singular.

    Examples
    --------
    >>> inverse(torch.tensor([[[2.0, 0.0], [0.0, 4.0]]]))
    tensor([[[0.5000, 0.0000],
             [0.0000, 0.2500]]])
    """
    if matrices.shape[-1] > _TOGETHER:
        return torch.stack([torch.linalg.inv(one) for one in matrices])
    found: torch.Tensor = torch.linalg.inv(matrices)
    return found
