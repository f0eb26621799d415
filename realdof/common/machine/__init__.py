"""What the machine gives: memory, processors, and libraries as they are installed."""
