"""What LadybugDB cannot do with the parts of a UNION."""

from __future__ import annotations

from collections.abc import Sequence


def repeats_with_limit(words: Sequence[str]) -> bool:
    """Tell whether a part of a UNION returns an expression twice, and has a LIMIT.

    Such a part ends the process of LadybugDB 0.22.

    Parameters
    ----------
    words : sequence of str
        The statement's words, keywords in capitals.

    Examples
    --------
    >>> twice = "MATCH ( s ) RETURN s.id AS a , s.id AS b LIMIT 3"
    >>> repeats_with_limit(f"{twice} UNION ALL {twice}".split())
    True
    >>> repeats_with_limit("RETURN s.id AS a , s.sex AS b LIMIT 3".split())
    False
    """
    parts: list[list[str]] = [[]]
    for word in words:
        if word == "UNION":
            parts.append([])
        else:
            parts[-1].append(word)
    return any({"LIMIT", "SKIP"} & set(part) and _repeats(part) for part in parts)


def _repeats(part: Sequence[str]) -> bool:
    """Tell whether RETURN names one expression under two names."""
    if "RETURN" not in part:
        return False
    start = len(part) - list(part)[::-1].index("RETURN")
    items: list[list[str]] = [[]]
    depth = 0
    named = False
    for word in part[start:]:
        if word in ("ORDER", "SKIP", "LIMIT"):
            break
        depth += (word in "([{") - (word in ")]}")
        if word == "," and depth == 0:
            items.append([])
            named = False
        elif word == "AS" and depth == 0:
            named = True
        elif not named:
            items[-1].append(word)
    texts = [" ".join(item) for item in items]
    return len(set(texts)) < len(texts)
