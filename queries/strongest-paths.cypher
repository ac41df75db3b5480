// List the routes between two regions or neurons that carry most: products of shares.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// source : str
//     Name or id that the paths start from.
// target : str
//     Name or id that they end in.
// modality : str = ""
//     Which connectome, where there are several.
// connectome : str = ""
//     Which connectome, by its id.
// supported : bool = true
//     Only connections that pass the connectome's own rule.
// by : str = "share"
//     "share": largest product of shares of what each step's target receives; "cost":
//     least sum of 1 / weight.
// k : int = 5
//     At most so many paths.
//
// Returns
// -------
// path : int
//     Number of the path, 1 for the best.
// step : int
//     Number of the step, from 1.
// source : str
//     Where the step starts.
// target : str
//     Where it ends.
// weight : float
//     Weight of the connection.
// share : float
//     Weight of all that the target receives.
// cost : float
//     1 / weight.
// total_cost : float
//     Cost up to here.
// strength : float
//     Product of shares up to here.
// engine : str
//     What computed it, with its version.
//
// Then
// ----
// strongest_paths

MATCH (g:Connectome)-[:HAS_REGION]->(s:Region)-[c:CONNECTS_TO]->(t:Region)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
  AND ($supported = false OR c.supported = true)
RETURN g.id AS connectome, s.id AS source, t.id AS target, s.name AS source_name,
       t.name AS target_name, c.weight AS weight, c.cost AS cost
UNION ALL
MATCH (g:Connectome)-[:HAS_NEURON]->(s:Neuron)-[c:CONNECTS_TO]->(t:Neuron)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
  AND ($supported = false OR c.supported = true)
RETURN g.id AS connectome, s.id AS source, t.id AS target,
       coalesce(s.name, s.body_id) AS source_name,
       coalesce(t.name, t.body_id) AS target_name, c.weight AS weight, c.cost AS cost
UNION ALL
MATCH (g:Connectome)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
RETURN g.id AS connectome, '' AS source, '' AS target, '' AS source_name,
       '' AS target_name, 0.0 AS weight, 0.0 AS cost
