"""Views of what happens in time, and of how things hang together."""
