// List what relays one region or neuron to another in two steps, strongest first.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// source : str
//     Name or id that it starts from.
// target : str
//     Name or id that it ends in.
// modality : str = ""
//     Only of this modality.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// relay : str
//     Region or neuron between the two.
// product : float
//     Product of both weights.
// first_weight : float
//     Weight of source -> relay.
// second_weight : float
//     Weight of relay -> target.
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
  AND (s.name = $source OR s.id = $source) AND c.supported = true
MATCH (m)-[d:CONNECTS_TO]->(t:Region)
WHERE (t.name = $target OR t.id = $target) AND d.supported = true AND t.id <> s.id
RETURN m.name AS relay, c.weight * d.weight AS product,
       c.weight AS first_weight, d.weight AS second_weight, g.id AS connectome,
       s.id AS source_id, m.id AS relay_id, t.id AS target_id
ORDER BY product DESC, connectome, relay, source_id, relay_id, target_id
LIMIT $limit
UNION ALL
MATCH (g:Connectome)-[:HAS_NEURON]->(s:Neuron)-[c:CONNECTS_TO]->(m:Neuron)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND g.is_current = true
  AND (s.name = $source OR s.body_id = $source OR s.id = $source)
  AND c.supported = true
MATCH (m)-[d:CONNECTS_TO]->(t:Neuron)
WHERE (t.name = $target OR t.body_id = $target OR t.id = $target)
  AND d.supported = true AND t.id <> s.id
RETURN coalesce(m.name, m.body_id) AS relay, c.weight * d.weight AS product,
       c.weight AS first_weight, d.weight AS second_weight, g.id AS connectome,
       s.id AS source_id, m.id AS relay_id, t.id AS target_id
ORDER BY product DESC, connectome, relay, source_id, relay_id, target_id
LIMIT $limit
