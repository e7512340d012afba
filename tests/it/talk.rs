//! What makes a chat a talk: answers with what they answer, names, links, quick answers, the view of hosts only, who is typing, the export.
//! And that words which were taken away are nowhere to be read.

use crate::harness::{Person, TestApp, Web};
use crate::socket::Client;
use reqwest::StatusCode;
use serde_json::{Value, json};
use springbreeze::ids::RoomId;
use springbreeze::live::Event;
use std::path::Path;

async fn history(web: &Web, room: RoomId) -> Vec<Value> {
    let answer = web.get(&format!("/rooms/{room}/messages")).send().await.expect("history");
    let mut history: Value = answer.json().await.expect("json");
    history["entries"].take().as_array().expect("entries").clone()
}

async fn answer(client: &mut Client, id: &str, text: &str, to: i64) -> i64 {
    client.send(json!({ "type": "send", "client_id": id, "text": text, "reply_to": to })).await;
    client.wait("ack").await["seq"].as_i64().expect("seq")
}

#[tokio::test]
async fn an_answer_carries_what_it_answers() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let (mut seeker, _) = Client::join(&app, room, Some(&li), None).await;
    let (mut host, _) = Client::join(&app, room, Some(&at.recruiter), None).await;
    let asked = seeker.say("q", "包吃住吗？\n夫妻房呢").await;
    let seq = answer(&mut host, "a", "都有", asked).await;
    let told = loop {
        let message = seeker.wait("message").await;
        if message["seq"] == seq {
            break message;
        }
    };
    let quote = json!({ "seq": asked, "author": li.account.id, "name": "李雷", "text": "包吃住吗？ 夫妻房呢" });
    assert_eq!(told["reply"], quote);
    assert_eq!(history(&app.stranger(), room).await[1]["reply"], quote, "and from the history");
    assert_eq!(answer(&mut host, "a", "都有", asked).await, seq, "sent again it is the same");
    let (mut late, _) = Client::join(&app, room, None, Some(0)).await;
    late.wait("message").await;
    assert_eq!(late.wait("message").await["reply"], quote, "and to who comes later");
    let path = format!("/rooms/{room}/messages");
    let form = [("client_id", "f"), ("text", "谢谢"), ("reply_to", &seq.to_string())];
    assert_eq!(li.web.form(&path, &form).await.status(), StatusCode::SEE_OTHER);
    let page = li.web.page(&format!("/rooms/{room}/chat?reply={seq}")).await;
    assert!(page.contains(&format!("name=\"reply_to\" value=\"{seq}\"")), "a form without scripts has it");
    assert!(
        page.contains(&format!("href=\"#msg-{asked}\"")) && page.contains(&format!("id=\"msg-{asked}\"")) && page.contains("msg-for-you")
    );
    let started = app.parts.live.append(room, Event::StreamStarted).await.expect("event").entry.seq;
    for no_message in [9_999, started, -1] {
        host.send(json!({ "type": "send", "client_id": format!("x{no_message}"), "text": "?", "reply_to": no_message })).await;
        assert_eq!(host.wait("error").await["code"], "bad-reply");
    }
    let refused = li.web.json(&path, json!({ "client_id": "y", "text": "?", "reply_to": 9_999 })).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    app.stop().await;
}

/// Wherever an answer can be read, nothing of `words` is.
async fn is_nowhere(app: &TestApp, room: RoomId, organiser: &Person, words: &str) {
    let web = app.stranger();
    for path in [
        format!("/rooms/{room}/messages"),
        format!("/rooms/{room}/chat"),
        format!("/rooms/{room}"),
        format!("/rooms/{room}/chat?only=host"),
    ] {
        let text = web.get(&path).send().await.expect("page").text().await.expect("text");
        assert!(!text.contains(words), "{path}");
    }
    for format in ["csv", "jsonl"] {
        let path = format!("/rooms/{room}/chat/export?format={format}");
        assert!(!organiser.web.get(&path).send().await.expect("export").text().await.expect("text").contains(words), "{format}");
    }
    let (mut client, _) = Client::join(app, room, None, Some(0)).await;
    loop {
        let frame = client.next().await.expect("frame");
        assert!(!frame.to_string().contains(words), "{frame}");
        if frame["type"] == "presence" {
            break;
        }
    }
}

#[tokio::test]
async fn what_is_taken_away_is_gone_from_its_answers_too_and_comes_back() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, han, room) = (app.seeker("李雷").await, app.seeker("韩梅梅").await, at.booth.id);
    let (mut bad, _) = Client::join(&app, room, Some(&li), None).await;
    let (mut other, _) = Client::join(&app, room, Some(&han), None).await;
    let asked = bad.say("q", "难听的话").await;
    let seq = answer(&mut other, "a", "别这样", asked).await;
    let host = &at.recruiter.web;
    let deletions = format!("/rooms/{room}/deletions");
    assert_eq!(host.json(&deletions, json!({ "seq": asked })).await.status(), StatusCode::CREATED);
    other.wait("deleted").await;
    is_nowhere(&app, room, &at.organiser, "难听").await;
    let quote =
        async |app: &TestApp| history(&app.stranger(), room).await.iter().find(|e| e["seq"] == seq).expect("answer")["reply"].clone();
    assert_eq!(quote(&app).await, json!({ "seq": asked, "deleted": true }));
    let late = answer(&mut other, "b", "说的就是这条", asked).await;
    let told = history(&app.stranger(), room).await;
    let told = told.iter().find(|e| e["seq"] == late).expect("entry");
    assert_eq!(told["reply"], json!({ "seq": asked, "deleted": true }), "one may answer it and quotes nothing");
    let undo = host.form(&format!("{deletions}/{asked}/undo"), &[("back", "/")]).await;
    assert_eq!(undo.status(), StatusCode::SEE_OTHER);
    assert_eq!(quote(&app).await["text"], "难听的话");

    assert_eq!(host.json(&deletions, json!({ "author": li.account.id })).await.status(), StatusCode::CREATED);
    is_nowhere(&app, room, &at.organiser, "难听").await;
    let restored = host.client.delete(host.url(&format!("{deletions}/{}", li.account.id))).send().await.expect("undo");
    assert_eq!(restored.status(), StatusCode::NO_CONTENT);
    assert_eq!(quote(&app).await["name"], "李雷");
    assert_eq!(host.json(&deletions, json!({ "seq": seq })).await.status(), StatusCode::CREATED);
    assert_eq!(quote(&app).await, Value::Null, "an answer that is gone quotes nothing");
    let (bodies,): (i64,) =
        sqlx::query_as("SELECT COUNT(*) FROM room_events WHERE seq <> $1 AND (body LIKE '%难听%' OR hidden LIKE '%难听%')")
            .bind(asked)
            .fetch_one(app.parts.db.read())
            .await
            .expect("count");
    assert_eq!(bodies, 0, "the words stand in one row");
    app.stop().await;
}

/// Answers are sent while what they answer is taken away: whoever is first, no quote outlives the words.
#[tokio::test]
async fn no_quote_outlives_its_words_whoever_is_first() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let room = at.hall.id;
    let author = app.seeker("李雷").await.account.id;
    for round in 0..12 {
        let words = format!("秘密{round}号");
        let asked =
            app.parts.live.append(room, Event::message(author, "李雷", "", &words, &format!("q{round}"))).await.expect("asked").entry.seq;
        let (mut watcher, _) = Client::join(&app, room, None, Some(asked)).await;
        let answers = (0..8).map(|n| {
            let mut event = Event::message(author, "李雷", "", "答", &format!("a{round}-{n}"));
            if let Event::Message { reply, .. } = &mut event {
                *reply = Some(springbreeze::live::Quote::to(asked));
            }
            app.parts.live.append(room, event)
        });
        let (answered, deleted) = tokio::join!(futures_util::future::join_all(answers), app.parts.live.delete_message(room, asked));
        assert!(deleted.expect("deleted") && answered.iter().all(Result::is_ok));
        let stored = app.parts.live.after(room, asked - 1, 100).await.expect("entries");
        assert!(!serde_json::to_string(&stored).expect("JSON").contains(&words), "nothing is left to be read");
        let mut gone = false;
        for _ in 0..9 {
            let frame = loop {
                let frame = watcher.next().await.expect("frame");
                if frame["seq"].is_i64() {
                    break frame;
                }
            };
            gone |= frame["type"] == "deleted";
            assert!(!gone || !frame.to_string().contains(&words), "nobody is told the words after that they are gone");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn names_are_resolved_among_those_who_wrote() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, han, room) = (app.seeker("李雷").await, app.seeker("韩梅梅").await, at.booth.id);
    let (mut one, _) = Client::join(&app, room, Some(&li), None).await;
    let (mut two, _) = Client::join(&app, room, Some(&han), None).await;
    one.say("a", "@韩梅梅 在吗").await;
    two.say("b", "@李雷，@李雷 在 @招聘官").await;
    let all = history(&app.stranger(), room).await;
    assert_eq!(all[0].get("mentions"), None, "who has not written cannot be named");
    assert_eq!(all[1]["mentions"], json!([{ "account": li.account.id, "name": "李雷" }]));
    let page = li.web.page(&format!("/rooms/{room}/chat")).await;
    assert!(page.contains("<span class=\"mention mention-own\">@李雷</span>，") && page.contains("msg-for-you"), "{page}");
    let page = han.web.page(&format!("/rooms/{room}/chat")).await;
    assert!(page.contains("<span class=\"mention\">@李雷</span>，") && !page.contains("msg-for-you"));
    let deleted = at.recruiter.web.json(&format!("/rooms/{room}/deletions"), json!({ "seq": all[1]["seq"] })).await;
    assert_eq!(deleted.status(), StatusCode::CREATED);
    assert_eq!(history(&app.stranger(), room).await[1].get("mentions"), None);
    app.stop().await;
}

#[tokio::test]
async fn a_held_answer_keeps_what_it_answers_and_whom_it_names() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, han, room) = (app.seeker("李雷").await, app.seeker("韩梅梅").await, at.booth.id);
    let (mut one, _) = Client::join(&app, room, Some(&li), None).await;
    let asked = one.say("q", "交钱吗").await;
    let path = format!("/rooms/{room}/messages");
    let held = han.web.json(&path, json!({ "client_id": "h", "text": "@李雷 先交300元押金", "reply_to": asked })).await;
    assert_eq!(held.status(), StatusCode::ACCEPTED);
    let desk = app.parts.moderation.desk(&app.parts.accounts.viewer_by_token(&at.organiser.token).await.expect("viewer"), at.fair.id).await;
    let case = desk.expect("desk").cases[0].0.id;
    let approved = at.organiser.web.json(&format!("/reviews/{case}/decisions"), json!({ "decision": "approve" })).await;
    assert_eq!(approved.status(), StatusCode::CREATED);
    let published = &history(&app.stranger(), room).await[1];
    assert_eq!((published["reply"]["text"].as_str(), published["mentions"][0]["name"].as_str()), (Some("交钱吗"), Some("李雷")));
    app.stop().await;
}

#[tokio::test]
async fn links_are_links_only_of_those_who_answer_for_them() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let text = "https://Jobs.gov.example/a?b=1&c=<2> javascript:alert(1)";
    for (who, id) in [(&li, "v"), (&at.organiser, "o")] {
        let sent = who.web.json(&format!("/rooms/{room}/messages"), json!({ "client_id": id, "text": text })).await;
        assert!(sent.status().is_success(), "{}", sent.status());
    }
    let page = app.stranger().page(&format!("/rooms/{room}/chat")).await;
    let link = "target=\"_blank\" rel=\"noopener noreferrer nofollow ugc\">jobs.gov.example/a?b=1";
    assert_eq!(page.matches(link).count(), 1, "{page}");
    assert!(!page.contains("href=\"javascript"));
    app.stop().await;
}

#[tokio::test]
async fn only_hosts_and_what_they_answer_works_without_scripts() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("李雷").await, at.booth.id);
    let (mut seeker, _) = Client::join(&app, room, Some(&li), None).await;
    let (mut host, _) = Client::join(&app, room, Some(&at.recruiter), None).await;
    let asked = seeker.say("q", "几点上班？").await;
    seeker.say("x", "随便聊聊").await;
    answer(&mut host, "a", "早上八点", asked).await;
    let page = app.stranger().page(&format!("/rooms/{room}/chat?only=host")).await;
    assert!(page.contains("几点上班？") && page.contains("早上八点") && !page.contains("随便聊聊"), "{page}");
    assert!(page.contains("隐藏了 1 条"));
    assert!(li.web.page(&format!("/rooms/{room}/chat?only=host")).await.contains("随便聊聊"), "one's own words are there");
    assert!(app.stranger().page(&format!("/rooms/{room}/chat")).await.contains("随便聊聊"));
    app.stop().await;
}

#[tokio::test]
async fn quick_answers_are_kept_by_those_who_host() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (_, foreign, _) = app.employer(&at.fair, "宁波服装厂").await;
    let (li, host, path) = (app.seeker("李雷").await, &at.recruiter.web, format!("/rooms/{}/quick-answers", at.booth.id));
    for outsider in [&li.web, &foreign.web, &app.stranger()] {
        assert_eq!(outsider.status(&path).await, 404);
        assert_eq!(outsider.json(&path, json!({ "text": "x" })).await.status(), StatusCode::NOT_FOUND);
    }
    let added = host.json(&path, json!({ "text": " 包吃住，四人间\u{202E} " })).await;
    assert_eq!(added.status(), StatusCode::CREATED);
    let id = added.json::<Value>().await.expect("json")["id"].as_str().expect("id").to_owned();
    let twice = host.form(&path, &[("text", "包吃住，四人间")]).await;
    assert_eq!(twice.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.text().await.expect("page").contains("已经有一样的回答了"));
    let long = "字".repeat(501);
    let refused = host.form(&path, &[("text", &long)]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().await.expect("page").contains(&long), "the form comes back filled in");
    let problem: Value = host.json(&path, json!({ "text": "\u{200B}" })).await.json().await.expect("problem");
    assert!(problem["errors"]["text"].is_string(), "{problem}");
    let list = async |web: &Web| {
        let answer = web.client.get(web.url(&path)).send().await.expect("list");
        answer.json::<Value>().await.expect("json")["answers"].as_array().expect("answers").clone()
    };
    let colleagues = list(&at.organiser.web).await;
    assert_eq!((colleagues.len(), colleagues[0]["text"].as_str()), (1, Some("包吃住，四人间")));
    let change = format!("{path}/{id}");
    assert_eq!(host.form(&change, &[("text", "包吃住，两人间")]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(host.form(&change, &[("text", "")]).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(host.page(&path).await.contains("包吃住，两人间"));
    let elsewhere = format!("/rooms/{}/quick-answers/{id}", at.hall.id);
    assert_eq!(at.organiser.web.json(&elsewhere, json!({ "text": "y" })).await.status(), StatusCode::NOT_FOUND, "not that of a hall");
    for n in 1..50 {
        assert_eq!(host.json(&path, json!({ "text": format!("回答 {n}") })).await.status(), StatusCode::CREATED);
    }
    assert_eq!(host.json(&path, json!({ "text": "太多了" })).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(host.form(&format!("{change}/removals"), &[]).await.status(), StatusCode::SEE_OTHER);
    let gone = host.client.delete(host.url(&change)).send().await.expect("gone");
    assert_eq!((gone.status(), list(host).await.len()), (StatusCode::NO_CONTENT, 49));
    app.stop().await;
}

#[tokio::test]
async fn the_room_is_told_how_many_are_typing_and_nothing_more() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let room = at.booth.id;
    let (mut watcher, _) = Client::join(&app, room, None, None).await;
    let (mut nameless, _) = Client::join(&app, room, None, None).await;
    let mut writers = Vec::new();
    for name in ["甲", "乙"] {
        let person = app.seeker(name).await;
        writers.push(Client::join(&app, room, Some(&person), None).await.0);
    }
    nameless.send(json!({ "type": "typing" })).await;
    nameless.send(json!({ "type": "ping" })).await;
    nameless.wait("pong").await;
    for writer in &mut writers {
        for _ in 0..3 {
            writer.send(json!({ "type": "typing" })).await;
        }
    }
    let mut told = watcher.wait("typing").await;
    if told["count"] == 1 {
        told = watcher.wait("typing").await;
    }
    assert_eq!(told, json!({ "type": "typing", "count": 2 }));
    writers[0].say("a", "写好了").await;
    assert_eq!(watcher.wait("typing").await["count"], 1, "what was typed has come");
    assert_eq!(watcher.wait("typing").await["count"], 0, "and who stops is forgotten");
    app.stop().await;
}

#[tokio::test]
async fn an_export_is_for_organisers_whole_and_noted() {
    let app = TestApp::start().await;
    let at = app.fair().await;
    let (li, room) = (app.seeker("=李雷").await, at.booth.id);
    let (mut seeker, _) = Client::join(&app, room, Some(&li), None).await;
    let asked = seeker.say("q", "=SUM(A1,\"点我\")").await;
    let gone = seeker.say("x", "难听的话").await;
    answer(&mut seeker, "a", "第一行\n第二行", asked).await;
    assert_eq!(at.recruiter.web.json(&format!("/rooms/{room}/deletions"), json!({ "seq": gone })).await.status(), StatusCode::CREATED);
    let fill = (0..1_200)
        .map(|n| app.parts.live.append(room, Event::message(li.account.id, "=李雷", "", &format!("第 {n} 条"), &format!("f{n}"))));
    futures_util::future::join_all(fill).await;
    let (mut host, _) = Client::join(&app, room, Some(&at.recruiter), None).await;
    host.say("h", "明天见").await;
    let path = format!("/rooms/{room}/chat/export");
    for outsider in [&li.web, &at.recruiter.web, &app.stranger()] {
        assert_eq!(outsider.status(&path).await, 404, "hosts export nothing");
    }
    let csv = at.organiser.web.get(&path).send().await.expect("csv");
    let headers = csv.headers().clone();
    assert_eq!(headers["content-type"], "text/csv; charset=utf-8");
    assert!(headers["content-disposition"].to_str().expect("text").starts_with("attachment; filename=\"chat-2027-02-20-"));
    let text = csv.text().await.expect("text");
    let text = text.strip_prefix('\u{FEFF}').expect("a byte order mark");
    let rows: Vec<&str> = text.split("\r\n").filter(|row| !row.is_empty()).collect();
    assert_eq!(rows.len(), 1 + 3 + 1_200 + 1);
    assert_eq!(rows[0], "序号,时间,称呼,身份,内容,回复的序号,已删除,账号");
    let account = li.account.id;
    assert_eq!(rows[1], format!("1,2027-02-20 09:00:00 +08:00,'=李雷,,\"'=SUM(A1,\"\"点我\"\")\",,,{account}"));
    assert_eq!(rows[2], format!("2,2027-02-20 09:00:00 +08:00,'=李雷,,,,1,{account}"));
    assert_eq!(rows[3], format!("3,2027-02-20 09:00:00 +08:00,'=李雷,,\"第一行\n第二行\",1,,{account}"));
    assert!(rows[1_204].contains(",招聘官,明天见,"), "{}", rows[1_204]);
    let lines = at.organiser.web.get(&format!("{path}?format=jsonl")).send().await.expect("jsonl").text().await.expect("text");
    let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(entries.iter().map(|e| e["seq"].as_i64().expect("seq")).collect::<Vec<_>>(), (1..=1_205).collect::<Vec<_>>());
    assert_eq!((entries[0]["time"].as_str(), entries[2]["reply"]["seq"].as_i64()), (Some("2027-02-20 09:00:00 +08:00"), Some(asked)));
    assert_eq!(at.organiser.web.status(&format!("{path}?format=xls")).await, 400);
    let log = app.parts.accounts.audit_of(at.fair.id, 10).await.expect("log");
    let noted: Vec<_> = log.iter().filter(|e| e.action == "chat.export").collect();
    assert_eq!((noted.len(), noted[0].actor), (2, at.organiser.account.id));
    assert!(at.organiser.web.page(&format!("/fairs/{}/moderation", at.fair.id)).await.contains("导出聊天记录"));
    assert!(at.organiser.web.page(&format!("/rooms/{room}/mode")).await.contains("/chat/export?format=csv"));
    assert!(!at.recruiter.web.page(&format!("/rooms/{room}/mode")).await.contains("/chat/export"));
    app.stop().await;
}

/// Messages are kept for 60 days and longer: nothing in the program deletes one.
#[test]
fn nothing_deletes_what_was_said() {
    fn look(folder: &Path, found: &mut usize) {
        for entry in std::fs::read_dir(folder).expect("source").flatten() {
            let path = entry.path();
            if path.is_dir() {
                look(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs" || e == "sql") {
                let text = std::fs::read_to_string(&path).expect("text").to_ascii_lowercase();
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                // A table that is laid out anew is copied whole first.
                let anew =
                    "from room_events order by room_id, seq; drop table room_events; alter table room_events_new rename to room_events;";
                let text = text.replace(anew, "");
                *found += text.matches("room_events").count();
                for way in ["delete from room_events", "drop table room_events", "truncate room_events", "truncate table room_events"] {
                    assert!(!text.contains(way), "{}: {way}", path.display());
                }
            }
        }
    }
    let mut found = 0;
    look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found > 5, "the statements were found");
}
