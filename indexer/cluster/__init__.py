"""What a run needs to know of Ray: its session, its machines, its errors."""
