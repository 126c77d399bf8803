"""Forms of data folders, one per file: how the folder is laid out and how its cases are read."""
