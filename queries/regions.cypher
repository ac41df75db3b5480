// List the regions of one subject's connectomes, with where they are.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// modality : str = ""
//     Only of this modality.
// connectome : str = ""
//     Only of this connectome, by its id.
// limit : int = 1000
//     Number of rows.
//
// Returns
// -------
// name : str
//     Name of the area.
// code : str
//     Code of the area in its parcellation.
// hemisphere : str
//     L, R or M.
// network : str
//     Functional network, where the parcellation says.
// x_mm : float
//     Position, mm, to the right.
// y_mm : float
//     Position, mm, to the front.
// z_mm : float
//     Position, mm, up.
// in_strength : float
//     Sum of the supported weights that it receives.
// out_strength : float
//     Sum of the supported weights that it sends.
// connectome : str
//     Key of the connectome.

MATCH (g:Connectome)-[:HAS_REGION]->(r:Region)-[:OF_AREA]->(a:Area)
WHERE g.subject = $subject
  AND ($modality = '' OR g.modality = $modality)
  AND ($connectome = '' OR g.id = $connectome)
  AND ($connectome <> '' OR g.is_current = true)
RETURN a.name AS name, a.code AS code, a.hemisphere AS hemisphere,
       a.network AS network, a.x_mm AS x_mm, a.y_mm AS y_mm, a.z_mm AS z_mm,
       r.in_strength AS in_strength, r.out_strength AS out_strength,
       g.id AS connectome
ORDER BY connectome, name, code
LIMIT $limit
