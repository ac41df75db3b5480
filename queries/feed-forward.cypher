// List feed-forward loops from one region or neuron: it drives two, and one of them the other.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// region : str
//     Name or id that the loops start from.
// modality : str = ""
//     Only of this modality.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// middle : str
//     Region or neuron driven first.
// target : str
//     Region or neuron driven by both.
// to_middle : float
//     Weight of region -> middle.
// to_target : float
//     Weight of region -> target.
// middle_to_target : float
//     Weight of middle -> target.
// connectome : str
//     Key of the connectome.
//
// Then
// ----
// strongest

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(m:Region)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND g.is_current = true
  AND (s.name = $region OR s.id = $region) AND c.supported = true
MATCH (m)-[d:CONNECTS_TO]->(t:Region)
WHERE d.supported = true AND t.id <> s.id
MATCH (s)-[e:CONNECTS_TO]->(x:Region)
WHERE e.supported = true AND x.id = t.id
RETURN m.name AS middle, t.name AS target,
       c.weight AS to_middle, e.weight AS to_target, d.weight AS middle_to_target,
       g.id AS connectome, s.id AS source_id, m.id AS middle_id, t.id AS target_id
ORDER BY to_middle DESC, connectome, middle, target, source_id, middle_id, target_id
LIMIT $limit
UNION ALL
MATCH (g:Connectome)-[:HAS_NEURON]->(s:Neuron)-[c:CONNECTS_TO]->(m:Neuron)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND g.is_current = true
  AND (s.name = $region OR s.body_id = $region OR s.id = $region) AND c.supported = true
MATCH (m)-[d:CONNECTS_TO]->(t:Neuron)
WHERE d.supported = true AND t.id <> s.id
MATCH (s)-[e:CONNECTS_TO]->(x:Neuron)
WHERE e.supported = true AND x.id = t.id
RETURN coalesce(m.name, m.body_id) AS middle, coalesce(t.name, t.body_id) AS target,
       c.weight AS to_middle, e.weight AS to_target, d.weight AS middle_to_target,
       g.id AS connectome, s.id AS source_id, m.id AS middle_id, t.id AS target_id
ORDER BY to_middle DESC, connectome, middle, target, source_id, middle_id, target_id
LIMIT $limit
