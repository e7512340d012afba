//! One approved posting everywhere: feeds, sitemaps, markup, poster, script, text, card; live ones only, whatever stands in them.

use crate::decoders::{Peer, python};
use crate::harness::{NOON, TestApp, TestFair, Web};
use crate::postings::{content, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use springbreeze::clock::DAY;
use springbreeze::fairs::FairState;
use springbreeze::postings::{Answer, Content, Kind, PayUnit, Posting, Provision, State};
use std::io::Write;
use std::process::{Command, Stdio};

const EVIL: &str = "</script><script>alert(1)</script>&amp;\"'";
const ODD: &str = "焊工 👨‍👩‍👧‍👦 مرحبا \u{FFFE}𠮷 ]]> --> é";

async fn text(web: &Web, path: &str) -> String {
    let answer = web.client.get(web.url(path)).send().await.expect("response");
    assert_eq!(answer.status().as_u16(), 200, "{path}");
    answer.text().await.expect("text")
}

async fn json(web: &Web, path: &str) -> Value {
    serde_json::from_str(&text(web, path).await).expect(path)
}

/// The path of an address of ours.
fn path(app: &TestApp, url: &Value) -> String {
    url.as_str().expect("address").strip_prefix(&app.app.origin).expect("ours").to_owned()
}

/// A posting in each state, and the one of them that is open.
async fn one_of_each(app: &TestApp, fair: &TestFair) -> (Posting, Vec<Posting>) {
    let open = post(app, fair, content("开着的"), State::Live).await;
    let mut others = Vec::new();
    for (title, state) in
        [("草稿", State::Draft), ("待审", State::Review), ("暂停", State::Paused), ("招满", State::Filled), ("撤回", State::Withdrawn)]
    {
        others.push(post(app, fair, content(title), state).await);
    }
    others.push(post(app, fair, Content { valid_until: NOON, ..content("过期") }, State::Live).await);
    (open, others)
}

async fn set_fair(app: &TestApp, fair: &TestFair, state: FairState) {
    let organiser = app.parts.accounts.viewer_by_token(&fair.organiser.token).await.expect("viewer");
    app.parts.fairs.set_state(&organiser, fair.fair.id, state).await.expect("state");
}

#[tokio::test]
async fn feeds_tell_of_open_postings_alone_and_of_none_once_the_fair_is_over() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let (open, others) = one_of_each(&app, &fair).await;
    let web = app.stranger();
    let bases = [format!("/fairs/{}", fair.fair.id), format!("/employers/{}", fair.employer.id)];
    for base in &bases {
        let feed = json(&web, &format!("{base}/feed.json?lang=zh-CN")).await;
        assert_eq!((&feed["version"], &feed["language"]), (&json!("https://jsonfeed.org/version/1.1"), &json!("zh-CN")));
        assert_eq!(feed["items"].as_array().map(Vec::len), Some(1), "{feed}");
        assert_eq!(feed["items"][0]["url"], format!("{}/postings/{}", app.app.origin, open.id));
        assert_eq!(feed["items"][0]["title"], "开着的 · 5000–7000元/月 · 杭州电子厂");
        assert!(feed.get("next_url").is_none() && feed.get("expired").is_none());
        for format in ["feed.atom", "jobs.xml"] {
            let text = text(&web, &format!("{base}/{format}")).await;
            assert!(text.contains("开着的") && text.contains(&open.id.to_string()), "{text}");
            assert!(others.iter().all(|other| !text.contains(&other.id.to_string())), "{text}");
        }
        let english = json(&web, &format!("{base}/feed.json?lang=en")).await;
        assert_eq!(english["items"][0]["title"], "开着的 · ¥5,000–7,000/month · Factory");
        assert!(text(&web, &format!("{base}/feed.atom?lang=en")).await.contains("xml:lang=\"en\""));
    }
    let sitemap = format!("/sitemaps/{}.xml", fair.fair.id);
    assert!(text(&web, "/sitemap.xml").await.contains(&format!("{}{sitemap}", app.app.origin)));
    let addresses = text(&web, &sitemap).await;
    assert!(addresses.contains(&open.id.to_string()) && others.iter().all(|other| !addresses.contains(&other.id.to_string())));
    assert!(text(&web, "/sitemaps/pages.xml").await.contains(&format!("/employers/{}", fair.employer.id)));
    assert!(text(&web, "/robots.txt").await.contains(&format!("Sitemap: {}/sitemap.xml", app.app.origin)));
    set_fair(&app, &fair, FairState::Closed).await;
    let feed = json(&web, &format!("{}/feed.json", bases[0])).await;
    assert_eq!((feed["items"].as_array().map(Vec::len), &feed["expired"]), (Some(0), &json!(true)));
    assert_eq!(json(&web, &format!("{}/feed.json", bases[1])).await["items"], json!([]));
    for base in &bases {
        for format in ["feed.atom", "jobs.xml"] {
            assert!(!text(&web, &format!("{base}/{format}")).await.contains(&open.id.to_string()));
        }
    }
    assert_eq!(web.status(&sitemap).await, 404);
    assert!(!text(&web, "/sitemap.xml").await.contains(&fair.fair.id.to_string()));
    app.stop().await;
}

#[tokio::test]
async fn a_draft_fair_and_an_unknown_employer_have_no_feeds() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let organiser = fair.organiser.account.id;
    let draft = app.parts.fairs.create(springbreeze::fairs::NewFair::default(), organiser).await.expect("fair");
    let absent = uuid::Uuid::now_v7();
    for base in [format!("/fairs/{}", draft.id), format!("/fairs/{absent}"), format!("/employers/{absent}"), "/fairs/x".into()] {
        for format in ["feed.json", "feed.atom", "jobs.xml"] {
            // Its organiser sees what everybody sees.
            for web in [&app.stranger(), &fair.organiser.web] {
                assert_eq!(web.status(&format!("{base}/{format}")).await, 404, "{base}/{format}");
            }
        }
    }
    for name in [format!("{}.xml", draft.id), format!("{}.2.xml", fair.fair.id), "x.xml".into(), "..%2F..%2Fetc".into()] {
        assert_eq!(app.stranger().status(&format!("/sitemaps/{name}")).await, 404, "{name}");
    }
    assert_eq!(app.stranger().status(&format!("/fairs/{}/feed.json?after=x", fair.fair.id)).await, 400);
    app.stop().await;
}

#[tokio::test]
async fn long_feeds_come_in_pages_and_long_files_as_they_are_read() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    for i in 0..230 {
        post(&app, &fair, content(&format!("岗位{i}号")), State::Live).await;
    }
    let web = app.stranger();
    let (mut next, mut titles, mut pages) = (format!("/fairs/{}/feed.json", fair.fair.id), Vec::new(), 0);
    loop {
        let feed = json(&web, &next).await;
        titles.extend(
            feed["items"].as_array().expect("items").iter().map(|item| item["_posting"]["title"].as_str().expect("title").to_owned()),
        );
        pages += 1;
        match feed.get("next_url") {
            Some(url) => next = path(&app, url),
            None => break,
        }
    }
    let expected: Vec<String> = (0..230).rev().map(|i| format!("岗位{i}号")).collect();
    assert_eq!((pages, titles), (5, expected));
    let first = text(&web, &format!("/fairs/{}/feed.atom", fair.fair.id)).await;
    let link = first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("next").replace("&#38;", "&");
    let second = text(&web, &path(&app, &json!(link))).await;
    assert!(second.contains("岗位179号") && !second.contains("岗位180号") && first.contains("岗位180号"), "{link}");
    for base in [format!("/fairs/{}", fair.fair.id), format!("/employers/{}", fair.employer.id)] {
        let jobs = text(&web, &format!("{base}/jobs.xml")).await;
        assert_eq!((jobs.matches("<job>").count(), jobs.matches("</source>").count()), (230, 1));
        assert!(jobs.trim_end().ends_with("</source>") && (0..230).all(|i| jobs.contains(&format!("岗位{i}号<"))));
    }
    let all = text(&web, &format!("/sitemaps/{}.xml", fair.fair.id)).await;
    assert_eq!(all.matches("<loc>").count(), 230);
    // What begins behind the hundredth one has the other 130 in the same order.
    let hundredth = all.split("/postings/").nth(100).and_then(|rest| rest.get(..36)).expect("an id");
    let at = app.clock.now();
    let rest = text(&web, &format!("/sitemaps/{}.{at}.{hundredth}.xml", fair.fair.id)).await;
    assert_eq!(rest.matches("<loc>").count(), 130);
    assert!(all.ends_with(rest.split_once("0.9\">\n").expect("head").1) && !rest.contains(hundredth));
    app.stop().await;
}

#[tokio::test]
async fn who_has_the_newest_gets_it_no_second_time() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("焊工"), State::Live).await;
    let web = app.stranger();
    let paths = ["feed.json", "feed.atom", "jobs.xml"].map(|name| format!("/fairs/{}/{name}", fair.fair.id));
    let poster = format!("/postings/{}/poster.pdf", posting.id);
    let mut tags = Vec::new();
    for path in paths.iter().chain([&poster]) {
        let first = web.client.get(web.url(path)).send().await.expect("response");
        let head = first.headers().clone();
        assert!(head["cache-control"].to_str().expect("text").starts_with("public, max-age="), "{path}");
        assert_eq!(head["access-control-allow-origin"], "*");
        assert!(head.get("set-cookie").is_none());
        for (ask, said) in [("if-none-match", "etag"), ("if-modified-since", "last-modified")] {
            let again = web.client.get(web.url(path)).header(ask, head[said].clone()).send().await.expect("response");
            assert_eq!((again.status().as_u16(), &again.headers()["etag"]), (304, &head["etag"]), "{path} {ask}");
            assert!(again.bytes().await.expect("body").is_empty());
        }
        tags.push(head["etag"].clone());
    }
    app.clock.advance(DAY);
    let recruiter = app.parts.accounts.viewer_by_token(&fair.recruiter.token).await.expect("viewer");
    app.parts.postings.set_state(&recruiter, posting.id, State::Filled).await.expect("filled");
    for (path, tag) in paths.iter().zip(&tags) {
        let again = web.client.get(web.url(path)).header("if-none-match", tag.clone()).send().await.expect("response");
        assert_eq!(again.status().as_u16(), 200, "{path}");
        assert!(!again.text().await.expect("text").contains(&posting.id.to_string()));
    }
    app.stop().await;
}

#[tokio::test]
async fn what_is_printed_read_out_or_embedded_is_there_while_the_posting_is_open() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let said = Content {
        couples: Answer::Yes,
        meals: Provision::Provided,
        pay_min: 600_000,
        pay_max: 800_000,
        headcount: 20,
        title_en: "Welder".into(),
        ..content("焊工")
    };
    let posting = post(&app, &fair, said, State::Live).await;
    let (_, others) = one_of_each(&app, &fair).await;
    let web = app.stranger();
    let plain = text(&web, &format!("/postings/{}/text", posting.id)).await;
    for part in ["焊工，6000–8000元/月", "杭州电子厂", "包吃、有夫妻房", &format!("{}/postings/{}", app.app.origin, posting.id), "免费"]
    {
        assert!(plain.contains(part), "{plain}");
    }
    assert!(text(&web, &format!("/postings/{}/text?lang=en", posting.id)).await.contains("[Job] Welder, ¥6,000–8,000/month"));
    let script = web.page(&format!("/postings/{}/script", posting.id)).await;
    for part in [
        "焊工，招二十名",
        "工资每月六千到八千元",
        "包吃，有夫妻房",
        "三月十二号",
        "Welder, twenty people",
        "six thousand to eight thousand yuan a month",
        "March twelfth",
    ] {
        assert!(script.contains(part), "{part} in {script}");
    }
    let card = web.get(&format!("/postings/{}/card", posting.id)).send().await.expect("response");
    let head = card.headers().clone();
    assert!(head["content-security-policy"].to_str().expect("text").ends_with("frame-ancestors *"));
    assert!(head.get("x-frame-options").is_none() && head.get("set-cookie").is_none());
    let card = card.text().await.expect("text");
    assert!(card.contains("焊工") && card.contains("6000–8000元/月") && !card.contains("<script"), "{card}");
    let page = web.get(&format!("/postings/{}", posting.id)).send().await.expect("response");
    assert_eq!(page.headers()["x-frame-options"], "DENY");
    let page = page.text().await.expect("text");
    for part in ["分享这个岗位", "【招聘】焊工", "&#60;iframe src=&#34;", "/poster.pdf?lang=zh-CN"] {
        assert!(page.contains(part), "{part}");
    }
    for other in &others {
        let hidden = matches!(other.state, State::Draft | State::Review | State::Withdrawn);
        let status = if hidden { 404 } else { 410 };
        for part in ["text", "script", "poster.pdf"] {
            // Its recruiter, too: nothing is passed on before it is approved.
            for web in [&web, &fair.recruiter.web] {
                assert_eq!(web.status(&format!("/postings/{}/{part}", other.id)).await, status, "{:?} {part}", other.state);
            }
        }
        let card = web.get(&format!("/postings/{}/card", other.id)).send().await.expect("response");
        assert_eq!(card.status().as_u16(), if hidden { 404 } else { 200 });
        assert!(card.headers()["content-security-policy"].to_str().expect("text").ends_with("frame-ancestors *"));
        let card = card.text().await.expect("text");
        assert!(card.contains("这个岗位现在没有在招") && !card.contains(&other.content.title_zh), "{card}");
        if !hidden {
            assert!(!web.page(&format!("/postings/{}", other.id)).await.contains("分享这个岗位"));
        }
    }
    let absent = uuid::Uuid::now_v7();
    assert_eq!(web.status(&format!("/postings/{absent}/card")).await, 404);
    for (page, feed) in [
        (format!("/fairs/{}/postings", fair.fair.id), format!("/fairs/{}/feed.atom", fair.fair.id)),
        (format!("/employers/{}", fair.employer.id), format!("/employers/{}/feed.json", fair.employer.id)),
    ] {
        assert!(web.page(&page).await.contains(&format!("href=\"{feed}?lang=zh-CN\"")), "{page}");
    }
    app.stop().await;
}

/// What a posting may say, to be told everywhere.
fn corpus() -> Vec<Content> {
    vec![
        content("焊工"),
        Content {
            title_en: "Welder".into(),
            about_en: "Weld\nall day.\n\nAnd night.".into(),
            place_zh: "滨江区江南大道 1 号".into(),
            place_en: "1 Jiangnan Road".into(),
            ..content("焊工")
        },
        Content {
            title_zh: EVIL.into(),
            title_en: EVIL.into(),
            about_zh: EVIL.into(),
            about_en: EVIL.into(),
            place_zh: EVIL.into(),
            place_en: EVIL.into(),
            age_basis: EVIL.into(),
            age_min: 18,
            ..content("")
        },
        Content { about_zh: ODD.into(), place_zh: ODD.into(), ..content(ODD) },
        Content { pay_min: 0, pay_max: 0, about_zh: String::new(), region: "110000".into(), kind: Kind::Internship, ..content("面议") },
        Content {
            pay_min: 2_250,
            pay_max: 2_250,
            pay_unit: PayUnit::Hour,
            kind: Kind::PartTime,
            days_off: 4,
            day_shift: Answer::Yes,
            ..content("小时工")
        },
        Content {
            couples: Answer::Yes,
            meals: Provision::Provided,
            housing: Provision::Allowance,
            assembly_line: Answer::No,
            hourly: 3_000,
            occupation: "6-25-04-07".into(),
            ..content(&"很长的岗位名称".repeat(8))
        },
        Content {
            about_zh: "长".repeat(900),
            headcount: 99_999,
            pay_unit: PayUnit::Year,
            pay_min: 12_345_678,
            pay_max: 99_999_999_900,
            ..content("年薪")
        },
    ]
}

/// The markup on the page of a posting.
fn markup(page: &str) -> Value {
    let script =
        page.split("<script type=\"application/ld+json\">").nth(1).and_then(|rest| rest.split("</script>").next()).expect("markup");
    serde_json::from_str(script).expect("JSON")
}

/// What search engines require of a JobPosting and what they recommend, each with what it must be like.
fn wrong(job: &Value, lang: &str, content: &Content) -> Vec<String> {
    let filled = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    let time = |value: &Value| value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok());
    let address = |value: &Value| value.as_str().is_some_and(|text| text.starts_with("http://") || text.starts_with("https://"));
    let one_of = |value: &Value, all: &[&str]| value.as_str().is_some_and(|text| all.contains(&text));
    let at = |pointer: &str| job.pointer(pointer).cloned().unwrap_or(Value::Null);
    let title = if lang == "en" && !content.title_en.is_empty() { &content.title_en } else { &content.title_zh };
    let mut table = vec![
        ("@context", at("/@context") == "https://schema.org"),
        ("@type", at("/@type") == "JobPosting"),
        ("title", at("/title") == title.as_str()),
        (
            "description",
            filled(&at("/description"))
                && at("/description").as_str().is_some_and(|text| text.contains("<li>") && !text.contains("<script")),
        ),
        ("datePosted", time(&at("/datePosted"))),
        ("validThrough", time(&at("/validThrough"))),
        ("hiringOrganization", at("/hiringOrganization/@type") == "Organization" && filled(&at("/hiringOrganization/name"))),
        ("hiringOrganization.sameAs", address(&at("/hiringOrganization/sameAs"))),
        ("jobLocation", at("/jobLocation/@type") == "Place" && at("/jobLocation/address/@type") == "PostalAddress"),
        ("addressCountry", at("/jobLocation/address/addressCountry") == "CN"),
        ("addressRegion", filled(&at("/jobLocation/address/addressRegion"))),
        ("addressLocality", filled(&at("/jobLocation/address/addressLocality"))),
        ("identifier", at("/identifier/@type") == "PropertyValue" && filled(&at("/identifier/name")) && filled(&at("/identifier/value"))),
        ("employmentType", one_of(&at("/employmentType"), &["FULL_TIME", "PART_TIME", "TEMPORARY", "INTERN"])),
        ("directApply", at("/directApply") == true),
        ("totalJobOpenings", at("/totalJobOpenings") == content.headcount),
        ("industry", filled(&at("/industry"))),
        ("url", address(&at("/url"))),
        ("occupationalCategory", at("/occupationalCategory") == Value::Null || filled(&at("/occupationalCategory"))),
        ("streetAddress", content.place_zh.is_empty() == at("/jobLocation/address/streetAddress").is_null()),
        ("baseSalary", (content.pay_max > 0) == job.get("baseSalary").is_some()),
        ("jobBenefits", (content.couples == Answer::Yes) <= filled(&at("/jobBenefits"))),
        ("workHours", (content.days_off >= 0) <= filled(&at("/workHours"))),
    ];
    if content.pay_max > 0 {
        let value = |name: &str| at(&format!("/baseSalary/value/{name}")).as_f64();
        let range = value("minValue").zip(value("maxValue")).is_some_and(|(min, max)| min < max) || value("value").is_some();
        let unit = one_of(&at("/baseSalary/value/unitText"), &["HOUR", "DAY", "WEEK", "MONTH", "YEAR"]);
        table.push(("baseSalary.value", at("/baseSalary/currency") == "CNY" && range && unit));
    }
    table.into_iter().filter(|(_, right)| !right).map(|(name, _)| name.to_owned()).collect()
}

#[tokio::test]
async fn the_markup_has_every_field_that_search_engines_want_whatever_a_posting_says() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let web = app.stranger();
    for content in corpus() {
        let posting = post(&app, &fair, content.clone(), State::Live).await;
        let path = format!("/postings/{}", posting.id);
        for lang in ["zh-CN", "en"] {
            let page = web.get(&path).header("accept-language", lang).send().await.expect("response").text().await.expect("page");
            assert!(!page.contains("<script>alert"), "markup of others in the page of {:?}", content.title_zh);
            assert_eq!(
                wrong(&markup(&page), lang, &content),
                Vec::<String>::new(),
                "{:?} in {lang}: {:#}",
                content.title_zh,
                markup(&page)
            );
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn whatever_a_posting_says_it_is_only_ever_text() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let web = app.stranger();
    for content in corpus() {
        let posting = post(&app, &fair, content, State::Live).await;
        for path in ["script", "card", "text", "poster.pdf"] {
            let path = format!("/postings/{}/{path}", posting.id);
            let answer = web.get(&path).send().await.expect("response");
            let kind = answer.headers()["content-type"].to_str().expect("text").to_owned();
            assert_eq!(answer.status().as_u16(), 200, "{path}");
            let body = answer.bytes().await.expect("body");
            if kind.starts_with("text/html") {
                assert!(!String::from_utf8_lossy(&body).contains("<script>alert"), "{path}");
            }
            assert!(!kind.starts_with("application/pdf") || body.starts_with(b"%PDF-"), "{path}");
        }
    }
    for format in ["feed.atom", "jobs.xml"] {
        let text = text(&web, &format!("/fairs/{}/{format}", fair.fair.id)).await;
        assert!(!text.contains("<script") && !text.contains('\u{FFFE}'), "{text}");
    }
    app.stop().await;
}

/// What other people's libraries read.
fn read(asked: &Value) -> Option<Value> {
    let mut command = Command::new(python()?);
    let mut peer = command.arg(Peer::path("feeds.py")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python");
    peer.stdin.take().expect("stdin").write_all(asked.to_string().as_bytes()).expect("asked");
    let answer = peer.wait_with_output().expect("answer");
    assert!(answer.status.success(), "the libraries take what we write");
    Some(serde_json::from_slice(&answer.stdout).expect("json"))
}

#[tokio::test]
async fn other_libraries_read_feeds_and_sitemaps_and_scan_the_poster() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let web = app.stranger();
    let mut postings = Vec::new();
    for content in corpus() {
        postings.push(post(&app, &fair, content, State::Live).await);
        app.clock.advance(1_000);
    }
    let mut posters = Vec::new();
    for posting in &postings {
        for lang in ["zh-CN", "en"] {
            let answer = web.get(&format!("/postings/{}/poster.pdf?lang={lang}", posting.id)).send().await.expect("response");
            assert_eq!(answer.headers()["content-type"], "application/pdf");
            posters.push(BASE64.encode(answer.bytes().await.expect("file")));
        }
    }
    let base = format!("/fairs/{}", fair.fair.id);
    let sitemaps = [
        text(&web, "/sitemap.xml").await,
        text(&web, "/sitemaps/pages.xml").await,
        text(&web, &format!("/sitemaps/{}.xml", fair.fair.id)).await,
    ];
    let atom = text(&web, &format!("{base}/feed.atom")).await;
    let asked = json!({"atom": atom, "jobs": text(&web, &format!("{base}/jobs.xml")).await, "sitemaps": sitemaps, "posters": posters});
    let Some(found) = read(&asked) else { return };
    let urls: Vec<String> = postings.iter().map(|posting| format!("{}/postings/{}", app.app.origin, posting.id)).collect();
    let newest_first: Vec<&String> = urls.iter().rev().collect();
    assert_eq!((&found["atom"]["version"], &found["atom"]["title"]), (&json!("atom10"), &json!("春风行动 · 在招岗位")));
    let entries = found["atom"]["entries"].as_array().expect("entries");
    assert_eq!(entries.iter().map(|entry| entry["id"].as_str().expect("id")).collect::<Vec<_>>(), newest_first);
    assert!(entries.iter().all(|entry| entry["author"] == "杭州电子厂" && !entry["content"].as_str().expect("text").contains("<script")));
    let jobs = found["jobs"].as_array().expect("jobs");
    assert_eq!(jobs.iter().map(|job| job["url"].as_str().expect("url")).collect::<Vec<_>>(), newest_first);
    for name in
        ["title", "date", "referencenumber", "company", "city", "state", "country", "description", "salary", "jobtype", "expirationdate"]
    {
        assert!(jobs.iter().all(|job| job[name].as_str().is_some_and(|text| !text.is_empty())), "{name}");
    }
    assert_eq!(jobs[5]["title"], EVIL, "what was written comes back as it was");
    assert_eq!(found["sitemaps"][2], json!(urls));
    assert_eq!(found["sitemaps"][0].as_array().map(Vec::len), Some(2));
    for (n, poster) in found["posters"].as_array().expect("posters").iter().enumerate() {
        assert_eq!(
            (&poster["pages"], &poster["size"], &poster["fonts_embedded"]),
            (&json!(1), &json!([595.0, 842.0]), &json!(true)),
            "{poster}"
        );
        assert_eq!(poster["codes"], json!([urls[n / 2]]), "a phone reads the code");
        let employer = if n % 2 == 0 { "杭州电子厂" } else { "Factory" };
        assert!(poster["text"].as_str().expect("text").contains(employer), "{poster}");
    }
    assert!(found["posters"][0]["text"].as_str().expect("text").contains("5000–7000元/月"));
    assert!(found["posters"][6]["text"].as_str().expect("text").contains('□'), "what the font lacks is seen");
    app.stop().await;
}
