"""The installation as its administrator sees it: people, boards, version, health."""
