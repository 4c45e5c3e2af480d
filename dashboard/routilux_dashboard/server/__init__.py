"""The server's thread: sockets, guards, pages, and who is told what."""
