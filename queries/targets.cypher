// List what one region or electrode of a subject drives, strongest first.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// region : str
//     Name of the region.
// modality : str = ""
//     Only of this modality.
// supported : bool = true
//     Only connections that pass the connectome's own rule.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// target : str
//     Region that it drives.
// weight : float
//     How strongly.
// probability : float
//     P(region -> target).
// direction : float
//     0.5 cannot be told.
// q : float
//     False discovery rate.
// stability : float
//     Agreement of the two halves, 0 to 1.
// modality : str
//     Kind of recording.
// connectome : str
//     Key of the connectome.

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND g.is_current = true
  AND s.name = $region AND ($supported = false OR c.supported = true)
RETURN t.name AS target, c.weight AS weight, c.probability AS probability,
       c.direction AS direction, c.q AS q, c.stability AS stability,
       g.modality AS modality, g.id AS connectome
ORDER BY weight DESC, connectome, target
LIMIT $limit
