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
//     First cohort, or the patient.
// cohort_b : str
//     Second cohort.
// question : str
//     groups, score, sessions or patient.
// groups : str
//     All that was compared; of a score its name last.
// target : str
//     edges, nodes or global.
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
// n_tested : int
//     Connections or measures that were tested.
// n_significant : int
//     Those, or components, that pass the correction.
// detectable_effect : float
//     What a single one shows in 8 of 10 such studies.
// detectable_component : float
//     What each of 12 connections that hang together must show for that, in the same unit.
// multiverse : str
//     Key of the many analyses that this is one of.
// started : str
//     When it was computed, UTC.

MATCH (k:Contrast)-[:GENERATED_BY]->(r:Run)
RETURN k.id AS id, k.cohort_a AS cohort_a, k.cohort_b AS cohort_b,
       k.question AS question, k.groups AS groups, k.target AS target,
       k.test AS test, k.correction AS correction,
       k.covariates AS covariates, k.n_a AS n_a, k.n_b AS n_b, k.alpha AS alpha,
       k.n_tested AS n_tested, k.n_significant AS n_significant,
       k.detectable_effect AS detectable_effect,
       k.detectable_component AS detectable_component, k.multiverse AS multiverse,
       r.started AS started
ORDER BY id
LIMIT $limit
