// Rank one subject's regions by what stimulating them changes, in simulation.
// A simulation result on the model learned from a recording ('atlasdb stimulate'), not
// an effect in the person.
//
// Parameters
// ----------
// subject : str
//     Subject id or label.
// modality : str = ""
//     Only of this modality, e.g. "eeg".
// stimulation : str = ""
//     Only of this simulation, by its id.
// limit : int = 50
//     Number of rows.
//
// Returns
// -------
// rank : int
//     1 is the region whose simulated stimulation removes most.
// region : str
//     Region that gets the input.
// hemisphere : str
//     L, R or M, where it is known.
// reduction : float
//     Share of the energy of all regions that is removed, in simulation.
// reduction_low : float
//     Lower end of its 95 % interval over simulated rollouts.
// reduction_high : float
//     Upper end.
// budget : float
//     Largest input at a sample, standard deviations of the region's activity.
// horizon : int
//     Samples of a rollout.
// modality : str
//     Kind of recording.
// simulated : bool
//     Always true: nothing of this was seen in the person.
// stimulation : str
//     Key of the simulation.

MATCH (x:Stimulation)-[t:STIMULATES]->(r:Region)
WHERE x.subject = $subject AND ($stimulation = '' OR x.id = $stimulation)
MATCH (g:Connectome)
WHERE g.id = x.connectome
  AND g.is_current = true
  AND ($modality = '' OR g.modality = $modality)
RETURN t.rank AS rank, r.name AS region, r.hemisphere AS hemisphere,
       t.reduction AS reduction, t.reduction_low AS reduction_low,
       t.reduction_high AS reduction_high, x.budget AS budget, x.horizon AS horizon,
       g.modality AS modality, t.simulated AS simulated, x.id AS stimulation
ORDER BY stimulation, rank
LIMIT $limit
