"""What a run would give and cost, without one."""
