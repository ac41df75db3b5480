// List the connections that a cohort's people have in common, strongest first.
//
// Of the connectome that 'atlasdb pool' made of them.
//
// Parameters
// ----------
// cohort : str
//     Name of the cohort.
// modality : str = ""
//     Only of this modality, e.g. "fmri".
// min_weight : float = 0.0
//     Leave out weaker connections.
// supported : bool = false
//     Only connections that pass the connectome's own rule.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// source : str
//     Region that the connection starts from.
// target : str
//     Region that it ends in.
// weight : float
//     How strongly the source drives the target, 0 or more.
// value : float
//     Signed estimate, in the connectome's unit.
// probability : float
//     P(source -> target) in the typical person.
// direction : float
//     P(->) / (P(->) + P(<-)); 0.5 cannot be told.
// stability : float
//     Agreement of two halves of the cohort, 0 to 1.
// supported : bool
//     Whether it passes the connectome's own rule.
// n : int
//     Number of people.
// modality : str
//     Kind of recording.
// connectome : str
//     Key of the connectome.

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.cohort = $cohort
  AND ($modality = '' OR g.modality = $modality)
  AND g.is_current = true
  AND c.weight >= $min_weight
  AND ($supported = false OR c.supported = true)
RETURN s.name AS source, t.name AS target, c.weight AS weight, c.value AS value,
       c.probability AS probability, c.direction AS direction,
       c.stability AS stability, c.supported AS supported, c.n AS n,
       g.modality AS modality, g.id AS connectome
ORDER BY weight DESC, connectome, source, target
LIMIT $limit
