"""How far a run is: for people, for metrics and for the watchdog."""
