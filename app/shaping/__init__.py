"""Shaping: a board's columns, groups and lanes, with the cards that stand on it."""
