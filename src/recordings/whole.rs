//! The pieces of one person as one file, of which a browser asks for any stretch: put together as it is sent, a piece at a time.

use super::Recordings;
use super::store::Stored;
use crate::ids::{AccountId, InterviewId};
use crate::media::record::{Piece, Whole, whole};
use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use std::ops::Range;

/// The pieces of one person in one run, as long as they are encoded alike.
pub(super) struct Take {
    pub(super) run: i64,
    pub(super) person: AccountId,
    /// Which of that person's in the run.
    pub(super) n: usize,
    pub(super) begins_at: i64,
    pub(super) ends_at: i64,
    pub(super) has_picture: bool,
    pub(super) whole: Whole,
    pieces: Vec<Stored>,
}

impl Take {
    fn new(n: usize, pieces: Vec<Stored>) -> Option<Self> {
        let (first, last) = (pieces.first()?, pieces.last()?);
        let picture = pieces.iter().find_map(Stored::picture);
        let piece = |stored: &Stored| Piece {
            begins_at: stored.starts_at,
            ends_at: stored.ends_at,
            bytes: (stored.bytes - stored.head).max(0).unsigned_abs(),
        };
        let whole = whole(picture.as_ref(), &pieces.iter().map(piece).collect::<Vec<_>>());
        let (run, person) = (first.run, first.person_id);
        Some(Self { run, person, n, begins_at: first.starts_at, ends_at: last.ends_at, has_picture: picture.is_some(), whole, pieces })
    }

    pub(super) fn mime(&self) -> &'static str {
        match (self.has_picture, self.whole.webm) {
            (false, _) => "audio/webm",
            (true, true) => "video/webm",
            (true, false) => "video/x-matroska",
        }
    }

    pub(super) fn extension(&self) -> &'static str {
        if self.whole.webm { "webm" } else { "mkv" }
    }

    pub(super) fn name(&self) -> String {
        format!("{}.{}.{}.{}", self.run, self.person, self.n, self.extension())
    }

    /// A stretch of the file.
    pub(super) fn body(self, all: Recordings, interview: InterviewId, wanted: Range<u64>) -> Body {
        let head = self.whole.head;
        let mut parts = vec![(0, head.len() as u64, None)];
        let mut at = head.len() as u64;
        for stored in self.pieces {
            let length = (stored.bytes - stored.head).max(0).unsigned_abs();
            parts.push((at, length, Some(stored)));
            at += length;
        }
        parts.retain(|(at, length, _)| *at < wanted.end && at + length > wanted.start);
        let head = Bytes::from(head);
        Body::from_stream(stream::iter(parts).then(move |(at, length, stored)| {
            let (all, head, wanted) = (all.clone(), head.clone(), wanted.clone());
            async move {
                let bytes = match stored {
                    None => head,
                    Some(stored) => {
                        let file = all.read(interview, &stored).await.map_err(|error| std::io::Error::other(format!("{error:?}")))?;
                        file.slice(usize::try_from(stored.head).unwrap_or_default().min(file.len())..)
                    }
                };
                let cut = |to: u64| usize::try_from(to.saturating_sub(at).min(length)).unwrap_or_default().min(bytes.len());
                Ok::<_, std::io::Error>(bytes.slice(cut(wanted.start)..cut(wanted.end)))
            }
        }))
    }
}

/// What is stored of an interview, as files; in the order of runs, then people.
pub(super) fn takes(segments: Vec<Stored>) -> Vec<Take> {
    let mut takes: Vec<Take> = Vec::new();
    let mut open: Vec<Stored> = Vec::new();
    let close = |pieces: &mut Vec<Stored>, takes: &mut Vec<Take>| {
        let Some(first) = pieces.first() else { return };
        let n = takes.iter().filter(|take| (take.run, take.person) == (first.run, first.person_id)).count();
        takes.extend(Take::new(n, std::mem::take(pieces)));
    };
    for stored in segments {
        let codec = |one: &Stored| one.picture().map(|picture| picture.codec);
        let same = open.last().is_none_or(|last| (last.run, last.person_id) == (stored.run, stored.person_id));
        // Sound alone goes with either.
        let before = open.iter().find_map(codec);
        let alike = before.is_none() || codec(&stored).is_none() || before == codec(&stored);
        if !same || !alike {
            close(&mut open, &mut takes);
        }
        open.push(stored);
    }
    close(&mut open, &mut takes);
    takes
}
