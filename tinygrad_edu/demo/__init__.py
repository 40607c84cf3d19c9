"""The main job, ``tinygrad-edu demo``: a CNN learns real handwritten digits, and shows what it learnt.

``training``   the loop, and what it measures          ``command``   the command: from the arguments to the exit code
``check``      the trained network's gradients against differences of its loss
``pictures``   what it learnt, by matplotlib            ``graph``      the computation graph, drawn from the graph itself
``page``       one page that shows them                 ``progress``   the moving line
"""
