"""A recording on all cores: each process reads it whole and computes its share of the sites.

What sites tell each other takes effect ten seconds later, so that no process may be further ahead of another: `peers`
keeps them so, and `team` puts what they tell in the one order.
"""
