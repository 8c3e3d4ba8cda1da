"""Exchange: history import and export."""
