"""The andon cord: whoever sees that something is wrong stops new work, and all look at it."""
