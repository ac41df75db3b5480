// List the hubs among controls that a patient, or a cohort of patients, has lost.
// After 'atlasdb compare PATIENT CONTROLS --test node'.
//
// Parameters
// ----------
// subject : str = ""
//     Only of this patient: subject id or label.
// contrast : str = ""
//     Only of this comparison, by its id.
// metric : str = "out_strength"
//     Measure that hubs are chosen by, such as betweenness.
// top : float = 0.2
//     Hubs are this share of the areas: those with the largest mean among controls.
// max_p : float = 0.05
//     Leave out hubs whose loss is less sure.
// limit : int = 100
//     Number of rows.
//
// Returns
// -------
// contrast : str
//     Key of the comparison.
// area : str
//     Hub.
// rank : int
//     Its rank among controls, 1 for the largest.
// mean_a : float
//     Value of the patient, or mean of the patients.
// mean_b : float
//     What controls like them have.
// effect : float
//     Standardised difference; negative, since it is lost.
// p : float
//     p value.
// q : float
//     False discovery rate over all areas and measures of the comparison.
//
// Then
// ----
// lost_hubs

MATCH (k:Contrast)-[e:NODE_EFFECT]->(a:Area)
WHERE k.is_current = true AND ($contrast = '' OR k.id = $contrast)
  AND ($subject = '' OR k.subject = $subject)
  AND e.metric = $metric
RETURN k.id AS contrast, a.name AS area, e.mean_a AS mean_a, e.mean_b AS mean_b,
       e.effect AS effect, e.p AS p, e.q AS q, a.id AS area_id
ORDER BY contrast, area_id
