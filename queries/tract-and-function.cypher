// List learned connections that have a tract under them, strongest first.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// modality : str = "fmri"
//     Modality of the learned connectome.
// tract_modality : str = "dwi"
//     Modality of the connectome of tracts.
// supported : bool = true
//     Only learned connections that pass the connectome's own rule, or whose regions
//     depend on each other at q < 0.05: a tract has no direction either.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// source : str
//     Region that it starts from.
// target : str
//     Region that it ends in.
// weight : float
//     How strongly the source drives the target.
// probability : float
//     P(source -> target).
// direction : float
//     0.5 cannot be told.
// q : float
//     False discovery rate.
// streamlines : float
//     Weight of the tract, in the unit of its connectome.
// length_mm : float
//     Length of the tract, mm.
// connectome : str
//     Key of the learned connectome.
// tracts : str
//     Key of the tracts' connectome.

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = $subject AND g.modality = $modality AND g.is_current = true
  AND ($supported = false OR c.supported = true OR c.q < 0.05)
MATCH (s)-[:OF_AREA]->(a:Area)
MATCH (t)-[:OF_AREA]->(b:Area)
MATCH (d:Connectome)-[:HAS_REGION]->(x:Region)-[w:CONNECTS_TO]->(y:Region)
WHERE d.subject = $subject AND d.modality = $tract_modality AND d.is_current = true
  AND x.area = a.id AND y.area = b.id AND w.weight > 0
RETURN s.name AS source, t.name AS target, c.weight AS weight,
       c.probability AS probability, c.direction AS direction, c.q AS q,
       w.weight AS streamlines, w.length_mm AS length_mm, g.id AS connectome,
       d.id AS tracts, s.id AS source_id, t.id AS target_id
ORDER BY weight DESC, connectome, tracts, source, target, source_id, target_id
LIMIT $limit
