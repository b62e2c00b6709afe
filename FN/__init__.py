"""Day 4-5: functions for tables. Deep reinforcement learning."""
