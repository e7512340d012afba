//! What `/metrics` shows of the parts: the whole, its tasks, each media worker, each stream and layer.

use crate::admission::Admission;
use crate::live::Live;
use crate::media::{Media, Totals};
use crate::metrics::Figure;

pub(super) fn figures(live: &Live, admission: &Admission) -> Vec<Figure> {
    let (rooms, people) = live.totals();
    let mut all =
        vec![figure("live_rooms", "Rooms with somebody in them", rooms, &[]), figure("room_people", "Connections to rooms", people, &[])];
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        all.push(figure("tasks", "Tasks that have not ended", count(runtime.metrics().num_alive_tasks() as u64), &[]));
    }
    door(admission, &mut all);
    plane(&live.media.totals(), &mut all);
    workers(&live.media, &mut all);
    streams(&live.media, &mut all);
    all
}

fn figure(name: &'static str, help: &'static str, value: i64, labels: &[(&'static str, &str)]) -> Figure {
    Figure { name, help, value, labels: labels.iter().map(|(label, value)| (*label, (*value).to_owned())).collect() }
}

fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn door(admission: &Admission, all: &mut Vec<Figure>) {
    let door = admission.figures();
    let figures = [
        ("door_waiting", "Newcomers who wait at the door", door.waiting),
        ("door_rate", "Newcomers a second that may come in now", door.rate),
        ("door_entered", "Newcomers let in since the start", door.entered),
        ("door_sent_away", "Answers that asked somebody to wait since the start", door.sent_away),
    ];
    all.extend(figures.map(|(name, help, value)| figure(name, help, count(value), &[])));
}

fn plane(media: &Totals, all: &mut Vec<Figure>) {
    let figures = [
        ("media_publishers", "Publishers on the media plane", media.publishers),
        ("media_viewers", "Viewers on the media plane", media.viewers),
        ("media_connecting", "Viewers that have an answer but no connection yet", media.connecting),
        ("media_packets_in", "RTP packets received since the start", media.packets_in),
        ("media_bytes_in", "RTP bytes received since the start", media.bytes_in),
        ("media_packets_out", "RTP packets sent since the start", media.packets_out),
        ("media_bytes_out", "RTP bytes sent since the start", media.bytes_out),
        ("media_nacked", "Packets that viewers asked for again", media.nacked),
        ("media_resent", "Packets sent again", media.resent),
        ("media_plis_in", "Key frames asked for by viewers", media.plis_in),
        ("media_plis_out", "Key frames asked of publishers", media.plis_out),
        ("media_dropped_in", "Datagrams that were broken, forged or nobody's", media.dropped_in),
        ("media_dropped_out", "Packets not sent for want of room", media.dropped_out),
        ("media_dropped_between", "Bursts and requests between media workers that found a full queue", media.dropped_between),
        ("media_handshakes_failed", "Connections that never came up", media.handshakes_failed),
        ("media_panics", "Connections that our own fault ended", media.panics),
    ];
    all.extend(figures.into_iter().map(|(name, help, value)| figure(name, help, count(value), &[])));
}

fn workers(media: &Media, all: &mut Vec<Figure>) {
    for (at, worker) in media.workers().iter().enumerate() {
        let name = at.to_string();
        let totals = &worker.totals;
        let figures = [
            ("media_worker_cpu_microseconds", "Processor time of a worker since the start", count(worker.cpu.as_micros() as u64)),
            ("media_worker_load_permille", "Share of a core that a worker has used lately", i64::from(worker.load_permille)),
            ("media_worker_viewers", "Viewers of a worker", count(totals.viewers)),
            ("media_worker_joins", "Viewers that came up on a worker since the start", count(totals.joins)),
            ("media_worker_packets_in", "RTP packets that a worker received since the start", count(totals.packets_in)),
            ("media_worker_packets_out", "RTP packets that a worker sent since the start", count(totals.packets_out)),
            ("media_worker_bytes_out", "RTP bytes that a worker sent since the start", count(totals.bytes_out)),
            ("media_worker_resent", "Packets that a worker sent again", count(totals.resent)),
            ("media_worker_dropped_out", "Packets that a worker did not send for want of room", count(totals.dropped_out)),
        ];
        all.extend(figures.into_iter().map(|(name_of, help, value)| figure(name_of, help, value, &[("worker", name.as_str())])));
    }
}

/// Streams that somebody publishes or views now; a stream has its room's id.
fn streams(media: &Media, all: &mut Vec<Figure>) {
    for (id, stats) in media.streams() {
        let id = id.to_string();
        let figures = [
            ("media_stream_viewers", "Connected viewers of a stream", stats.viewers as u64),
            ("media_stream_packets_out", "RTP packets sent of a stream", stats.packets_out),
            ("media_stream_bytes_out", "RTP bytes sent of a stream", stats.bytes_out),
            ("media_stream_nacked", "Packets that a stream's viewers asked for again", stats.nacked),
            ("media_stream_resent", "Packets of a stream sent again", stats.resent),
            ("media_stream_plis_in", "Key frames asked for by a stream's viewers", stats.plis_in),
            ("media_stream_plis_out", "Key frames asked of a stream's publisher", stats.plis_out),
        ];
        all.extend(figures.into_iter().map(|(name, help, value)| figure(name, help, count(value), &[("stream", id.as_str())])));
        for layer in &stats.layers {
            let seat = layer.seat.number().to_string();
            let labels = [("stream", id.as_str()), ("seat", seat.as_str()), ("layer", layer.name.as_str())];
            let figures = [
                ("media_layer_bitrate", "Bits a second that arrive of a layer", layer.bitrate),
                ("media_layer_base_bitrate", "The same without higher temporal layers", layer.base_bitrate),
                ("media_layer_packets", "Packets that arrived of a layer", layer.packets),
                ("media_layer_bytes", "Bytes that arrived of a layer", layer.bytes),
                ("media_layer_lost", "Packets of a layer that never arrived", layer.lost),
                ("media_layer_keyframes", "Key frames of a layer", layer.keyframes),
            ];
            all.extend(figures.into_iter().map(|(name, help, value)| figure(name, help, count(value), &labels)));
        }
    }
}
