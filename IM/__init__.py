"""Day 6: improve. Learn from a model, from a teacher, and learn what the teacher wants."""
