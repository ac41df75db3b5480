"""BOLD of a BIDS folder: as it was scanned, or as fMRIPrep left it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from atlasdb.errors import InvalidDataError, NotFoundError, did_you_mean
from atlasdb_ingest.bids_index import Index, NamedFile, positive
from atlasdb_ingest.bids_recording import BidsRecording, check, recording, tables

BOLD = (".nii.gz", ".nii")


def raw_bold(index: Index, files: Sequence[NamedFile]) -> list[BidsRecording]:
    """Give BOLD as it was scanned, with its events and repetition time.

    Phase images are no BOLD and left out; several echoes are one problem.
    """
    found = []
    for file in files:
        if file.entities.get("part", "mag") != "mag":
            continue
        if file.entities.get("echo", "1").lstrip("0") not in ("", "1"):
            continue  # said once, at the first echo
        options: dict[str, Any] = {}
        problem = None
        try:
            _check_bold(file, index)
            options = tables(index, file, ("events",))
            options |= _repetition_time([index.metadata(file)], file)
        except InvalidDataError as error:
            problem = str(error)
        found.append(recording(file, "fmri", options, problem))
    return found


def preprocessed(
    index: Index,
    raw: Sequence[NamedFile],
    folders: Sequence[Index],
    chosen: Callable[[NamedFile], bool],
    space: str | None,
) -> list[BidsRecording]:
    """Give preprocessed BOLD in one space, with its confounds and mask.

    Parameters
    ----------
    index : Index
        The data set, for the events.
    raw : sequence of NamedFile
        Its own BOLD: what has no preprocessed form is a problem, not passed over.
    folders : sequence of Index
        The derivatives.
    chosen : callable
        Tells whether a file was asked for.
    space : str or None
        The space to take, needed where there are several.

    Raises
    ------
    NotFoundError
        If nothing is in that space.
    InvalidDataError
        If there are several spaces or folders to choose from.
    """
    every = [
        (folder, file)
        for folder in folders
        for file in folder.select("func", "bold", BOLD)
        if file.entities.get("desc") == "preproc" and chosen(file)
    ]
    files = _in_one_space(every, space)
    found = []
    names = {file.path.name: folder.root for folder, file in files}
    if len(names) < len(files):
        raise InvalidDataError(
            "The same preprocessed BOLD is in two folders of derivatives. Give one "
            "--derivatives."
        )
    for folder, file in files:
        options: dict[str, Any] = {}
        problem = None
        try:
            _check_bold(file, folder)
            options = tables(index, file, ("events",))
            said = [folder.metadata(file), index.metadata(file)]
            options |= _repetition_time(said, file)
            bare = {"space": "", "res": "", "den": "", "desc": "confounds"}
            for suffix in ("timeseries", "regressors"):  # since, and before 20.2
                table = folder.same(file, suffix, ".tsv", **bare)
                if table:
                    options["confounds"] = table
                    break
            for extension in BOLD:
                mask = folder.same(file, "mask", extension, desc="brain")
                if mask:
                    options["mask"] = mask
        except InvalidDataError as error:
            problem = str(error)
        found.append(recording(file, "fmri", options, problem))
    done = {_acquired(file) for _, file in files}
    for file in [*raw, *(file for _, file in every)]:
        if _acquired(file) not in done:
            done.add(_acquired(file))
            where = f" in the space {space}" if space else ""
            problem = f"The derivatives hold no BOLD of this recording{where}."
            found.append(recording(file, "fmri", {}, problem))
    return found


def _in_one_space(
    files: list[tuple[Index, NamedFile]], space: str | None
) -> list[tuple[Index, NamedFile]]:
    def name(file: NamedFile, *keys: str) -> str:
        label = file.entities.get("space", "func")
        more = [f"{k}-{file.entities[k]}" for k in keys if k in file.entities]
        return ":".join([label, *more])

    full = [name(file, "res", "den") for _, file in files]
    there = sorted(set(full))
    if space is None:
        kept = files
    else:
        kept = [
            pair
            for pair, whole in zip(files, full, strict=True)
            if space in (whole, name(pair[1]))
        ]
        there = sorted({name(file, "res", "den") for _, file in kept}) or there
        if files and not kept:
            raise NotFoundError(
                f"No preprocessed BOLD is in the space {space}."
                f"{did_you_mean(space, there)} There are: {', '.join(there)}."
            )
    if len(there) > 1:
        raise InvalidDataError(
            f"The preprocessed BOLD is there in {len(there)} spaces: "
            f"{', '.join(there)}. Choose one with --space {there[0]}."
        )
    return kept


def _acquired(file: NamedFile) -> frozenset[tuple[str, str]]:
    """Give what a file says of the acquisition, without what was made of it."""
    made = ("space", "res", "den", "desc", "echo", "part")
    return frozenset((k, v) for k, v in file.entities.items() if k not in made)


def _check_bold(file: NamedFile, index: Index) -> None:
    check(file, index, BOLD)
    if "echo" in file.entities:
        raise InvalidDataError(
            f"{file.path.name} is one of several echoes. Combine them first, as "
            "fMRIPrep does, and give its output with --derivatives."
        )


def _repetition_time(said: Iterable[dict[str, Any]], file: NamedFile) -> dict[str, Any]:
    for metadata in said:
        if "RepetitionTime" in metadata:
            tr = positive(metadata["RepetitionTime"])
            if tr is None:
                raise InvalidDataError(
                    f"RepetitionTime of {file.path.name} is not a number of seconds "
                    "above 0. Correct its JSON file."
                )
            return {"tr": tr}
        if "VolumeTiming" in metadata:
            raise InvalidDataError(
                f"{file.path.name} has volumes at uneven times (VolumeTiming), which "
                "cannot be learned from."
            )
    return {}
