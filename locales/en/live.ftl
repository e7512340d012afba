live-bad-offer = The offer is not a usable session description
live-no-codec = None of the formats offered for picture or sound can be taken: H.264 or VP8, and Opus
live-unsupported = The offer asks for something this server does not do
live-busy = Somebody else is publishing to this stream
live-ended-by-host = A host has ended the stream
live-room-closed = This room is closed
live-banned = You may not be in this room at the moment
live-cross-site = Requests from another site need a token
