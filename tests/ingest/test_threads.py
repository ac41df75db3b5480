"""A program that sets the number of torch's threads gets its answers all the same.

Of several large matrices at once, LU then never ends in some builds of torch.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

SETUP = """
import torch
from atlasdb_ingest.learning.inverses import inverse
from atlasdb_ingest.learning.pairs import describe
from atlasdb_ingest.models.linear import regress
torch.set_num_threads(2)
chance = torch.Generator().manual_seed(0)
"""
WORK = {
    "BOLD of many regions": """
found = describe(torch.randn(1, 200, 300, generator=chance), 2.0)
assert torch.isfinite(found.pair).all()
""",
    "the linear model of several people": """
past = torch.randn(3, 1000, 200, generator=chance).double()
moments = past.mT @ past / 1000
weights, _ = regress(moments, moments[..., :20], torch.full((3,), 0.01))
assert torch.isfinite(weights).all()
""",
    "any matrices": """
root = torch.randn(3, 200, 300, generator=chance).double()
matrices = root @ root.mT
assert torch.allclose(inverse(matrices) @ matrices, torch.eye(200).double())
""",
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_many_regions_are_read_with_threads_that_were_set(work: str) -> None:
    words = [sys.executable, "-c", SETUP + work]
    subprocess.run(words, check=True, timeout=60)
