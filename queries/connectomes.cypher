// List the connectomes: whose, of what, made how, and how large.
//
// Parameters
// ----------
// subject : str = ""
//     Only this subject's.
// modality : str = ""
//     Only of this modality, e.g. "eeg", "fmri", "dwi".
// current : bool = true
//     Leave out those that a newer run has replaced.
// limit : int = 1000
//     Number of rows.
//
// Returns
// -------
// id : str
//     Key of the connectome.
// subject : str
//     Whose it is.
// session : str
//     Session label.
// task : str
//     Task label.
// modality : str
//     Kind of recording.
// method : str
//     Model or measure that the weights come from.
// engine : str
//     "contemporaneous" or "lagged" where it was learned.
// parcellation : str
//     Key of the parcellation.
// directed : bool
//     Whether weights tell directions apart.
// unit : str
//     Unit of the signed estimate.
// n_nodes : int
//     Regions or neurons.
// n_edges : int
//     Connections stored in the graph.
// n_supported : int
//     Connections that pass the connectome's own rule.
// density : float
//     Supported connections of all ordered pairs.
// reliability : float
//     Share of connections expected to have the same direction in a second recording.
// is_current : bool
//     Whether no newer run has replaced it.
// cohort : str
//     Cohort that it was pooled from; none for one person's own.
// ood_score : float
//     How unlike the simulated brains the recording is; beware above 1.

MATCH (g:Connectome)
WHERE ($subject = '' OR g.subject = $subject)
  AND ($modality = '' OR g.modality = $modality)
  AND ($current = false OR g.is_current = true)
RETURN g.id AS id, g.subject AS subject, g.session AS session, g.task AS task,
       g.modality AS modality, g.method AS method, g.engine AS engine,
       g.parcellation AS parcellation, g.directed AS directed, g.unit AS unit,
       g.n_nodes AS n_nodes, g.n_edges AS n_edges, g.n_supported AS n_supported,
       g.density AS density, g.reliability AS reliability, g.is_current AS is_current,
       g.cohort AS cohort, g.ood_score AS ood_score
ORDER BY subject, id
LIMIT $limit
