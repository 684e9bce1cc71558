"""Whatever strangers may send to the port: messages, bytes, connections."""
