"""What a recording shows of every pair of regions: the inputs of the amortised engine.

Everything is a product of matrices over time, so that 400 regions take a second.
Strength comes from correlation and partial correlation; direction from the shape of
the joint distribution: who follows whom when active (the left-right statistic of
FASK), third and fourth moments, of the series and of what all other regions leave
unexplained of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

RIDGES = (0.02, 0.1, 0.3, 1.0)
"""Added to the diagonal of the correlation matrix. Fixed, as everywhere."""
_USUAL = 0.1
_LARGEST = 12.0


@dataclass(frozen=True, eq=False)
class Features:
    """Numbers about recordings of equal shape.

    Attributes
    ----------
    pair : Tensor, shape (n, n_regions, n_regions, n_pair)
        Of ordered pairs; 0 on the diagonal.
    region : Tensor, shape (n, n_regions, n_region)
        Of regions.
    whole : Tensor, shape (n, n_whole)
        Of recordings.
    courses : Tensor, shape (n, n_regions, 2, n_times)
        Standardised series, and what all others leave unexplained of them.
    """

    pair: torch.Tensor
    region: torch.Tensor
    whole: torch.Tensor
    courses: torch.Tensor


def describe(series: torch.Tensor, tr: float) -> Features:
    """Describe recordings.

    Parameters
    ----------
    series : Tensor, shape (n, n_regions, n_times)
        Series in any unit, none of them constant.
    tr : float
        Time between samples, s.

    Returns
    -------
    Features
        All finite and bounded.
    """
    course = _standardised(series)
    n_regions, n_times = course.shape[-2:]
    joint = course @ course.mT / n_times
    own = torch.eye(n_regions, device=course.device)
    inverse = {ridge: torch.linalg.inv(joint + ridge * own) for ridge in RIDGES}
    partial = {ridge: _partial(matrix) for ridge, matrix in inverse.items()}
    rest = _standardised(inverse[_USUAL] @ course)
    root = math.sqrt(n_times)
    sign, rest_sign = joint.sign(), partial[0.3].sign()
    pair = [joint, *partial.values()]
    pair += [
        torch.atanh(partial[r].clamp(-0.999, 0.999)) * root / 5 for r in (0.1, 0.3)
    ]
    pair += _leading(course, sign, root)
    pair += _leading(rest, rest_sign, root)[1:]
    pair += _leading(_standardised(course[..., 1:] + course[..., :-1]), sign, root)[1:]
    pair += _shape(course, joint, root)
    pair += _shape(rest, partial[_USUAL], root)
    pair += _apart(inverse[_USUAL], course, root)
    pair += _lagged(course, rest, root)
    size = partial[_USUAL].abs() * (1 - own)
    linked = joint.abs() * (1 - own)
    top = size.amax(-1)
    pair += [
        size - top[:, :, None],
        size / (size.sum(-1) + 1e-3)[:, :, None],
        linked @ linked / math.sqrt(n_regions),
    ]
    region = torch.stack(
        [
            course.pow(3).mean(-1),
            (course.pow(4).mean(-1) - 3) / 3,
            rest.pow(3).mean(-1),
            (rest.pow(4).mean(-1) - 3) / 3,
            (course[..., 1:] * course[..., :-1]).mean(-1),
            (course[..., 2:] * course[..., :-2]).mean(-1),
            1 / inverse[_USUAL].diagonal(dim1=1, dim2=2),
            top,
            5 * linked.mean(-1),
            5 * size.mean(-1),
            5 * (course > 1).float().mean(-1),
        ],
        -1,
    )
    sizes = torch.tensor([math.log(n_times) / 2, math.log(n_regions), math.log(tr)])
    spread = region.std(1) if n_regions > 1 else torch.zeros_like(region[:, 0])
    whole = torch.cat(
        [
            region.mean(1),
            spread,
            sizes.to(course).expand(len(course), 3),
            3 * joint.mean((1, 2))[:, None],
            3 * linked.mean((1, 2))[:, None],
            3 / n_regions * torch.linalg.matrix_norm(joint, 2)[:, None],
        ],
        -1,
    )
    return Features(
        _bounded(torch.stack(pair, -1)) * (1 - own)[..., None],
        _bounded(region),
        _bounded(whole),
        torch.stack([course, rest], 2),
    )


def _standardised(series: torch.Tensor) -> torch.Tensor:
    centred = series - series.mean(-1, keepdim=True)
    return centred / centred.square().mean(-1, keepdim=True).sqrt().clamp_min(1e-9)


def _bounded(numbers: torch.Tensor) -> torch.Tensor:
    return numbers.nan_to_num(0.0, _LARGEST, -_LARGEST).clamp(-_LARGEST, _LARGEST)


def _partial(inverse: torch.Tensor) -> torch.Tensor:
    scale = inverse.diagonal(dim1=1, dim2=2).rsqrt()
    return -inverse * scale[:, :, None] * scale[:, None, :]


def _against(matrix: torch.Tensor) -> torch.Tensor:
    """Give the difference to the other direction."""
    return matrix - matrix.mT


def _leading(
    course: torch.Tensor, sign: torch.Tensor, root: float
) -> list[torch.Tensor]:
    """Tell who follows whom when active: FASK, and means beyond one deviation."""
    active = (course > 0).to(course)
    together = (active * course) @ course.mT
    power = active @ (course * course).mT
    scale = (power.diagonal(dim1=1, dim2=2)[:, :, None] * power).sqrt()
    follows = together / scale.clamp_min(1e-6)
    found = [follows, _against(follows) * sign * root / 3]
    for beyond in ((course > 1).to(course), (course < -1).to(course)):
        mean = beyond @ course.mT / beyond.sum(-1).clamp_min(1)[..., None]
        found.append(_against(mean) * sign * root / 6)
    return found


def _shape(
    course: torch.Tensor, joint: torch.Tensor, root: float
) -> list[torch.Tensor]:
    """Give third and fourth moments of pairs, and pairwise likelihood ratios."""
    n_times = course.shape[-1]
    square = course * course
    skewed = square @ course.mT / n_times
    cubed = (square * course) @ course.mT / n_times - 3 * joint
    bent = course @ torch.tanh(course).mT / n_times
    left = skewed - joint * skewed.diagonal(dim1=1, dim2=2)[:, :, None]
    return [
        skewed,
        cubed / 2,
        (square @ square.mT / n_times - 1 - 2 * joint * joint) / 2,
        _against(skewed) * joint * root / 3,
        _against(cubed) * joint * root / 6,
        _against(bent) * joint * root / 1.5,
        left * root / 6,
    ]


def _apart(
    inverse: torch.Tensor, course: torch.Tensor, root: float
) -> list[torch.Tensor]:
    """Give moments of two regions with all others regressed out of both.

    The residuals of a pair are mixtures of two rows of the inverse times the series,
    so their moments follow from those of all rows together.
    """
    n_times = course.shape[-1]
    row = inverse @ course
    square = row * row
    joint = row @ row.mT / n_times
    skewed = square @ row.mT / n_times
    third = skewed.diagonal(dim1=1, dim2=2)
    size = inverse.diagonal(dim1=1, dim2=2)
    a, b, c = size[:, :, None], size[:, None, :], inverse
    power = joint.diagonal(dim1=1, dim2=2)
    first, second = power[:, :, None], power[:, None, :]
    one = (b * b * first - 2 * b * c * joint + c * c * second).clamp_min(1e-12).sqrt()
    two = (a * a * second - 2 * a * c * joint + c * c * first).clamp_min(1e-12).sqrt()
    shared = (a * b + c * c) * joint - b * c * first - a * c * second
    shared = shared / (one * two)
    iii, jjj, iij, ijj = third[:, :, None], third[:, None, :], skewed, skewed.mT
    follows = (
        b * b * (a * iij - c * iii)
        - 2 * b * c * (a * ijj - c * iij)
        + c * c * (a * jjj - c * ijj)
    ) / (one * one * two)
    return [shared, follows, _against(follows) * shared * root / 3]


def _lagged(
    course: torch.Tensor, rest: torch.Tensor, root: float
) -> list[torch.Tensor]:
    found = []
    for series, lag in ((course, 1), (course, 2), (rest, 1)):
        later = series[..., :-lag] @ series[..., lag:].mT / (series.shape[-1] - lag)
        found += [later, _against(later) * root / 6]
    change = _standardised(course.diff(dim=-1))
    return [*found, change @ change.mT / change.shape[-1]]
