// List the comparisons of cohorts that were made.
//
// Parameters
// ----------
// limit : int = 100
//     Number of rows.
//
// Returns
// -------
// id : str
//     Key of the comparison.
// cohort_a : str
//     First cohort.
// cohort_b : str
//     Second cohort.
// target : str
//     edges or nodes.
// test : str
//     Test.
// correction : str
//     Correction for many tests.
// covariates : str
//     What was regressed out.
// n_a : int
//     People of the first cohort.
// n_b : int
//     People of the second cohort.
// alpha : float
//     Rate of the correction.
// started : str
//     When it was computed, UTC.

MATCH (k:Contrast)-[:GENERATED_BY]->(r:Run)
RETURN k.id AS id, k.cohort_a AS cohort_a, k.cohort_b AS cohort_b,
       k.target AS target, k.test AS test, k.correction AS correction,
       k.covariates AS covariates, k.n_a AS n_a, k.n_b AS n_b, k.alpha AS alpha,
       r.started AS started
ORDER BY id
LIMIT $limit
