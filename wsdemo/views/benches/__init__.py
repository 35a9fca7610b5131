"""Benches: widgets of one lesson each, to try things on. `slide` is the frame under the microscope."""
