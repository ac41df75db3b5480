// List the graph measures that were kept of connectomes, with how they were computed.
//
// Parameters
// ----------
// subject : str = ""
//     Only of this subject.
// limit : int = 1000
//     Number of rows.
//
// Returns
// -------
// connectome : str
//     Key of the connectome.
// metric : str
//     What was measured; of regions or neurons it is a property of theirs by this name.
// value : float
//     The number, of what is measured of a connectome as a whole.
// params : str
//     Options and engine, as JSON.
// versions : str
//     Version of the engine, as JSON.
// run : str
//     Key of the run.

MATCH (g:Connectome)-[m:MEASURED]->(r:Run)
WHERE ($subject = '' OR g.subject = $subject)
RETURN g.id AS connectome, m.metric AS metric, m.value AS value,
       r.params AS params, r.versions AS versions, r.id AS run
ORDER BY connectome, metric, run
LIMIT $limit
