use super::*;
#[test]
fn bench() {
    println!(
        "estimator {} delay {} prober {} detector {} loss {} quality {}",
        size_of::<Estimator>(),
        size_of::<Delay>(),
        size_of::<Prober>(),
        size_of::<rtc::interceptor::OveruseDetector>(),
        size_of::<Loss>(),
        size_of::<crate::media::quality::Quality>()
    );
    let origin = Instant::now();
    let n = 2000usize;
    let mut all: Vec<Estimator> = (0..n).map(|_| Estimator::new(origin, None, true)).collect();
    for round in 0..3 {
        let t = Instant::now();
        let mut seq = 0u16;
        let mut now = origin + Duration::from_secs(round);
        for _ in 0..60 {
            now += Duration::from_millis(16);
            for e in &mut all {
                for k in 0..5 {
                    e.sent(now, seq.wrapping_add(k), 1000);
                }
            }
            seq = seq.wrapping_add(5);
        }
        println!("sent {:.1} ns", t.elapsed().as_nanos() as f64 / (60.0 * 5.0 * n as f64));
    }
    let mut e = Estimator::new(origin, None, true);
    let t = Instant::now();
    let mut now = origin;
    for k in 0..5_000_000u32 {
        if k % 5 == 0 {
            now += Duration::from_millis(16);
        }
        e.sent(now, k as u16, 1000);
    }
    println!("sent one {:.1} ns", t.elapsed().as_nanos() as f64 / 5e6);
}
