"""World Models (Ha & Schmidhuber 2018), Day 6: learn a model of a world from pictures, and to act in its dream.

record        random play, from which everything is learnt
vae           V: a picture becomes a few numbers, and numbers a picture
latents       what V makes of a recording, as M reads it
mdn_rnn       M: which numbers may follow, given those so far and the actions
dream         M as a world like any other; and V and M in one file
reality       the real world, seen through V and M
insight       what V and M know, found out before C is trained
controller    C: one linear function, found by CMA-ES, in the dream or in reality
world_models  the whole
"""
