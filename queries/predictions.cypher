// List the predictions that were made, with how well people held out were predicted.
//
// Beside every model stand its baselines: the confounds alone, and the mean of others.
//
// Parameters
// ----------
// limit : int = 100
//     Number of rows.
//
// Returns
// -------
// id : str
//     Key of the prediction.
// kind : str
//     ridge or cpm, the model; confounds alone; mean of the others.
// target : str
//     score or groups.
// score : str
//     What was predicted.
// class_a : str
//     Group that is predicted high.
// class_b : str
//     The other group.
// cohorts : str
//     Whose people.
// modality : str
//     Of the recordings.
// quantity : str
//     weight, or value, the signed estimate.
// scale : float
//     Power in which the connections were taken, where they are least skewed.
// confounds : str
//     What was regressed out in each fold.
// r : float
//     Correlation with the score, of the model with what the confounds leave of it.
// r2 : float
//     Share of squares predicted, beyond the confounds, and of these beyond the mean.
// mae : float
//     Mean error, in units of the score.
// auc : float
//     Of groups: area under the ROC curve; 0.5 is chance.
// p : float
//     How often exchanged people gave so large an r or AUC.
// n : int
//     People.
// n_connections : int
//     Connections that it could use.
// n_folds : int
//     Folds; no person is in the training and in the test of one.
// n_repeats : int
//     How often people were dealt out anew.
// n_permutations : int
//     Exchanges of people.
// seed : int
//     Random seed.
// started : str
//     When it was computed, UTC.

MATCH (k:Prediction)-[:GENERATED_BY]->(r:Run)
RETURN k.id AS id, k.kind AS kind, k.target AS target, k.score AS score,
       k.class_a AS class_a, k.class_b AS class_b, k.cohorts AS cohorts,
       k.modality AS modality, k.quantity AS quantity, k.scale AS scale, k.confounds AS confounds,
       k.r AS r, k.r2 AS r2, k.mae AS mae, k.auc AS auc, k.p AS p, k.n AS n,
       k.n_connections AS n_connections, k.n_folds AS n_folds,
       k.n_repeats AS n_repeats, k.n_permutations AS n_permutations,
       k.seed AS seed, r.started AS started
ORDER BY id
LIMIT $limit
