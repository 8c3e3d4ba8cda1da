"""The API tests share an application: see tests/shared.py."""

from tests.shared import ada, grace, ops, postgresql_weir, sqlite_weir, weir

__all__ = ["ada", "grace", "ops", "postgresql_weir", "sqlite_weir", "weir"]
