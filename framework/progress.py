"""Where many runs are, on the screen."""

from framework.results import evaluations


class Progress:
    """A live table on a terminal, a row for each setting; elsewhere a line for each run that ends."""

    def __init__(self, jobs):
        from rich.console import Console
        from rich.live import Live

        self.jobs, self.count = jobs, 0
        console = Console()
        self.live = Live(console=console, refresh_per_second=2) if console.is_terminal else None

    def __enter__(self):
        if self.live:
            self.live.__enter__()
        return self

    def __exit__(self, *error):
        if self.live:
            self.live.__exit__(*error)

    def __call__(self, left, ended):
        for label, seed in ended:
            self.count += 1
            if not self.live:
                print(
                    f"{self.count} of {len(self.jobs)}: {label}, seed {seed}, {_told(self.jobs[label, seed])}",
                    flush=True,
                )
        if self.live:
            self.live.update(self.table(left))

    def table(self, left):
        """A row for each setting; ``left`` are the jobs that are not finished."""
        from rich.table import Table

        table = Table("setting", "done", "of", "where the others are")
        for label in dict.fromkeys(label for label, _ in self.jobs):
            keys = [key for key in self.jobs if key[0] == label]
            waiting = [key for key in keys if key in left]
            going = [
                f"seed {seed}: {_told(self.jobs[label, seed])}"
                for label, seed in waiting
                if _told(self.jobs[label, seed])
            ]
            table.add_row(label, str(len(keys) - len(waiting)), str(len(keys)), "; ".join(going[:3]))
        return table


def _told(job):
    """Where a run is, by its last evaluation."""
    try:
        step, value = evaluations(job)[-1]
    except (OSError, IndexError, KeyError, ValueError):  # none yet, or half a row
        return ""
    return f"return {value:.1f} at step {step:,}"
