"""The one object that puts the rooms together: `Atlas`, opened by `connect`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from atlasdb import answers, erasure, reading, upkeep, writing
from atlasdb.address import atlas_url, files_folder
from atlasdb.errors import InvalidDataError, StoreError
from atlasdb.files import Files
from atlasdb.privacy import Keyring
from atlasdb.store.base import Store, is_server, open_store
from atlasdb.store.lock import FolderLock
from atlasdb.types import (
    Activation,
    ClassificationResult,
    Connectome,
    Contrast,
    Entry,
    StimulationResult,
    Subject,
)

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


def connect(
    url: str | Path | None = None,
    *,
    files: str | Path | None = None,
    read_only: bool = False,
) -> Atlas:
    """Open an atlas.

    Parameters
    ----------
    url : str or Path, optional
        A folder (made if it is not there), or ``bolt://`` or ``neo4j://``. Default:
        ``$ATLASDB_URL``, ``$NEO4J_URI``, else the folder ``atlas``. A server's
        credentials come from ``NEO4J_USERNAME``, ``NEO4J_PASSWORD`` and
        ``NEO4J_DATABASE``.
    files : str or Path, optional
        Where the files of an atlas on a server lie.
    read_only : bool, default=False
        Open for questions only: many may do so at once.

    Returns
    -------
    Atlas
        Use it in a ``with``.

    Raises
    ------
    NotFoundError
        If a folder is opened read-only and holds no atlas.
    StoreError
        If the atlas is being written by somebody else, or the server cannot be
        reached.
    """
    address, _ = atlas_url(None if url is None else str(url))
    folder, _ = files_folder(address, None if files is None else Path(files))
    return Atlas(address, Files(folder), read_only=read_only)


class Atlas:
    """An open atlas: write entries, ask questions, compare cohorts.

    Open one with `connect`. Everything that changes it goes to its files first and
    then into the graph; a change that was cut short is finished when the atlas is
    next opened for writing.
    """

    def __init__(self, url: str, files: Files, *, read_only: bool = False) -> None:
        self.url = url
        self.files = files
        self.read_only = read_only
        self.keyring = Keyring()
        self._lock: FolderLock | None = None
        if is_server(url) and not read_only:
            files.folder.mkdir(parents=True, exist_ok=True)
            self._lock = FolderLock(files.folder, exclusive=True)
        try:
            self.store: Store = open_store(url, read_only=read_only)
        except BaseException:
            self._unlock()
            raise
        try:
            if not read_only:
                upkeep.catch_up(self.store, self.files)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Atlas:
        """Give the atlas itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the atlas."""
        self.close()

    def close(self) -> None:
        """Let go of the store and of its lock."""
        self.store.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    # What goes in

    def has(self, key: str) -> bool:
        """Tell whether a run with this key is in the atlas already."""
        return key in self.files

    def write(self, *entries: Entry) -> int:
        """Add entries: to the files, then to the graph, all of them or none.

        Parameters
        ----------
        *entries : Entry
            Those whose run is in the atlas already are passed over.

        Returns
        -------
        int
            How many were new.
        """
        self._require_writable()
        return writing.write(self.store, self.files, entries)

    def write_classification(self, result: ClassificationResult) -> str:
        """Keep classifiers; those whose run is in the atlas already are passed over.

        Parameters
        ----------
        result : ClassificationResult
            As `atlasdb_ingest.classify` makes it.

        Returns
        -------
        str
            What the ids of the classifiers begin with.
        """
        self._require_writable()
        return writing.write_classification(self.store, self.files, result)

    def describe(self, *subjects: Subject) -> int:
        """Bring what is known of subjects up to date; give how many changed."""
        self._require_writable()
        return writing.describe(self.store, self.files, subjects)

    def write_stimulation(self, result: StimulationResult) -> str:
        """Add a simulated stimulation, unless it is there already; give its id."""
        self._require_writable()
        return writing.write_stimulation(self.store, self.files, result)

    # Questions

    def query(self, name: str, **parameters: Any) -> pd.DataFrame:
        """Answer a named query.

        Parameters
        ----------
        name : str
            One of `atlasdb.catalog.names`, such as ``"connections"``.
        **parameters
            As the query's header says; subjects by their id, or by the laboratory's
            own label where this machine holds the key.

        Returns
        -------
        pandas.DataFrame
            The promised columns; without rows when nothing fits.

        Raises
        ------
        NotFoundError
            If there is no such query, subject or cohort.
        InvalidDataError
            If a parameter is missing, unknown or of the wrong type.
        """
        return answers.query(self.store, self.keyring, name, parameters)

    def cypher(
        self,
        text: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        write: bool = False,
        timeout_s: float | None = 60.0,
    ) -> pd.DataFrame:
        """Answer a query of one's own.

        Parameters
        ----------
        text : str
            Cypher, within what both stores answer alike; anything else is refused
            with the reason and the portable spelling.
        parameters : mapping, optional
            Values for ``$names`` in the text.
        write : bool, default=False
            Allow the text to change annotations; the change is kept in the journal
            and made again by `rebuild`.
        timeout_s : float, default=60
            Give up after so many seconds.

        Returns
        -------
        pandas.DataFrame
            For a write: one row with the number of ``changes``.
        """
        values = dict(parameters or {})
        if write:
            self._require_writable()
            return writing.write_cypher(self.store, self.files, text, values)
        return answers.cypher(self.store, text, values, timeout_s=timeout_s)

    def subject(self, label: str) -> str:
        """Give the id of a subject by id or label; NotFoundError if there is none."""
        return answers.subject_id(self.store, self.keyring, label)

    def connectome(
        self,
        subject: str | None = None,
        *,
        cohort: str | None = None,
        connectome: str | None = None,
        modality: str | None = None,
        session: str | None = None,
        task: str | None = None,
    ) -> Connectome:
        """Read one connectome whole: nodes, edges, full matrices.

        Parameters
        ----------
        subject : str, optional
            Whose current connectome.
        cohort : str, optional
            That of a cohort, which `pool` makes.
        connectome : str, optional
            Its id, instead of or beside the subject.
        modality, session, task : str, optional
            Which one, where there are several.

        Returns
        -------
        Connectome

        Raises
        ------
        NotFoundError
            If there is none.
        InvalidDataError
            If several fit: the message lists them.
        """
        wanted = {
            "subject": self.subject(subject) if subject else None,
            "cohort": cohort,
            "id": connectome,
            "modality": modality,
            "session": session,
            "task": task,
        }
        return reading.connectome(self.store, self.files, wanted)

    def graph(
        self,
        subject: str | None = None,
        *,
        min_weight: float = 0.0,
        supported: bool = True,
        **which: str | None,
    ) -> nx.DiGraph:
        """Give one connectome as a networkx graph, edges from source to target.

        Parameters
        ----------
        subject : str, optional
            Whose current connectome; ``which`` as in `connectome`.
        min_weight : float, default=0
            Leave out weaker connections.
        supported : bool, default=True
            Only connections that pass the connectome's own rule.
        """
        found = self.connectome(subject, **which)
        return reading.to_networkx(found, min_weight=min_weight, supported=supported)

    def activation(
        self, subject: str, condition: str, *, modality: str | None = None
    ) -> Activation:
        """Read one activation map of a subject, by its condition."""
        wanted = {"subject": self.subject(subject), "modality": modality}
        return reading.activation(self.store, self.files, condition, wanted)

    def contrast(self, name: str | None = None) -> Contrast:
        """Read one comparison whole, by its id; without an id the only one there is.

        Raises
        ------
        NotFoundError
            If there is none.
        InvalidDataError
            If there are several and none is named: the message lists them.
        """
        return reading.contrast(self.store, self.files, name)

    def cohort(self, name: str) -> list[str]:
        """Give the ids of a cohort's subjects; NotFoundError if there is none."""
        return answers.cohort_members(self.store, name)

    def compare(
        self,
        *names: str,
        phenotypes: str | Path | None = None,
        multiverse: bool = False,
        device: str = "auto",
        progress: Callable[[int, int], None] | None = None,
        **question: Any,
    ) -> pd.DataFrame:
        """Compare cohorts, or one patient with controls, and keep the result.

        Parameters
        ----------
        *names : str
            Cohorts, patients first and controls last; or a subject and then controls.
        test : {"edge", "nbs", "tfce", "node", "global"}
            Every connection; components of connections (network-based statistic);
            every connection helped by its neighbours; measures of areas; measures of
            whole connectomes.
        statistic : {"moderated", "welch", "glm", "permutation", "rank"}, optional
            Of single tests. By default Welch's test, or the linear model, with the
            variances of all connections taken together, on the scale where weights
            are least skewed (`cohorts.variances`, `cohorts.scales`).
        correct : {"fdr", "by", "fwe"}, optional
            Benjamini and Hochberg, Benjamini and Yekutieli, or the largest statistic of
            every permutation.
        covariates : sequence of str
            Properties to hold constant: ``age``, ``sex``, ``site``, ``motion``.
        by : str, optional
            Compare people of the cohorts by this property instead.
        score : str, optional
            Correlate with this number that people have.
        sessions : sequence of str
            Compare these sessions within people.
        phenotypes : path, optional
            Table with ``participant_id`` and columns for the covariates, ``by`` or
            ``score``.
        metrics : sequence of str
            Measures of areas or connectomes, all by default.
        quantity : {"weight", "value"}
            Directed strength, or the signed estimate (correlations as Fisher's z).
        alternative : {"two-sided", "greater", "less"}
            Of networks: "greater" is more in the first group.
        threshold : float, optional
            Of the network-based statistic, in units of t or F.
        size : {"extent", "intensity"}
            Of its components.
        permutations, seed : int
        alpha : float, default=0.05
        harmonise : {"controls", "everybody"}, optional
            Take sites out by ComBat, estimated on the last cohort or on everybody.
        modality, session, task, parcellation, method : str, optional
            Which connectomes, where people have several.
        allow_mixed : bool
            Compare connectomes that were not made the same way.
        allow_confounded : bool
            Go on where a site tells groups apart.
        multiverse : bool
            Compare in every stored variant of the connectomes (parcellation,
            estimator, denoising), and say in what share each difference survives.
        device : str, default="auto"
            Where permutations are computed: "auto" takes CUDA, then MPS, where there
            is one and there are many; "cpu"; or a device that torch knows. The answer
            is the same.
        progress : callable, optional
            Called with how many permutations are done, and of how many.

        Returns
        -------
        pandas.DataFrame
            One row for each connection, component, area or measure that differs, an
            empty frame when none does; of one patient the most unusual ones.
            ``attrs`` say how many were tested and what could have been seen.

        Raises
        ------
        NotFoundError
            If there is no such cohort, or somebody has no connectome.
        InvalidDataError
            If the question contradicts itself, or cannot be answered by these people.
        """
        from atlasdb import comparison  # statistics are slow to import

        self._require_writable()
        ask = comparison.multiverse if multiverse else comparison.compare
        return ask(
            self.store,
            self.files,
            self.keyring,
            names,
            comparison.asked(question, phenotypes, self.store, self.keyring),
            device=device,
            progress=progress,
        )

    def predict(
        self,
        *names: str,
        model: Literal["ridge", "cpm"] = "ridge",
        confounds: Sequence[str] = (),
        folds: int = 10,
        repeats: int = 3,
        permutations: int = 1000,
        threshold: float = 0.01,
        phenotypes: str | Path | None = None,
        progress: Callable[[int, int], None] | None = None,
        **question: Any,
    ) -> pd.DataFrame:
        """Predict people who are held out from their connectomes, and keep the result.

        Parameters
        ----------
        *names : str
            Two cohorts to tell apart; or cohorts whose score is predicted.
        model : {"ridge", "cpm"}
            All connections with small weights; or connectome-based predictive
            modelling, sums over those that go with the score.
        confounds : sequence of str
            Properties that are regressed out on the training people of each fold.
        folds, repeats : int, default=10, 3
            Parts of the people, and how often people are dealt out anew. All sessions
            of one person are in one part.
        permutations : int, default=1000
            Exchanges of people for the p value; 0 gives none.
        threshold : float, default=0.01
            p below which cpm chooses a connection in a fold; share of the connections
            that a ridge is said to lean on.
        phenotypes : path, optional
            Table with ``participant_id`` and columns for the score or confounds.
        progress : callable, optional
            Called with how many permutations are done, and of how many.
        **question
            ``score`` or ``by``, ``quantity``, ``seed``, ``modality``, ``session``,
            ``task``, ``parcellation``, ``method``, ``allow_mixed`` and
            ``allow_confounded``, as in `compare`.

        Returns
        -------
        pandas.DataFrame
            One row each for the model, the confounds alone and the mean of others:
            ``kind``; ``r, r2, mae`` of a score, or ``auc``; ``p, n, n_connections``.
            What is beyond the row below it counts: ``r`` and ``r2`` of the model are of
            what the confounds leave. ``attrs["prediction"]`` is its id.

        Raises
        ------
        NotFoundError
            If there is no such cohort, or somebody has no connectome.
        InvalidDataError
            If people are too few, or cannot be told from a site.
        """
        from atlasdb import comparison  # statistics are slow to import
        from atlasdb.comparison import prediction
        from atlasdb.comparison import question as questions

        self._require_writable()
        questions.refuse_unknown("A prediction", question, prediction.OPTIONS)
        said = question | {"covariates": tuple(confounds)}
        return prediction.predicted(
            self.store,
            self.files,
            self.keyring,
            names,
            comparison.asked(said, phenotypes, self.store, self.keyring),
            prediction.Plan(
                model=model,
                folds=folds,
                repeats=repeats,
                permutations=permutations,
                threshold=threshold,
            ),
            progress=progress,
        )

    def power(
        self,
        *names: str,
        effect: float | None = None,
        edges: int = 12,
        phenotypes: str | Path | None = None,
        device: str = "auto",
        progress: Callable[[int, int], None] | None = None,
        **question: Any,
    ) -> pd.DataFrame:
        """Say what a comparison of two cohorts could show, by their own connectomes.

        Parameters
        ----------
        *names : str
            Two cohorts; or one, with ``by``.
        effect : float, optional
            Difference, in standard deviations of what the covariates leave.
        edges : int, default=12
            Of ``test="nbs"``: connections of the component that is planted.
        phenotypes : path, optional
            Table with ``participant_id`` and columns for covariates or ``by``.
        device : str, default="auto"
            Where shuffles are computed, as in `compare`.
        progress : callable, optional
            Called with how many permutations are done, and of how many.
        **question
            As in `compare`: ``test`` is "edge" or "nbs".

        Returns
        -------
        pandas.DataFrame
            One row: ``detectable_effect``, which 8 of 10 such studies see, infinite
            where none is; with an effect also ``power``, the share of studies of these
            people that see it, and ``people_per_group`` that 8 of 10 studies need.

        Raises
        ------
        NotFoundError
            If there is no such cohort, or somebody has no connectome.
        InvalidDataError
            If these are not two groups, or cannot be compared.
        """
        from atlasdb import comparison  # statistics are slow to import
        from atlasdb.comparison import power

        return power.foreseen(
            self.store,
            self.files,
            self.keyring,
            names,
            comparison.asked(question, phenotypes, self.store, self.keyring),
            effect=effect,
            edges=edges,
            device=device,
            progress=progress,
        )

    def analyze(
        self,
        measure: str,
        subject: str | None = None,
        *,
        cohort: str | None = None,
        connectome: str | None = None,
        modality: str | None = None,
        session: str | None = None,
        task: str | None = None,
        supported: bool = True,
        write_back: bool = False,
        **options: Any,
    ) -> pd.DataFrame:
        """Compute a graph measure of one connectome, or of each in a cohort.

        Parameters
        ----------
        measure : str
            One of `atlasdb.analysis.measures.MEASURES`, such as ``"betweenness"``.
        subject : str, optional
            Whose current connectome; ``connectome, modality, session, task`` say
            which, as in `connectome`.
        cohort : str, optional
            Instead: each of its people's, which must have been made alike.
        supported : bool, default=True
            Only connections that pass the connectome's own rule.
        write_back : bool, default=False
            Keep the numbers in the atlas: of regions and neurons as their properties,
            of a whole connectome in ``MEASURED``, with the Run that they are of.
        **options
            As the measure takes them, such as ``alpha=0.85`` or ``seed=1``.

        Returns
        -------
        pandas.DataFrame
            The measure's columns, of a cohort with ``subject`` before them. All
            regions take part, also those without connections. ``attrs["engine"]``
            names what computed it; ``attrs["failed"]`` says why there are no rows of
            some people of a cohort.

        Raises
        ------
        NotFoundError
            If there is no such measure, connectome or region.
        InvalidDataError
            If several connectomes fit, or one cannot be measured.
        """
        from atlasdb import measuring, members  # slow to import

        rows = self.store.nodes("Connectome").to_pylist()
        if cohort is not None:
            if subject or connectome or session or task:
                raise InvalidDataError(
                    "Name a cohort, or one connectome, not both: with a cohort only "
                    "the modality says which."
                )
            people = self.cohort(cohort)
            chosen = members.connectomes(rows, people, cohort, modality)
            members.made_alike(chosen)
        else:
            wanted = {
                "subject": self.subject(subject) if subject else None,
                "id": connectome,
                "modality": modality,
                "session": session,
                "task": task,
            }
            chosen = [reading.choose(rows, wanted, "connectome")]
        if write_back:
            self._require_writable()
        return measuring.analyze(
            self.store,
            self.files,
            measure,
            chosen,
            options=options,
            supported=supported,
            write_back=write_back,
            by_subject=cohort is not None,
        )

    def pool(
        self, cohort: str, *, modality: str | None = None, allow_mixed: bool = False
    ) -> Connectome:
        """Make one connectome of what a cohort has in common, and keep it.

        Parameters
        ----------
        cohort : str
            Name of the cohort.
        modality : str, optional
            Which connectomes, where people have several.
        allow_mixed : bool, default=False
            Pool connectomes that were not made the same way.

        Returns
        -------
        Connectome
            Its probabilities have the mean log-odds of the people's own.
        """
        from atlasdb import pooling  # statistics are slow to import

        self._require_writable()
        name = pooling.pool(
            self.store, self.files, cohort, modality=modality, allow_mixed=allow_mixed
        )
        return self.connectome(connectome=name)

    # Upkeep

    def erase(self, subject: str) -> int:
        """Remove everything of one subject; give how many entries were removed."""
        self._require_writable()
        stored = self.subject(subject)
        removed = erasure.erase(self.store, self.files, stored)
        self.keyring.forget(stored)
        return removed

    def rebuild(self) -> int:
        """Make the graph anew from the files; give the number of rows."""
        self._require_writable()
        return upkeep.rebuild(self.store, self.files)

    def verify(self) -> upkeep.Verification:
        """Compare the graph with the files, row by row."""
        return upkeep.verify(self.store, self.files)

    def check(self) -> list[str]:
        """Look for broken rules in the graph; give one line for each."""
        return upkeep.check(self.store, self.files)

    def _require_writable(self) -> None:
        if self.read_only:
            raise StoreError(
                "This atlas is open for reading only. Open it for writing: "
                "atlasdb.connect(url)."
            )

    def require_files(self) -> None:
        """Refuse to go on where the files of this atlas are not at hand."""
        if self.files.atlas() is None:
            raise StoreError(
                f"The files of this atlas are not in {self.files.folder}. Name their "
                "folder with --files or $ATLASDB_FILES."
            )
