"""Topics over Socket.IO."""
