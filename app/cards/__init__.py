"""Cards: the work items, their moves and their clocks."""
