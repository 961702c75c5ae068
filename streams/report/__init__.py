"""What a shift was like: pages and their delays, verdicts, what is silent, what was refused; out of the topics."""
