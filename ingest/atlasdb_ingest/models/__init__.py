"""One file for each estimator, behind one interface."""
