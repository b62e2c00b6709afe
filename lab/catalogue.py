"""What the page is built from: the learners, settings, planners, cards and limits, each said once, in Python."""

import json
from dataclasses import asdict

from lab import cards
from lab.learners import LEARNERS, SETTINGS
from lab.pacing import MOST_SECONDS, MOST_STEPS
from lab.protocol.base import LARGEST, LARGEST_PACE, LOWEST_PACE, SMALLEST
from lab.protocol.plan import PLANS


def catalogue():
    """A dict of what JSON can hold."""
    return {
        "learners": {
            name: {"settings": [s for s in SETTINGS if s in learner.limits], "based_on": learner.based_on}
            for name, learner in LEARNERS.items()
        },
        "settings": {name: asdict(setting) for name, setting in SETTINGS.items()},
        "planners": list(PLANS),
        "cards": cards.catalogue(),
        "limits": {
            "size": [SMALLEST, LARGEST],
            "pace": [LOWEST_PACE, LARGEST_PACE],
            "steps": MOST_STEPS,
            "seconds": MOST_SECONDS,
        },
    }


def catalogue_module():
    """The same as a JavaScript module."""
    return f"export const CATALOGUE = {json.dumps(catalogue())};\n"
