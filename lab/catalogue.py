"""What the page is built from: the learners, settings, planners and cards, each said once, in Python."""

import json
from dataclasses import asdict

from lab import cards
from lab.learners import LEARNERS, SETTINGS
from lab.protocol.plan import PLANS


def catalogue():
    """A dict of what JSON can hold."""
    return {
        "learners": {
            name: {
                "settings": [s for s in SETTINGS if s in learner.limits],
                "based_on": learner.based_on,
                "script": learner.__module__.replace(".", "/") + ".py",
            }
            for name, learner in LEARNERS.items()
        },
        "settings": {name: asdict(setting) for name, setting in SETTINGS.items()},
        "planners": list(PLANS),
        "cards": cards.catalogue(),
    }


def catalogue_module():
    """The same as a JavaScript module."""
    return f"export const CATALOGUE = {json.dumps(catalogue())};\n"
