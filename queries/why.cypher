// Say what is known of one connection of one person, from every recording.
// How strong, how sure, which direction, how unusual, and what it was computed by.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// source : str
//     Area that it starts from: its name, or its id.
// target : str
//     Area that it ends in: its name, or its id.
// controls : str = ""
//     Cohort to compare with.
//
// Returns
// -------
// modality : str
//     Kind of recording; tracts are dwi.
// weight : float
//     How strong.
// value : float
//     Signed estimate.
// unit : str
//     Of the estimate.
// probability : float
//     P(source -> target).
// direction : float
//     0.5 cannot be told.
// supported : bool
//     Whether it passes the connectome's own rule.
// p : float
//     p value.
// q : float
//     False discovery rate.
// stability : float
//     Agreement of the two halves of the recording, 0 to 1.
// reliability : float
//     Share of directions of this connectome expected in a second recording.
// ood_score : float
//     How unlike the simulations the recording is; beyond 1, beware.
// percentile : float
//     Of 100 controls, so many have a weaker one.
// n_controls : int
//     Controls with an estimate, made alike.
// length_mm : float
//     Length of the tract.
// method : str
//     Estimator.
// session : str
//     Session.
// connectome : str
//     Key of the connectome.
// run : str
//     Key of what computed it; 'atlasdb query runs' shows its settings.
// started : str
//     When, UTC.
//
// Then
// ----
// why

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = $subject AND g.is_current = true
  AND (s.name = $source OR s.area = $source)
  AND (t.name = $target OR t.area = $target)
MATCH (g)-[:GENERATED_BY]->(r:Run)
RETURN true AS own, g.id AS connectome, g.modality AS modality, g.method AS method,
       g.settings AS settings, s.area AS source_area, t.area AS target_area,
       c.weight AS weight, c.value AS value, g.unit AS unit,
       c.probability AS probability, c.direction AS direction,
       c.supported AS supported, c.p AS p, c.q AS q, c.stability AS stability,
       g.reliability AS reliability, g.ood_score AS ood_score,
       c.length_mm AS length_mm, g.session AS session, r.id AS run,
       r.started AS started
UNION ALL
MATCH (u:Subject)-[:IN_COHORT]->(k:Cohort)
WHERE k.id = $controls AND u.id <> $subject
MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = u.id AND g.is_current = true
  AND (s.name = $source OR s.area = $source)
  AND (t.name = $target OR t.area = $target)
MATCH (g)-[:GENERATED_BY]->(r:Run)
RETURN false AS own, g.subject AS connectome, g.modality AS modality,
       g.method AS method, g.settings AS settings, s.area AS source_area,
       t.area AS target_area, c.weight AS weight, c.value AS value, g.unit AS unit,
       c.probability AS probability, c.direction AS direction,
       c.supported AS supported, c.p AS p, c.q AS q, c.stability AS stability,
       g.reliability AS reliability, g.ood_score AS ood_score,
       c.length_mm AS length_mm, g.session AS session, r.id AS run,
       r.started AS started
