// List everything that the atlas holds of one subject.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
//
// Returns
// -------
// kind : str
//     Label of the node.
// id : str
//     Its key.
//
// Then
// ----
// sort

MATCH (s:Subject) WHERE s.id = $subject
RETURN 'Subject' AS kind, s.id AS id
UNION ALL
MATCH (s:Subject)-[:IN_COHORT]->(x:Cohort) WHERE s.id = $subject
RETURN 'Cohort' AS kind, x.id AS id
UNION ALL
MATCH (s:Subject)-[:HAS_RECORDING]->(x:Recording) WHERE s.id = $subject
RETURN 'Recording' AS kind, x.id AS id
UNION ALL
MATCH (x:Connectome) WHERE x.subject = $subject
RETURN 'Connectome' AS kind, x.id AS id
UNION ALL
MATCH (x:ActivationMap) WHERE x.subject = $subject
RETURN 'ActivationMap' AS kind, x.id AS id
UNION ALL
MATCH (x:Stimulation) WHERE x.subject = $subject
RETURN 'Stimulation' AS kind, x.id AS id
UNION ALL
MATCH (x:Contrast) WHERE x.subject = $subject
RETURN 'Contrast' AS kind, x.id AS id
UNION ALL
MATCH (g:Connectome)-[:STORED_AS]->(x:Artifact) WHERE g.subject = $subject
RETURN 'Artifact' AS kind, x.id AS id
UNION ALL
MATCH (m:ActivationMap)-[:STORED_AS]->(x:Artifact) WHERE m.subject = $subject
RETURN 'Artifact' AS kind, x.id AS id
UNION ALL
MATCH (t:Stimulation)-[:STORED_AS]->(x:Artifact) WHERE t.subject = $subject
RETURN 'Artifact' AS kind, x.id AS id
UNION ALL
MATCH (k:Contrast)-[:STORED_AS]->(x:Artifact) WHERE k.subject = $subject
RETURN 'Artifact' AS kind, x.id AS id
