// List the components of connections that differ together, by the network-based
// statistic. A significant component licenses itself, never its single connections.
//
// Parameters
// ----------
// contrast : str = ""
//     Only of this comparison, by its id.
// significant : bool = true
//     Leave out those that chance makes as often as alpha.
// limit : int = 100
//     Number of rows.
//
// Returns
// -------
// contrast : str
//     Key of the comparison.
// cohort_a : str
//     First group.
// cohort_b : str
//     Second group.
// label : int
//     Number of the component, 1 for the largest.
// n_edges : int
//     Connections.
// n_nodes : int
//     Areas.
// n_positive : int
//     Connections that are stronger in the first group; the others are weaker.
// statistic : float
//     Extent or intensity.
// p_fwe : float
//     p value, family-wise over all components.
// significant : bool
//     Whether p_fwe is below alpha.
// component : str
//     Key of the component.

MATCH (k:Contrast)-[:HAS_COMPONENT]->(c:Component)
WHERE k.is_current = true AND ($contrast = '' OR k.id = $contrast)
  AND ($significant = false OR c.significant = true)
RETURN k.id AS contrast, k.cohort_a AS cohort_a, k.cohort_b AS cohort_b,
       c.label AS label, c.n_edges AS n_edges, c.n_nodes AS n_nodes,
       c.n_positive AS n_positive, c.statistic AS statistic, c.p_fwe AS p_fwe,
       c.significant AS significant, c.id AS component
ORDER BY contrast, label
LIMIT $limit
