// List what was made with one version of a library: what to redo if it was faulty.
//
// Parameters
// ----------
// package : str
//     Name of the library, e.g. torch.
// version : str
//     Its version, e.g. 2.2.0.
// limit : int = 1000
//     Number of rows.
//
// Returns
// -------
// connectome : str
//     Key of the connectome.
// subject : str
//     Whose it is.
// command : str
//     What was run.
// started : str
//     When, UTC.
// is_current : bool
//     Whether no newer run has replaced it.
// versions : str
//     Versions of the libraries, as JSON.
//
// Then
// ----
// made_with

MATCH (g:Connectome)-[:GENERATED_BY]->(r:Run)
RETURN g.id AS connectome, g.subject AS subject, r.command AS command,
       r.started AS started, g.is_current AS is_current, r.versions AS versions
ORDER BY connectome
