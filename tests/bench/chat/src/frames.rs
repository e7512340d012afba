//! WebSocket frames (RFC 6455, section 5) as far as a client of ours meets them: whole, unmasked from the server, masked to it.

/// Finds the frames in `bytes`; gives each opcode and payload to `take` and returns how many bytes were used.
pub(crate) fn read(bytes: &[u8], mut take: impl FnMut(u8, &[u8])) -> usize {
    let mut at = 0;
    while let [first, second, rest @ ..] = &bytes[at..] {
        let (head, length) = match (second & 0x7f, rest) {
            (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
            (127, [a, b, c, d, e, f, g, h, ..]) => (10, u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as usize),
            (126 | 127, _) => break,
            (short, _) => (2, usize::from(short)),
        };
        let Some(payload) = bytes.get(at + head..at + head + length) else { break };
        take(first & 0x0f, payload);
        at += head + length;
    }
    at
}

/// A masked frame. The mask is zero: it hides nothing here, and costs the server what any other would.
pub(crate) fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(long as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// The same as a server sends it.
pub(crate) fn plain(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match payload.len() {
        short @ 0..=125 => frame.push(short as u8),
        long => {
            frame.push(126);
            frame.extend_from_slice(&(long as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_wherever_the_bytes_are_cut() {
        let long = vec![b'x'; 300];
        let bytes = [plain(b"one"), plain(&long), plain(b"")].concat();
        for cut in 0..=bytes.len() {
            let (mut found, mut rest) = (Vec::new(), Vec::new());
            for part in [&bytes[..cut], &bytes[cut..]] {
                rest.extend_from_slice(part);
                let used = read(&rest, |_, payload| found.push(payload.len()));
                rest.drain(..used);
            }
            assert_eq!((found, rest.len()), (vec![3, 300, 0], 0), "cut at {cut}");
        }
    }
}
