"""Patients against controls: designs and statistics on whole cohorts."""
