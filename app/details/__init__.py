"""A card in depth: its page and panel, comments, checklists and links."""
