//! The floor: one frame handed to the same number of sockets by nothing but `write`.

use std::io::{BufRead as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::frames;

/// What a round of writes cost.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Round {
    /// From the first write to the return of the last.
    pub(crate) wall_us: f64,
}

/// Listens, tells its port, takes in `sockets` connections, and for each line of its input writes a frame with that text to all of them.
pub(crate) fn run(sockets: usize) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    let mut streams: Vec<TcpStream> = Vec::with_capacity(sockets);
    for _ in 0..sockets {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let frame = frames::plain(line?.as_bytes());
        let start = Instant::now();
        for stream in &mut streams {
            stream.write_all(&frame)?;
        }
        println!("{}", serde_json::to_string(&Round { wall_us: start.elapsed().as_secs_f64() * 1e6 })?);
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
