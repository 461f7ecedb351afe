"""What is told to the model about a program that fails."""
