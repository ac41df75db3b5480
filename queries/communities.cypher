// Group regions or neurons into communities by directed modularity.
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
// resolution : float = 1.0
//     Above 1 for smaller communities.
// seed : int = 0
//     Of what is random.
// limit : int = 1000
//     Number of rows.
//
// Returns
// -------
// name : str
//     Region or neuron.
// community : int
//     Number of its community, from 1, the largest first.
// modularity : float
//     Directed modularity of the grouping.
// stability : float
//     Mean adjusted Rand index between ten runs: 1 when all found the same.
// method : str
//     "leiden" where igraph is installed, else "louvain"; "leiden (gds)" of a server.
// id : str
//     Key of the region or neuron.
//
// Then
// ----
// communities

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
