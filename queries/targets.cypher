// List what one region or neuron of a subject drives, strongest first.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// region : str
//     Name of the region, electrode or neuron, or its id.
// modality : str = ""
//     Only of this modality.
// supported : bool = true
//     Only connections that pass the connectome's own rule.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// target : str
//     Region or neuron that it drives.
// weight : float
//     How strongly.
// probability : float
//     P(region -> target).
// direction : float
//     0.5 cannot be told.
// q : float
//     False discovery rate.
// stability : float
//     Agreement of the two halves, 0 to 1.
// modality : str
//     Kind of recording.
// connectome : str
//     Key of the connectome.
//
// Then
// ----
// strongest

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND g.is_current = true
  AND ($supported = false OR c.supported = true)
  AND (s.name = $region OR s.id = $region)
RETURN t.name AS target, c.weight AS weight,
       c.probability AS probability, c.direction AS direction, c.q AS q,
       c.stability AS stability, g.modality AS modality, g.id AS connectome,
       s.id AS source_id, t.id AS target_id
ORDER BY weight DESC, connectome, target, source_id, target_id
LIMIT $limit
UNION ALL
MATCH (g:Connectome)-[:HAS_NEURON]->(s:Neuron)-[c:CONNECTS_TO]->(t:Neuron)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND g.is_current = true
  AND ($supported = false OR c.supported = true)
  AND (s.name = $region OR s.body_id = $region OR s.id = $region)
RETURN coalesce(t.name, t.body_id) AS target, c.weight AS weight,
       c.probability AS probability, c.direction AS direction, c.q AS q,
       c.stability AS stability, g.modality AS modality, g.id AS connectome,
       s.id AS source_id, t.id AS target_id
ORDER BY weight DESC, connectome, target, source_id, target_id
LIMIT $limit
