// List what responds to a condition before a given time, and what it drives.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// condition : str
//     Condition of the activation map.
// before_ms : float = 150.0
//     Onset of the response is before this, ms after the event.
// max_q : float = 0.05
//     Largest false discovery rate of the response.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// area : str
//     Area that responds.
// onset_ms : float
//     Onset of its response, ms.
// peak_amp : float
//     Its largest response.
// target : str
//     Region that it drives.
// weight : float
//     How strongly.
// connectome : str
//     Key of the connectome.
// map : str
//     Key of the activation map.

MATCH (m:ActivationMap)-[e:ACTIVATES]->(a:Area)
WHERE m.subject = $subject AND m.condition = $condition AND m.is_current = true
  AND e.onset_ms < $before_ms AND e.q <= $max_q
MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = $subject AND g.is_current = true AND g.modality = m.modality
  AND coalesce(g.session, '') = coalesce(m.session, '')
  AND s.area = a.id AND c.supported = true
RETURN a.name AS area, e.onset_ms AS onset_ms, e.peak_amp AS peak_amp,
       t.name AS target, c.weight AS weight, g.id AS connectome, m.id AS map,
       s.id AS source_id, t.id AS target_id
ORDER BY onset_ms, area, weight DESC, connectome, map, target, source_id, target_id
LIMIT $limit
