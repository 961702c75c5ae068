"""What sites send and people declare, as types, and the way from a record's bytes to them."""
