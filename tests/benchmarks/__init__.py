"""How fast the road is, against the same core in a bare loop and under stock Faust."""
