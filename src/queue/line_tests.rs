//! The line under virtual time: single stories, and thousands of random ones in which the promises must hold.

use super::line::{About, Desk, End, Line, Note, Place, Refusal, Stage};
use super::moves::{ANSWER, ENTER, GRACE};
use crate::clock::{MINUTE, Millis, SECOND};
use crate::ids::{AccountId, InterviewId, PlaceId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

fn line(recruiters: usize, seekers: usize) -> (Line, Vec<AccountId>, Vec<PlaceId>) {
    let mut line = Line::default();
    let recruiters: Vec<_> = (0..recruiters).map(|_| AccountId::new()).collect();
    line.desks.extend(recruiters.iter().map(|r| Desk { recruiter: *r, name: String::new(), seen_at: 0, paused: false, auto: false }));
    let places = (0..seekers).map(|_| join(&mut line, AccountId::new(), 0)).collect();
    (line, recruiters, places)
}

fn join(line: &mut Line, seeker: AccountId, now: Millis) -> PlaceId {
    line.join(Place::new(PlaceId::new(), seeker, About::default(), now))
}

fn order(line: &Line) -> Vec<PlaceId> {
    line.waiting().iter().map(|p| p.id).collect()
}

fn place(line: &Line, id: PlaceId) -> &Place {
    line.places.iter().find(|p| p.id == id).expect("still known")
}

fn all_seen(line: &mut Line, now: Millis) {
    line.places.iter_mut().for_each(|p| p.seen_at = now);
    line.desks.iter_mut().for_each(|d| d.seen_at = now);
}

#[test]
fn both_accept_and_only_then_the_talk_begins() {
    let (mut line, r, p) = line(1, 2);
    let talk = InterviewId::new();
    assert_eq!(line.call_next(r[0], false, 0), Ok(p[0]));
    assert_eq!(line.accept(p[0], talk, 1), Ok(()));
    assert!(matches!(place(&line, p[0]).stage, Stage::Called { seeker: true, recruiter: false, .. }));
    assert_eq!(line.confirm(r[0], talk, 2), Ok(()));
    assert!(matches!(place(&line, p[0]).stage, Stage::Talking { interview, .. } if interview == talk));
    assert_eq!(line.accept(p[0], InterviewId::new(), 3), Ok(()), "a second tap is no harm");
    assert_eq!(line.call_next(r[0], true, 4), Err(Refusal::Busy));
    assert_eq!(line.finish(r[0], MINUTE), Ok(p[0]));
    assert_eq!((line.lengths.as_slice(), line.position(p[1])), (&[MINUTE - 2][..], Some(1)));
}

#[test]
fn a_call_that_is_not_answered_costs_three_places_and_the_fourth_time_the_place() {
    let (mut line, r, p) = line(1, 6);
    line.call_next(r[0], true, 0).expect("called");
    line.settle(ANSWER - 1);
    assert_eq!(line.accept(p[0], InterviewId::new(), ANSWER), Err(Refusal::TooLate));
    line.settle(ANSWER);
    assert_eq!(order(&line), [p[1], p[2], p[3], p[0], p[4], p[5]]);
    assert_eq!(place(&line, p[0]).note, Some(Note::Missed));
    for _ in 0..3 {
        line.places.iter_mut().for_each(|x| x.engaged = x.id != p[0]);
        line.call_next(r[0], true, ANSWER).expect("called");
        line.settle(2 * ANSWER);
    }
    assert!(matches!(place(&line, p[0]).stage, Stage::Ended { how: End::Lapsed, .. }));
}

#[test]
fn a_recruiter_who_does_not_confirm_pauses_and_costs_nobody_a_place() {
    let (mut line, r, p) = line(1, 3);
    line.call_next(r[0], false, 0).expect("called");
    line.accept(p[0], InterviewId::new(), 1).expect("accepted");
    line.settle(ANSWER);
    assert_eq!((order(&line)[0], place(&line, p[0]).note, place(&line, p[0]).moves), (p[0], Some(Note::LetDown), 0));
    assert_eq!((line.serving(ANSWER), line.is_attended(ANSWER)), (0, true));
}

#[test]
fn a_place_outlives_ten_minutes_of_silence_and_then_moves_back_step_by_step() {
    let (mut line, _, p) = line(1, 5);
    for id in &p[1..] {
        line.places.iter_mut().filter(|x| x.id == *id).for_each(|x| x.seen_at = 2 * GRACE);
    }
    line.settle(GRACE - 1);
    assert_eq!(order(&line), p);
    line.settle(GRACE);
    assert_eq!(order(&line), [p[1], p[2], p[3], p[0], p[4]]);
    line.settle(GRACE + MINUTE);
    assert_eq!((line.position(p[0]), place(&line, p[0]).note), (Some(4), Some(Note::Away)));
    line.settle(2 * GRACE);
    assert_eq!(order(&line)[4], p[0]);
}

#[test]
fn who_is_away_is_passed_over_without_losing_the_place() {
    let (mut line, r, p) = line(1, 3);
    let later = 5 * MINUTE;
    line.places.iter_mut().filter(|x| x.id != p[0]).for_each(|x| x.seen_at = later);
    assert_eq!(line.call_next(r[0], true, later), Ok(p[1]));
    assert_eq!(line.position(p[0]), Some(1));
    line.places.iter_mut().for_each(|x| x.engaged = true);
    line.release(r[0]).expect("released");
    assert_eq!(line.call_next(r[0], true, later), Err(Refusal::Nobody), "who talks at another booth is passed over too");
}

#[test]
fn a_talk_that_one_side_does_not_enter_ends_for_the_one_who_came() {
    let (mut line, r, p) = line(2, 5);
    for (i, recruiter) in r.iter().enumerate() {
        line.call_next(*recruiter, true, 0).expect("called");
        line.accept(p[i], InterviewId::new(), 0).expect("accepted");
    }
    for (id, seeker_came) in [(p[0], true), (p[1], false)] {
        line.strand(id, seeker_came, !seeker_came, ENTER - 1);
        assert!(matches!(place(&line, id).stage, Stage::Talking { .. }));
        line.strand(id, seeker_came, !seeker_came, ENTER);
    }
    assert_eq!((line.position(p[0]), place(&line, p[0]).note), (Some(1), Some(Note::LetDown)));
    assert_eq!((line.position(p[1]), place(&line, p[1]).note), (Some(5), Some(Note::Missed)));
    assert!(line.desks[0].paused && !line.desks[1].paused);
}

#[test]
fn who_is_handed_over_gets_the_head_of_the_line_kept_for_the_colleague() {
    let (mut here, r, p) = line(2, 3);
    here.call_next(r[0], true, 0).expect("called");
    here.accept(p[0], InterviewId::new(), 0).expect("accepted");
    let handed = here.hand_off(r[0], MINUTE).expect("handed");
    all_seen(&mut here, MINUTE);
    here.receive(Place { seen_at: MINUTE, ..handed.clone() }, PlaceId::new(), Some(r[1]), MINUTE);
    assert_eq!(here.call_next(r[0], true, MINUTE), Ok(p[1]), "kept for the colleague");
    let own = here.call_next(r[1], true, MINUTE).expect("called");
    assert_eq!(place(&here, own).seeker, handed.seeker);
    let (mut there, _, q) = line(1, 2);
    let again = join(&mut there, handed.seeker, 0);
    there.receive(handed, PlaceId::new(), None, MINUTE);
    assert_eq!(order(&there), [again, q[0], q[1]], "who stands there already is not there twice");
}

#[test]
fn a_call_back_leaves_the_line_and_comes_back_to_its_head() {
    let (mut line, r, p) = line(1, 3);
    line.ask_call_back(p[2]).expect("asked");
    assert_eq!(order(&line), [p[0], p[1]]);
    line.settle(100 * GRACE);
    assert_eq!(place(&line, p[2]).stage, Stage::CallBack, "it is kept however long it takes");
    line.call_back(p[2], r[0], 100 * GRACE).expect("called back");
    assert_eq!(order(&line)[0], p[2]);
    assert_eq!(line.call_back(p[2], r[0], 100 * GRACE), Err(Refusal::TooLate));
}

#[test]
fn one_tap_continues_the_last_talk_for_a_while() {
    let (mut line, r, p) = line(1, 2);
    line.call_next(r[0], true, 0).expect("called");
    line.accept(p[0], InterviewId::new(), 0).expect("accepted");
    line.finish(r[0], MINUTE).expect("finished");
    line.continue_last(r[0], PlaceId::new(), 2 * MINUTE).expect("again");
    let again = line.with(r[0]).expect("called");
    assert_eq!(again.seeker, place(&line, p[0]).seeker);
    line.put_off(again.id).expect("not now");
    assert_eq!(line.continue_last(r[0], PlaceId::new(), 20 * MINUTE), Err(Refusal::TooLate));
}

#[test]
fn the_expected_wait_is_the_median_shared_by_those_who_serve() {
    let (mut line, r, p) = line(2, 4);
    line.lengths = vec![30 * MINUTE, 4 * MINUTE, 6 * MINUTE];
    assert_eq!(line.expected_wait(1, 0), Some(0), "a recruiter is free");
    line.call_next(r[0], true, 0).expect("called");
    line.call_next(r[1], true, 0).expect("called");
    assert_eq!(line.expected_wait(line.position(p[3]).expect("waits"), 0), Some(6 * MINUTE));
    line.lengths.push(8 * MINUTE);
    assert_eq!(line.expected_wait(1, 0), Some(7 * MINUTE / 2));
    line.desks.clear();
    assert_eq!(line.expected_wait(1, 0), None);
}

/// What somebody might do, at random.
fn act(line: &mut Line, rng: &mut StdRng, recruiters: &[AccountId], seekers: &[AccountId], now: Millis) {
    let (by, who) = (*recruiters.choose(rng).expect("some"), *seekers.choose(rng).expect("some"));
    let own = line.of(who).map(|p| p.id);
    match (rng.random_range(0..16), own) {
        (0..=2, _) => drop(join(line, who, now)),
        (3 | 4, _) => drop(line.call_next(by, rng.random(), now)),
        (5 | 6, Some(id)) => drop(line.accept(id, InterviewId::new(), now)),
        (7, _) => drop(line.confirm(by, InterviewId::new(), now)),
        (8, Some(id)) => drop(line.put_off(id)),
        (9, _) => drop(line.release(by)),
        (10, _) => drop(line.finish(by, now)),
        (11, Some(id)) => drop(line.leave(id, now)),
        (12, Some(id)) => drop(line.ask_call_back(id)),
        (13, Some(id)) => drop(line.call_back(id, by, now)),
        (14, _) => drop(line.continue_last(by, PlaceId::new(), now)),
        (15, Some(id)) => line.strand(id, rng.random(), rng.random(), now),
        _ => {
            if let Ok(handed) = line.hand_off(by, now) {
                line.receive(handed, PlaceId::new(), recruiters.choose(rng).copied(), now);
            }
        }
    }
}

#[test]
fn whatever_people_do_nobody_is_lost_or_twice_in_line_or_in_a_talk_they_did_not_accept() {
    for seed in 0..400 {
        let mut rng = StdRng::seed_from_u64(seed);
        let (mut line, recruiters, _) = line(3, 0);
        let seekers: Vec<_> = (0..8).map(|_| AccountId::new()).collect();
        let mut now = 0;
        for step in 0..150 {
            let before = line.clone();
            // Mostly forward, now and then far, and sometimes the clock is set back.
            now += [SECOND, 5 * SECOND, 20 * SECOND, 40 * SECOND, 4 * MINUTE, 11 * MINUTE, -30 * SECOND][rng.random_range(0..7)];
            for place in &mut line.places {
                if rng.random_bool(0.7) {
                    place.seen_at = now;
                }
            }
            line.settle(now);
            act(&mut line, &mut rng, &recruiters, &seekers, now);
            promises_hold(&before, &line, &recruiters, &seekers, (seed, step));
        }
    }
}

fn promises_hold(before: &Line, line: &Line, recruiters: &[AccountId], seekers: &[AccountId], at: (u64, i32)) {
    for old in &before.places {
        let new = line.places.iter().find(|p| p.id == old.id);
        assert!(new.is_some(), "{at:?}: a place is lost");
        assert!(old.is_open() || !new.is_some_and(Place::is_open), "{at:?}: an ended place came back");
    }
    for seeker in seekers {
        assert!(line.places.iter().filter(|p| p.seeker == *seeker && p.is_open()).count() <= 1, "{at:?}: twice in the line");
    }
    for recruiter in recruiters {
        assert!(line.places.iter().filter(|p| p.recruiter() == Some(*recruiter)).count() <= 1, "{at:?}: two with one recruiter");
    }
    let mut ranks: Vec<_> = line.places.iter().filter(|p| p.is_open()).map(|p| p.rank).collect();
    ranks.sort_unstable();
    let all = ranks.len();
    ranks.dedup();
    assert_eq!(ranks.len(), all, "{at:?}: two have one rank");
    for place in line.places.iter().filter(|p| matches!(p.stage, Stage::Talking { .. })) {
        let was = before.places.iter().find(|p| p.id == place.id).map(|p| p.stage);
        let agreed =
            matches!(was, Some(Stage::Talking { .. } | Stage::Called { seeker: true, .. } | Stage::Called { recruiter: true, .. }));
        assert!(agreed, "{at:?}: a talk from nowhere: {was:?}");
    }
    // Whoever neither moved by a stated reason nor left is overtaken only by who was moved to the head.
    let kept = |p: &&Place| {
        p.stage == Stage::Waiting
            && before
                .places
                .iter()
                .any(|old| old.id == p.id && old.stage == Stage::Waiting && old.grace_from == p.grace_from && old.note == p.note)
    };
    let order = |l: &Line, ids: &[PlaceId]| l.waiting().iter().map(|p| p.id).filter(|id| ids.contains(id)).collect::<Vec<_>>();
    let ids: Vec<_> = line.places.iter().filter(kept).map(|p| p.id).collect();
    assert_eq!(order(before, &ids), order(line, &ids), "{at:?}: the order changed without a reason");
}

#[test]
fn a_hand_off_and_going_on_take_the_talk_that_ended_last_whoever_lined_up_first() {
    let (mut line, r, p) = line(1, 2);
    let talk = |line: &mut Line, at: Millis| {
        let id = line.call_next(r[0], true, at).expect("called");
        line.accept(id, InterviewId::new(), at).expect("accepted");
        id
    };
    line.places.iter_mut().for_each(|x| x.rank = if x.id == p[1] { 0 } else { 9 });
    assert_eq!(talk(&mut line, 0), p[1]);
    line.finish(r[0], SECOND).expect("over");
    assert_eq!(talk(&mut line, SECOND), p[0]);
    assert_eq!(line.clone().hand_off(r[0], SECOND).map(|x| x.id), Ok(p[0]), "the one that goes on, ended in the same moment");
    line.finish(r[0], 2 * SECOND).expect("over");
    assert_eq!(line.last_of(r[0], 2 * SECOND).map(|x| x.id), Some(p[0]));
    assert_eq!(line.clone().hand_off(r[0], 3 * SECOND).map(|x| x.id), Ok(p[0]));
    let seeker = place(&line, p[0]).seeker;
    line.continue_last(r[0], PlaceId::new(), 3 * SECOND).expect("on");
    assert_eq!(line.with(r[0]).map(|x| x.seeker), Some(seeker));
}

#[test]
fn only_who_waits_makes_a_line_full() {
    let (mut line, _, p) = line(1, 500);
    assert!(line.is_full());
    line.ask_call_back(p[0]).expect("asked");
    assert!(!line.is_full());
    join(&mut line, AccountId::new(), 0);
    assert!(line.is_full());
    line.leave(p[1], 0).expect("left");
    assert!(!line.is_full());
}
