"""framework.tf: nothing printed at the import, one sentence where TensorFlow is missing, the same weights again."""

import platform
import subprocess
import sys

import pytest


def run(program):
    """A fresh interpreter: what an import prints, it prints once."""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", timeout=400)


def test_the_import_prints_nothing_and_gives_standard_error_back():
    result = run("import os, framework.tf\nos.write(2, b'still here')")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "still here")


@pytest.mark.skipif((sys.platform, platform.machine()) != ("linux", "x86_64"), reason="other builds may lack oneDNN")
@pytest.mark.parametrize(("wish", "used"), [(None, True), ("0", False)])
def test_onednn_computes_the_convolutions_unless_the_reader_says_otherwise(monkeypatch, wish, used):
    """By default TensorFlow leaves it off where the processor has no AVX512_VNNI or the like."""
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if wish:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", wish)
    program = "import framework.tf\nfrom tensorflow.python.util import _pywrap_util_port as port\n"
    assert run(program + "print(port.IsMklEnabled())").stdout == f"{used}\n"


def test_what_keras_would_load_for_nothing_can_still_be_loaded():
    """scikit-learn and matplotlib, a second of a start that has four."""
    program = "import sys, framework.tf\nassert not {'sklearn', 'matplotlib.pyplot'} & set(sys.modules)\n"
    program += "import sklearn.datasets, matplotlib.pyplot\nprint(len(sklearn.datasets.load_digits().target))"
    result = run(program)
    assert (result.returncode, result.stdout, result.stderr) == (0, "1797\n", "")


def test_the_import_works_without_a_standard_error():
    program = "import os\nos.close(2)\nfrom framework.tf import tf\nprint(int(tf.constant(7)))"
    assert run(program).stdout == "7\n"


def test_the_import_leaves_garbage_collection_as_it_was():
    program = "import gc\nfrom framework.tf import tf\nprint(gc.isenabled(), gc.get_freeze_count() > 100_000)"
    assert run(program).stdout == "True True\n"


def test_keras_runs_on_tensorflow_whatever_else_is_set():
    program = "import os\nos.environ['KERAS_BACKEND'] = 'jax'\nfrom framework.tf import keras\n"
    program += "print(keras.backend.backend())"
    assert run(program).stdout == "tensorflow\n"


@pytest.mark.parametrize("module", ["tensorflow", "keras"])
def test_without_tensorflow_one_sentence_says_how_to_get_it(module):
    result = run(f"import sys\nsys.modules['{module}'] = None\nimport framework.tf")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f'error: Days 4 to 7 need {module}: python -m pip install -e ".[cpu]"\n'


def test_an_import_that_fails_shows_what_was_written():
    """Stands in for a TensorFlow whose libraries don't load."""
    program = """
import os, sys
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "tensorflow":
            os.write(2, b"a library is broken\\n")
            raise ImportError("DLL load failed")
sys.meta_path.insert(0, Broken())
import framework.tf
"""
    result = run(program)
    assert result.returncode == 1
    assert result.stderr.startswith("a library is broken\n")
    assert "ImportError: DLL load failed" in result.stderr


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    program = """
from framework.tf import keras, set_seed
def weights(seed):
    set_seed(seed)
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
    return b"".join(array.tobytes() for array in network.get_weights())
assert weights(0) != weights(1)
print(weights(0).hex())
"""
    first, again = run(program), run(program)
    assert first.returncode == 0
    assert first.stdout == again.stdout != ""


def test_every_gpu_grows_its_memory():
    """No computer of ours has a GPU: two are made up, and the CPU is cut in two to compute on."""
    program = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
grown = []
tf.config.list_physical_devices = lambda kind: ["first", "second"] if kind == "GPU" else [cpu]
tf.config.experimental.set_memory_growth = lambda gpu, on: grown.append((gpu, on))
from framework.graph import compiled
print(grown)
print([device.name for device in tf.config.list_logical_devices("CPU")])
class Machine:
    @compiled
    def double(self, x):
        return 2 * x
for name in ("/CPU:0", "/CPU:1"):
    with tf.device(name):
        print(Machine().double(np.array([1.0, 2.0])))
"""
    result = run(program)
    assert result.stdout.splitlines() == [
        "[('first', True), ('second', True)]",
        "['/device:CPU:0', '/device:CPU:1']",
        "[2. 4.]",
        "[2. 4.]",
    ], result.stderr


def test_half_precision_computes_in_bfloat16_and_keeps_weights_and_outputs_in_float32():
    program = """
import numpy as np
from gymnasium import spaces
from FN.ppo_agent import Config, network
from framework.tf import set_precision
frames = np.random.default_rng(0).integers(0, 256, (5, 84, 84, 2), dtype=np.uint8)
def outputs(precision):
    set_precision(precision)
    model = network(spaces.Box(0, 255, (84, 84, 2), np.uint8), spaces.Discrete(3), Config())
    computed = {layer.compute_dtype for layer in model.layers if layer.weights}
    assert computed == ({"float32"} if precision == "float32" else {"bfloat16", "float32"})
    assert {variable.dtype for variable in model.variables} == {"float32"}
    (logits,), value = model(frames)
    return logits.numpy(), value.numpy()
for one, other in zip(outputs("float32"), outputs("mixed_bfloat16"), strict=True):
    assert one.dtype == other.dtype == np.float32
    assert 0 < np.abs(one - other).max() < 0.02 * np.abs(one).max()
"""
    result = run(program)
    assert result.returncode == 0, result.stderr
