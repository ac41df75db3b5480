"""A bar on stderr that shows how many permutations are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def permutation_bar() -> Iterator[Callable[[int, int], None]]:
    """Give what is called with how many permutations are done, and of how many."""
    from tqdm.auto import tqdm  # slow to import

    with tqdm(unit="permutation", disable=None, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
