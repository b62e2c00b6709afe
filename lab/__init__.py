"""The web simulator: draws a world and runs the days' own code on it, live."""
