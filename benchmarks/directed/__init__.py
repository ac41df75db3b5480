"""What `connectivity.py` measures: systems, peers, measures, tables and figures."""
