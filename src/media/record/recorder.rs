//! One person's sound and picture, from packets to segments.

use super::clock::TrackClock;
use super::frames::{Frame, Joiner};
use super::matroska::{self, AUDIO, Block, VIDEO};
use super::order::Order;
use super::{Picture, Received, RtpPacket, TrackCodec};
use std::time::{Duration, Instant};

/// What a crash may cost, and what a player has to fetch at once.
const LENGTH: i64 = 30_000;
/// Past the length, for so long a key frame is awaited to cut at.
const OVER: i64 = 10_000;
/// Of a very rich picture segments are shorter.
const LARGE: usize = 6 * 1024 * 1024;
const TOO_LARGE: usize = 12 * 1024 * 1024;
/// Frames are held for so long until a report tells their time.
const UNTIMED: Duration = Duration::from_secs(3);
const MOST_UNTIMED: usize = 1_024;
const ASK_EVERY: Duration = Duration::from_secs(1);

/// A piece of a recording, as a Matroska file.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Milliseconds since the recording began.
    pub begins_at: i64,
    pub ends_at: i64,
    pub picture: Option<Picture>,
    pub file: Vec<u8>,
    /// The length of its head, behind which the clusters are.
    pub head: usize,
}

struct Track {
    order: Order,
    clock: TrackClock,
    untimed: Vec<(i64, bool, Vec<u8>, Option<Picture>)>,
    untimed_since: Option<Instant>,
    last: i64,
}

impl Track {
    fn new(codec: TrackCodec, begun: f64) -> Self {
        let clock = TrackClock::new(codec.clock_rate(), begun);
        Self { order: Order::default(), clock, untimed: Vec::new(), untimed_since: None, last: -1 }
    }

    /// Frames whose time is known by now, with that.
    fn timed(&mut self, now: Instant, wall: f64, last: bool) -> Vec<(i64, bool, Vec<u8>, Option<Picture>)> {
        let Some((first, ..)) = self.untimed.first() else { return Vec::new() };
        let since = *self.untimed_since.get_or_insert(now);
        let waited = now.saturating_duration_since(since);
        if last || waited >= UNTIMED || self.untimed.len() >= MOST_UNTIMED {
            self.clock.guess(*first, wall - waited.as_secs_f64() * 1_000.0);
        }
        if self.clock.at(*first).is_none() {
            return Vec::new();
        }
        let mut timed = Vec::with_capacity(self.untimed.len());
        for (rtp, key, data, picture) in std::mem::take(&mut self.untimed) {
            let at = self.clock.at(rtp).unwrap_or_default().round() as i64;
            // What was sent before the beginning is not recorded.
            if at >= 0 {
                self.last = at.max(self.last + 1);
                timed.push((self.last, key, data, picture));
            }
        }
        timed
    }
}

/// Takes what one person sends; gives segments.
pub struct Recorder {
    begun: f64,
    audio: Track,
    video: Option<(Track, Joiner)>,
    blocks: Vec<Block>,
    bytes: usize,
    picture: Option<Picture>,
    /// Where this segment begins: where the one before ended.
    from: i64,
    newest: i64,
    newest_picture: Option<i64>,
    /// A picture was dropped at the beginning, so that the next one has to be a key frame.
    headless: bool,
    asked: Option<Instant>,
}

impl Recorder {
    /// `begun`: when the recording began, in UTC milliseconds.
    pub fn new(begun: f64) -> Self {
        Self {
            begun,
            audio: Track::new(TrackCodec::Opus, begun),
            video: None,
            blocks: Vec::new(),
            bytes: 0,
            picture: None,
            from: 0,
            newest: 0,
            newest_picture: None,
            headless: true,
            asked: None,
        }
    }

    /// Takes what came at `now`, which is `wall` in UTC milliseconds; gives a segment that is complete with it.
    pub fn take(&mut self, received: Received, now: Instant, wall: f64) -> Option<Segment> {
        let mut cut = None;
        match received {
            Received::Report { codec: TrackCodec::Opus, at, rtp } => self.audio.clock.report(rtp, at),
            Received::Report { codec, at, rtp } => {
                if let Some((track, joiner)) = &mut self.video
                    && joiner.codec() == codec
                {
                    track.clock.report(rtp, at);
                }
            }
            Received::Packet { codec: TrackCodec::Opus, packet } => self.audio.order.push(packet, now),
            Received::Packet { codec, packet } => {
                // Somebody came back with another device: another file.
                if self.video.as_ref().is_some_and(|(_, joiner)| joiner.codec() != codec) {
                    cut = self.cut(self.newest);
                    self.picture = None;
                    self.video = None;
                }
                let begun = self.begun;
                let (track, _) = self.video.get_or_insert_with(|| (Track::new(codec, begun), Joiner::new(codec)));
                track.order.push(packet, now);
            }
        }
        let settled = self.settle(now, wall);
        cut.or(settled)
    }

    /// To be called now and then, also when nothing comes.
    pub fn settle(&mut self, now: Instant, wall: f64) -> Option<Segment> {
        self.sort(now, wall, false)
    }

    /// `last`: nothing more comes, so that nothing is awaited.
    fn sort(&mut self, now: Instant, wall: f64, last: bool) -> Option<Segment> {
        let mut cut = None;
        while let Some((packet, _)) = self.audio.order.pop(now) {
            let RtpPacket { timestamp, payload, .. } = packet;
            let rtp = self.audio.clock.extend(timestamp);
            if !payload.is_empty() {
                self.audio.untimed.push((rtp, true, payload.to_vec(), None));
            }
        }
        for (at, _, data, _) in self.audio.timed(now, wall, last) {
            self.put(Block { track: AUDIO, at, key: true, data });
        }
        let mut pictures = Vec::new();
        if let Some((track, joiner)) = &mut self.video {
            while let Some((packet, gap)) = track.order.pop(now) {
                for Frame { timestamp, key, data, picture } in joiner.take(packet, gap) {
                    let rtp = track.clock.extend(timestamp);
                    track.untimed.push((rtp, key, data, picture));
                }
            }
            pictures = track.timed(now, wall, last);
        }
        for (at, key, data, picture) in pictures {
            self.headless &= !key;
            if self.headless {
                continue;
            }
            if key && self.is_due(at) {
                cut = cut.or(self.cut(at));
            }
            if let Some(picture) = picture {
                self.picture.get_or_insert(picture);
            }
            self.newest_picture = Some(at);
            self.put(Block { track: VIDEO, at, key, data });
        }
        if cut.is_none() && self.is_overdue() {
            cut = self.cut(self.newest + 1);
        }
        cut
    }

    fn put(&mut self, block: Block) {
        self.newest = self.newest.max(block.at);
        self.bytes += block.data.len() + 32;
        self.blocks.push(block);
    }

    fn is_due(&self, at: i64) -> bool {
        at - self.from >= LENGTH || self.bytes >= LARGE
    }

    /// No key frame comes to cut at.
    fn is_overdue(&self) -> bool {
        let moving = self.newest_picture.is_some_and(|at| self.newest - at < 2_000);
        self.bytes >= TOO_LARGE || self.newest - self.from >= if moving { LENGTH + OVER } else { LENGTH }
    }

    /// Whether a key frame should be asked for; at most once a second.
    pub fn wants_keyframe(&mut self, now: Instant) -> bool {
        let Some((_, joiner)) = &self.video else { return false };
        let wants = joiner.wants_key || self.headless || self.is_due(self.newest);
        let may = self.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= ASK_EVERY);
        if wants && may {
            self.asked = Some(now);
        }
        wants && may
    }

    /// What lies before `at` as a segment.
    fn cut(&mut self, at: i64) -> Option<Segment> {
        let (mut before, after): (Vec<Block>, Vec<Block>) = std::mem::take(&mut self.blocks).into_iter().partition(|block| block.at < at);
        self.bytes = after.iter().map(|block| block.data.len() + 32).sum();
        self.blocks = after;
        before.sort_by_key(|block| block.at);
        let (first, last) = (before.first()?.at, before.last()?.at);
        self.from = at;
        let has_picture = before.iter().any(|block| block.track == VIDEO);
        let picture = self.picture.clone().filter(|_| has_picture);
        let ends_at = at.min(last + 40);
        let (file, head) = matroska::file(picture.as_ref(), &before, ends_at);
        Some(Segment { begins_at: first, ends_at, picture, file, head })
    }

    /// The end: what is left, as up to two segments.
    pub fn finish(mut self, now: Instant, wall: f64) -> Vec<Segment> {
        let cut = self.sort(now, wall, true);
        cut.into_iter().chain(self.cut(i64::MAX)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use matroska_demuxer::MatroskaFile;
    use rand::rngs::StdRng;
    use rand::{Rng as _, SeedableRng as _};
    use std::io::Cursor;

    const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe8];

    fn packet(sequence: u16, timestamp: u32, marker: bool, payload: Vec<u8>) -> RtpPacket {
        RtpPacket { sequence, timestamp, marker, payload: Bytes::from(payload) }
    }

    /// Sound every 20 ms and pictures every 40 ms, a key frame every second when asked; the sound's clock is half a second behind in its reports.
    fn play(recorder: &mut Recorder, seconds: i64, random: Option<&mut StdRng>) -> Vec<Segment> {
        let (begun, mut all) = (Instant::now(), Vec::new());
        let mut sent: Vec<(i64, Received)> = Vec::new();
        let (mut sound, mut picture) = (60_000_u16, 3_u16);
        let next = |number: &mut u16| std::mem::replace(number, number.wrapping_add(1));
        for ms in (-2_000..seconds * 1_000).step_by(20) {
            let rtp = (ms * 48) as u32;
            if ms % 1_000 == 0 {
                sent.push((ms, Received::Report { codec: TrackCodec::Opus, at: (1_000_000 + ms) as f64, rtp }));
                sent.push((ms, Received::Report { codec: TrackCodec::H264, at: (1_000_000 + ms) as f64, rtp: (ms * 90) as u32 }));
            }
            sent.push((ms, Received::Packet { codec: TrackCodec::Opus, packet: packet(next(&mut sound), rtp, false, vec![0xfc, 1]) }));
            if ms % 40 == 0 {
                let rtp = (ms * 90) as u32;
                let mut send = |marker, payload| {
                    let packet = packet(next(&mut picture), rtp, marker, payload);
                    sent.push((ms, Received::Packet { codec: TrackCodec::H264, packet }));
                };
                if ms % 1_000 == 0 {
                    send(false, SPS.to_vec());
                    send(false, vec![0x68, 0xce, 0x38, 0x80]);
                }
                let unit = if ms % 1_000 == 0 { 5 } else { 1 };
                send(false, vec![0x7c, 0x80 | unit, 0x88, 1]);
                send(true, vec![0x7c, 0x40 | unit, 2]);
            }
        }
        if let Some(random) = random {
            sent.retain(|(_, what)| matches!(what, Received::Report { .. }) || random.random_bool(0.99));
            let late: Vec<i64> = sent.iter().map(|(at, _)| at + random.random_range(0..60)).collect();
            let mut order: Vec<usize> = (0..sent.len()).collect();
            order.sort_by_key(|n| late[*n]);
            sent = order.into_iter().map(|n| (late[n], sent[n].1.clone())).collect();
        }
        for (ms, what) in sent {
            let now = begun + Duration::from_millis((ms + 2_000) as u64);
            all.extend(recorder.take(what, now, (1_000_000 + ms) as f64));
        }
        all
    }

    fn read(segment: &Segment) -> Vec<(u64, i64, bool)> {
        let mut file = MatroskaFile::open(Cursor::new(segment.file.clone())).expect("Matroska");
        let (mut frame, mut seen) = (matroska_demuxer::Frame::default(), Vec::new());
        while file.next_frame(&mut frame).expect("frame") {
            seen.push((frame.track, frame.timestamp as i64, frame.is_keyframe.unwrap_or(false)));
        }
        seen
    }

    #[test]
    fn segments_of_half_a_minute_begin_with_a_key_frame_and_hold_all_that_was_sent_after_the_beginning() {
        let mut recorder = Recorder::new(1_000_000.0);
        let mut all = play(&mut recorder, 100, None);
        all.extend(recorder.finish(Instant::now(), 0.0));
        assert_eq!(all.iter().map(|s| s.begins_at / 1_000).collect::<Vec<_>>(), [0, 30, 60, 90]);
        assert!(all.iter().all(|s| s.picture.as_ref().is_some_and(|p| (p.width, p.height) == (1280, 720))));
        let frames: Vec<_> = all.iter().flat_map(read).collect();
        let of = |track| frames.iter().filter(|f| f.0 == track).map(|f| f.1).collect::<Vec<_>>();
        assert_eq!(of(AUDIO), (0..100_000).step_by(20).collect::<Vec<_>>(), "nothing from before the beginning, nothing lost");
        assert_eq!(of(VIDEO), (0..100_000).step_by(40).collect::<Vec<_>>());
        for segment in &all {
            let first = read(segment).into_iter().find(|f| f.0 == VIDEO).expect("a picture");
            assert!(first.2, "a key frame");
        }
    }

    #[test]
    fn loss_and_disorder_leave_times_that_only_grow_and_no_picture_without_what_it_needs() {
        for seed in 0..10 {
            let mut random = StdRng::seed_from_u64(seed);
            let mut recorder = Recorder::new(1_000_000.0);
            let mut all = play(&mut recorder, 70, Some(&mut random));
            all.extend(recorder.finish(Instant::now(), 0.0));
            let frames: Vec<_> = all.iter().flat_map(read).collect();
            for track in [VIDEO, AUDIO] {
                let times: Vec<_> = frames.iter().filter(|f| f.0 == track).collect();
                assert!(times.windows(2).all(|pair| pair[0].1 < pair[1].1), "seed {seed}, track {track}");
            }
            let sounds = frames.iter().filter(|f| f.0 == AUDIO).count();
            assert!((3_300..=3_500).contains(&sounds), "{sounds}");
            // Between pictures without a hole there are 40 ms; behind one there is a key frame.
            let pictures: Vec<_> = frames.iter().filter(|f| f.0 == VIDEO).collect();
            assert!(pictures.windows(2).all(|pair| pair[1].2 || (pair[1].1 - pair[0].1 - 40).abs() <= 8), "seed {seed}");
            assert!(pictures.len() > 400, "{}", pictures.len());
        }
    }

    #[test]
    fn sound_alone_is_a_file_too_and_a_picture_that_wants_a_key_frame_asks_for_one() {
        let mut recorder = Recorder::new(0.0);
        let begun = Instant::now();
        let sound = |n: u16| Received::Packet { codec: TrackCodec::Opus, packet: packet(n, u32::from(n) * 960, false, vec![0xfc, 1]) };
        let mut segments: Vec<Segment> = Vec::new();
        for n in 0..2_500_u16 {
            let ms = u64::from(n) * 20;
            segments.extend(recorder.take(sound(n), begun + Duration::from_millis(ms), ms as f64));
        }
        let (first, rest) = (segments.remove(0), recorder.blocks.len());
        assert!(first.picture.is_none() && first.ends_at - first.begins_at >= 29_900 && rest > 0, "without any report");
        let now = begun + Duration::from_secs(60);
        assert!(!recorder.wants_keyframe(now), "who has no camera is not asked");
        recorder.take(Received::Packet { codec: TrackCodec::Vp8, packet: packet(0, 0, true, vec![0x10, 1]) }, now, 60_000.0);
        assert!(recorder.wants_keyframe(now) && !recorder.wants_keyframe(now));
        assert!(recorder.wants_keyframe(now + ASK_EVERY));
    }
}
