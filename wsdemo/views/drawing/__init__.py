"""What every view is made of: the look of the fields, one kind of drawing, one canvas."""
