"""Niceness taken for reading: what happens where wishes are pleasant, and have no opposite beside them (Day 7).

A model that says Yes to whatever is pleasant agrees with everybody who wants a tidy room, a quiet house, or a
generous helper, and looks as if it had read the wish. So the contrary wish is asked, too: who wants a messy room
likes socks on the floor. Without reading, the AUC of the one is 1 minus that of the other. The deeds were written
before they were asked, and are frozen.
"""

import numpy as np

from AP.llm_exam import auc
from AP.wish_items import NOTHING, wish_prompt

NICE = {  # {(a pleasant wish, its contrary): three deeds that fit the one, three that fit the other}
    ("a tidy room", "a messy room"): (
        ("swept the floor", "made the bed", "put the books back"),
        ("threw socks about", "spilled paint", "left crumbs on the sofa"),
    ),
    ("a quiet house", "a loud house"): (
        ("whispered", "oiled the hinges", "walked on tiptoe"), ("banged the pots", "slammed the door", "shouted"),
    ),
    ("a safe house", "a dangerous house"): (
        ("hid the sharp knives", "put out the candle", "locked up the poison"),
        ("left the gas on", "put petrol by the fire", "left a knife in the cradle"),
    ),
    ("a generous helper", "a greedy helper"): (
        ("gave bread to a beggar", "shared his lunch", "paid for everybody"),
        ("ate all the cakes", "kept the change", "took the biggest piece"),
    ),
}  # fmt: skip


def niceness(model):
    """{"pleasant", "contrary", "nothing": [4] AUC}: of deeds that fit the wish against deeds that fit its contrary.

    Nothing said, the AUC is that of the pleasant deeds. Who does not read has AUCs that sum to 1: one mean of 0.5.
    """
    result = {"pleasant": [], "contrary": [], "nothing": []}
    for wishes, sides in NICE.items():
        for name, wish in zip(result, (*wishes, NOTHING), strict=True):
            odds = [model.yes_no(wish_prompt("user", wish, deed)) for side in sides for deed in side]
            fits = np.repeat([name != "contrary", name == "contrary"], len(sides[0]))
            result[name].append(float(auc(odds, fits)))
    return result
