"""A recording on all cores: one process reads it, and each of the others computes its share of the sites.

What sites tell each other takes effect ten seconds later, so that no process may be further ahead of another: `peers`
keeps them so, `reader` gives them their lines, and `team` puts what they tell in the one order.
"""
