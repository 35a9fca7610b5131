"""Views of things that happen in time, and of things that belong together."""
