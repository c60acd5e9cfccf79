"""What is said of files that are wrong, one mistake at a time, on the smallest project."""
