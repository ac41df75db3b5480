// List regions that relay one region to another in two steps, strongest first.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// source : str
//     Region that it starts from.
// target : str
//     Region that it ends in.
// modality : str = ""
//     Only of this modality.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// relay : str
//     Region between the two.
// first_weight : float
//     Weight of source -> relay.
// second_weight : float
//     Weight of relay -> target.
// product : float
//     Product of both weights.
// connectome : str
//     Key of the connectome.

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(m:Region)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND g.is_current = true
  AND s.name = $source AND c.supported = true
MATCH (m)-[d:CONNECTS_TO]->(t:Region)
WHERE t.name = $target AND d.supported = true AND t.id <> s.id
RETURN m.name AS relay, c.weight AS first_weight, d.weight AS second_weight,
       c.weight * d.weight AS product, g.id AS connectome
ORDER BY product DESC, connectome, relay
LIMIT $limit
