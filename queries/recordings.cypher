// List the recordings: modality, sampling, length, quality.
//
// Parameters
// ----------
// subject : str = ""
//     Only this subject's.
// limit : int = 1000
//     Number of rows.
//
// Returns
// -------
// subject : str
//     Whose it is.
// id : str
//     Key of the recording.
// modality : str
//     Kind of recording.
// session : str
//     Session label.
// task : str
//     Task label.
// sfreq_hz : float
//     Sampling frequency, Hz.
// tr_s : float
//     Repetition time, s.
// duration_s : float
//     Length, s.
// n_channels : int
//     Channels.
// n_bad : int
//     Channels left out as bad.
// mean_fd_mm : float
//     Mean framewise displacement, mm.

MATCH (s:Subject)-[:HAS_RECORDING]->(r:Recording)
WHERE $subject = '' OR s.id = $subject
RETURN s.id AS subject, r.id AS id, r.modality AS modality, r.session AS session,
       r.task AS task, r.sfreq_hz AS sfreq_hz, r.tr_s AS tr_s,
       r.duration_s AS duration_s, r.n_channels AS n_channels, r.n_bad AS n_bad,
       r.mean_fd_mm AS mean_fd_mm
ORDER BY subject, id
LIMIT $limit
