"""Whose home it is: buildings, units, persons and their relations, standing instructions, the box that finds them."""
