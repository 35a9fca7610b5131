"""The parts of every view: the look of the fields, one kind of drawing, one canvas."""
