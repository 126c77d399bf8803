"""Training of click networks and propagation networks; needs the extra `train`."""
