"""framework.tf: nothing printed at the import, one sentence where TensorFlow is missing, the same weights again."""

import json
import os
import platform
import subprocess
import sys

import pytest


def run(program, **env):
    """A fresh interpreter: what an import prints, it prints once."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=os.environ | env, capture_output=True, encoding="utf-8", timeout=400)


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


LEARN = """
import hashlib
import numpy as np
from framework.tf import keras, set_seed, tf
set_seed(0)
layers = [keras.layers.Conv2D(4, 3), keras.layers.BatchNormalization(), keras.layers.Flatten(), keras.layers.Dense(2)]
model = keras.Sequential([keras.Input((12, 12, 2)), *layers])
model.compile(optimizer=keras.optimizers.Adam(1e-2), loss="mse")
x = np.random.default_rng(0).normal(size=(64, 12, 12, 2))
model.fit(x, x[:, 0, 0], epochs=2, verbose=0)
print(hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest())
print(tf.config.threading.get_intra_op_parallelism_threads())
"""


def test_what_was_set_for_other_work_changes_no_number(tmp_path):
    """keras.json and the environment; a global policy of Keras's too, for it begins as floatx says."""
    settings = {"floatx": "float16", "epsilon": 0.1, "backend": "jax", "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(settings | {"nnx_enabled": True}))
    env = {"KERAS_HOME": str(tmp_path), "KERAS_MAX_EPOCHS": "1", "KERAS_MAX_STEPS_PER_EPOCH": "1"}
    env |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit"}
    plain, strange = run(LEARN), run(LEARN, **env, ONEDNN_MAX_CPU_ISA="SSE41")
    assert (plain.returncode, strange.returncode) == (0, 0), plain.stderr + strange.stderr
    assert plain.stdout == strange.stdout
    assert plain.stdout.endswith("\n2\n")  # threads, whatever the computer has


@pytest.mark.parametrize(("name", "value"), [("floatx", "float8"), ("epsilon", 1), ("image_data_format", "both")])
def test_settings_that_keras_refuses_are_one_sentence(name, value, tmp_path):
    (tmp_path / "keras.json").write_text(json.dumps({name: value}))
    result = run("import framework.tf", KERAS_HOME=str(tmp_path))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: Keras refuses its keras.json, in .keras of the home folder or in KERAS_")
    assert name in result.stderr
    assert result.stderr.count("\n") == 1


def test_the_reader_may_choose_the_number_of_threads():
    program = "from framework.tf import tf\nprint(tf.config.threading.get_intra_op_parallelism_threads())"
    assert run(program, NANOKA_THREADS="3").stdout == "3\n"
    result = run(program, NANOKA_THREADS="many")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: NANOKA_THREADS must be a whole number from 1 to 256; got 'many'\n"


def test_a_tensorflow_that_has_computed_before_keeps_its_threads_and_says_so():
    program = "import tensorflow as tf\ntf.zeros(1)\nimport framework.tf"
    result = run(program, TF_CPP_MIN_LOG_LEVEL="3")
    assert result.returncode == 0
    assert (
        "TensorFlow was at work before framework.tf: its threads and its memory stay as they are\n" in result.stderr
    )


@pytest.mark.parametrize("module", ["keras", "tensorflow"])
def test_ctrl_c_in_the_midst_of_the_import_is_one_word(module):
    program = f"""
import sys
class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name.startswith({module!r}):
            raise KeyboardInterrupt
sys.meta_path.insert(0, Impatient())
import framework.tf
"""
    result = run(program)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "stopped\n")


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
