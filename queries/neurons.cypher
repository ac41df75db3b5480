// List the neurons of one subject, with type and synapse counts, largest first.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// cell_type : str = ""
//     Only of this cell type.
// limit : int = 100
//     Number of rows.
//
// Returns
// -------
// body_id : str
//     Whole id of the neuron.
// name : str
//     Name of the neuron.
// cell_type : str
//     Cell type.
// cell_class : str
//     Class of the cell.
// side : str
//     Side of the body.
// transmitter : str
//     Transmitter.
// n_pre : int
//     Synapses that it makes.
// n_post : int
//     Synapses that it receives.
// connectome : str
//     Key of the connectome.

MATCH (g:Connectome)-[:HAS_NEURON]->(r:Neuron)
WHERE g.subject = $subject AND g.is_current = true
  AND ($cell_type = '' OR r.cell_type = $cell_type)
RETURN r.body_id AS body_id, r.name AS name, r.cell_type AS cell_type,
       r.cell_class AS cell_class, r.side AS side, r.transmitter AS transmitter,
       r.n_pre AS n_pre, r.n_post AS n_post, g.id AS connectome
ORDER BY n_pre DESC, connectome, body_id
LIMIT $limit
