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
// communities_inside
//
// Needs
// -----
// gds

// The server's Leiden algorithm visits nodes in the order in which they were projected,
// whatever its seed: runs are apart only where each has an order of its own. It fails
// where no node gains by moving, so it also gets two nodes that always do, joined by
// next to nothing.
MATCH (g:Connectome)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
WITH collect(g) AS fitting
WHERE size(fitting) = 1 AND $resolution > 0
UNWIND fitting AS g
MATCH (g)-[:HAS_REGION|HAS_NEURON]->(n:Region|Neuron)
OPTIONAL MATCH (n)-[c:CONNECTS_TO]->()
WHERE c.weight > 0 AND ($supported = false OR c.supported = true)
WITH n, 0.0 + sum(c.weight) AS sent
OPTIONAL MATCH (n)<-[c:CONNECTS_TO]-()
WHERE c.weight > 0 AND ($supported = false OR c.supported = true)
WITH n, sent, 0.0 + sum(c.weight) AS received
WHERE sent + received > 0
WITH n, sent, received ORDER BY n.id
WITH collect({node: n, sent: sent, received: received}) AS nodes,
     sum(sent) * 1e-12 / (1 + $resolution) AS little
WHERE size(nodes) > 0
UNWIND range(0, 9) AS run
CALL (nodes, little, run) {
  UNWIND range(1, size(nodes)) AS i
  WITH little, nodes[i - 1].node AS n,
       ($seed + run + 1) % 2147483647 * 1103515245 % 2147483647
         * (i * i % 2147483647) % 2147483647 AS place
  ORDER BY place
  WITH little, collect(n) AS shuffled
  CALL (shuffled, little) {
    UNWIND shuffled AS s
    RETURN s, null AS t, 0.0 AS weight
    UNION ALL
    UNWIND shuffled AS s
    MATCH (s)-[c:CONNECTS_TO]->(t)
    WHERE c.weight > 0 AND ($supported = false OR c.supported = true)
    RETURN s, t, c.weight AS weight
    UNION ALL
    RETURN 1099511627776 AS s, 1099511627777 AS t, little AS weight
  }
  RETURN gds.graph.project('atlasdb-' + randomUUID(), s, t,
           {relationshipProperties: {weight: weight}},
           {undirectedRelationshipTypes: ['*'], readConcurrency: 1}).graphName AS graph
}
CALL gds.leiden.mutate(graph, {gamma: $resolution, randomSeed: $seed + run,
       relationshipWeightProperty: 'weight', maxLevels: 100, tolerance: 1e-9,
       concurrency: 1, mutateProperty: 'community'}) YIELD communityCount
CALL (nodes, graph) {
  UNWIND nodes AS one
  WITH graph, one, one.node AS n,
       toInteger(gds.util.nodeProperty(graph, one.node, 'community')) AS community
  OPTIONAL MATCH (n)-[c:CONNECTS_TO]->(t)
  WHERE c.weight > 0 AND ($supported = false OR c.supported = true)
    AND gds.util.nodeProperty(graph, t, 'community') = community
  WITH one, community, 0.0 + sum(c.weight) AS within
  RETURN collect({node: one.node, sent: one.sent, received: one.received,
                  community: community, within: within}) AS placed
}
CALL gds.graph.drop(graph) YIELD graphName
UNWIND placed AS one
RETURN one.node.connectome AS connectome, run, one.node.id AS id,
       coalesce(one.node.name, one.node.body_id) AS name, one.community AS community,
       one.sent AS sent, one.received AS received, one.within AS within
UNION ALL
MATCH (g:Connectome)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
RETURN g.id AS connectome, 0 AS run, '' AS id, '' AS name, 0 AS community,
       0.0 AS sent, 0.0 AS received, 0.0 AS within
