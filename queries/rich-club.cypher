// Show whether the strongest connections of a subject are those between hubs.
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
// n_nulls : int = 100
//     Random networks of the same degrees and weights to compare with.
// seed : int = 0
//     Of what is random.
//
// Returns
// -------
// degree : int
//     The club are regions or neurons with at least so many connections.
// n_nodes : int
//     Its members.
// n_connections : int
//     Connections between them.
// coefficient : float
//     Their weight, of the most that so many connections could have.
// null_mean : float
//     The same in random networks, on average.
// ratio : float
//     Above 1 for a rich club.
// p : float
//     Share of random networks with as large a coefficient.
//
// Then
// ----
// rich_club

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
