//! Fills an empty server with the demo fair.

use super::content::{ANSWER, COMPANIES, Company, HALL_TALK, Job, Per, QUESTIONS, SEEKERS, TALK};
use super::{Person, Seed};
use crate::accounts::{Account, Contact, Employer, Grant, NewEmployer, credit_code_is_valid};
use crate::app::Parts;
use crate::clock::{DAY, HOUR, MINUTE, Millis};
use crate::employers::{PaperKind, VerificationForm};
use crate::fairs::{Fair, FairState, NewFair};
use crate::i18n::Lang;
use crate::interviews::Offer;
use crate::live::{Card, Event, Quote};
use crate::moderation::Device;
use crate::postings::{Answer, Content, Kind, NewPosting, PayDay, PayUnit, Posting, Provision, State};
use crate::questions::{self, Draft};
use crate::rooms::{NewRoom, Room};
use crate::web::{AppError, Result};

/// A business licence that says it is none.
const LICENCE: &[u8] = include_bytes!("licence.jpg");
/// A letter without a page.
const AUTHORISATION: &[u8] =
    b"%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n2 0 obj << /Type /Pages /Kids [] /Count 0 >> endobj\n\
    trailer << /Root 1 0 R >>\n%%EOF";

/// Makes everything; returns what the demo must remember.
pub(super) async fn fill(parts: &Parts) -> Result<Seed> {
    let now = parts.clock.now();
    let organiser = person(parts, "春风组织者", Grant::Admin, "organiser@example.com").await?;
    let fair = make_fair(parts, &organiser, now).await?;
    let hall = parts
        .rooms
        .create(NewRoom { fair: fair.id, employer: None, title_zh: "主会场".into(), title_en: "Main hall".into(), position: 0 })
        .await?;
    let mut people = vec![Person { id: organiser.id, role: "organiser".into(), name: organiser.name.clone(), room: None }];
    let mut rooms = vec![hall.id];
    let mut seekers = Vec::new();
    for (i, name) in SEEKERS.iter().enumerate() {
        let account = parts.accounts.create(name, false, if name.is_ascii() { Lang::En } else { Lang::Zh }).await?;
        prove(parts, &account, &format!("seeker{i}@example.com")).await?;
        seekers.push(account);
    }
    let mut colleagues = Vec::new();
    for (i, company) in COMPANIES.iter().enumerate() {
        let (employer, recruiter, booth) = booth(parts, &fair, company, i).await?;
        // The last one waits for the organiser who tries the demo.
        hand_in(parts, &employer, &recruiter, &organiser, i + 1 < COMPANIES.len()).await?;
        let postings = post_jobs(parts, &fair, company, &employer, &recruiter, now).await?;
        talk(parts, &booth, &recruiter, &seekers, i).await?;
        offer_interviews(parts, &fair, &employer, &recruiter, now).await?;
        if i == 0 {
            ask_questions(parts, &booth, &recruiter, &seekers).await?;
            ask_call_backs(parts, &booth, &postings, &seekers).await?;
        }
        if i == 0
            && let Some(first) = postings.first()
        {
            put_on_stage(parts, &booth, first).await?;
        }
        if i == 3 {
            // To whom the other recruiter of the booth can hand somebody on.
            let colleague = person(parts, "刘芳", Grant::Recruiter(employer.id), "colleague@example.com").await?;
            colleagues.push(Person { id: colleague.id, role: "recruiter".into(), name: colleague.name, room: Some(booth.id) });
        }
        rooms.push(booth.id);
        people.push(Person { id: recruiter.id, role: "recruiter".into(), name: recruiter.name, room: Some(booth.id) });
    }
    for text in HALL_TALK {
        say(parts, &hall, &organiser, ("organiser", text), None).await?;
    }
    people.extend(colleagues);
    let helper = station(parts, &fair, &organiser).await?;
    people.push(Person { id: helper.id, role: "station".into(), name: helper.name, room: None });
    for seeker in seekers.iter().take(3) {
        people.push(Person { id: seeker.id, role: "seeker".into(), name: seeker.name.clone(), room: None });
    }
    Ok(Seed { fair: fair.id, stage: rooms[1], rooms, people })
}

async fn person(parts: &Parts, name: &str, grant: Grant, address: &str) -> Result<Account> {
    let account = parts.accounts.create(name, false, Lang::Zh).await?;
    parts.accounts.grant(account.id, grant).await?;
    prove(parts, &account, address).await?;
    Ok(account)
}

/// A village station and who helps people there.
async fn station(parts: &Parts, fair: &Fair, organiser: &Account) -> Result<Account> {
    let token = parts.accounts.open_session(organiser).await?;
    let viewer = parts.accounts.viewer_by_token(&token).await?;
    let opened = parts.stations.open(&viewer, fair.id, "石门村便民服务站", "13700000000").await?;
    parts.accounts.close_session(&token).await?;
    let station = opened.map_err(AppError::Invalid)?;
    person(parts, "周敏", Grant::Station(station.id), "station@example.com").await
}

async fn prove(parts: &Parts, account: &Account, address: &str) -> Result<()> {
    match Contact::parse(address) {
        Some(contact) => parts.accounts.add_contact(account.id, &contact).await,
        None => Ok(()),
    }
}

async fn make_fair(parts: &Parts, organiser: &Account, now: Millis) -> Result<Fair> {
    // Midnight in Shanghai, eight hours ahead of UTC all year.
    let today = (now + 8 * HOUR).div_euclid(DAY) * DAY - 8 * HOUR;
    let new = NewFair {
        title_zh: "2027 春风行动线上招聘会".into(),
        title_en: "Spring Breeze Online Job Fair 2027".into(),
        intro_zh: "八家企业、上千个岗位，在线看车间、问招聘官、视频面试，足不出户找到好工作。求职全程免费。".into(),
        intro_en:
            "Eight employers and over a thousand openings: see the workshops, ask the recruiters, interview by video. Free for job seekers."
                .into(),
        region: "330100".into(),
        zone: "Asia/Shanghai".into(),
        cover: String::new(),
        starts_at: today + 9 * HOUR - DAY,
        ends_at: today + 14 * DAY + 18 * HOUR,
    };
    let fair = parts.fairs.create(new, organiser.id).await?;
    parts.accounts.grant(organiser.id, Grant::Organiser(fair.id)).await?;
    let token = parts.accounts.open_session(organiser).await?;
    let viewer = parts.accounts.viewer_by_token(&token).await?;
    parts.fairs.set_state(&viewer, fair.id, FairState::Open).await?;
    let fair = parts.fairs.set_state(&viewer, fair.id, FairState::Live).await?;
    parts.accounts.close_session(&token).await?;
    Ok(fair)
}

async fn booth(parts: &Parts, fair: &Fair, company: &Company, i: usize) -> Result<(Employer, Account, Room)> {
    let new = NewEmployer {
        name_zh: company.zh.into(),
        name_en: company.en.into(),
        credit_code: credit_code(company.sites[0].region, i),
        region: company.sites[0].region.into(),
        industry: company.industry.into(),
        about_zh: company.about_zh.into(),
        about_en: company.about_en.into(),
    };
    let employer = parts.accounts.create_employer(new).await?;
    parts.fairs.admit(fair.id, employer.id).await?;
    let recruiter = person(parts, company.recruiter, Grant::Recruiter(employer.id), &format!("recruiter{i}@example.com")).await?;
    let (title_zh, title_en) = (company.zh.into(), company.en.into());
    let position = i as i64 + 1;
    let booth = parts.rooms.create(NewRoom { fair: fair.id, employer: Some(employer.id), title_zh, title_en, position }).await?;
    Ok((employer, recruiter, booth))
}

/// The papers of an employer, checked a while ago or waiting to be.
async fn hand_in(parts: &Parts, employer: &Employer, recruiter: &Account, organiser: &Account, checked: bool) -> Result<()> {
    for (kind, paper) in [(PaperKind::Licence, LICENCE), (PaperKind::Authorisation, AUTHORISATION)] {
        // What the demo brings along is good.
        let _ = parts.employers.keep_paper(employer.id, kind, paper.to_vec(), recruiter.id).await?;
    }
    let now = parts.clock.now();
    let day = |days: i64| crate::clock::iso(now + days * DAY)[..10].to_owned();
    let form = VerificationForm {
        kind: "direct".into(),
        legal_name: format!("{}有限公司", employer.name_zh.trim_end_matches("有限公司")),
        credit_code: employer.credit_code.clone(),
        publisher_name: recruiter.name.clone(),
        publisher_position: "招聘主管".into(),
        publisher_phone: "13800138000".into(),
        authorised_until: day(400),
        ..VerificationForm::default()
    };
    match checked {
        true => parts.employers.note_verified(employer.id, &form, now + 365 * DAY, organiser.id).await,
        false => parts.employers.note_submitted(employer.id, &form).await.map(|_| ()),
    }
}

/// A made-up unified social credit code with the right check character.
fn credit_code(region: &str, i: usize) -> String {
    let body = format!("91{region}MA0DEMO{i:02}");
    let body = body.replace('O', "0");
    let stem = &body[..body.len().min(17)];
    let stem = format!("{stem:0<17}");
    "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().map(|c| format!("{stem}{c}")).find(|code| credit_code_is_valid(code)).unwrap_or_default()
}

async fn post_jobs(
    parts: &Parts,
    fair: &Fair,
    company: &Company,
    employer: &Employer,
    recruiter: &Account,
    now: Millis,
) -> Result<Vec<Posting>> {
    let mut made = Vec::new();
    // Last first, so that the best known job is the newest and heads the list.
    for (s, site) in company.sites.iter().enumerate().rev() {
        for (j, job) in company.jobs.iter().enumerate().rev() {
            let content = Content {
                title_zh: job.zh.into(),
                title_en: job.en.into(),
                about_zh: format!("{}\n工作地点：{}。{}", company.about_zh, site.zh, duties(job)),
                about_en: format!("{}\nPlace of work: {}.", company.about_en, site.en),
                region: site.region.into(),
                place_zh: site.zh.into(),
                place_en: site.en.into(),
                valid_until: now + (10 + j as i64) * DAY,
                ..terms(job, company, s as i64)
            };
            let new = NewPosting { fair: fair.id, employer: employer.id, content, state: State::Live };
            made.push(parts.postings.create(new, recruiter.id).await?);
        }
    }
    made.reverse();
    Ok(made)
}

fn duties(job: &Job) -> &'static str {
    if job.line {
        "按工艺要求完成流水线作业，包教包会，生手可做。"
    } else {
        "服从安排，认真负责，有相关经验者优先。"
    }
}

fn terms(job: &Job, company: &Company, site: i64) -> Content {
    // Money is stored in fen; sites further out pay a little less.
    let pay = |yuan: i64| (yuan - yuan * site * 2 / 100) * 100;
    let (pay_unit, pay_day, kind) = match job.per {
        Per::Hour => (PayUnit::Hour, PayDay::Weekly, Kind::PartTime),
        Per::Day => (PayUnit::Day, PayDay::Daily, Kind::Temporary),
        Per::Month => (PayUnit::Month, PayDay::Monthly(15), Kind::FullTime),
    };
    let answer = |yes: bool| if yes { Answer::Yes } else { Answer::No };
    Content {
        industry: company.industry.into(),
        headcount: (job.headcount / (site + 1)).max(1),
        pay_min: pay(job.pay.0),
        pay_max: pay(job.pay.1),
        pay_unit,
        pay_day,
        kind,
        couples: answer(job.couples),
        assembly_line: answer(job.line),
        day_shift: answer(job.day_only),
        hourly: if job.per == Per::Hour { pay(job.pay.0) } else { 0 },
        days_off: if job.per == Per::Month { job.days_off } else { -1 },
        meals: if job.per == Per::Hour { Provision::Allowance } else { Provision::Provided },
        housing: if job.per == Per::Month { Provision::Provided } else { Provision::None },
        ..Content::default()
    }
}

/// The booth's earlier conversation; each booth begins elsewhere in it, so that no two look the same.
async fn talk(parts: &Parts, booth: &Room, recruiter: &Account, seekers: &[Account], i: usize) -> Result<()> {
    let start = (i * 2) % TALK.len();
    let mut asked = None;
    for n in 0..TALK.len() {
        let (host, text) = TALK[(start + n) % TALK.len()];
        let author = if host { recruiter } else { &seekers[(n / 2 + i) % seekers.len()] };
        let seq = say(parts, booth, author, (if host { "host" } else { "" }, text), asked.take().filter(|_| host)).await?;
        asked = (!host).then_some(seq);
    }
    Ok(())
}

/// The first booth has a question list: what most people want to know comes first, and one is answered.
async fn ask_questions(parts: &Parts, booth: &Room, recruiter: &Account, seekers: &[Account]) -> Result<()> {
    let device = Device::default();
    let mut voters = Vec::new();
    for seeker in seekers {
        voters.push(parts.accounts.viewer_by_token(&parts.accounts.open_session(seeker).await?).await?);
    }
    let mut asked = Vec::new();
    for (n, (text, votes)) in QUESTIONS.iter().enumerate() {
        let draft = Draft { text: (*text).into(), client_id: format!("demo-{n}") };
        let question = parts.questions.ask(&voters[n % voters.len()], booth.id, &device, &draft).await?;
        for voter in voters.iter().take(*votes) {
            parts.questions.vote(voter, booth.id, &device, question.id, true).await?;
        }
        asked.push(question.id);
    }
    let token = parts.accounts.open_session(recruiter).await?;
    let host = parts.accounts.viewer_by_token(&token).await?;
    if let Some(first) = asked.first() {
        parts.questions.set_state(&host, booth.id, *first, questions::State::Answered, ANSWER).await?;
    }
    parts.accounts.close_session(&token).await
}

/// Says something as somebody with a badge, perhaps as an answer; its number.
async fn say(parts: &Parts, room: &Room, author: &Account, (badge, text): (&str, &str), answers: Option<i64>) -> Result<i64> {
    let mut event = Event::message(author.id, &author.name, badge, text, &uuid::Uuid::now_v7().to_string());
    if let Event::Message { reply, .. } = &mut event {
        *reply = answers.map(Quote::to);
    }
    Ok(parts.live.append(room.id, event).await?.entry.seq)
}

/// The first job of the first booth is on stage when the visitor comes.
async fn put_on_stage(parts: &Parts, booth: &Room, posting: &Posting) -> Result<()> {
    let (zh, en) = (Lang::Zh, Lang::En);
    let content = &posting.content;
    let facts = |lang| content.tags(lang).into_iter().map(|tag| tag.text).take(4).collect();
    let card = Card {
        posting: posting.id,
        version: posting.version,
        title_zh: content.title(zh).into(),
        title_en: content.title(en).into(),
        pay_zh: content.pay(zh),
        pay_en: content.pay(en),
        place_zh: content.place(zh),
        place_en: content.place(en),
        facts_zh: facts(zh),
        facts_en: facts(en),
    };
    parts.live.append(booth.id, Event::Spotlight { card: Some(card) }).await.map(|_| ())
}

/// Two people whom the first booth's recruiter can call back at once. Nobody waits in person, because nobody would answer.
async fn ask_call_backs(parts: &Parts, booth: &Room, postings: &[Posting], seekers: &[Account]) -> Result<()> {
    for (seeker, posting) in seekers.iter().rev().zip(postings).take(2) {
        let token = parts.accounts.open_session(seeker).await?;
        let viewer = parts.accounts.viewer_by_token(&token).await?;
        parts.queue.ask_call_back(&viewer, booth.id, Some(posting.id)).await?;
        parts.accounts.close_session(&token).await?;
    }
    Ok(())
}

/// Slots from the next five minutes on, and for two mornings: somebody who tries the demo can meet within minutes.
async fn offer_interviews(parts: &Parts, fair: &Fair, employer: &Employer, recruiter: &Account, now: Millis) -> Result<()> {
    let token = parts.accounts.open_session(recruiter).await?;
    let viewer = parts.accounts.viewer_by_token(&token).await?;
    // A minute ahead, because filling the server takes a while and what is offered must still be to come.
    let soon = ((now + MINUTE) / (5 * MINUTE) + 1) * (5 * MINUTE);
    let mut offers = soon_windows(soon, |at| fair.local(&at));
    for days in [1, 2] {
        offers.push((fair.local(&(now + days * DAY))[..10].to_owned(), "09:30".into(), "11:30".into()));
    }
    for (date, from, to) in offers {
        let offer = Offer { fair: fair.id.to_string(), date, from, to, length: "15".into(), buffer: "0".into() };
        parts.interviews.offer(&viewer, employer.id, &offer).await?;
    }
    parts.accounts.close_session(&token).await
}

/// The two hours from `soon` as date, from and to in the fair's zone (`2027-02-20 09:30`). An offer lies within one day: a stretch over
/// midnight is two, and a rest too short for an interview is none.
fn soon_windows(soon: i64, local: impl Fn(i64) -> String) -> Vec<(String, String, String)> {
    let end = soon + 2 * HOUR;
    let date = |at| local(at)[..10].to_owned();
    let window = |from, to| (date(from), local(from)[11..].to_owned(), local(to)[11..].to_owned());
    let step = 5 * MINUTE;
    let midnight = (1..=2 * HOUR / step).map(|n| soon + n * step).find(|at| date(*at) != date(soon));
    let parts = match midnight {
        None => vec![(soon, end)],
        Some(midnight) => vec![(soon, midnight - step), (midnight, end)],
    };
    parts.into_iter().filter(|(from, to)| to - from >= 15 * MINUTE).map(|(from, to)| window(from, to)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(soon: &str) -> Vec<String> {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").expect("zone");
        let at: jiff::civil::DateTime = soon.parse().expect("time");
        let at = zone.to_ambiguous_timestamp(at).compatible().expect("instant").as_millisecond();
        let local = |at| {
            let at = jiff::Timestamp::from_millisecond(at).expect("instant");
            zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
        };
        soon_windows(at, local).iter().map(|(date, from, to)| format!("{date} {from} {to}")).collect()
    }

    #[test]
    fn there_are_interviews_soon_at_every_time_of_day() {
        assert_eq!(windows("2027-02-20T09:30"), ["2027-02-20 09:30 11:30"]);
        assert_eq!(windows("2027-02-20T22:00"), ["2027-02-20 22:00 23:55"]);
        assert_eq!(windows("2027-02-20T23:00"), ["2027-02-20 23:00 23:55", "2027-02-21 00:00 01:00"]);
        assert_eq!(windows("2027-02-20T23:50"), ["2027-02-21 00:00 01:50"]);
    }
}
