// List the subjects with what is known of them.
//
// Parameters
// ----------
// cohort : str = ""
//     Only of this cohort.
// limit : int = 1000
//     Number of rows.
//
// Returns
// -------
// id : str
//     Key of the subject: a pseudonym unless labels are kept.
// cohort : str
//     Cohort.
// species : str
//     Species.
// sex : str
//     M, F or O.
// age_years : float
//     Age, years; 90 stands for older.
// diagnosis : str
//     Diagnosis.
// site : str
//     Site of the recording.
// n_connectomes : int
//     Current connectomes.

MATCH (s:Subject)
OPTIONAL MATCH (s)-[:IN_COHORT]->(k:Cohort)
OPTIONAL MATCH (s)-[:HAS_CONNECTOME]->(g:Connectome)
WHERE g.is_current = true
WITH s, k, count(DISTINCT g.id) AS n_connectomes
WHERE $cohort = '' OR k.id = $cohort
RETURN s.id AS id, k.id AS cohort, s.species AS species, s.sex AS sex,
       s.age_years AS age_years, s.diagnosis AS diagnosis, s.site AS site,
       n_connectomes AS n_connectomes
ORDER BY cohort, id
LIMIT $limit
