//! The index against a scan of everything: random postings that come, change and go, random searches, all orders, page by page.

use super::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;

const CHARS: [&str; 10] = ["电", "焊", "工", "厂", "子", "包", "吃", "住", "市", "县"];
const WORDS: [&str; 8] = ["cnc", "cn", "java", "javascript", "qc", "led", "welder", "c1"];
const REGIONS: [u32; 6] = [330_100, 330_106, 330_200, 441_900, 440_300, 110_105];
const NOW: Millis = 1_000_000;

fn text(rng: &mut StdRng, most: usize) -> String {
    let mut out = String::new();
    for _ in 0..rng.random_range(0..=most) {
        match rng.random_range(0..8) {
            0 => out.push_str([" ", "，", "\n", "😀"].choose(rng).expect("some")),
            1 => out.push_str(&format!(" {} ", WORDS.choose(rng).expect("some"))),
            _ => out.push_str(CHARS.choose(rng).expect("some")),
        }
    }
    out
}

fn entry(rng: &mut StdRng, id: PostingId, fairs: &[FairId]) -> Entry {
    Entry {
        id,
        version: 1,
        fair: *fairs.choose(rng).expect("some"),
        employer: EmployerId::from_uuid(uuid::Uuid::from_u128(rng.random_range(0..4))),
        published_at: rng.random_range(0..40),
        valid_until: NOW + rng.random_range(-2..50),
        title: text(rng, 6),
        names: text(rng, 8),
        body: text(rng, 30),
        regions: (0..rng.random_range(1..3)).map(|_| *REGIONS.choose(rng).expect("some")).collect(),
        industry: ["C", "C39", "C391", "H", "G54"].choose(rng).expect("some").to_string(),
        kind: rng.random_range(0..4),
        pay_month: [0, 100, 299_999, 300_000, 345_678, 600_000, 3_500_000].choose(rng).copied().expect("some"),
        wants: rng.random_range(0..256),
    }
}

/// Where a quoted run stands, by a look at the text itself.
fn stands(run: &str, text: &str) -> bool {
    let text = fold(text);
    if text::is_cjk(run.chars().next().expect("a run")) {
        return text.contains(run);
    }
    text::runs(&text).any(|r| r == text::Run::Word(run))
}

/// The tier of relevance, or none if a run stands nowhere.
fn tier(runs: &[String], e: &Entry) -> Option<i64> {
    let mut worst = 0;
    for run in runs {
        let single = run.chars().count() == 1 && text::is_cjk(run.chars().next().expect("a run"));
        let here = [&e.title, &e.names, &e.body].map(|t| stands(run, t));
        worst = worst.max(match here {
            [true, ..] => 0,
            [_, true, _] => 1,
            [.., true] if !single => 2,
            _ => return None,
        });
    }
    Some(worst)
}

fn keeps(ask: &Ask, e: &Entry) -> bool {
    let has = e.labels();
    e.valid_until > NOW
        && ask.scope.iter().all(|any| any.iter().any(|l| has.contains(l)))
        && ask.labels.iter().all(|l| has.contains(l))
        && !ask.without.iter().any(|l| has.contains(l))
        && ask.pay.is_none_or(|fen| e.pay_month >= fen)
        && ask.since.is_none_or(|since| e.published_at > since)
}

/// What the order puts first, and metres as the places of the order tell.
fn key(ask: &Ask, tier: i64, e: &Entry) -> Key {
    match &ask.order {
        Order::Relevance => (-tier, e.published_at, e.id),
        Order::Newest => (e.published_at, 0, e.id),
        Order::Pay => (e.pay_month, 0, e.id),
        Order::Distance(places) => {
            let near = places.iter().find(|(_, place)| e.regions.contains(place));
            (near.map_or(i64::MIN, |(m, _)| -m), e.published_at, e.id)
        }
    }
}

fn ask<'a>(rng: &mut StdRng, fairs: &[FairId], text: &'a str) -> Ask<'a> {
    let mut labels = Vec::new();
    if rng.random_bool(0.3) {
        labels.push(Label::Region(*[330_000, 330_100, 330_106, 440_000, 990_000].choose(rng).expect("some")));
    }
    if rng.random_bool(0.2) {
        labels.push(Label::Industry(padded([&b"C"[..], b"C39", b"X"].choose(rng).expect("some"))));
    }
    if rng.random_bool(0.2) {
        labels.push(Label::Kind(rng.random_range(0..5)));
    }
    if rng.random_bool(0.3) {
        labels.push(Label::Want(rng.random_range(0..8)));
    }
    let scope = match rng.random_range(0..3) {
        0 => vec![],
        1 => vec![vec![Label::Fair(fairs[0])]],
        _ => vec![vec![Label::Employer(EmployerId::from_uuid(uuid::Uuid::from_u128(1)))], fairs.iter().map(|f| Label::Fair(*f)).collect()],
    };
    let held = |n| Label::Employer(EmployerId::from_uuid(uuid::Uuid::from_u128(n)));
    Ask {
        scope,
        without: if rng.random_bool(0.2) { vec![held(2), held(3)] } else { Vec::new() },
        text,
        labels,
        pay: [None, None, Some(300_000), Some(299_000), Some(1)].choose(rng).copied().expect("some"),
        since: [None, None, Some(20)].choose(rng).copied().expect("some"),
        now: NOW,
        order: match rng.random_range(0..4) {
            0 => Order::Relevance,
            1 => Order::Newest,
            2 => Order::Pay,
            _ => Order::Distance(vec![(0, 330_106), (5_000, 330_100), (5_000, 440_300), (90_000, 441_900)]),
        },
        after: None,
        limit: rng.random_range(1..8),
        counted: rng.random_bool(0.5),
    }
}

fn query(rng: &mut StdRng) -> (String, Vec<String>) {
    let mut runs = Vec::new();
    for _ in 0..rng.random_range(0..3) {
        let han = |rng: &mut StdRng| (0..rng.random_range(1..5)).map(|_| *CHARS.choose(rng).expect("some")).collect::<String>();
        runs.push(if rng.random_bool(0.3) { (*WORDS.choose(rng).expect("some")).to_owned() } else { han(rng) });
    }
    let text = runs.iter().map(|r| format!("\"{r}\" ")).collect();
    (text, runs)
}

fn compare(index: &Index, all: &BTreeMap<PostingId, Entry>, ask: &mut Ask, runs: &[String]) {
    let mut expected: Vec<Key> = all.values().filter(|e| keeps(ask, e)).filter_map(|e| Some(key(ask, tier(runs, e)?, e))).collect();
    expected.sort_unstable_by(|a, b| b.cmp(a));
    let (mut got, mut pages) = (Vec::new(), 0);
    loop {
        let found = index.search(ask);
        assert_eq!(found.total, expected.len() as u64, "{ask:?}");
        if ask.counted {
            counted(&found.counts, all, ask, runs);
        }
        got.extend(found.hits.iter().copied());
        pages += 1;
        match found.hits.last() {
            Some(last) if pages < 100 => ask.after = Some(*last),
            _ => break,
        }
    }
    assert_eq!(got, expected, "{ask:?}");
}

fn counted(counts: &Counts, all: &BTreeMap<PostingId, Entry>, ask: &Ask, runs: &[String]) {
    let count = |ask: &Ask| all.values().filter(|e| keeps(ask, e) && tier(runs, e).is_some()).count() as u64;
    let with = |drop: &dyn Fn(&Label) -> bool, label: Label| {
        let labels = ask.labels.iter().copied().filter(|l| !drop(l)).chain([label]).collect();
        count(&Ask { labels, ..ask.clone() })
    };
    for (code, n) in &counts.regions {
        assert_eq!(*n, with(&|l| matches!(l, Label::Region(_)), Label::Region(*code)), "{code}");
    }
    for province in [330_000, 440_000, 110_000] {
        let n = with(&|l| matches!(l, Label::Region(_)), Label::Region(province));
        assert_eq!(counts.regions.iter().find(|(c, _)| *c == province).map_or(0, |(_, n)| *n), n);
    }
    for kind in 0..4 {
        let n = with(&|l| matches!(l, Label::Kind(_)), Label::Kind(kind));
        assert_eq!(counts.kinds.iter().find(|(k, _)| *k == kind).map_or(0, |(_, n)| *n), n);
    }
    for letter in ['C', 'H'] {
        let n = with(&|l| matches!(l, Label::Industry(_)), Label::Industry(padded(&[letter as u8])));
        assert_eq!(counts.industries.iter().find(|(l, _)| *l == letter).map_or(0, |(_, n)| *n), n);
    }
    for want in 0..8 {
        assert_eq!(counts.wants.iter().find(|(w, _)| *w == want).map_or(0, |(_, n)| *n), with(&|_| false, Label::Want(want)));
    }
    for yuan in [3_000, 6_000] {
        assert_eq!(
            counts.pays.iter().find(|(y, _)| *y == yuan).map_or(0, |(_, n)| *n),
            count(&Ask { pay: Some(yuan * 100), ..ask.clone() })
        );
    }
}

#[test]
fn it_finds_counts_and_orders_what_a_scan_of_everything_does() {
    for seed in 0..12 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let fairs = [FairId::new(), FairId::new()];
        let ids: Vec<PostingId> = (0..60).map(|_| PostingId::new()).collect();
        let (mut index, mut all) = (Index::default(), BTreeMap::new());
        for step in 0..300 {
            let id = *ids.choose(rng).expect("some");
            if rng.random_bool(0.2) {
                all.remove(&id);
                index.remove(id);
            } else {
                let mut fresh = entry(rng, id, &fairs);
                // Most changes keep the time of publication, as those of a real posting do.
                if let Some(old) = all.get(&id).filter(|_| rng.random_bool(0.8)) {
                    fresh.published_at = Entry::clone(old).published_at;
                }
                index.put_all(std::slice::from_ref(&fresh));
                all.insert(id, fresh);
            }
            if step % 3 == 0 {
                let (text, runs) = query(rng);
                let mut ask = ask(rng, &fairs, &text);
                compare(&index, &all, &mut ask, &runs);
            }
        }
        all.retain(|_, e| e.valid_until > NOW);
        index.expire(NOW);
        assert_eq!(index.ids().collect::<std::collections::BTreeSet<_>>(), all.keys().copied().collect());
        ids.iter().for_each(|id| index.remove(*id));
        assert!(
            index.grams.is_empty() && index.labels.is_empty() && index.len() == 0 && index.expiring.is_empty(),
            "nothing is left behind"
        );
    }
}

fn posting(title: &str, names: &str, body: &str) -> Entry {
    let rng = &mut StdRng::seed_from_u64(1);
    let (title, names, body) = (title.into(), names.into(), body.into());
    Entry { title, names, body, valid_until: NOW + 1, ..entry(rng, PostingId::new(), &[FairId::new()]) }
}

/// The titles that a search finds, in its order, and how it was read.
fn titles(index: &Index, all: &[Entry], text: &str) -> (Vec<String>, Vec<Reading>) {
    let found = index.search(&Ask { text, now: NOW, order: Order::Relevance, limit: 50, ..Ask::default() });
    let title = |id| all.iter().find(|e| e.id == id).map(|e| e.title.clone()).expect("known");
    (found.hits.iter().map(|(.., id)| title(*id)).collect(), found.readings)
}

#[test]
fn words_are_found_by_sound_by_what_means_the_same_and_in_spite_of_slips() {
    let all = [
        posting("电焊工", "东莞市长安镇", "包吃住"),
        posting("氩弧焊", "杭州", "会焊工优先"),
        posting("Java developer", "Hangzhou", ""),
        posting("重庆小面师傅", "重庆", ""),
    ];
    let mut index = Index::default();
    index.put_all(&all);
    let find = |text: &str| titles(&index, &all, text).0;
    assert_eq!(find("焊工"), ["电焊工", "氩弧焊"], "the title before the text");
    assert_eq!(find("焊接工"), ["电焊工", "氩弧焊"], "what means the same");
    assert_eq!(find("\"焊接工\""), Vec::<String>::new(), "but not in quotes");
    assert_eq!(find("dianhangong"), ["电焊工"]);
    assert_eq!(find("dongguan 电焊"), ["电焊工"]);
    assert_eq!(find("chongqing"), ["重庆小面师傅"], "whatever the first reading of a character");
    assert_eq!(find("jav"), ["Java developer"]);
    let (found, readings) = titles(&index, &all, "jaav");
    assert_eq!((found, readings[0].how, readings[0].words.clone()), (vec!["Java developer".into()], How::Spelling, vec!["java".into()]));
    let (found, readings) = titles(&index, &all, "东莞电焊工招聘");
    assert_eq!((found, readings[0].how), (vec!["电焊工".to_owned()], How::Cut));
    assert!(find("?!").is_empty() && find("没有").is_empty() && find("焊").len() == 2);
    assert_eq!(find("  ").len(), 4);
}

#[test]
fn similar_postings_share_rare_words_and_places() {
    let all = [posting("数控车床操作工", "", ""), posting("数控车床学徒", "", ""), posting("服务员", "", ""), posting("操作工", "", "")];
    let mut index = Index::default();
    index.put_all(&all);
    let like = index.similar(&all[0], &[], NOW, 3);
    assert_eq!(like[0], all[1].id);
    assert!(!like.contains(&all[0].id) && !like.contains(&all[2].id));
    index.remove(all[0].id);
    assert_eq!(index.similar(&all[0], &[], NOW, 1), [all[1].id], "also of one that is out no more");
}
