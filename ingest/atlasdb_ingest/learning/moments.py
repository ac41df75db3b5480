"""Statistics of all pairs of regions at once, as products of matrices over time.

Courses have shape (n, n_regions, n_times), are standardised, and give matrices of shape
(n, n_regions, n_regions), rows first. ``root`` is the root of the number of times:
differences are told in about their standard errors.
"""

from __future__ import annotations

import torch

_LOUD, _SILENT = 0.7, -0.3
"""Deviations from the mean."""


def standardised(series: torch.Tensor) -> torch.Tensor:
    """Give series mean 0 and deviation 1."""
    centred = series - series.mean(-1, keepdim=True)
    return centred / centred.square().mean(-1, keepdim=True).sqrt().clamp_min(1e-9)


def above(course: torch.Tensor, level: float) -> torch.Tensor:
    """Give 1 where a course is above a level and 0 elsewhere, without truths between.

    To turn truths into numbers takes five times as long as to find them.
    """
    return torch.gt(course, level, out=torch.empty_like(course))


def _against(matrix: torch.Tensor) -> torch.Tensor:
    """Give the difference to the other direction."""
    return matrix - matrix.mT


def single(course: torch.Tensor) -> list[torch.Tensor]:
    """Give skewness and a third of the excess kurtosis, each shape (n, n_regions)."""
    square = course * course
    skewness = (square * course).mean(-1)
    return [skewness, (square.square().mean(-1) - 3) / 3]


def leading(
    course: torch.Tensor, sign: torch.Tensor, root: float
) -> list[torch.Tensor]:
    """Tell who follows whom when active: FASK, and means beyond one deviation."""
    active = above(course, 0.0)
    together = course.relu() @ course.mT
    power = active @ (course * course).mT
    scale = (power.diagonal(dim1=1, dim2=2)[:, :, None] * power).sqrt()
    follows = together / scale.clamp_min(1e-6)
    found = [follows, _against(follows) * sign * root / 3]
    for beyond in (above(course, 1.0), above(-course, 1.0)):
        mean = beyond @ course.mT / beyond.sum(-1).clamp_min(1)[..., None]
        found.append(_against(mean) * sign * root / 6)
    return found


def shape(course: torch.Tensor, joint: torch.Tensor, root: float) -> list[torch.Tensor]:
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


def beside(course: torch.Tensor) -> list[torch.Tensor]:
    """Tell how regions behave while another is loud, ordinary, or silent.

    A source is always active when a target that follows it only at times is; skewness
    would have the target, which is active more rarely, for the source.
    """
    square = course * course
    cube = square * course
    loud, silent = above(course, _LOUD), above(-course, -_SILENT)
    found = []
    for now in (loud, 1 - loud - silent, silent):
        now = now / now.sum(-1, keepdim=True).clamp_min(1)
        mean, second = now @ course.mT, now @ square.mT
        own = (now * course).sum(-1, keepdim=True)
        spread = ((now * square).sum(-1, keepdim=True) - own * own).clamp_min(1e-4)
        power = (second - mean * mean).clamp_min(1e-4)
        joint = (now * course) @ course.mT - mean * own
        rest = (power - joint * joint / spread).clamp_min(1e-4)
        third = now @ cube.mT - 3 * mean * second + 2 * mean * mean * mean
        found += [
            mean,
            power.log(),
            rest.log(),
            joint / (power * spread).sqrt(),
            joint / spread.clamp_min(0.02),
            third / (power * power.sqrt()),
        ]
    return found


def apart(
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


def lagged(course: torch.Tensor, rest: torch.Tensor, root: float) -> list[torch.Tensor]:
    """Tell who goes before whom by one sample or two, and who changes with whom."""
    found = []
    for series, lag in ((course, 1), (course, 2), (rest, 1)):
        later = series[..., :-lag] @ series[..., lag:].mT / (series.shape[-1] - lag)
        found += [later, _against(later) * root / 6]
    change = standardised(course.diff(dim=-1))
    return [*found, change @ change.mT / change.shape[-1]]
