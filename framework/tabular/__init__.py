"""What the days with tables share: worlds, studies over seeds, maps and plots, fast loops."""
