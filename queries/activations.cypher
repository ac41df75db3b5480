// List how areas respond to a condition in one subject, largest response first.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// condition : str = ""
//     Only of this condition.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// condition : str
//     Condition.
// area : str
//     Name of the area.
// measure : str
//     "erp" or "glm_z".
// unit : str
//     Unit of the amplitudes.
// peak_amp : float
//     Largest response.
// peak_ms : float
//     When, ms after the event.
// onset_ms : float
//     When half of the peak is reached first, ms after the event.
// mean_amp : float
//     Mean response.
// z : float
//     Test of the response.
// p : float
//     Its p value.
// q : float
//     False discovery rate over areas.
// n_trials : int
//     Trials.
// modality : str
//     Kind of recording.

MATCH (m:ActivationMap)-[e:ACTIVATES]->(a:Area)
WHERE m.subject = $subject AND m.is_current = true
  AND ($condition = '' OR m.condition = $condition)
RETURN m.condition AS condition, a.name AS area, m.measure AS measure,
       m.unit AS unit, e.peak_amp AS peak_amp, e.peak_ms AS peak_ms,
       e.onset_ms AS onset_ms, e.mean_amp AS mean_amp, e.z AS z, e.p AS p, e.q AS q,
       m.n_trials AS n_trials, m.modality AS modality, abs(e.peak_amp) AS size,
       m.id AS map, a.id AS area_id
ORDER BY size DESC, map, area, area_id
LIMIT $limit
