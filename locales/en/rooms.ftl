rooms-status-live = Live
rooms-status-staffed = Staffed
rooms-status-message-only = Messages
rooms-status-closed = Closed
