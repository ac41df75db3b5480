// List the connections that differ between two cohorts, after the correction.
//
// Parameters
// ----------
// contrast : str = ""
//     Only of this comparison, by its id.
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
//     First cohort.
// cohort_b : str
//     Second cohort.
// source : str
//     Region that it starts from.
// target : str
//     Region that it ends in.
// mean_a : float
//     Mean weight in the first cohort.
// mean_b : float
//     Mean weight in the second cohort.
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
//     People of the first cohort with an estimate.
// n_b : int
//     People of the second cohort with an estimate.
// p_fwe : float
//     Family-wise p value, where there were permutations.
// component : str
//     Key of the component that it is a member of, which says nothing of its own.

MATCH (k:Contrast)
WHERE k.is_current = true AND ($contrast = '' OR k.id = $contrast)
MATCH (a:Area)-[d:DIFFERS]->(b:Area)
WHERE d.contrast = k.id AND ($significant = false OR d.significant = true)
RETURN d.contrast AS contrast, k.cohort_a AS cohort_a, k.cohort_b AS cohort_b,
       a.name AS source, b.name AS target, d.mean_a AS mean_a, d.mean_b AS mean_b,
       d.effect AS effect, d.statistic AS statistic, d.p AS p, d.q AS q,
       d.significant AS significant, d.n_a AS n_a, d.n_b AS n_b,
       d.p_fwe AS p_fwe, d.component AS component,
       a.id AS source_id, b.id AS target_id
ORDER BY contrast, q, p, p_fwe, source, target, source_id, target_id
LIMIT $limit
