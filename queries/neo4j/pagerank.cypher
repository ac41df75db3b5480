// Rank regions or neurons by PageRank: where strong influence ends up.
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
// alpha : float = 0.85
//     Damping factor.
// limit : int = 20
//     Number of rows.
//
// Returns
// -------
// name : str
//     Region or neuron.
// score : float
//     PageRank; all scores together are 1.
// id : str
//     Key of the region or neuron.
//
// Then
// ----
// pagerank_scores
//
// Needs
// -----
// gds

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
  AND ($supported = false OR c.supported = true)
  AND $alpha >= 0 AND $alpha < 1
WITH gds.graph.project('atlasdb-' + randomUUID(), s, t,
       {relationshipProperties: {weight: c.weight}}) AS projected
WITH projected.graphName AS graph WHERE graph IS NOT NULL
CALL gds.pageRank.stream(graph, {dampingFactor: $alpha, maxIterations: 1000,
       tolerance: 1e-12, relationshipWeightProperty: 'weight'}) YIELD nodeId, score
WITH graph, collect({node: gds.util.asNode(nodeId), score: score}) AS scored
CALL gds.graph.drop(graph) YIELD graphName
UNWIND scored AS one
RETURN one.node.connectome AS connectome, one.node.name AS name,
       one.score AS score, one.node.id AS id
UNION ALL
MATCH (g:Connectome)-[:HAS_NEURON]->(s:Neuron)-[c:CONNECTS_TO]->(t:Neuron)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
  AND ($supported = false OR c.supported = true)
  AND $alpha >= 0 AND $alpha < 1
WITH gds.graph.project('atlasdb-' + randomUUID(), s, t,
       {relationshipProperties: {weight: c.weight}}) AS projected
WITH projected.graphName AS graph WHERE graph IS NOT NULL
CALL gds.pageRank.stream(graph, {dampingFactor: $alpha, maxIterations: 1000,
       tolerance: 1e-12, relationshipWeightProperty: 'weight'}) YIELD nodeId, score
WITH graph, collect({node: gds.util.asNode(nodeId), score: score}) AS scored
CALL gds.graph.drop(graph) YIELD graphName
UNWIND scored AS one
RETURN one.node.connectome AS connectome, coalesce(one.node.name, one.node.body_id) AS name,
       one.score AS score, one.node.id AS id
UNION ALL
MATCH (g:Connectome)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
RETURN g.id AS connectome, '' AS name, 0.0 AS score, '' AS id
