// Rank regions or neurons by betweenness: the share of shortest paths through each.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// modality : str = ""
//     Which connectome, where there are several.
// connectome : str = ""
//     Which connectome, by its id.
// supported : bool = true
//     Only connections that pass the connectome's own rule.
// limit : int = 20
//     Number of rows.
//
// Returns
// -------
// name : str
//     Region or neuron.
// betweenness : float
//     Of all ordered pairs of others, the share whose shortest path leads through it.
// engine : str
//     What computed it, with its version.
// id : str
//     Key of the region or neuron.
//
// Then
// ----
// betweenness

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
  AND ($supported = false OR c.supported = true)
RETURN g.id AS connectome, s.id AS source, t.id AS target, s.name AS source_name,
       t.name AS target_name, c.weight AS weight, c.cost AS cost
UNION ALL
MATCH (g:Connectome)-[:HAS_NEURON]->(s:Neuron)-[c:CONNECTS_TO]->(t:Neuron)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
  AND ($supported = false OR c.supported = true)
RETURN g.id AS connectome, s.id AS source, t.id AS target,
       coalesce(s.name, s.body_id) AS source_name,
       coalesce(t.name, t.body_id) AS target_name, c.weight AS weight, c.cost AS cost
UNION ALL
MATCH (g:Connectome)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
RETURN g.id AS connectome, '' AS source, '' AS target, '' AS source_name,
       '' AS target_name, 0.0 AS weight, 0.0 AS cost
