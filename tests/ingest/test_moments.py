"""What pairs of courses look like, whichever network reads it."""

from __future__ import annotations

import torch

from atlasdb_ingest.learning.moments import beside, standardised


def test_a_source_is_steadier_beside_its_part_time_target_than_the_other_way() -> None:
    chance = torch.Generator().manual_seed(0)
    events = (torch.rand(2000, generator=chance) < 0.2).float()
    there = torch.rand(40, generator=chance).lt(0.4).repeat_interleave(50).float()
    noise = 0.1 * torch.randn(2, 2000, generator=chance)
    course = standardised(torch.stack([events, events * there])[None] + noise)
    _, power, rest, *_ = beside(course)
    assert power[0, 1, 0] < power[0, 0, 1] - 1
    assert rest[0, 1, 0] < rest[0, 0, 1] - 1
