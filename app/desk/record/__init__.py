"""What is written down and holds for the whole desk: the journal, its chain and seals, numbers, options, modes."""
