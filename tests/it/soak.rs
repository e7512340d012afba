//! People come and go, and what they leave behind is nothing: `bin/bench soak` in little.

use crate::program::{Figures, Program};
use crate::socket::Client;
use crate::wish::{PATIENCE, Publisher, frames, watch};
use serde_json::json;

const VIEWERS: usize = 6;
const SOCKETS: usize = 4;
const ROUNDS: u64 = 6;

/// Everybody comes, sees something and leaves, each in another way.
async fn round(program: &Program) {
    let (web, room) = (program.stranger(), program.at.booth.id);
    let publisher = Publisher::start(&web, &format!("/rooms/{room}/whip"), Some(&program.at.recruiter.token)).await;
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        let mut socket = Client::open(program.addr, room, None).await.expect("socket");
        socket.send(json!({ "type": "hello" })).await;
        assert_eq!(socket.next().await.expect("welcome")["type"], "welcome");
        sockets.push(socket);
    }
    let watching = (0..VIEWERS).map(|nth| {
        let web = &web;
        async move {
            let (mut viewer, session) = watch(web, &format!("/rooms/{room}/whep"), None).await;
            frames(&mut viewer, 5).await;
            if nth % 2 == 0 {
                viewer.close().await;
            } else {
                assert!(web.client.delete(web.url(&session)).send().await.expect("response").status().is_success());
            }
        }
    });
    futures_util::future::join_all(watching).await;
    publisher.stop().await;
}

fn empty(figures: &Figures) -> bool {
    figures.sessions() == 0 && figures.of("live_rooms") == 0
}

#[tokio::test]
async fn who_leaves_leaves_no_session_socket_thread_or_task_behind() {
    let program = Program::start().await;
    // Connections to the database are opened as they are needed and kept, as are threads: all of them, before anything is compared.
    let (web, path) = (program.stranger(), format!("/rooms/{}", program.at.booth.id));
    futures_util::future::join_all((0..60).map(|_| web.page(&path))).await;
    drop(web);
    for _ in 0..2 {
        round(&program).await;
    }
    let before = program.settled(PATIENCE, empty).await;
    let (tasks, files, threads) = (before.of("tasks"), before.files(), before.threads());
    for _ in 0..ROUNDS {
        round(&program).await;
        // What is kept in reserve differs from time to time, but by less than one of anything a round.
        let little = |after: &Figures| {
            let grown = [(tasks, after.of("tasks")), (files, after.files()), (threads, after.threads())];
            empty(after) && grown.into_iter().all(|(before, after)| after < before + ROUNDS)
        };
        program.settled(PATIENCE, little).await;
    }
}
