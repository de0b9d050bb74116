"""What the integration tests stand on: real processes, real sockets, and waiting by event."""
