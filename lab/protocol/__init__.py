"""What a page may ask: the kinds of jobs, one file each, and what all of them share in base.py."""

from lab.protocol import band, card, learn, plan, play

KINDS = {"plan": plan.KIND, "learn": learn.KIND, "band": band.KIND, "play": play.KIND, "card": card.KIND}
