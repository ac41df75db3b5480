// Show whether the response to a condition follows the learned direction: for each
// connection, when both of its ends respond.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// condition : str
//     Condition of the activation map.
// limit : int = 100
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
// source_ms : float
//     Peak of the source's response, ms.
// target_ms : float
//     Peak of the target's response, ms.
// follows : bool
//     Whether the target peaks after the source.
// connectome : str
//     Key of the connectome.
// map : str
//     Key of the activation map.

MATCH (m:ActivationMap)-[e:ACTIVATES]->(a:Area)
WHERE m.subject = $subject AND m.condition = $condition AND m.is_current = true
MATCH (m)-[f:ACTIVATES]->(b:Area)
WHERE a.id <> b.id
MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = $subject AND g.is_current = true AND g.modality = m.modality
  AND coalesce(g.session, '') = coalesce(m.session, '')
  AND s.area = a.id AND t.area = b.id AND c.supported = true
RETURN s.name AS source, t.name AS target, c.weight AS weight,
       e.peak_ms AS source_ms, f.peak_ms AS target_ms,
       f.peak_ms > e.peak_ms AS follows, g.id AS connectome, m.id AS map,
       s.id AS source_id, t.id AS target_id
ORDER BY weight DESC, connectome, map, source, target, source_id, target_id
LIMIT $limit
