"""Accounts: people, sessions, tokens, set-up and invite links."""
