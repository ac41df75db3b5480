// Show one connection in every cohort: how many people have it, and how strong it is.
// Averages are over all people with an estimate, supported or not.
//
// Parameters
// ----------
// source : str
//     Region that it starts from.
// target : str
//     Region that it ends in.
// modality : str = ""
//     Only of this modality.
//
// Returns
// -------
// cohort : str
//     Name of the cohort.
// modality : str
//     Kind of recording.
// parcellation : str
//     Key of the parcellation.
// n_total : int
//     Current connectomes of the cohort.
// n_present : int
//     Those with an estimate of this connection.
// n_supported : int
//     Those in which it passes the connectome's own rule.
// mean_weight : float
//     Mean over those with an estimate.
// min_weight : float
//     Smallest.
// max_weight : float
//     Largest.

MATCH (s:Subject)-[:IN_COHORT]->(k:Cohort)
MATCH (s)-[:HAS_CONNECTOME]->(g:Connectome)
WHERE g.is_current = true AND ($modality = '' OR g.modality = $modality)
OPTIONAL MATCH (g)-[:HAS_REGION]->(a:Region)-[c:CONNECTS_TO]->(b:Region)
WHERE a.name = $source AND b.name = $target
RETURN k.id AS cohort, g.modality AS modality, g.parcellation AS parcellation,
       count(DISTINCT g.id) AS n_total, count(c.weight) AS n_present,
       coalesce(sum(CASE WHEN c.supported = true THEN 1 ELSE 0 END), 0) AS n_supported,
       avg(c.weight) AS mean_weight, min(c.weight) AS min_weight,
       max(c.weight) AS max_weight
ORDER BY cohort, modality, parcellation
