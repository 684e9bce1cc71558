"""The gRPC face: services, interceptors, the watch hub, relay, reaper and health."""
