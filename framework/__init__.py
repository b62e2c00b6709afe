"""What all days share; at its top, the words of reinforcement learning. A line uses itself and the ones above.

cli schedules returns sum_tree   command lines; values that change with the steps; returns and advantages; a sum tree
runs/                            what a run leaves on disk, and processes: config, checkpoints, logger, parallel …
plots media/                     curves with bands; GIFs and videos
vector rollout replay            many worlds behind one clock; a few steps of them; a buffer of many steps
tabular/                         worlds with tables, studies over seeds, maps, loops; up to here without TensorFlow
tf graph                         the one door to TensorFlow; a method as a compiled graph
networks distributions           layers for a chapter's network; policies as distributions
agent evaluate                   what is kept of an agent; how good it is
trainer play                     the clock of a training run; watching an agent
training                         the command line of a chapter that trains
"""
