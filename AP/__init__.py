"""Day 7: apply. Reuse agents and data, align a language model, search for a program, control a plant."""
