"""What the program declares: one component resource a file, named after what it declares."""
