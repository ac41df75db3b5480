// List how measures of whole connectomes differ between two cohorts.
//
// Parameters
// ----------
// contrast : str = ""
//     Only of this comparison, by its id.
// significant : bool = false
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
// significant : bool
//     Whether it passes the correction.
// n_a : int
//     People of the first group.
// n_b : int
//     People of the second group.

MATCH (k:Contrast)-[e:GLOBAL_EFFECT]->(a:Parcellation)
WHERE k.is_current = true AND ($contrast = '' OR k.id = $contrast)
  AND ($significant = false OR e.significant = true)
RETURN k.id AS contrast, k.cohort_a AS cohort_a, k.cohort_b AS cohort_b,
       e.metric AS metric, e.mean_a AS mean_a, e.mean_b AS mean_b,
       e.effect AS effect, e.statistic AS statistic, e.p AS p, e.q AS q,
       e.significant AS significant, e.n_a AS n_a, e.n_b AS n_b
ORDER BY contrast, q, p, metric
LIMIT $limit
