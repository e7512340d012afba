use super::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

fn frames(entries: &'static [u8], passing: &'static [u8]) -> Frames {
    Frames { entries: Bytes::from_static(entries), all: [entries, passing].concat().into() }
}

/// A pipe whose network takes so many bytes, and the network's other side.
fn pipe(takes: usize) -> (Arc<Pipe>, DuplexStream) {
    let (ours, theirs) = duplex(takes);
    (Arc::new(Pipe::new(ours)), theirs)
}

async fn come(theirs: &mut DuplexStream, count: usize) -> String {
    let mut bytes = vec![0; count];
    theirs.read_exact(&mut bytes).await.expect("so many");
    String::from_utf8(bytes).expect("text")
}

fn end_now(pipe: &Pipe) -> Option<End> {
    match pipe.poll_end(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(end) => Some(end),
        Poll::Pending => None,
    }
}

#[tokio::test]
async fn nothing_leaves_before_the_greeting_and_all_after_it_in_order() {
    let (pipe, mut theirs) = pipe(64);
    assert!(pipe.push(&frames(b"<1>", b"(p)")));
    pipe.say(Bytes::from_static(b"<ack>"));
    pipe.greet(&[Bytes::from_static(b"<hi>"), Bytes::from_static(b"<0>")]);
    assert!(pipe.push(&frames(b"<2>", b"(q)")));
    assert_eq!(come(&mut theirs, 21).await, "<hi><0><1><ack><2>(q)", "what may be lost was, as it came too early");
    assert_eq!(end_now(&pipe), None);
}

#[tokio::test]
async fn what_the_room_tells_of_a_message_leaves_together_with_the_answer_to_it() {
    let (pipe, mut theirs) = pipe(256);
    pipe.greet(&[]);
    pipe.expect_answer();
    assert!(pipe.push(&frames(b"<1>", b"(p)")) && pipe.push(&frames(b"<2>", b"(q)")));
    let mut early = [0; 1];
    let nothing = tokio::time::timeout(Duration::from_millis(20), theirs.read(&mut early)).await;
    assert!(nothing.is_err(), "the answer is awaited");
    pipe.say(Bytes::from_static(b"<ack>"));
    let mut taken = [0; 64];
    let count = theirs.read(&mut taken).await.expect("open");
    assert_eq!(&taken[..count], b"<1>(p)<2>(q)<ack>", "nothing that passes is lost by waiting");
    assert!(pipe.push(&frames(b"<3>", b"")));
    assert_eq!(come(&mut theirs, 3).await, "<3>", "and then nothing waits any more");
    pipe.expect_answer();
    assert!(pipe.push(&frames(b"<4>", b"")));
    pipe.say(Bytes::new());
    assert_eq!(come(&mut theirs, 3).await, "<4>", "no answer");
}

#[tokio::test]
async fn a_slow_network_loses_what_passes_first_and_no_byte_of_the_rest() {
    let (pipe, mut theirs) = pipe(4);
    pipe.greet(&[]);
    assert!(pipe.push(&frames(b"<first>", b"(p)")));
    assert!(pipe.push(&frames(b"<second>", b"(q)")));
    assert!(pipe.push(&frames(b"", b"(hearts)")));
    let mut stream = Stream(pipe.clone());
    stream.write_all(b"<pong>").await.expect("taken as a whole, though the network is full");
    let tending = {
        let pipe = pipe.clone();
        tokio::spawn(async move { std::future::poll_fn(|cx| pipe.poll_end(cx)).await })
    };
    assert_eq!(come(&mut theirs, 24).await, "<first>(p)<second><pong>");
    drop(theirs);
    pipe.push(&frames(b"<third>", b""));
    assert_eq!(tending.await.expect("ended"), End::Gone);
    assert!(!pipe.push(&frames(b"<fourth>", b"")) && pipe.has_ended());
}

#[tokio::test]
async fn who_takes_nothing_is_slow_by_bytes_or_by_time() {
    let (full, _theirs) = pipe(4);
    full.greet(&[]);
    let kilobyte: &'static [u8] = &[b'x'; 1_024];
    let taken = (0..1_000).take_while(|_| full.push(&frames(kilobyte, b""))).count();
    assert_eq!((taken, end_now(&full)), (256, Some(End::Slow)));
    full.close(End::Slow);
    assert_eq!(full.state().waiting.len(), 1, "only what has begun is finished");

    let (stalled, _theirs) = pipe(4);
    stalled.greet(&[]);
    assert!(stalled.push(&frames(b"<long>", b"")));
    assert_eq!(end_now(&stalled), None);
    stalled.state().stalled = Instant::now().checked_sub(STALL + Duration::from_secs(1));
    assert_eq!(end_now(&stalled), Some(End::Slow));
}

#[tokio::test]
async fn the_room_ends_a_connection_and_its_task_hears_why() {
    let (pipe, mut theirs) = pipe(64);
    pipe.greet(&[Bytes::from_static(b"<hi>")]);
    let task = {
        let pipe = pipe.clone();
        tokio::spawn(async move { std::future::poll_fn(|cx| pipe.poll_end(cx)).await })
    };
    tokio::task::yield_now().await;
    assert!(pipe.push(&frames(b"<banned>", b"")));
    Outlet::end(&*pipe, Dropped::Banned);
    Outlet::end(&*pipe, Dropped::Shutdown);
    assert_eq!(task.await.expect("ended"), End::Banned, "the first reason counts");
    assert_eq!(come(&mut theirs, 12).await, "<hi><banned>");
}

#[tokio::test]
async fn a_large_piece_is_no_burden_to_a_network_that_takes_it() {
    let (pipe, mut theirs) = pipe(3 * MOST);
    let much: Bytes = vec![b'x'; MOST + 1].into();
    pipe.greet(&[]);
    assert!(pipe.push(&Frames { entries: much.clone(), all: much.clone() }), "it is more than may wait, but it need not");
    come(&mut theirs, MOST + 1).await;
    assert_eq!(end_now(&pipe), None);
}

#[tokio::test]
async fn what_was_missed_may_be_more_than_what_may_wait() {
    let (pipe, mut theirs) = pipe(4);
    pipe.greet(&[vec![b'x'; 2 * MOST].into()]);
    assert!(pipe.push(&frames(b"", b"(p)")) && pipe.push(&frames(b"<1>", b"")));
    assert_eq!(end_now(&pipe), None);
    let tending = tokio::spawn(async move { std::future::poll_fn(|cx| pipe.poll_end(cx)).await });
    assert!(come(&mut theirs, 2 * MOST + 3).await.ends_with("x<1>"));
    tending.abort();
}

#[tokio::test]
async fn a_pong_that_is_half_sent_is_finished_before_the_greeting() {
    let (pipe, mut theirs) = pipe(3);
    let mut stream = Stream(pipe.clone());
    stream.write_all(b"<pong>").await.expect("taken");
    assert!(pipe.push(&frames(b"<1>", b"(p)")));
    pipe.greet(&[Bytes::from_static(b"<hi>")]);
    let tending = tokio::spawn(async move { std::future::poll_fn(|cx| pipe.poll_end(cx)).await });
    assert_eq!(come(&mut theirs, 13).await, "<pong><hi><1>");
    tending.abort();
    drop(stream);
}
