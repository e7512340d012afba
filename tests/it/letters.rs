//! The thread of an application: both sides write and are told without a storm, what a rule finds is held, ready texts are filled, and a withdrawal
//! closes it.

use crate::desk::{Scene, place, scene};
use crate::harness::Person;
use crate::telling::letters;
use reqwest::StatusCode;
use springbreeze::accounts::Grant;
use springbreeze::clock::MINUTE;

const FEE: &str = "入职先交押金500元";

impl Scene {
    async fn write(&self, who: &Person, text: &str) -> reqwest::Response {
        who.web.form(&format!("{}/messages", self.one(0)), &[("text", text)]).await
    }

    async fn told(&self, who: &Person) -> usize {
        letters(&self.app, who).await.iter().filter(|l| l["subject"].as_str().is_some_and(|s| s.contains("发来消息"))).count()
    }
}

#[tokio::test]
async fn both_sides_write_are_told_once_until_they_read_and_unread_is_marked() {
    let it = scene(&["王芳"]).await;
    let (recruiter, seeker) = (&it.fair.recruiter, &it.people[0]);
    let colleague = it.app.person("同事", Grant::Recruiter(it.fair.employer.id)).await;
    for text in ["您好，方便视频面试吗？", "下周二上午可以吗？"] {
        assert_eq!(it.write(recruiter, text).await.status(), StatusCode::SEE_OTHER);
    }
    assert_eq!(it.told(seeker).await, 1, "one message of two");
    assert!(it.app.parts.notify.shown_to(seeker.account.id).await.expect("notices").iter().any(|n| n.link == it.one(0)));
    assert!(seeker.web.page("/me").await.contains("<span class=\"visually-hidden\">未读消息 </span>2"));
    let page = seeker.web.page(&it.one(0)).await;
    assert!(page.contains("下周二上午可以吗？") && page.matches("badge-info\">未读消息").count() == 2, "{page}");
    assert!(!seeker.web.page(&it.one(0)).await.contains("badge-info\">未读消息"), "read");
    assert_eq!(it.write(seeker, "可以的 <b>谢谢</b>").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(it.write(recruiter, "好").await.status(), StatusCode::SEE_OTHER);
    assert_eq!((it.told(seeker).await, it.told(recruiter).await, it.told(&colleague).await), (2, 1, 1), "all of the employer");
    let list = it.fair.recruiter.web.page(&format!("{}?unread=1", it.list())).await;
    assert!(list.contains("王芳") && list.contains("class=\"count\""), "{list}");
    assert!(recruiter.web.page(&it.one(0)).await.contains("&#60;b&#62;谢谢"));
    assert!(!recruiter.web.page(&format!("{}?unread=1", it.list())).await.contains("data-row"), "read by this one");
    assert!(colleague.web.page(&format!("{}?unread=1", it.list())).await.contains("data-row"), "not by the other");
    // Whose it is hears of it, the others no longer do.
    recruiter.web.form(&format!("{}/assignee", it.one(0)), &[("assignee", &recruiter.account.id.to_string())]).await;
    recruiter.web.page(&it.one(0)).await;
    colleague.web.page(&it.one(0)).await;
    it.write(seeker, "还想问一下住宿").await;
    assert_eq!((it.told(recruiter).await, it.told(&colleague).await), (2, 1));
    let (sealed,): (String,) =
        sqlx::query_as("SELECT sealed FROM application_messages LIMIT 1").fetch_one(it.app.parts.db.read()).await.expect("row");
    assert!(!sealed.contains("面试"), "encrypted");
    it.app.stop().await;
}

#[tokio::test]
async fn what_is_sent_twice_is_there_once_and_wrong_ones_come_back_filled_in() {
    let it = scene(&["王芳"]).await;
    let (recruiter, path) = (&it.fair.recruiter, format!("{}/messages", it.one(0)));
    for _ in 0..2 {
        assert_eq!(recruiter.web.form(&path, &[("text", "您好呀"), ("once", "7")]).await.status(), StatusCode::SEE_OTHER);
    }
    assert_eq!(recruiter.web.page(&it.one(0)).await.matches("您好呀").count(), 1);
    let long = "长".repeat(1_001);
    let back = recruiter.web.form(&path, &[("text", &long)]).await;
    assert_eq!(back.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = back.text().await.expect("text");
    assert!(page.contains("id=\"text-error\"") && page.contains(&long));
    assert_eq!(recruiter.web.form(&path, &[("text", " \u{200B} ")]).await.status(), StatusCode::UNPROCESSABLE_ENTITY, "nothing");
    for _ in 0..9 {
        recruiter.web.form(&path, &[("text", "再一条")]).await;
    }
    assert_eq!(recruiter.web.form(&path, &[("text", "再一条")]).await.status(), StatusCode::TOO_MANY_REQUESTS, "a flood");
    it.app.stop().await;
}

#[tokio::test]
async fn what_a_rule_finds_is_held_until_an_organiser_lets_it_through() {
    let it = scene(&["王芳"]).await;
    let (recruiter, seeker, organiser) = (&it.fair.recruiter, &it.people[0], &it.fair.organiser);
    it.write(recruiter, FEE).await;
    it.write(recruiter, "包吃住").await;
    let own = recruiter.web.page(&it.one(0)).await;
    assert!(own.contains(FEE) && own.contains("等主办方查看") && own.contains("押金或扣证件"), "with the reason: {own}");
    let theirs = seeker.web.page(&it.one(0)).await;
    assert!(!theirs.contains(FEE) && theirs.contains("包吃住"));
    let desk = format!("/fairs/{}/review/letters", it.fair.fair.id);
    assert!(organiser.web.page(&format!("/fairs/{}/review/messages", it.fair.fair.id)).await.contains("私信待看 1"));
    let page = organiser.web.page(&desk).await;
    assert!(page.contains(FEE) && !page.contains("包吃住"), "nothing else of the thread");
    let id = page.split("id=\"letter-").nth(1).and_then(|t| t.split('"').next()).expect("held").to_owned();
    let decide = format!("/letters/{id}/decisions");
    for web in [&recruiter.web, &seeker.web] {
        assert_eq!(web.form(&decide, &[("decision", "approve")]).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(web.status(&desk).await, 404);
    }
    assert_eq!(organiser.web.form(&decide, &[("decision", "x")]).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(organiser.web.form(&decide, &[("decision", "approve")]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(organiser.web.form(&decide, &[("decision", "refuse")]).await.status(), StatusCode::NOT_FOUND, "decided");
    let page = seeker.web.page(&it.one(0)).await;
    assert!(page.contains(FEE) && page.matches("badge-info\">未读消息").count() == 1, "new to whoever has read on: {page}");
    assert_eq!(it.told(seeker).await, 2);
    // One that is refused its author alone sees.
    it.write(recruiter, FEE).await;
    let page = organiser.web.page(&desk).await;
    let id = page.split("id=\"letter-").nth(1).and_then(|t| t.split('"').next()).expect("held").to_owned();
    organiser.web.form(&format!("/letters/{id}/decisions"), &[("decision", "refuse")]).await;
    assert!(recruiter.web.page(&it.one(0)).await.contains("主办方没有放行"));
    assert_eq!(seeker.web.page(&it.one(0)).await.matches(FEE).count(), 1);
    // A question about it is none, and a listed word is refused with the form filled in.
    it.write(seeker, "请问要交押金吗？").await;
    assert!(recruiter.web.page(&it.one(0)).await.contains("请问要交押金吗？"));
    organiser.web.form(&format!("/fairs/{}/words", it.fair.fair.id), &[("word", "传销"), ("action", "refuse")]).await;
    let refused = it.write(recruiter, "我们不是传销").await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused.text().await.expect("text");
    assert!(page.contains("我们不是传销") && page.contains("不允许的词"), "{page}");
    it.app.stop().await;
}

#[tokio::test]
async fn a_withdrawal_closes_the_thread() {
    let it = scene(&["王芳"]).await;
    it.write(&it.people[0], "您好").await;
    it.people[0].web.form(&format!("{}/withdraw", it.one(0)), &[]).await;
    for who in [&it.people[0], &it.fair.recruiter] {
        let page = who.web.page(&it.one(0)).await;
        assert!(page.contains("不能再发消息") && !page.contains("id=\"write\""), "{page}");
        assert_eq!(it.write(who, "再问一句").await.status(), StatusCode::CONFLICT);
    }
    it.app.stop().await;
}

#[tokio::test]
async fn an_employer_begins_with_ready_texts_changes_them_and_fills_them_in_the_applicants_language() {
    let it = scene(&["王芳"]).await;
    let (recruiter, replies) = (&it.fair.recruiter, format!("/employers/{}/replies", it.fair.employer.id));
    let page = recruiter.web.page(&replies).await;
    assert_eq!(page.matches("id=\"template-").count(), 5, "{page}");
    let id = page.split("id=\"template-").nth(1).and_then(|t| t.split('"').next()).expect("first").to_owned();
    let draft = recruiter.web.page(&format!("{}?reply={id}", it.one(0))).await;
    assert!(draft.contains("王芳您好，杭州电子厂已收到您投递的“装配工”"), "{draft}");
    // Whatever of them is sent, no rule holds it: the link in it leads nowhere else.
    for id in page.split("id=\"template-").skip(1).filter_map(|t| t.split('"').next()) {
        let draft = recruiter.web.page(&format!("{}?reply={id}", it.one(0))).await;
        let text =
            draft.split("<textarea id=\"text\"").nth(1).and_then(|t| t.split_once('>')?.1.split("</textarea>").next()).expect("draft");
        it.write(recruiter, text.trim()).await;
    }
    let thread = it.people[0].web.page(&it.one(0)).await;
    assert_eq!(thread.matches("badge-info\">未读消息").count(), 5, "{thread}");
    it.app.clock.advance(MINUTE);
    let changed = [("name_zh", "收到"), ("text_zh", "{name}：已收到"), ("name_en", "Got it"), ("text_en", "{name}: received")];
    assert_eq!(recruiter.web.form(&format!("/replies/{id}"), &changed).await.status(), StatusCode::SEE_OTHER);
    sqlx::query("UPDATE accounts SET lang = 'en' WHERE id = $1")
        .bind(it.people[0].account.id.to_string())
        .execute(it.app.parts.db.write())
        .await
        .expect("language");
    assert!(recruiter.web.page(&format!("{}?reply={id}", it.one(0))).await.contains("王芳: received"));
    let wrong = recruiter.web.form(&format!("/replies/{id}"), &[("name_zh", ""), ("text_zh", "{nmae}")]).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let back = wrong.text().await.expect("text");
    assert!(back.contains(&format!("id=\"text_zh-{id}-error\"")) && back.contains("{nmae}"), "{back}");
    assert_eq!(place(&recruiter.web.form(&replies, &[("name_zh", "新的"), ("text_zh", "您好")]).await), replies);
    recruiter.web.form(&format!("/replies/{id}/removals"), &[]).await;
    let page = recruiter.web.page(&replies).await;
    assert!(page.contains("新的") && page.matches("id=\"template-").count() == 5, "what was deleted does not come back: {page}");
    let english = it.app.sign_in(recruiter.account.clone()).await;
    english.web.form("/preferences", &[("lang", "en"), ("back", "/")]).await;
    let page = english.web.page(&it.one(0)).await;
    assert!(page.contains("Write a message") && page.contains("Notes") && page.contains("Make an offer"), "{page}");
    it.app.stop().await;
}
