"""Benches: widgets of one lesson each, to try things on."""
