"""Drawings that move: controls above them, or a thread that follows the traffic. They need ipywidgets."""
