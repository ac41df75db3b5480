// List the connections that predictions leant on in most folds, the steadiest first.
//
// Folds share most of their people, so being chosen in all is no test of a connection;
// whether anything was predicted, 'predictions' says.
//
// Parameters
// ----------
// prediction : str = ""
//     Only of this prediction, by its id.
// limit : int = 100
//     Number of rows.
//
// Returns
// -------
// prediction : str
//     Key of the prediction.
// source : str
//     Region that it starts from.
// target : str
//     Region that it ends in.
// sign : int
//     1 where it rises with the score, or is more in the first group; else -1.
// stability : float
//     Share of the folds in which it was chosen with this sign.
// weight : float
//     Of a ridge: change of the prediction by one unit of the connection, on the scale
//     of 'predictions'.

MATCH (k:Prediction)
WHERE $prediction = '' OR k.id = $prediction
MATCH (a:Area)-[c:INFORMS]->(b:Area)
WHERE c.prediction = k.id
RETURN c.prediction AS prediction, a.name AS source, b.name AS target,
       c.sign AS sign, c.stability AS stability, c.weight AS weight,
       a.id AS source_id, b.id AS target_id
ORDER BY prediction, stability DESC, source, target, source_id, target_id
LIMIT $limit
