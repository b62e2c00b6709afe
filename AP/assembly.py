"""Programs of `worlds.sort` as a person reads them: assembly, an interpreter, and what each register then holds.

A program is a tuple of actions, rows of ``task.instructions``. What runs it here shares no code with the simulator in
which it was found, takes any numbers and starts from any content of the register s.
"""

from itertools import combinations

import numpy as np

NUMBERS = "abc"  # what is given in r1, r2, r3
SAYS = {  # language: of each kind of instruction, and of what is then known
    "en": {
        "mov": "{x} takes {y}", "cmp": "compare {x} with {y}", "cmovg": "if it was greater, {x} takes {y}",
        "cmovl": "if it was less, {x} takes {y}", "so": ": {x} = {expression}", "median": "the middle of {numbers}",
        "end": "sorted: ", "given": "given: ", "known": ", {x} ≤ {y} is known",
    },
    "ja": {
        "mov": "{x} に {y} を写す", "cmp": "{x} と {y} を比べる", "cmovg": "大きかったなら {x} に {y} を写す",
        "cmovl": "小さかったなら {x} に {y} を写す", "so": "（{x} = {expression}）", "median": "{numbers} の中央値",
        "end": "整列済み：", "given": "入力：", "known": "、{x} ≤ {y} は既知",
    },
}  # fmt: skip


def listing(task, program):
    """The program as assembly, a line for each instruction."""
    return [task.text(action) for action in program]


def interpret(lines, registers):
    """Run assembly on registers {name: number}; returns what they hold afterwards."""
    registers, flag = dict(registers), 0
    for line in lines:
        word, x, y = line.replace(",", "").split()
        if word == "cmp":
            flag = (registers[x] > registers[y]) - (registers[x] < registers[y])
        elif word == "mov" or (word, flag) in (("cmovg", 1), ("cmovl", -1)):
            registers[x] = registers[y]
        elif word not in ("cmovg", "cmovl"):
            raise ValueError(f"there is no instruction {word}")
    return registers


def failures(task, program, seed, trials=10_000):
    """Of how many random inputs the program makes something else than their numbers, sorted.

    They are whole numbers from -9 to 9, of which many are equal, in an order that the task knows; s holds another.
    """
    rng, lines, wrong = np.random.default_rng(seed), listing(task, program), 0
    *names, scratch = task.registers
    for row in rng.integers(-9, 10, size=(trials, task.numbers + 1)).tolist():
        for x, y in task.known:
            row[x], row[y] = sorted((row[x], row[y]))
        after = interpret(lines, dict(zip((*names, scratch), row, strict=True)))
        wrong += [after[name] for name in names] != sorted(row[:-1])
    return wrong


def expressions(task, language="en"):
    """{bytes: expression}: how to say a content of a register, int8 [I] over all inputs, by min and max.

    There are 18 functions of three numbers that min and max can make, and fewer where an order is known.
    """
    count = task.numbers
    numbers = {NUMBERS[x]: task.inputs[:, x] for x in range(count)}
    found = dict(numbers)
    for size in range(2, count + 1):
        for names in combinations(numbers, size):
            columns = [numbers[name] for name in names]
            found[f"min({', '.join(names)})"] = np.min(columns, axis=0)
            found[f"max({', '.join(names)})"] = np.max(columns, axis=0)
    if count == 3:
        for name in numbers:
            first, second = (other for other in numbers if other != name)
            both = numbers[first], numbers[second]
            found[f"min({name}, max({first}, {second}))"] = np.minimum(numbers[name], np.maximum(*both))
            found[f"max({name}, min({first}, {second}))"] = np.maximum(numbers[name], np.minimum(*both))
        for first, second in combinations(numbers, 2):
            (third,) = set(numbers) - {first, second}
            pairs = [np.maximum(numbers[one], numbers[third]) for one in (first, second)]
            found[f"min(max({first}, {third}), max({second}, {third}))"] = np.minimum(*pairs)
        found[SAYS[language]["median"].format(numbers=", ".join(numbers))] = task.outputs[:, 1]
    named = {}
    for expression, content in found.items():
        named.setdefault(content.tobytes(), expression)
    return named


def contents(task, program):
    """[L + 1, I, R]: what the registers hold for each input, at first, where s is 0, and after each instruction."""
    lines, held = listing(task, program), []
    for row in task.inputs.tolist():
        start = dict(zip(task.registers, (*row, 0), strict=True))
        held.append([list(interpret(lines[:n], start).values()) for n in range(len(lines) + 1)])
    return np.array(held, np.int8).swapaxes(0, 1)


def read_aloud(task, program, language="en"):
    """The program in words, a line for each instruction, one before them and one after them.

    Where a register then holds what min and max can say of the given numbers, on every input, that is said.

    Args:
        language: "en" or "ja".
    """
    says, named, held = SAYS[language], expressions(task, language), contents(task, program)
    names = task.registers
    given = ", ".join(f"{name} = {NUMBERS[x]}" for x, name in enumerate(names[:-1]))
    known = "".join(says["known"].format(x=NUMBERS[x], y=NUMBERS[y]) for x, y in task.known)
    yield says["given"] + given + known
    for line, after in zip(listing(task, program), held[1:], strict=True):
        word, x, y = line.replace(",", "").split()
        content = after[:, names.index(x)].tobytes()
        so = says["so"].format(x=x, expression=named[content]) if word != "cmp" and content in named else ""
        yield f"{line:<14}; {says[word].format(x=x, y=y)}{so}"
    last = [named.get(held[-1][:, x].tobytes(), "?") for x in range(task.numbers)]
    yield says["end"] + ", ".join(f"{name} = {one}" for name, one in zip(names, last, strict=False))
