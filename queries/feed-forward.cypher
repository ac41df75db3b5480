// List feed-forward loops from one region: it drives two, and one of them the other.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// region : str
//     Region that the loop starts from.
// modality : str = ""
//     Only of this modality.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// middle : str
//     Region driven first.
// target : str
//     Region driven by both.
// to_middle : float
//     Weight of region -> middle.
// to_target : float
//     Weight of region -> target.
// middle_to_target : float
//     Weight of middle -> target.
// connectome : str
//     Key of the connectome.

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(m:Region)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND g.is_current = true
  AND s.name = $region AND c.supported = true
MATCH (m)-[d:CONNECTS_TO]->(t:Region)
WHERE d.supported = true AND t.id <> s.id
MATCH (s)-[e:CONNECTS_TO]->(t)
WHERE e.supported = true
RETURN m.name AS middle, t.name AS target, c.weight AS to_middle,
       e.weight AS to_target, d.weight AS middle_to_target, g.id AS connectome
ORDER BY to_middle DESC, connectome, middle, target
LIMIT $limit
