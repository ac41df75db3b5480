// Compare what two recordings of one person say, with what their reliability promised.
//
// Of every subject of a cohort, all connectomes that were made alike (modality, task,
// band, condition, parcellation, method and settings), two by two: sessions or runs.
//
// Parameters
// ----------
// cohort : str
//     Name of the cohort.
// modality : str = ""
//     Only of this modality, e.g. "fmri".
//
// Returns
// -------
// subject : str
//     Whose they are.
// first : str
//     Key of one connectome.
// second : str
//     Key of the other.
// modality : str
//     Kind of recording.
// n_pairs : int
//     Pairs of regions that both have.
// same_direction : float
//     Share of connections whose stronger order is the same in both. Each ordered pair
//     counts with its probability in both; no direction counts half.
// reliability : float
//     What the two promised: the mean of their reliability.
// strength_correlation : float
//     Correlation of the weights over all ordered pairs.
//
// Then
// ----
// retest

MATCH (u:Subject)-[:IN_COHORT]->(k:Cohort)
WHERE k.id = $cohort
MATCH (d:Connectome)
WHERE d.subject = u.id AND d.is_current = true AND d.directed = true
  AND ($modality = '' OR d.modality = $modality)
MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = u.id AND g.is_current = true AND g.directed = true
  AND g.id <> d.id AND g.modality = d.modality AND g.parcellation = d.parcellation
  AND g.method = d.method AND g.settings = d.settings
  AND coalesce(g.variant, '') = coalesce(d.variant, '')
  AND coalesce(g.task, '') = coalesce(d.task, '')
  AND coalesce(g.band, '') = coalesce(d.band, '')
  AND coalesce(g.condition, '') = coalesce(d.condition, '')
RETURN u.id AS subject, g.id AS connectome, d.id AS other, g.modality AS modality,
       g.reliability AS reliability, s.area AS source, t.area AS target,
       c.weight AS weight, c.probability AS probability, c.supported AS supported
