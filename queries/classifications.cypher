// List the classifiers that were trained, with how well each told people apart.
//
// On people that it had not seen. Beside every network stands a plain baseline.
//
// Parameters
// ----------
// limit : int = 100
//     Number of rows.
//
// Returns
// -------
// id : str
//     Key of the classifier.
// classifier : str
//     network; correlation or amplitude, the baseline; majority.
// target : str
//     diagnosis (between cohorts) or condition (within people).
// class_a : str
//     First class.
// class_b : str
//     Second class.
// cohorts : str
//     Whose people.
// modality : str
//     Of the recordings.
// accuracy : float
//     Share of people, or of people under a condition, that were told right.
// balanced_accuracy : float
//     Mean over the two classes.
// auc : float
//     Area under the ROC curve; 0.5 is chance.
// auc_low : float
//     Lower end of its 95 % interval, by bootstrap over people.
// auc_high : float
//     Upper end.
// p : float
//     How often shuffled labels gave so large an AUC.
// n_permutations : int
//     Number of shuffles.
// n_a : int
//     Of the first class.
// n_b : int
//     Of the second class.
// n_folds : int
//     Folds; no person is in the training and in the test of one.
// seed : int
//     Random seed.
// started : str
//     When it was computed, UTC.

MATCH (k:Classifier)-[:GENERATED_BY]->(r:Run)
RETURN k.id AS id, k.kind AS classifier, k.target AS target, k.class_a AS class_a,
       k.class_b AS class_b, k.cohorts AS cohorts, k.modality AS modality,
       k.accuracy AS accuracy, k.balanced_accuracy AS balanced_accuracy,
       k.auc AS auc, k.auc_low AS auc_low, k.auc_high AS auc_high, k.p AS p,
       k.n_permutations AS n_permutations, k.n_a AS n_a, k.n_b AS n_b,
       k.n_folds AS n_folds, k.seed AS seed, r.started AS started
ORDER BY id
LIMIT $limit
