"""The one door to TensorFlow: quiet, with a GPU's memory taken as needed, and with one sentence if it is missing.

What computers and their users have set for other work, and what would change the numbers of a run, is set back here:
the number of threads, and Keras's settings.
"""

import gc
import os
import sys
import tempfile
from contextlib import contextmanager

from framework.runs.parallel import computing_threads

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before the import; what fails raises an exception, too
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # by itself only with AVX512_VNNI or the like; else slow pixels
os.environ |= {"KERAS_BACKEND": "tensorflow", "KERAS_NNX_ENABLED": "false"}  # before keras.json
CHANGE_NUMBERS = "KERAS_MAX_EPOCHS KERAS_MAX_STEPS_PER_EPOCH TF_XLA_FLAGS ONEDNN_MAX_CPU_ISA DNNL_MAX_CPU_ISA"
for _name in CHANGE_NUMBERS.split():
    os.environ.pop(_name, None)


@contextmanager
def _quiet():
    """Standard error goes to a file, for some of TensorFlow's start-up notices ignore the log level.

    It comes back in any case; if something fails, what was written is shown.
    """
    try:
        notices = tempfile.TemporaryFile()  # noqa: SIM115
        stderr = os.dup(2)
    except OSError:  # no standard error, or nowhere to write
        yield
        return
    with notices:
        os.dup2(notices.fileno(), 2)
        written = b""
        try:
            yield
        except Exception:
            notices.seek(0)
            written = notices.read()
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            if written:
                os.write(2, written)


@contextmanager
def _hidden(*modules):
    """Keras loads these where they are installed, for tools that nothing here uses; that would take a second more."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # None: as if it were not installed
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def _without_garbage_collection():
    """An import makes objects that stay; to search their hundreds of thousands again and again for garbage takes a
    quarter of its time. Afterwards no search looks at them any more."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def _end(sentence, code):
    print(sentence, file=sys.stderr)
    raise SystemExit(code) from None


try:
    threads, too_late = computing_threads(), ""
except ValueError as error:
    _end(f"error: {error}", 2)
try:
    with _quiet(), _hidden("sklearn", "matplotlib.pyplot"), _without_garbage_collection():
        import keras
        import tensorflow as tf

        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
        keras.config.set_epsilon(1e-7)
        keras.config.set_image_data_format("channels_last")
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            for _gpu in tf.config.list_physical_devices("GPU"):  # a CUDA build has notices here, too
                tf.config.experimental.set_memory_growth(_gpu, True)
        except RuntimeError:  # in a notebook
            too_late = "TensorFlow was at work before framework.tf: its threads and its memory stay as they are"
except ModuleNotFoundError as error:
    missing = (error.name or "").partition(".")[0]
    if missing not in ("keras", "tensorflow"):
        raise
    _end(f'error: Days 4 to 7 need {missing}: python -m pip install -e ".[cpu]"', 2)
except (AttributeError, OSError, ValueError) as error:
    if not any(words in str(error) for words in ("configuration", "no attribute 'get'", "keras.json")):  # a list
        raise
    _end(f"error: Keras refuses its keras.json, in .keras of the home folder or in KERAS_HOME: {error}", 2)
except KeyboardInterrupt:
    _end("stopped", 130)
if too_late:
    print(too_late, file=sys.stderr)


def begin(config):
    """What every training starts with: the seed and the precision of a `framework.runs.config.RunConfig`."""
    set_seed(config.seed)
    set_precision(config.precision)


def set_seed(seed):
    """Seed Keras, and let every operation give the same result each time."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def set_precision(policy):
    """What layers compute in from now on: "float32", or "mixed_bfloat16", which has its range but 8 of its 24 bits.

    Weights, last layers and losses stay float32. (With "mixed_float16" small gradients would vanish, unless every
    loss were scaled.)
    """
    keras.config.set_dtype_policy(policy)
