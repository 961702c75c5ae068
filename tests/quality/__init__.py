"""How good the pages are: who is paged, how soon, and who is woken for nothing."""
