use super::*;

const AUDIO: u64 = 48_000;
const ALL: ViewOptions =
    ViewOptions { save_data: false, audio_only: false, merge_audio: false, pin: None, last: None, without: None, only: None };
const LOW: Offer = Offer { at: 3, order: 180, rates: [75_000, 110_000, 150_000, 0] };
const MID: Offer = Offer { at: 1, order: 360, rates: [250_000, 365_000, 500_000, 0] };
const HIGH: Offer = Offer { at: 2, order: 720, rates: [750_000, 1_100_000, 1_500_000, 0] };
const PLAIN: [Offer; 3] = [
    Offer { at: 0, order: 0, rates: [150_000, 0, 0, 0] },
    Offer { at: 1, order: 0, rates: [500_000, 0, 0, 0] },
    Offer { at: 2, order: 0, rates: [1_500_000, 0, 0, 0] },
];
const ONE: [Offer; 1] = [Offer { at: 0, order: 0, rates: [1_500_000, 0, 0, 0] }];

const FAIR: Network = Network {
    estimate: 4_000_000,
    by_delay: 4_000_000,
    overused: false,
    queue: Duration::ZERO,
    loss: 0.0,
    application_limited: true,
    silent: false,
    probes: true,
};

fn fair(estimate: u64) -> Network {
    Network { estimate, by_delay: estimate, ..FAIR }
}

/// More is sent than passes.
fn full(estimate: u64) -> Network {
    Network { overused: true, queue: Duration::from_millis(200), application_limited: false, ..fair(estimate) }
}

struct Viewer {
    quality: Quality,
    now: Instant,
    offers: Vec<Offer>,
    options: ViewOptions,
}

impl Viewer {
    fn new(offers: &[Offer]) -> Self {
        Self { quality: Quality::default(), now: Instant::now(), offers: offers.to_vec(), options: ALL }
    }

    fn decide(&mut self, network: Option<Network>) -> Decision {
        self.now += Duration::from_millis(100);
        let situation = Situation { offers: &self.offers, audio: AUDIO, options: self.options, network };
        self.quality.decide(self.now, &situation)
    }

    fn step(&mut self, network: Network) -> Option<(usize, u8)> {
        self.decide(Some(network)).video.map(|step| (step.layer, step.temporal))
    }

    /// The last of many decisions.
    fn after(&mut self, seconds: u64, network: Network) -> Option<(usize, u8)> {
        (1..seconds * 10).for_each(|_| _ = self.step(network));
        self.step(network)
    }

    /// When it goes up, in tenths of a second.
    fn climbs(&mut self, network: Network) -> usize {
        let before = self.quality.step;
        (1..5_000).find(|_| self.decide(Some(network)).video != before).expect("it goes up")
    }
}

#[test]
fn the_first_choice_is_the_best_that_fits_beside_the_audio() {
    let start = |estimate| Viewer::new(&[HIGH, LOW, MID]).step(fair(estimate));
    assert_eq!(start(2_000_000), Some((2, 2)));
    assert_eq!(start(1_500_000), Some((2, 1)));
    assert_eq!(start(1_000_000), Some((2, 0)));
    assert_eq!(start(800_000), Some((1, 2)));
    assert_eq!(start(250_000), Some((3, 2)), "without audio there would be room for the next");
    assert_eq!(start(360_000), Some((1, 0)));
    assert_eq!(start(40_000), Some((3, 0)), "nothing is paused before there is proof");
    assert_eq!(Viewer::new(&ONE).step(fair(300_000)), Some((0, 0)));
}

#[test]
fn the_viewers_own_wishes_come_before_what_the_network_carries() {
    let mut viewer = Viewer::new(&[LOW, MID, HIGH]);
    assert_eq!(viewer.step(FAIR), Some((2, 2)));
    viewer.options.save_data = true;
    assert_eq!(viewer.step(FAIR), Some((3, 2)));
    assert_eq!(viewer.after(60, FAIR), Some((3, 2)));
    assert_eq!(viewer.decide(Some(FAIR)).probe, None);
    viewer.options = ViewOptions { audio_only: true, ..ALL };
    assert_eq!(viewer.decide(Some(FAIR)), Decision::default());
    viewer.options = ALL;
    assert_eq!(viewer.step(FAIR), Some((2, 2)));
    viewer.offers.clear();
    assert_eq!(viewer.decide(Some(FAIR)), Decision::default(), "nothing to send is no pause");
}

#[test]
fn who_reports_nothing_gets_what_the_stream_would_choose() {
    let mut viewer = Viewer::new(&[LOW, MID, HIGH]);
    assert_eq!(viewer.decide(None), Decision { video: Some(Step { layer: 2, temporal: 2 }), ..Decision::default() });
    viewer.offers.push(Offer { at: 7, order: 720, rates: [800_000, 1_200_000, 1_600_000, 0] });
    assert_eq!(viewer.decide(None).video.map(|step| step.layer), Some(2), "about the same moves nobody");
    viewer.options.save_data = true;
    assert_eq!(viewer.decide(None).video.map(|step| step.layer), Some(3));
    viewer.options.audio_only = true;
    assert_eq!(viewer.decide(None).video, None);
}

#[test]
fn down_goes_at_once_and_by_temporal_layers_first() {
    let mut viewer = Viewer::new(&[LOW, MID, HIGH]);
    assert_eq!(viewer.after(10, FAIR), Some((2, 2)));
    assert_eq!(viewer.step(full(1_250_000)), Some((2, 1)));
    assert_eq!(viewer.step(full(900_000)), Some((2, 0)));
    assert_eq!(viewer.step(full(600_000)), Some((1, 2)));
    assert_eq!(viewer.step(full(150_000)), Some((3, 0)), "several steps at once if need be");
    let mut viewer = Viewer::new(&PLAIN);
    assert_eq!(viewer.after(10, FAIR), Some((2, 0)));
    assert_eq!(viewer.step(full(400_000)), Some((0, 0)));
}

#[test]
fn what_meets_neither_queue_nor_loss_stays_whatever_the_estimate() {
    let mut viewer = Viewer::new(&PLAIN);
    assert_eq!(viewer.after(10, FAIR), Some((2, 0)));
    assert_eq!(viewer.after(10, fair(900_000)), Some((2, 0)));
    assert_eq!(viewer.after(1, Network { loss: 0.25, ..fair(900_000) }), Some((1, 0)));
}

#[test]
fn noise_moves_nobody() {
    for (offers, estimate) in [(&PLAIN[..], 1_700_000), (&PLAIN[..], 600_000), (&[LOW, MID, HIGH][..], 1_200_000), (&ONE[..], 1_650_000)] {
        let mut viewer = Viewer::new(offers);
        let first = viewer.step(fair(estimate));
        for noise in 0..3_000u64 {
            let part = 95 + noise.wrapping_mul(2_654_435_761) % 997 % 11;
            let queue = Duration::from_millis(noise * 7 % 60);
            let network =
                Network { queue, probes: false, application_limited: false, loss: part as f64 / 1_000.0, ..fair(estimate * part / 100) };
            assert_eq!(viewer.step(network), first, "{estimate} {noise}");
        }
    }
}

#[test]
fn up_goes_by_proof_and_some_time_after_the_last_step_down() {
    let mut viewer = Viewer::new(&PLAIN);
    viewer.after(10, FAIR);
    assert_eq!(viewer.step(full(400_000)), Some((0, 0)));
    let decision = viewer.decide(Some(fair(400_000)));
    assert_eq!((decision.probe, decision.video.map(|step| step.layer)), (None, Some(0)), "not so soon");
    viewer.after(4, fair(400_000));
    let probe = viewer.decide(Some(fair(400_000))).probe.expect("a probe");
    assert!(probe as f64 > 548_000.0 * OVERHEAD * HEADROOM, "{probe}");
    assert!(probe <= 900_000, "{probe}: not at once for the highest");
    assert_eq!(viewer.after(60, fair(400_000)), Some((0, 0)), "without proof nothing happens");
    assert_eq!(viewer.step(fair(700_000)), Some((1, 0)));
    assert_eq!(viewer.step(fair(2_500_000)), Some((1, 0)), "one step up at a time");
    assert_eq!(viewer.after(2, fair(2_500_000)), Some((2, 0)));
    assert_eq!(viewer.decide(Some(fair(2_500_000))).probe, None, "there is nothing more to find");
}

#[test]
fn nobody_goes_up_or_probes_into_a_queue() {
    let mut viewer = Viewer::new(&PLAIN);
    assert_eq!(viewer.step(fair(400_000)), Some((0, 0)));
    let queued = Network { queue: Duration::from_millis(80), ..FAIR };
    assert_eq!(viewer.after(30, queued), Some((0, 0)));
    assert_eq!(viewer.decide(Some(Network { queue: Duration::from_millis(80), ..fair(400_000) })).probe, None);
    assert_eq!(viewer.after(30, Network { overused: true, ..FAIR }), Some((0, 0)));
    assert_eq!(viewer.step(FAIR), Some((2, 0)));
}

#[test]
fn a_step_up_in_vain_doubles_the_wait_and_a_quiet_time_ends_that() {
    let mut viewer = Viewer::new(&PLAIN);
    viewer.after(10, fair(700_000));
    let mut waits = Vec::new();
    for _ in 0..7 {
        viewer.after(3, fair(2_500_000));
        assert_eq!(viewer.step(full(700_000)), Some((1, 0)));
        waits.push(viewer.climbs(fair(2_500_000)).div_ceil(10));
    }
    assert_eq!(waits, [8, 16, 32, 64, 120, 120, 120]);
    viewer.after(200, fair(2_500_000));
    assert_eq!(viewer.step(full(700_000)), Some((1, 0)));
    assert_eq!(viewer.climbs(fair(2_500_000)).div_ceil(10), 4, "it held for long, so it was right");
}

#[test]
fn video_pauses_when_the_lowest_step_has_not_fitted_for_a_second_and_says_so() {
    for offers in [&PLAIN[..1], &[LOW][..]] {
        let mut viewer = Viewer::new(offers);
        viewer.after(10, FAIR);
        let paused = (0..30).find(|_| viewer.decide(Some(full(80_000))).paused_by_bandwidth);
        assert!((9..=14).contains(&paused.expect("a pause")), "{paused:?}");
        assert_eq!(viewer.step(full(80_000)), None);
        viewer.after(20, fair(80_000));
        let decision = viewer.decide(Some(fair(80_000)));
        assert!(decision.paused_by_bandwidth && decision.probe.is_some(), "{decision:?}");
        assert_eq!(viewer.after(2, fair(90_000)), None);
        assert!(viewer.step(FAIR).is_some());
        assert!(!viewer.decide(Some(FAIR)).paused_by_bandwidth);
    }
}

#[test]
fn a_moment_without_room_pauses_nothing() {
    let mut viewer = Viewer::new(&ONE);
    viewer.after(10, FAIR);
    for _ in 0..20 {
        assert!((0..7).all(|_| viewer.step(full(500_000)).is_some()));
        assert!((0..3).all(|_| viewer.step(FAIR).is_some()));
    }
}

#[test]
fn loss_alone_pauses_nothing_unless_audio_drowns_in_it() {
    let lossy = |loss: f64| Network { estimate: 700_000, loss, ..FAIR };
    let mut viewer = Viewer::new(&ONE);
    assert_eq!(viewer.after(60, lossy(0.1)), Some((0, 0)));
    assert_eq!(viewer.after(60, lossy(0.3)), Some((0, 0)));
    assert_eq!(viewer.after(3, lossy(0.6)), None);
}

#[test]
fn a_queue_is_drained_after_a_step_down_but_not_for_ever() {
    let mut viewer = Viewer::new(&PLAIN);
    viewer.after(10, FAIR);
    let queue = |millis| Network { queue: Duration::from_millis(millis), ..full(400_000) };
    assert!(!viewer.decide(Some(queue(150))).hold);
    assert!(!viewer.decide(Some(queue(250))).hold, "not so soon after");
    let decision = viewer.decide(Some(queue(700)));
    assert!(decision.hold && decision.video.map(|step| step.layer) == Some(0), "{decision:?}");
    assert!(viewer.decide(Some(queue(130))).hold);
    assert!(!viewer.decide(Some(queue(120))).hold);
    assert!(!viewer.decide(Some(queue(250))).hold);
    let held = (0..10).filter(|_| viewer.decide(Some(queue(300))).hold).count();
    assert_eq!(held, 3, "what is reported to be as long as ever has left since, or is not ours");
    let mut viewer = Viewer::new(&PLAIN);
    viewer.after(10, FAIR);
    assert!(viewer.decide(Some(queue(200))).hold, "at the step down itself");
}

#[test]
fn silence_leads_to_the_lowest_step_and_back_as_soon_as_there_is_proof() {
    let mut viewer = Viewer::new(&[LOW, MID, HIGH]);
    viewer.after(10, FAIR);
    assert_eq!(viewer.after(60, Network { silent: true, ..FAIR }), Some((3, 0)), "and no pause");
    assert_eq!(viewer.step(fair(700_000)), Some((1, 2)));
    assert_eq!(viewer.after(2, FAIR), Some((2, 2)));
}

#[test]
fn where_nothing_can_be_probed_one_step_is_tried_now_and_then() {
    let blind = |estimate| Network { probes: false, ..fair(estimate) };
    let mut viewer = Viewer::new(&PLAIN);
    assert_eq!(viewer.step(blind(700_000)), Some((1, 0)));
    assert_eq!(viewer.step(blind(700_000)), Some((2, 0)), "the first time at once");
    assert_eq!(viewer.step(full(700_000)), Some((1, 0)));
    assert_eq!(viewer.climbs(blind(700_000)).div_ceil(10), 32);
    assert_eq!(viewer.step(full(700_000)), Some((1, 0)));
    assert_eq!(viewer.climbs(blind(700_000)).div_ceil(10), 64);
}

#[test]
fn a_layer_that_is_gone_is_replaced_at_once_without_blame() {
    let mut viewer = Viewer::new(&PLAIN);
    viewer.after(10, FAIR);
    viewer.offers.pop();
    assert_eq!(viewer.step(FAIR), Some((1, 0)));
    viewer.offers.push(PLAIN[2]);
    assert_eq!(viewer.step(FAIR), Some((2, 0)));
}
