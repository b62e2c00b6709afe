"""A method as one compiled graph: arrays in, arrays out, and no Python in between."""

import tempfile
import threading
from contextlib import contextmanager
from functools import partial, update_wrapper

import numpy as np

from framework.tf import tf


def compiled(method=None, *, free=1, xla=False):
    """Make a method a graph that is traced once, at its first call.

        @compiled                       # the first axis of every array may have any size: rows [N, …]
        @compiled(free=2, xla="dense")  # the first two may: minibatches [K, N, …]; compiled further where that pays

    A graph has the ranks, the other sizes and the dtypes of its first call; numbers are float32 where they are not
    whole. Arguments and results are arrays, numbers, and tuples, dicts or NamedTuples of them. Called inside another
    graph, a method gives and takes tensors and becomes a part of that graph. (Outside, no gradient flows through its
    arrays: what a loss needs is a plain method that both use.)

    Args:
        free: how many of the leading axes of each array may have any size.
        xla: True compiles further with XLA, "dense" does where no argument holds pictures [H, W, C]: it pays for
            small dense networks, not for convolutions on a CPU.

    Raises:
        ValueError: when called with what does not fit the first call, such as [N, 1] for [N].
        TypeError: when called with arguments by name.
    """
    if method is None:
        return partial(compiled, free=free, xla=xla)
    return _CompiledMethod(method, free, xla)


class _CompiledMethod:
    """Gives each object a `Graph` of its own, in place of the method."""

    def __init__(self, method, free, xla):
        update_wrapper(self, method)
        self.method, self.free, self.xla = method, free, xla

    def __get__(self, owner, owner_class=None):
        if owner is None:
            return self
        graphs = vars(owner).setdefault("_graphs", {})
        if self not in graphs or graphs[self].owner is not owner:  # a copy has graphs of its own
            if self in graphs:
                graphs = vars(owner)["_graphs"] = {}
            graphs[self] = Graph(self.method.__get__(owner), self.free, self.xla)
        return graphs[self]

    def __call__(self, owner, *args, **named):
        return self.__get__(owner)(*args, **named)


class Graph:
    """``function`` as a graph; see `compiled`.

    A call goes to the one traced graph itself. That spares TensorFlow's search for the one that fits among many,
    which takes as long as a small network does.

    Attributes:
        inside: the function itself, of tensors, for use in another graph.
        traces: how many times it has been traced.
    """

    def __init__(self, function, free=1, xla=False):
        self.inside, self.free, self.xla, self.name = function, free, xla, function.__name__
        self.owner = getattr(function, "__self__", None)
        self.traces = 0
        self._graph = None

    def __call__(self, *args, **named):
        if named:
            raise TypeError(f"{self.name} is a graph and takes arguments in order; got {', '.join(named)} by name")
        if tf.inside_function():
            return self.inside(*args)
        arrays = tf.nest.flatten(args)
        if self._graph is None:
            self._trace(args, [_spec(array, self.free) for array in arrays])
        if len(arrays) != len(self._specs):
            raise ValueError(f"{self.name} was first called with {len(self._specs)} arrays; got {len(arrays)}")
        if self._nested or _nested(args):
            self._check_nesting(args)
        tensors = [self._tensor(array, spec) for array, spec in zip(arrays, self._specs, strict=True)]
        return _arrays(self._graph(*tensors))

    def _trace(self, args, specs):
        def function(*tensors):
            self.traces += 1
            return self.inside(*tf.nest.pack_sequence_as(args, tensors))

        dense = all(len(spec.shape) - self.free < 3 for spec in specs)
        jit = dense if self.xla == "dense" else self.xla
        graph = tf.function(function, input_signature=specs, jit_compile=jit)
        with _temporary_files_gone():
            self._graph = graph.get_concrete_function()
        self._specs, self._nested, self._nesting = specs, _nested(args), _nesting(args)

    def _check_nesting(self, args):
        """The graph itself would take the values of another dict, or another NamedTuple, for those of the first."""
        nesting = _nesting(args)
        if nesting != self._nesting:
            raise ValueError(f"{self.name} was first called with {self._nesting}; got {nesting}")

    def _tensor(self, array, spec):
        if spec.dtype.is_integer and np.asarray(array).dtype.kind == "f":
            raise ValueError(f"{self.name} was first called with whole numbers there; got {np.asarray(array).dtype}")
        tensor = tf.convert_to_tensor(array, spec.dtype)
        if not spec.shape.is_compatible_with(tensor.shape):  # the graph itself would take it, and compute nonsense
            raise ValueError(f"{self.name}: the shape {tuple(tensor.shape)} does not fit {tuple(spec.shape)}")
        return tensor


def graphs_of(owner):
    """{method's name: `Graph`} of those compiled methods of an object that have been called or looked at."""
    return {method.__name__: graph for method, graph in vars(owner).get("_graphs", {}).items()}


def _nested(args):
    return any(isinstance(arg, dict | tuple | list) for arg in args)


def _spec(array, free):
    if not tf.is_tensor(array):
        array = np.asarray(array)
    dtype = tf.float32 if array.dtype == np.float64 else array.dtype
    shape = [None if axis < free else size for axis, size in enumerate(array.shape)]
    return tf.TensorSpec(shape, dtype)


def _nesting(value):
    """How arrays are nested in a value: ``((obs=array, action=array), array)``."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_nesting(value[name])}' for name in sorted(value))}}}"
    if not isinstance(value, tuple | list):
        return "array"
    names = [f"{name}=" for name in getattr(value, "_fields", ())] or [""] * len(value)
    return f"({', '.join(name + _nesting(part) for name, part in zip(names, value, strict=True))})"


_TRACING = threading.RLock()  # a graph that is traced may trace another


@contextmanager
def _temporary_files_gone():
    """To trace, TensorFlow writes what it makes of a function into temporary files, and deletes them only when Python
    ends by itself; after a kill they would stay for good. No other thread may make temporary files meanwhile."""
    with _TRACING, tempfile.TemporaryDirectory(prefix="nanoka", ignore_cleanup_errors=True) as folder:
        before, tempfile.tempdir = tempfile.tempdir, folder
        try:
            yield
        finally:
            tempfile.tempdir = before


def _arrays(results):
    """Tensors as arrays; by hand, since TensorFlow's own way through a structure takes longer."""
    if isinstance(results, tf.Tensor):
        return results.numpy()
    if results is None:  # a method may change variables and return nothing
        return None
    if isinstance(results, dict):
        return {name: _arrays(result) for name, result in results.items()}
    arrays = [_arrays(result) for result in results]
    return type(results)(*arrays) if hasattr(results, "_fields") else tuple(arrays)


def same_shape(*tensors):
    """Raise ValueError unless all tensors have one shape: [N] beside [N, 1] would silently become [N, N]."""
    for tensor in tensors[1:]:
        tf.TensorShape(tensor.shape).assert_is_compatible_with(tensors[0].shape)
