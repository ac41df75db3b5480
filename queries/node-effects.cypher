// List the measures of areas that differ between two cohorts, after the correction.
//
// Parameters
// ----------
// contrast : str = ""
//     Only of this comparison, by its id.
// metric : str = ""
//     Only this measure, such as betweenness.
// significant : bool = true
//     Leave out those that do not pass the correction.
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
// area : str
//     Area.
// metric : str
//     Measure.
// mean_a : float
//     Mean in the first group.
// mean_b : float
//     Mean in the second group.
// effect : float
//     Standardised difference, first minus second.
// statistic : float
//     Test statistic.
// p : float
//     p value.
// q : float
//     False discovery rate.
// p_fwe : float
//     Family-wise p value, where there were permutations.
// significant : bool
//     Whether it passes the correction.
// n_a : int
//     People of the first group.
// n_b : int
//     People of the second group.

MATCH (k:Contrast)-[e:NODE_EFFECT]->(a:Area)
WHERE k.is_current = true AND ($contrast = '' OR k.id = $contrast)
  AND ($metric = '' OR e.metric = $metric)
  AND ($significant = false OR e.significant = true)
RETURN k.id AS contrast, k.cohort_a AS cohort_a, k.cohort_b AS cohort_b,
       a.name AS area, e.metric AS metric, e.mean_a AS mean_a, e.mean_b AS mean_b,
       e.effect AS effect, e.statistic AS statistic, e.p AS p, e.q AS q,
       e.p_fwe AS p_fwe, e.significant AS significant, e.n_a AS n_a, e.n_b AS n_b,
       a.id AS area_id
ORDER BY contrast, q, p, area, metric, area_id
LIMIT $limit
