"""Boards: columns, groups, lanes, members, limits, and their history."""
