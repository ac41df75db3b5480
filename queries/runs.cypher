// Show how the connectomes of a subject were made: command, versions, device.
//
// Parameters
// ----------
// subject : str = ""
//     Only of this subject.
// limit : int = 100
//     Number of rows.
//
// Returns
// -------
// connectome : str
//     Key of the connectome.
// command : str
//     What was run.
// started : str
//     When, UTC.
// device : str
//     cpu, cuda or mps.
// seed : int
//     Random seed.
// code_version : str
//     Version of atlasdb.
// versions : str
//     Versions of the libraries, as JSON.
// params : str
//     All settings, as JSON.

MATCH (g:Connectome)-[:GENERATED_BY]->(r:Run)
WHERE $subject = '' OR g.subject = $subject
RETURN g.id AS connectome, r.command AS command, r.started AS started,
       r.device AS device, r.seed AS seed, r.code_version AS code_version,
       r.versions AS versions, r.params AS params
ORDER BY connectome
LIMIT $limit
