"""Long training does not need more and more memory, and what asks a process to stop."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from framework.runs.process import Interrupt

ROOT = Path(__file__).parents[3]
# The replay buffer is full before it is measured for the first time. Checkpoints are frequent: no copy must stay.
PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path

from FN import dqn_agent

class Measured(dqn_agent.Trainer):
    def __iter__(self):
        for step in super().__iter__():
            if step in (20_000, 120_000):
                print("at", step, Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0])
            yield step

dqn_agent.Trainer = Measured
options = {"steps": 120_008, "buffer_size": 16_000, "gradient_steps": 4, "target_return": None, "final_episodes": 5}
dqn_agent.train(replace(dqn_agent.CARTPOLE, **options, checkpoint_seconds=2.0, run_folder=sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_grows_by_less_than_5_percent_over_100_000_steps(tmp_path):
    command = [sys.executable, "-c", PROGRAM, tmp_path / "run"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=850)
    assert result.returncode == 0, result.stderr
    first, last = (int(kilobytes) for kilobytes in re.findall(r"at \d+ (\d+)", result.stdout))
    assert last < 1.05 * first


def test_a_signal_waits_the_first_time_only_and_does_afterwards_what_it_did_before():
    before = signal.getsignal(signal.SIGTERM)
    with Interrupt() as interrupt:
        assert not interrupt.asked
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before
