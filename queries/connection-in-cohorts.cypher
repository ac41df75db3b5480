// Show one connection in every cohort: how many people have it, and how strong it is.
// Averages are over all people with an estimate, supported or not.
//
// Parameters
// ----------
// source : str
//     Region that it starts from: its name, or the id of its area.
// target : str
//     Region that it ends in: its name, or the id of its area.
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
// sd_weight : float
//     Standard deviation over those with an estimate.
// min_weight : float
//     Smallest.
// max_weight : float
//     Largest.
//
// Then
// ----
// in_cohorts

MATCH (s:Subject)-[:IN_COHORT]->(k:Cohort)
MATCH (s)-[:HAS_CONNECTOME]->(g:Connectome)
WHERE g.is_current = true AND ($modality = '' OR g.modality = $modality)
OPTIONAL MATCH (g)-[:HAS_REGION]->(a:Region)-[c:CONNECTS_TO]->(b:Region)
WHERE (a.name = $source OR a.area = $source) AND (b.name = $target OR b.area = $target)
RETURN k.id AS cohort, g.modality AS modality, g.parcellation AS parcellation,
       g.id AS connectome, c.weight AS weight, c.supported AS supported
ORDER BY cohort, modality, parcellation, connectome, weight
