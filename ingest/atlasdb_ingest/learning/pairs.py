"""What a recording shows of every pair of regions: the inputs of the amortised engine.

Everything is a product of matrices over time, so that 400 regions take a second.
Strength comes from correlation and partial correlation; direction from the shape of
the joint distribution: who follows whom when active (the left-right statistic of
FASK), third and fourth moments, of the series and of what all other regions leave
unexplained of them, and how a region behaves while another is loud, ordinary or silent.
All but the last are told three times: of the series as they stand, without
their slow drifts, and without the course that is common to all regions as well. Who
made the recording may have left drifts and global signal in, or taken them out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from atlasdb_ingest.learning import moments, spectrum
from atlasdb_ingest.learning.inverses import inverse
from atlasdb_ingest.simulation.scanner import cosines

_USUAL, _FIRM = 0.1, 0.3
"""Added to the diagonal of the correlation matrix. Fixed, as everywhere."""
_OTHERS = (0.02, 1.0)
"""Added too, where the series are as they stand."""
_SLOW_HZ = 0.01
"""What is slower is drift."""
_ABSENT = 1e-4
"""Power of a mixture of regions that is always 0, as no global signal is left."""
_FEWEST = 5
"""Among fewer regions what is common to all is most of what any two share."""
_LARGEST = 12.0
_ROWS = 16


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
        Of recordings; means and deviations of the others are among them.
    courses : Tensor, shape (n, n_regions, 4, n_times)
        Standardised series, what all others leave unexplained of them, and the
        standardised series without slow drifts and without the common course.
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
    course = moments.standardised(series)
    course = moments.standardised(spectrum.restored(course, tr))
    n, n_regions, n_times = course.shape
    own = torch.eye(n_regions, device=course.device)
    root = math.sqrt(n_times)
    steady = moments.standardised(without_drift(course, tr))
    power, absent = _absent(torch.cat([course, steady]))
    private, lacking = _without_common(steady, absent[n:])
    # A step is many small products: what is told of all three is told at once.
    views = _View.of(torch.cat([course, steady, private]), torch.cat([absent, lacking]))
    told = views.pairs(root)
    pair = [one[k * n : (k + 1) * n] for k in range(3) for one in told]
    joint, rest, precision = views.joint[:n], views.rest[:n], views.inverse[:n]
    partial = {ridge: matrix[:n] for ridge, matrix in views.partial.items()}
    pair += [_partial(_inverse(joint, absent[:n], ridge)) for ridge in _OTHERS]
    smooth = moments.standardised(course[..., 1:] + course[..., :-1])
    pair += moments.leading(smooth, joint.sign(), root)[1:]
    pair += moments.shape(rest, partial[_USUAL], root)
    pair += moments.lagged(course, rest, root)
    size = partial[_USUAL].abs() * (1 - own)
    linked = joint.abs() * (1 - own)
    top = size.amax(-1)
    pair += [
        size - top[:, :, None],
        size / (size.sum(-1) + 1e-3)[:, :, None],
        linked @ linked / math.sqrt(n_regions),
    ]
    pair += moments.beside(course)
    region = torch.stack(
        [
            *moments.single(course),
            *moments.single(rest),
            (course[..., 1:] * course[..., :-1]).mean(-1),
            (course[..., 2:] * course[..., :-2]).mean(-1),
            1 / precision.diagonal(dim1=1, dim2=2),
            top,
            5 * linked.mean(-1),
            5 * size.mean(-1),
            5 * moments.above(course, 1.0).mean(-1),
            *moments.single(steady),
            moments.single(private)[0],
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
            3 / n_regions * power[:n, -1:],
            torch.log10(power[:n, :1].clamp_min(1e-4)),
        ],
        -1,
    )
    numbers = _bounded(torch.stack(pair, -1)).mul_((1 - own)[..., None])
    return Features(
        numbers,
        _bounded(region),
        torch.cat([_bounded(whole), *_pooled(numbers)], -1),
        torch.stack([course, rest, steady, private], 2),
    )


def _pooled(numbers: torch.Tensor) -> list[torch.Tensor]:
    """Give means and deviations over all pairs, each shape (n, n_pair)."""
    n_regions = numbers.shape[1]
    n_pairs = max(1, n_regions * (n_regions - 1))
    mean = numbers.sum((1, 2)) / n_pairs
    power = torch.zeros_like(mean)
    # A few rows at once: squares of all pairs of 400 regions leave the cache.
    for k in range(0, n_regions, _ROWS):
        power += numbers[:, k : k + _ROWS].square().sum((1, 2)) / n_pairs
    return [mean, (power - mean.square()).clamp_min(0).sqrt()]


def without_drift(series: torch.Tensor, tr: float) -> torch.Tensor:
    """Take out what is slower than 0.01 Hz, by cosines."""
    n_times = series.shape[-1]
    slow = cosines(n_times, tr, _SLOW_HZ, series.device)
    slow = slow * math.sqrt(2 / n_times)
    return series - (series @ slow.mT) @ slow


def _absent(course: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Find the mixture that is always 0, as after an exact global signal regression.

    Returns
    -------
    power : Tensor, shape (n, n_regions)
        Of all mixtures that are uncorrelated, the smallest first.
    absent : Tensor, shape (n, n_regions)
        The mixture, of unit length; 0 where there is none.
    """
    n_regions, n_times = course.shape[-2:]
    power, mixtures = torch.linalg.eigh(course @ course.mT / n_times)
    # Where samples are few, mixtures are 0 by chance; a silent region is none.
    moves = course.any(-1).all(-1, keepdim=True)
    lacks = (power[:, :1] < _ABSENT) & (n_times > 2 * n_regions) & moves
    return power, mixtures[:, :, 0] * lacks


def _without_common(
    course: torch.Tensor, absent: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Take the mean of all regions out of each, unless something is out already.

    Returns
    -------
    course : Tensor, shape (n, n_regions, n_times)
        Standardised.
    absent : Tensor, shape (n, n_regions)
        What is always 0 now.
    """
    if course.shape[1] < _FEWEST:
        return course, absent
    common = course.mean(1, keepdim=True)
    common = common / common.norm(dim=-1, keepdim=True).clamp_min(1e-6)
    rest = course - (course @ common.mT) @ common
    size = rest.square().mean(-1).sqrt()
    mixture = size / size.norm(dim=-1, keepdim=True).clamp_min(1e-6)
    lacks = absent.any(1, keepdim=True)
    found = torch.where(lacks[..., None], course, moments.standardised(rest))
    return found, torch.where(lacks, absent, mixture)


@dataclass(frozen=True, eq=False)
class _View:
    """Standardised series, their correlations, and what others leave unexplained."""

    course: torch.Tensor
    joint: torch.Tensor
    inverse: torch.Tensor
    partial: dict[float, torch.Tensor]
    rest: torch.Tensor

    @classmethod
    def of(cls, course: torch.Tensor, absent: torch.Tensor) -> _View:
        """Relate series; `absent`, shape (n, n_regions), is always 0 in them."""
        joint = course @ course.mT / course.shape[-1]
        found = {ridge: _inverse(joint, absent, ridge) for ridge in (_USUAL, _FIRM)}
        partial = {ridge: _partial(matrix) for ridge, matrix in found.items()}
        rest = moments.standardised(found[_USUAL] @ course)
        return cls(course, joint, found[_USUAL], partial, rest)

    def pairs(self, root: float) -> list[torch.Tensor]:
        """Tell strength and direction of all pairs."""
        pair = [self.joint, *self.partial.values()]
        for matrix in self.partial.values():
            pair.append(torch.atanh(matrix.clamp(-0.999, 0.999)) * root / 5)
        pair += moments.leading(self.course, self.joint.sign(), root)
        pair += moments.leading(self.rest, self.partial[_FIRM].sign(), root)[1:]
        pair += moments.shape(self.course, self.joint, root)
        return pair + moments.apart(self.inverse, self.course, root)


def _bounded(numbers: torch.Tensor) -> torch.Tensor:
    """Bound numbers in place: those of 400 regions take 56 MB."""
    return numbers.nan_to_num_(0.0, _LARGEST, -_LARGEST).clamp_(-_LARGEST, _LARGEST)


def _inverse(joint: torch.Tensor, absent: torch.Tensor, ridge: float) -> torch.Tensor:
    """Invert correlations, and something on their diagonal.

    What is 0 by construction says nothing of who is joined to whom, and the inverse
    must not hold it for the surest thing of all.
    """
    own = torch.eye(joint.shape[-1], device=joint.device)
    known = absent[:, :, None] * absent[:, None, :]
    return inverse(joint + ridge * own) - known / ridge


def _partial(matrix: torch.Tensor) -> torch.Tensor:
    scale = matrix.diagonal(dim1=1, dim2=2).rsqrt()
    return -matrix * scale[:, :, None] * scale[:, None, :]
