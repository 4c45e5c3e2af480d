"""The server's thread: sockets, HTTP, websockets and the checks in front of them."""
