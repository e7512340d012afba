//! Booking against its model: random people, plans, bookings, holds, moves, cancellations, times that pass and restarts on the real server. What
//! it gives fits what it gave before, what it refuses alone has a reason, and in the end every piece of time belongs to somebody who has it.

use crate::booking::{rows, viewer};
use crate::harness::{NOON, Person, TestApp, TestFair};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use springbreeze::accounts::Grant;
use springbreeze::clock::{Clock, HOUR, MINUTE, Millis};
use springbreeze::ids::{AccountId, InterviewId};
use springbreeze::interviews::{Booking, Claiming, Replied, Reply, SlotKey};
use springbreeze::schedule::{Mode, Plan, PlanForm, Span};
use std::collections::HashSet;

const SEEKERS: usize = 40;
const STEPS: usize = 220;

/// What somebody has, as the model sees it.
#[derive(Clone, Debug)]
struct Entry {
    id: InterviewId,
    seeker: usize,
    plan: usize,
    start: Millis,
    lead: AccountId,
    /// Of a hold.
    until: Option<Millis>,
}

impl Entry {
    fn is_live(&self, now: Millis) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// What is tried.
#[derive(Clone, Copy, Debug)]
enum Try {
    Book { seeker: usize, plan: usize, start: Millis },
    Hold { seeker: usize, plan: usize, start: Millis },
    Confirm { entry: usize },
    Cancel { entry: usize },
    Move { entry: usize, plan: usize, start: Millis },
}

/// What came of it.
#[derive(Clone, Debug)]
enum Came {
    Got(Entry),
    Confirmed(InterviewId),
    Gone(InterviewId),
    Moved(Entry),
    No(&'static str),
}

struct World {
    app: Option<TestApp>,
    fair: TestFair,
    plans: Vec<Plan>,
    seekers: Vec<Person>,
    entries: Vec<Entry>,
    /// Bookings, cancellations and moves that came about.
    done: [i64; 3],
}

fn forms(people: &[String]) -> [PlanForm; 4] {
    let base = PlanForm {
        lead: "0".into(),
        horizon: "3".into(),
        weekday: vec!["1-7".into(), "1-7".into()],
        from: vec!["09:30".into(), "11:00".into()],
        to: vec!["10:30".into(), "12:00".into()],
        ..PlanForm::default()
    };
    [
        PlanForm { length: "15".into(), buffer: "5".into(), person: people[..1].to_vec(), limit: "4".into(), ..base.clone() },
        PlanForm { mode: "all".into(), length: "20".into(), person: people[..3].to_vec(), ..base.clone() },
        PlanForm {
            mode: "any".into(),
            length: "30".into(),
            buffer: "10".into(),
            person: people.to_vec(),
            limit: "3".into(),
            ..base.clone()
        },
        PlanForm { capacity: "3".into(), length: "45".into(), person: people[3..].to_vec(), ..base },
    ]
}

impl World {
    async fn start() -> Self {
        let app = TestApp::start_in(tempfile::tempdir().expect("folder"), Clock::manual(NOON)).await;
        let fair = app.fair().await;
        let mut people = vec![fair.recruiter.account.id.to_string()];
        for n in 0..3 {
            people.push(app.person(&format!("同事{n}"), Grant::Recruiter(fair.employer.id)).await.account.id.to_string());
        }
        let me = viewer(&app, &fair.recruiter).await;
        let mut plans = Vec::new();
        for form in forms(&people) {
            plans.push(app.parts.interviews.schedule.add(&me, fair.employer.id, &form).await.expect("a plan"));
        }
        let mut seekers = Vec::new();
        for n in 0..SEEKERS {
            seekers.push(app.seeker(&format!("求职者{n}")).await);
        }
        Self { app: Some(app), fair, plans, seekers, entries: Vec::new(), done: [0; 3] }
    }

    fn app(&self) -> &TestApp {
        self.app.as_ref().expect("running")
    }

    fn now(&self) -> Millis {
        self.app().clock.now()
    }

    fn people(&self, plan: usize, lead: AccountId) -> Vec<AccountId> {
        match self.plans[plan].mode {
            Mode::All => self.plans[plan].people.clone(),
            Mode::One | Mode::Any => vec![lead],
        }
    }

    fn own(&self, plan: usize, start: Millis) -> Span {
        Span { start, end: start + self.plans[plan].minutes * MINUTE }
    }

    fn busy(&self, plan: usize, start: Millis) -> Span {
        let own = self.own(plan, start);
        Span { end: own.end + self.plans[plan].buffer_minutes * MINUTE, ..own }
    }

    /// Why this cannot be had, besides what is left out of account; none if it can.
    fn reason(&self, seeker: usize, plan: usize, start: Millis, without: Option<InterviewId>) -> Option<&'static str> {
        let now = self.now();
        // Whoever takes something lets go of what they hold; who moves, of what they have.
        let others: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|e| e.is_live(now) && Some(e.id) != without && !(without.is_none() && e.seeker == seeker && e.until.is_some()))
            .collect();
        if others.iter().any(|e| e.seeker == seeker && self.own(e.plan, e.start).meets(self.own(plan, start))) {
            return Some("seeker");
        }
        let leads =
            if self.plans[plan].mode == Mode::Any { self.plans[plan].people.clone() } else { self.plans[plan].people[..1].to_vec() };
        let fits = |lead: AccountId| {
            let same = others.iter().filter(|e| (e.plan, e.start, e.lead) == (plan, start, lead)).count() as i64;
            if same > 0 {
                return same < self.plans[plan].capacity;
            }
            self.people(plan, lead).iter().all(|person| {
                let theirs: Vec<_> = others.iter().filter(|e| self.people(e.plan, e.lead).contains(person)).collect();
                let free = !theirs.iter().any(|e| self.busy(e.plan, e.start).meets(self.busy(plan, start)));
                let day = self.plans[plan].day_of(start);
                let sessions: HashSet<_> = theirs
                    .iter()
                    .filter(|e| self.plans[e.plan].day_limit > 0 && self.plans[e.plan].day_of(e.start) == day)
                    .map(|e| (e.plan, e.start))
                    .collect();
                free && (self.plans[plan].day_limit == 0 || (sessions.len() as i64) < self.plans[plan].day_limit)
            })
        };
        (!leads.into_iter().any(fits)).then_some("recruiters")
    }

    /// Whether what the model has fits together.
    fn check(&self) {
        let now = self.now();
        let live: Vec<&Entry> = self.entries.iter().filter(|e| e.is_live(now)).collect();
        for (n, a) in live.iter().enumerate() {
            let seats = live.iter().filter(|b| (b.plan, b.start, b.lead) == (a.plan, a.start, a.lead)).count() as i64;
            assert!(seats <= self.plans[a.plan].capacity, "seats of {a:?}");
            for b in &live[..n] {
                assert!(a.seeker != b.seeker || !self.own(a.plan, a.start).meets(self.own(b.plan, b.start)), "{a:?} {b:?}");
                let session = (a.plan, a.start, a.lead) == (b.plan, b.start, b.lead);
                let shared = self.people(a.plan, a.lead).iter().any(|p| self.people(b.plan, b.lead).contains(p));
                let meet = self.busy(a.plan, a.start).meets(self.busy(b.plan, b.start));
                assert!(session || !shared || !meet, "{a:?} {b:?}");
            }
            let limit = self.plans[a.plan].day_limit;
            for person in self.people(a.plan, a.lead) {
                let day = self.plans[a.plan].day_of(a.start);
                let sessions: HashSet<_> = live
                    .iter()
                    .filter(|e| {
                        e.plan == a.plan && self.people(e.plan, e.lead).contains(&person) && self.plans[e.plan].day_of(e.start) == day
                    })
                    .map(|e| e.start)
                    .collect();
                assert!(limit == 0 || sessions.len() as i64 <= limit, "limit of {person}");
            }
        }
    }

    fn pick(&self, random: &mut StdRng) -> Option<Try> {
        let seeker = random.random_range(0..SEEKERS);
        let plan = random.random_range(0..self.plans.len());
        let steps: Vec<i64> = self.starts(plan);
        let start = *steps.choose(random)?;
        let now = self.now();
        let entry = |want: &dyn Fn(&Entry) -> bool, random: &mut StdRng| {
            let all: Vec<usize> = (0..self.entries.len()).filter(|n| want(&self.entries[*n])).collect();
            all.choose(random).copied()
        };
        let booked = |e: &Entry| e.until.is_none() && e.start > now;
        match random.random_range(0..100) {
            0..40 => Some(Try::Book { seeker, plan, start }),
            40..65 => Some(Try::Hold { seeker, plan, start }),
            65..78 => entry(&|e| e.until.is_some(), random).map(|entry| Try::Confirm { entry }),
            78..90 => entry(&booked, random).map(|entry| Try::Cancel { entry }),
            _ => entry(&booked, random).map(|entry| Try::Move { entry, plan, start }),
        }
    }

    /// Starts of a plan that are ahead, today and tomorrow: few, so that people get into each other's way.
    fn starts(&self, plan: usize) -> Vec<Millis> {
        let p = &self.plans[plan];
        let step = (p.minutes + p.buffer_minutes) * MINUTE;
        let mut all = Vec::new();
        for day in 0..2 {
            for from in [NOON + 30 * MINUTE, NOON + 2 * HOUR] {
                let from = from + day * 24 * HOUR;
                all.extend((0..).map(|n| from + n * step).take_while(|s| s + p.minutes * MINUTE <= from + HOUR));
            }
        }
        all.retain(|s| *s > self.now());
        all
    }

    async fn run(&self, what: Try) -> Came {
        let all = &self.app().parts.interviews;
        let key = |plan: usize, start| SlotKey::of(self.plans[plan].id, start);
        match what {
            Try::Book { seeker, plan, start } => {
                let me = viewer(self.app(), &self.seekers[seeker]).await;
                match all.book(&me, key(plan, start), "", None).await.expect("an answer") {
                    Booking::New(i) => Came::Got(Entry { id: i.id, seeker, plan, start, lead: i.recruiter_id, until: None }),
                    Booking::Again(i) => panic!("{i:?}"),
                    Booking::Refused { why, .. } => Came::No(why.0),
                }
            }
            Try::Hold { seeker, plan, start } => {
                let me = viewer(self.app(), &self.seekers[seeker]).await;
                match all.hold(&me, key(plan, start), "", None).await.expect("an answer") {
                    Claiming::New(c) => Came::Got(Entry { id: c.id, seeker, plan, start, lead: c.recruiter_id, until: Some(c.until_at) }),
                    Claiming::Again(c) => panic!("{c:?}"),
                    Claiming::Refused { why, .. } => Came::No(why.0),
                }
            }
            Try::Confirm { entry } => {
                let entry = &self.entries[entry];
                let me = viewer(self.app(), &self.seekers[entry.seeker]).await;
                match all.reply(&me, entry.id, &Reply::Accept).await.expect("an answer") {
                    Replied::Booked(i) => Came::Confirmed(i.id),
                    Replied::Again(_) => Came::No("again"),
                    Replied::Refused { why, .. } => Came::No(why.0),
                    other => panic!("{other:?}"),
                }
            }
            Try::Cancel { entry } => {
                let entry = &self.entries[entry];
                let me = viewer(self.app(), &self.seekers[entry.seeker]).await;
                match all.cancel(&me, entry.id, "不去了", false).await {
                    Ok(_) => Came::Gone(entry.id),
                    Err(_) => Came::No("late"),
                }
            }
            Try::Move { entry, plan, start } => {
                let entry = &self.entries[entry];
                let me = viewer(self.app(), &self.seekers[entry.seeker]).await;
                match all.move_to(&me, entry.id, key(plan, start), "").await {
                    Ok(Booking::New(i)) => Came::Moved(Entry { id: i.id, plan, start, lead: i.recruiter_id, ..entry.clone() }),
                    Ok(Booking::Again(_)) => Came::No("again"),
                    Ok(Booking::Refused { why, .. }) => Came::No(why.0),
                    Err(_) => Came::No("late"),
                }
            }
        }
    }

    fn apply(&mut self, what: Try, came: &Came) {
        let now = self.now();
        // Taking something lets go of what was held, also when it is then refused.
        if let Try::Book { seeker, .. } | Try::Hold { seeker, .. } = what
            && !matches!(came, Came::No("schedule-not-bookable" | "interviews-slot-past"))
        {
            let new = if let Came::Got(entry) = came { Some(entry.id) } else { None };
            self.entries.retain(|e| e.seeker != seeker || e.until.is_none() || Some(e.id) == new);
        }
        match came {
            Came::Got(entry) => {
                self.done[0] += i64::from(entry.until.is_none());
                self.entries.push(entry.clone());
            }
            Came::Confirmed(id) => {
                self.done[0] += 1;
                let entry = self.entries.iter_mut().find(|e| e.id == *id).expect("what was held");
                assert!(entry.is_live(now), "confirmed too late: {entry:?}");
                entry.until = None;
            }
            Came::Gone(id) => {
                self.done[1] += 1;
                self.entries.retain(|e| e.id != *id);
            }
            Came::Moved(entry) => {
                self.done[2] += 1;
                *self.entries.iter_mut().find(|e| e.id == entry.id).expect("what was booked") = entry.clone();
            }
            Came::No(_) => {}
        }
    }

    /// One by itself: what is refused must have a reason, what is given none against it.
    async fn alone(&mut self, random: &mut StdRng) {
        let Some(what) = self.pick(random) else { return };
        let against = match what {
            Try::Book { seeker, plan, start } | Try::Hold { seeker, plan, start } => self.reason(seeker, plan, start, None),
            Try::Move { entry, plan, start } => {
                let entry = &self.entries[entry];
                self.reason(entry.seeker, plan, start, Some(entry.id))
            }
            Try::Confirm { entry } => (!self.entries[entry].is_live(self.now())).then_some("late"),
            Try::Cancel { .. } => None,
        };
        let came = self.run(what).await;
        match &came {
            Came::No("again") => {}
            Came::No(why) => assert!(against.is_some(), "{what:?} was refused without reason: {why}"),
            _ => assert_eq!(against, None, "{what:?} came about: {came:?}"),
        }
        self.apply(what, &came);
    }

    /// Several at once, of different people: what came about must fit together.
    async fn together(&mut self, random: &mut StdRng) {
        let (mut tries, mut seekers): (Vec<Try>, HashSet<usize>) = Default::default();
        for _ in 0..random.random_range(2..9) {
            let Some(what) = self.pick(random) else { continue };
            let seeker = match what {
                Try::Book { seeker, .. } | Try::Hold { seeker, .. } => seeker,
                Try::Confirm { entry } | Try::Cancel { entry } | Try::Move { entry, .. } => self.entries[entry].seeker,
            };
            if seekers.insert(seeker) {
                tries.push(what);
            }
        }
        let came = futures_util::future::join_all(tries.iter().map(|what| self.run(*what))).await;
        for (what, came) in tries.iter().zip(&came) {
            self.apply(*what, came);
        }
    }

    async fn restart(&mut self) {
        let app = self.app.take().expect("running");
        let clock = app.clock.clone();
        let data = app.stop().await;
        self.app = Some(TestApp::start_in(data, clock).await);
    }

    /// The database holds what the model has, and nothing besides.
    async fn check_rows(&self) {
        let (now, app) = (self.now(), self.app());
        app.parts.interviews.sweep_claims().await.expect("swept");
        let live: Vec<&Entry> = self.entries.iter().filter(|e| e.is_live(now)).collect();
        let held = format!("(hold_until IS NULL OR hold_until > {now})");
        assert_eq!(rows(app, &format!("interview_seats WHERE {held}")).await, live.len() as i64, "seats");
        assert_eq!(rows(app, &format!("interview_seats WHERE NOT {held}")).await, 0, "nothing is left of what ran out");
        let sessions: HashSet<_> = live.iter().map(|e| (e.plan, e.start, e.lead)).collect();
        let own: i64 = live.iter().map(|e| self.plans[e.plan].minutes / 5).sum();
        let theirs: i64 = sessions
            .iter()
            .map(|(plan, start, lead)| self.people(*plan, *lead).len() as i64 * (self.busy(*plan, *start).end - start) / (5 * MINUTE))
            .sum();
        assert_eq!(rows(app, "interview_cells").await, own + theirs, "each piece of time has an owner who has it");
        assert_eq!(rows(app, "interview_slots WHERE plan_id IS NOT NULL AND ended_at IS NULL").await, sessions.len() as i64);
        let orphans = "interview_cells c WHERE NOT EXISTS (SELECT 1 FROM interview_seats x WHERE x.owner = c.owner OR x.slot_id = c.owner)";
        assert_eq!(rows(app, orphans).await, 0);
        let places: i64 = sessions.iter().filter(|s| self.plans[s.0].day_limit > 0).map(|s| self.people(s.0, s.2).len() as i64).sum();
        assert_eq!(rows(app, "interview_day_places").await, places);
        for (action, done) in ["interview.book", "interview.cancel", "interview.move"].iter().zip(self.done) {
            assert_eq!(rows(app, &format!("audit WHERE action = '{action}'")).await, done, "{action}");
        }
        assert_eq!(rows(app, "interview_changes").await, self.done[1] + self.done[2]);
    }
}

async fn play(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut world = World::start().await;
    for step in 0..STEPS {
        match random.random_range(0..100) {
            0..75 => world.alone(&mut random).await,
            75..93 => world.together(&mut random).await,
            93..99 => world.app().clock.advance(random.random_range(1..7) * MINUTE),
            _ => world.restart().await,
        }
        world.check();
        if step % 40 == 39 {
            world.check_rows().await;
        }
    }
    world.restart().await;
    world.check_rows().await;
    assert!(world.done.iter().all(|n| *n > 3), "something happened: {:?}", world.done);
    assert_eq!(world.fair.fair.zone, "Asia/Shanghai");
    world.app.take().expect("running").stop().await;
}

#[test]
fn whatever_people_do_nobody_is_in_two_and_nothing_is_lost() {
    let game = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            for seed in [5, 17] {
                play(seed).await;
            }
        });
    };
    // Several people at once and a whole server in one future: unoptimised that is more than the stack of a test.
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(game).expect("a thread");
    thread.join().expect("no panic");
}
