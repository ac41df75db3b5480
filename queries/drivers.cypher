// List what drives one region or neuron of a subject, strongest first.
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
// source : str
//     Region or neuron that drives it.
// weight : float
//     How strongly.
// probability : float
//     P(source -> region).
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
  AND (t.name = $region OR t.id = $region)
RETURN s.name AS source, c.weight AS weight,
       c.probability AS probability, c.direction AS direction, c.q AS q,
       c.stability AS stability, g.modality AS modality, g.id AS connectome,
       s.id AS source_id, t.id AS target_id
ORDER BY weight DESC, connectome, source, source_id, target_id
LIMIT $limit
UNION ALL
MATCH (g:Connectome)-[:HAS_NEURON]->(s:Neuron)-[c:CONNECTS_TO]->(t:Neuron)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND g.is_current = true
  AND ($supported = false OR c.supported = true)
  AND (t.name = $region OR t.body_id = $region OR t.id = $region)
RETURN coalesce(s.name, s.body_id) AS source, c.weight AS weight,
       c.probability AS probability, c.direction AS direction, c.q AS q,
       c.stability AS stability, g.modality AS modality, g.id AS connectome,
       s.id AS source_id, t.id AS target_id
ORDER BY weight DESC, connectome, source, source_id, target_id
LIMIT $limit
