// List the connections that differ between cohorts and have a tract under them.
// Connections of a significant component count too.
//
// Parameters
// ----------
// contrast : str = ""
//     Only of this comparison, by its id.
// tract_modality : str = "dwi"
//     Modality of the tracts.
// limit : int = 100
//     Number of rows.
//
// Returns
// -------
// contrast : str
//     Key of the comparison.
// source : str
//     Area that it starts from.
// target : str
//     Area that it ends in.
// effect : float
//     Standardised difference, first group minus second.
// p : float
//     p value; missing for members of a component.
// q : float
//     False discovery rate.
// component : str
//     Key of its component.
// n_tracts : int
//     People of the atlas in whom a tract joins the two areas.
// n_people : int
//     People with tracts on these areas.
// mean_streamlines : float
//     Mean weight of the tract in those who have it.
//
// Then
// ----
// with_tract

MATCH (a:Area)-[d:DIFFERS]->(b:Area)
MATCH (k:Contrast)
WHERE k.id = d.contrast AND k.is_current = true
  AND ($contrast = '' OR k.id = $contrast)
OPTIONAL MATCH (k)-[:HAS_COMPONENT]->(c:Component)
WHERE c.id = d.component AND c.significant = true
WITH a, b, d, k, c
WHERE d.significant = true OR c.id IS NOT NULL
MATCH (g:Connectome)-[:HAS_REGION]->(x:Region)
WHERE g.modality = $tract_modality AND g.is_current = true AND x.area = a.id
OPTIONAL MATCH (x)-[w:CONNECTS_TO]->(y:Region)
WHERE y.area = b.id AND w.weight > 0
RETURN k.id AS contrast, a.name AS source, b.name AS target, d.effect AS effect,
       d.p AS p, d.q AS q, c.id AS component, g.subject AS subject, g.id AS tracts,
       w.weight AS weight, a.id AS source_id, b.id AS target_id
ORDER BY contrast, source_id, target_id, tracts
