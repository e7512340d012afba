//! Why the plane refuses what it is asked for. It knows nothing of HTTP.

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    #[error("the offer is not usable: {0}")]
    BadOffer(String),
    #[error("the offer has no codec in common with us (H.264 or VP8, and Opus)")]
    NoCommonCodec,
    #[error("the stream already has a publisher there")]
    StreamBusy,
    #[error("there is no such session")]
    UnknownSession,
    #[error("too many connections")]
    Overloaded,
    #[error("not supported: {0}")]
    Unsupported(&'static str),
    #[error("the media plane has stopped")]
    Stopped,
}
