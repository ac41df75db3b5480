"""What is asked of cohorts: whose connectomes, which test, which correction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from atlasdb.errors import InvalidDataError, did_you_mean

Test = Literal["edge", "nbs", "tfce", "node", "global"]
Statistic = Literal["moderated", "welch", "glm", "permutation", "rank"]
Correct = Literal["fdr", "by", "fwe"]
Quantity = Literal["weight", "value"]
Alternative = Literal["two-sided", "greater", "less"]
Size = Literal["extent", "intensity"]
Harmonise = Literal["controls", "everybody"]

NETWORK = ("nbs", "tfce")
"""Tests that see connections together, and always shuffle."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Everything that decides the answer; `Atlas.compare` says what each means."""

    test: Test = "edge"
    statistic: Statistic | None = None
    correct: Correct | None = None
    covariates: tuple[str, ...] = ()
    by: str | None = None
    score: str | None = None
    sessions: tuple[str, ...] = ()
    quantity: Quantity = "weight"
    metrics: tuple[str, ...] = ()
    alternative: Alternative = "two-sided"
    threshold: float | None = None
    size: Size = "extent"
    permutations: int | None = None
    seed: int = 0
    alpha: float = 0.05
    harmonise: Harmonise | None = None
    modality: str | None = None
    session: str | None = None
    task: str | None = None
    parcellation: str | None = None
    method: str | None = None
    allow_mixed: bool = False
    allow_confounded: bool = False
    phenotypes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Columns of a table of the user's own, by column and then by subject."""

    @property
    def which(self) -> dict[str, str]:
        """Say which connectomes, where people have several."""
        names = ("modality", "session", "task", "parcellation", "method")
        return {n: getattr(self, n) for n in names if getattr(self, n) is not None}

    @property
    def settings(self) -> dict[str, Any]:
        """What was said, without the values of people and what is not asked for."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in vars(self).items()
            if name != "phenotypes" and value not in (None, (), False)
        }

    @property
    def shuffles(self) -> bool:
        """Whether permutations are needed."""
        return self.test in NETWORK or self.statistic == "permutation"


_CHOICES: Mapping[str, Any] = {
    "test": Test,
    "statistic": Statistic,
    "correct": Correct,
    "quantity": Quantity,
    "alternative": Alternative,
    "size": Size,
    "harmonise": Harmonise,
}


def refuse_unknown(what: str, said: Iterable[str], known: Collection[str]) -> None:
    """Refuse options that there are not, with the nearest that there are.

    Parameters
    ----------
    what : str
        Who has the options, such as "A comparison".
    said, known : collection of str
        Names of options.

    Raises
    ------
    InvalidDataError
    """
    for name in said:
        if name not in known:
            raise InvalidDataError(
                f"{what} has no option '{name}'.{did_you_mean(name, known)}"
            )


def settled(question: Question, *, two_groups: bool) -> Question:
    """Fill in what follows from the rest, and refuse what does not go together.

    Parameters
    ----------
    question : Question
    two_groups : bool
        Whether two groups of people are compared.

    Raises
    ------
    InvalidDataError
        If options contradict one another.
    """
    _refuse_contradictions(question)
    test, statistic, correct = question.test, question.statistic, question.correct
    if test in NETWORK:
        if statistic is not None:
            raise InvalidDataError(
                f"The test '{test}' has its own statistic; leave out --statistic."
            )
        if correct not in (None, "fwe"):
            raise InvalidDataError(
                f"The test '{test}' controls the family-wise error; leave out "
                "--correct, or test single connections with --test edge."
            )
        return replace(question, correct="fwe", permutations=_permutations(question))
    for name, value in (
        ("alternative", question.alternative != "two-sided"),
        ("threshold", question.threshold is not None),
    ):
        if value:
            raise InvalidDataError(
                f"--{name} belongs to the tests of networks; add --test nbs, or leave "
                "it out."
            )
    correct = correct or ("fwe" if statistic == "permutation" else "fdr")
    if statistic is None:
        statistic = "permutation" if correct == "fwe" else "moderated"
    if statistic in ("welch", "rank") and not two_groups:
        raise InvalidDataError(
            f"The statistic '{statistic}' compares two groups of people. Use glm or "
            "permutation."
        )
    if correct == "fwe" and statistic != "permutation":
        raise InvalidDataError(
            f"The family-wise correction needs permutations, not '{statistic}'. Leave "
            "out --statistic, or correct with fdr or by."
        )
    asked = replace(question, statistic=statistic, correct=correct)
    shuffles = _permutations(question) if asked.shuffles else None
    return replace(asked, permutations=shuffles)


def _permutations(question: Question) -> int:
    return 5000 if question.permutations is None else question.permutations


def _refuse_contradictions(question: Question) -> None:
    for name, choices in _CHOICES.items():
        value, known = getattr(question, name), get_args(choices)
        if value is not None and value not in known:
            raise InvalidDataError(
                f"{name} is '{value}', not one of {', '.join(known)}."
                f"{did_you_mean(value, known)}"
            )
    if not 0 < question.alpha < 1:
        raise InvalidDataError(
            f"alpha must lie between 0 and 1, not {question.alpha:g}."
        )
    if question.metrics and question.test not in ("node", "global"):
        raise InvalidDataError(
            "Measures are compared with --test node or --test global; leave out "
            "--metric, or name the test."
        )
    if question.quantity == "value" and question.test in ("node", "global"):
        raise InvalidDataError(
            "Graph measures need weights that are not negative; leave out --quantity "
            "value."
        )
    asked = [n for n in ("by", "score", "sessions") if getattr(question, n)]
    if len(asked) > 1:
        listed = " and ".join(f"--{name}" for name in asked)
        raise InvalidDataError(f"{listed} are two questions. Ask one at a time.")
    if len(question.sessions) == 1 or len(set(question.sessions)) < len(
        question.sessions
    ):
        raise InvalidDataError(
            f"--sessions needs at least two different ones, not "
            f"{','.join(question.sessions)}. To look at one only, use --session."
        )
    if question.sessions and question.session:
        raise InvalidDataError("Give --session or --sessions, not both.")
