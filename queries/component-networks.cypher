// Show which networks a component of connections that differ together joins.
//
// Parameters
// ----------
// contrast : str = ""
//     Only of this comparison, by its id.
// significant : bool = true
//     Leave out components that chance makes as often as alpha.
// limit : int = 100
//     Number of rows.
//
// Returns
// -------
// component : str
//     Key of the component.
// source_network : str
//     Network that its connections start from; the hemisphere where the parcellation
//     has no networks.
// target_network : str
//     Network that they end in.
// n_edges : int
//     Connections from one to the other.
// n_positive : int
//     Those that are stronger in the first group; the others are weaker.
// mean_effect : float
//     Mean of their standardised differences, first group minus second.
//
// Then
// ----
// by_network

MATCH (k:Contrast)-[:HAS_COMPONENT]->(c:Component)
WHERE k.is_current = true AND ($contrast = '' OR k.id = $contrast)
  AND ($significant = false OR c.significant = true)
MATCH (a:Area)-[d:DIFFERS]->(b:Area)
WHERE d.contrast = k.id AND d.component = c.id
RETURN c.id AS component, coalesce(a.network, a.hemisphere, '') AS source_network,
       coalesce(b.network, b.hemisphere, '') AS target_network, d.effect AS effect,
       a.id AS source_id, b.id AS target_id
ORDER BY component, source_id, target_id
