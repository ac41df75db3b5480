// List the connections of one subject, strongest first, with how sure each is.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// modality : str = ""
//     Only of this modality, e.g. "eeg".
// connectome : str = ""
//     Only of this connectome, by its id.
// min_weight : float = 0.0
//     Leave out weaker connections.
// supported : bool = false
//     Only connections that pass the connectome's own rule.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// source : str
//     Region or neuron that the connection starts from.
// target : str
//     Region or neuron that it ends in.
// weight : float
//     How strongly the source drives the target, 0 or more.
// value : float
//     Signed estimate, in the connectome's unit.
// sign : int
//     -1, 0 or 1.
// probability : float
//     P(source -> target).
// direction : float
//     P(->) / (P(->) + P(<-)); 0.5 cannot be told.
// p : float
//     Probability of such an estimate without dependence.
// q : float
//     False discovery rate at this p.
// stability : float
//     Agreement of the two halves of the recording, 0 to 1.
// lag_ms : float
//     Delay of the strongest lag, ms.
// supported : bool
//     Whether it passes the connectome's own rule.
// modality : str
//     Kind of recording.
// connectome : str
//     Key of the connectome.
//
// Then
// ----
// strongest

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
  AND c.weight >= $min_weight
  AND ($supported = false OR c.supported = true)
RETURN s.name AS source, t.name AS target, c.weight AS weight, c.value AS value,
       c.sign AS sign, c.probability AS probability, c.direction AS direction,
       c.p AS p, c.q AS q, c.stability AS stability, c.lag_ms AS lag_ms,
       c.supported AS supported, g.modality AS modality, g.id AS connectome,
       s.id AS source_id, t.id AS target_id
ORDER BY weight DESC, connectome, source, target, source_id, target_id
LIMIT $limit
UNION ALL
MATCH (g:Connectome)-[:HAS_NEURON]->(s:Neuron)-[c:CONNECTS_TO]->(t:Neuron)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
  AND c.weight >= $min_weight
  AND ($supported = false OR c.supported = true)
RETURN coalesce(s.name, s.body_id) AS source, coalesce(t.name, t.body_id) AS target, c.weight AS weight, c.value AS value,
       c.sign AS sign, c.probability AS probability, c.direction AS direction,
       c.p AS p, c.q AS q, c.stability AS stability, c.lag_ms AS lag_ms,
       c.supported AS supported, g.modality AS modality, g.id AS connectome,
       s.id AS source_id, t.id AS target_id
ORDER BY weight DESC, connectome, source, target, source_id, target_id
LIMIT $limit
