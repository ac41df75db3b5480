// List the cohorts and how many people and connectomes they have.
//
// Returns
// -------
// cohort : str
//     Name of the cohort.
// n_subjects : int
//     People in it.
// n_connectomes : int
//     Their current connectomes.

MATCH (s:Subject)-[:IN_COHORT]->(k:Cohort)
OPTIONAL MATCH (s)-[:HAS_CONNECTOME]->(g:Connectome)
WHERE g.is_current = true
RETURN k.id AS cohort, count(DISTINCT s.id) AS n_subjects,
       count(DISTINCT g.id) AS n_connectomes
ORDER BY cohort
