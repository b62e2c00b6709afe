"""Day 4 begins with six small programs on neural networks, to be read in the order of its README."""
