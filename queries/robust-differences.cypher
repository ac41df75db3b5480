// List the differences that survive in most of many analyses of one question.
// After 'atlasdb compare A B --multiverse'.
//
// Parameters
// ----------
// multiverse : str = ""
//     Only of these analyses, by their key.
// min_share : float = 0.8
//     Leave out what survives in a smaller share of the analyses that tested it.
// limit : int = 100
//     Number of rows.
//
// Returns
// -------
// multiverse : str
//     Key of the analyses.
// source : str
//     Area that it starts from.
// target : str
//     Area that it ends in.
// sign : int
//     1 where the first group is larger, -1 where it is smaller.
// share : float
//     Share of the analyses that tested it in which it is significant.
// n_survived : int
//     So many.
// n_tested : int
//     Analyses that tested it.
// n_against : int
//     Analyses in which the other sign is significant.
// n_variants : int
//     Analyses in all.
// effect_low : float
//     Smallest effect.
// effect_high : float
//     Largest effect.
// lost_in : str
//     Analyses in which it does not survive.
//
// Then
// ----
// survival

MATCH (k:Contrast)
WHERE k.is_current = true AND k.multiverse IS NOT NULL
  AND ($multiverse = '' OR k.multiverse = $multiverse)
MATCH (a:Area)-[d:DIFFERS]->(b:Area)
WHERE d.contrast = k.id
RETURN k.multiverse AS multiverse, k.variant AS variant, a.name AS source,
       b.name AS target, d.effect AS effect, coalesce(d.p, d.p_fwe) AS p,
       d.significant AS significant, a.id AS source_id, b.id AS target_id
ORDER BY multiverse, variant, source_id, target_id
