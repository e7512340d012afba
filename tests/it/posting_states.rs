//! Where a posting stands: each state with its moves on the page, codes and figures that are refused, and postings of an employer that is suspended.

use crate::applications::answers;
use crate::harness::{TestApp, TestFair};
use crate::postings::{content, form, post};
use crate::wish::until;
use reqwest::StatusCode;
use springbreeze::clock::DAY;
use springbreeze::postings::{Content, Filter, Of, State};

/// The states that the page of a posting offers to move to.
fn offered(page: &str) -> Vec<String> {
    let buttons = page.split("name=\"state\" value=\"").skip(1);
    buttons.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn each_state_shows_its_moves_and_takes_no_others() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("焊工"), State::Draft).await;
    let path = format!("/postings/{}", posting.id);
    // Who moves it, where to, what its recruiter is offered then, whether everybody sees it.
    let walk: [(bool, &str, &[&str], bool); 9] = [
        (false, "review", &["draft", "withdrawn"], false),
        (true, "live", &["paused", "filled", "withdrawn"], true),
        (false, "paused", &["live", "filled", "withdrawn"], true),
        (false, "live", &["paused", "filled", "withdrawn"], true),
        (false, "filled", &["live", "withdrawn"], true),
        (false, "live", &["paused", "filled", "withdrawn"], true),
        (true, "review", &["draft", "withdrawn"], false),
        (false, "withdrawn", &["draft"], false),
        (false, "draft", &["review", "withdrawn"], false),
    ];
    assert_eq!(offered(&fair.recruiter.web.page(&path).await), ["review", "withdrawn"]);
    for (by_organiser, to, then, public) in walk {
        let web = if by_organiser { &fair.organiser.web } else { &fair.recruiter.web };
        assert_eq!(web.form(&format!("{path}/state"), &[("state", to)]).await.status(), StatusCode::SEE_OTHER, "{to}");
        assert_eq!(offered(&fair.recruiter.web.page(&path).await), then, "{to}");
        assert_eq!(app.stranger().status(&path).await, if public { 200 } else { 404 }, "{to}");
        for wrong in ["expired", "suspended", to] {
            let refused = fair.recruiter.web.form(&format!("{path}/state"), &[("state", wrong)]).await;
            assert_eq!(refused.status(), StatusCode::CONFLICT, "{to} to {wrong}");
        }
    }
    let old = post(&app, &fair, Content { valid_until: app.clock.now() + DAY, ..content("保安") }, State::Live).await;
    app.clock.advance(2 * DAY);
    let page = fair.recruiter.web.page(&format!("/postings/{}", old.id)).await;
    assert!(page.contains("已过期") && offered(&page) == ["withdrawn"], "{page}");
    app.stop().await;
}

#[tokio::test]
async fn wrong_days_figures_and_codes_are_refused_beside_their_fields() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let path = format!("/fairs/{}/postings", fair.fair.id);
    for (field, value, says) in [
        ("valid_until", "2027-02-19", "半年以内"),
        ("valid_until", "2028-02-19", "半年以内"),
        ("pay_min", "-5", "正确的金额"),
        ("pay_max", "-0.01", "正确的金额"),
        ("pay_min", "9000", "最大的不能小于最小的"),
        ("headcount", "-1", "合适的数字"),
        ("region", "999999", "请从列表中选择"),
        ("industry", "G3911", "相近的有：C3911 计算机整机制造"),
        ("industry", "C2699", "相近的有：C2689 其他日用化学产品制造"),
        ("industry", "汽车厂", "C36 汽车制造业"),
        ("occupation", "6-18-02-77", "6-18-02-04 焊工"),
        ("occupation", "电焊工", "6-18-02-04 焊工"),
    ] {
        let mut fields = form("焊工");
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let answer = fair.recruiter.web.form(&path, &fields).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}");
        let page = answer.text().await.expect("text");
        assert!(page.contains(says) && page.contains("field-error"), "{field} {value}: {page}");
        if field != "region" {
            assert!(page.contains(&format!("value=\"{value}\"")), "{field} {value} comes back as it was typed");
        }
    }
    let mut fields = form("焊工");
    fields.retain(|(name, _)| *name != "industry");
    fields.extend([("industry", "C33 金属制品业"), ("occupation", "焊工")]);
    let made = fair.recruiter.web.form(&path, &fields).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER);
    let page = fair.recruiter.web.page(made.headers()["location"].to_str().expect("path")).await;
    assert!(page.contains("6-18-02-04 焊工") && page.contains("金属制品业"), "{page}");
    app.stop().await;
}

#[tokio::test]
async fn occupations_are_looked_up_by_words_and_codes() {
    let app = TestApp::start().await;
    let web = app.stranger();
    let page = web.page("/codes/occupations?q=%E7%84%8A").await;
    assert!(page.contains("焊工") && page.contains("6-18-02-04"), "{page}");
    assert!(web.page("/codes/occupations?q=%E7%94%B5%E7%84%8A%E5%B7%A5").await.contains("没有完全符合的"));
    assert!(web.page("/codes/occupations?q=xyz").await.contains("没有找到"));
    assert!(web.page("/codes/occupations?q=%3Cscript%3E").await.contains("value=\"&#60;script&#62;\""));
    let answer =
        web.client.get(web.url("/codes/occupations?q=6-18-02")).header("accept", "application/json").send().await.expect("response");
    let found: serde_json::Value = answer.json().await.expect("JSON");
    assert!(found["items"].as_array().expect("items").iter().any(|item| item["name"] == "焊工"), "{found}");
    app.stop().await;
}

#[tokio::test]
async fn industries_are_looked_up_by_words_and_codes() {
    let app = TestApp::start().await;
    let web = app.stranger();
    let page = web.page("/codes/industries?q=%E6%AD%A3%E9%A4%90").await;
    assert!(page.contains("H621") && page.contains("正餐服务") && page.contains("行业代码"), "{page}");
    let page = web.page("/codes/industries?q=C2699").await;
    assert!(page.contains("没有完全符合的") && page.contains("C2689"), "{page}");
    assert!(web.page("/codes/industries?q=xyz").await.contains("没有找到"));
    let ask = web.client.get(web.url("/codes/industries?q=catering")).header("accept", "application/json").header("accept-language", "en");
    let answer = ask.send().await.expect("response");
    let found: serde_json::Value = answer.json().await.expect("JSON");
    assert_eq!((found["items"][0]["code"].as_str(), found["items"][0]["name"].as_str()), (Some("H62"), Some("Catering")), "{found}");
    app.stop().await;
}

async fn count(app: &TestApp, fair: &TestFair) -> u64 {
    app.parts.postings.count_of(&Filter::all(Of::Fair(fair.fair.id))).await.expect("count")
}

#[tokio::test]
async fn nothing_of_a_suspended_employer_is_out_until_it_is_restored() {
    let app = TestApp::start().await;
    let fair = app.fair().await;
    let posting = post(&app, &fair, content("焊工"), State::Live).await;
    let paused = post(&app, &fair, content("车工"), State::Paused).await;
    let (_, rival, _) = app.employer(&fair.fair, "别家").await;
    let (web, path) = (app.stranger(), format!("/postings/{}", posting.id));
    let decide = format!("/employers/{}/verification/decisions", fair.employer.id);
    let suspend = [("verdict", "suspend"), ("reason", "有人举报收费")];
    assert_eq!(fair.organiser.web.form(&decide, &suspend).await.status(), StatusCode::SEE_OTHER);
    // At once wherever it would be shown; counts follow.
    for gone in [path.clone(), format!("/postings/{}", paused.id), format!("{path}/card"), format!("/api/v1{path}")] {
        assert_eq!(web.status(&gone).await, 404, "{gone}");
    }
    assert_eq!(rival.web.status(&path).await, 404);
    let board = format!("/fairs/{}/postings", fair.fair.id);
    assert!(!web.page(&board).await.contains(&posting.id.to_string()));
    assert!(!web.page(&format!("/fairs/{}/feed.json", fair.fair.id)).await.contains(&posting.id.to_string()));
    assert!(!web.page(&format!("/sitemaps/{}.xml", fair.fair.id)).await.contains(&posting.id.to_string()));
    until("the count follows", async || count(&app, &fair).await == 0).await;
    let applied = app.seeker("小李").await.web.form(&format!("{path}/apply"), &answers()).await;
    assert!(!applied.status().is_redirection() && !applied.status().is_server_error(), "{}", applied.status());
    // Its own people see why, and can only take it away; they cannot bring it back.
    let page = fair.recruiter.web.page(&path).await;
    assert!(page.contains("单位被暂停") && offered(&page) == ["withdrawn"], "{page}");
    assert_eq!(fair.recruiter.web.form(&format!("{path}/state"), &[("state", "live")]).await.status(), StatusCode::CONFLICT);
    assert_eq!(fair.organiser.web.form(&decide, &[("verdict", "restore")]).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(web.status(&path).await, 200);
    until("the count follows", async || count(&app, &fair).await == 1).await;
    assert!(web.page(&board).await.contains(&posting.id.to_string()));
    app.stop().await;
}
