"""Weir: a kanban board whose limits hold and whose lead times are measured."""

__version__ = "0.1.0"
