"""What a random seed may be."""

from __future__ import annotations

from typing import Final

import click

SEED: Final = click.IntRange(0, 2**32 - 1)
"""What every generator of random numbers takes: numpy's, torch's and scikit-learn's."""
