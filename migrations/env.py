"""Runs the migrations on the connection that app.schema prepared, or, called by the `alembic`
command, on one that it prepares for the configured database."""

from alembic import context

from app import schema
from app.config import Settings
from app.models import Base

given = context.config.attributes.get("connection")
if given is not None:
    schema.run_migrations(context, given, Base.metadata)
else:
    with schema.migrating(Settings().url) as connection:
        schema.run_migrations(context, connection, Base.metadata)
