"""Flow: the statistics that follow from the history."""
