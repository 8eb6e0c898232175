"""Who acts: staff and their roles, secrets, sessions and the windows they sit at."""
