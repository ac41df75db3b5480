// List connections that point the same way in two modalities of one subject.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// first : str = "eeg"
//     One modality.
// second : str = "fmri"
//     The other modality.
// min_direction : float = 0.6
//     How clearly both must point from source to target.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// source : str
//     Region that it starts from.
// target : str
//     Region that it ends in.
// first_direction : float
//     Direction in the first modality.
// second_direction : float
//     Direction in the second modality.
// first_weight : float
//     Weight in the first modality.
// second_weight : float
//     Weight in the second modality.
// first_connectome : str
//     Key of the connectome of the first modality.
// second_connectome : str
//     Key of the connectome of the second modality.

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = $subject AND g.modality = $first AND g.is_current = true
  AND c.supported = true AND c.direction >= $min_direction
MATCH (d:Connectome)-[:HAS_REGION]->(x:Region)-[w:CONNECTS_TO]->(y:Region)
WHERE d.subject = $subject AND d.modality = $second AND d.is_current = true
  AND w.supported = true AND w.direction >= $min_direction
  AND x.area = s.area AND y.area = t.area AND d.id <> g.id
RETURN s.name AS source, t.name AS target, c.direction AS first_direction,
       w.direction AS second_direction, c.weight AS first_weight,
       w.weight AS second_weight, g.id AS first_connectome,
       d.id AS second_connectome, s.id AS source_id, t.id AS target_id
ORDER BY first_weight DESC, first_connectome, second_connectome, source, target,
         source_id, target_id
LIMIT $limit
