//! What breaks a rule and what does not, in both languages; what waits and what goes live.

use super::super::content::{Answer, Kind, PayDay, Provision};
use super::Category::*;
use super::*;

fn content() -> Content {
    Content {
        title_zh: "电子厂操作工".into(),
        about_zh: "负责手机外壳的组装和检验，两班倒，每周轮换一次，包吃包住。".into(),
        about_en: "You put together and check phone cases, in two shifts that change each week.".into(),
        region: "330100".into(),
        place_zh: "余杭区".into(),
        industry: "C".into(),
        headcount: 20,
        pay_min: 600_000,
        pay_max: 800_000,
        days_off: 4,
        ..Content::default()
    }
}

const BROKEN: &[(Rule, &str, &str)] = &[
    (Rule::Wording(Deposit), "入职要交押金200元", "押金"),
    (Rule::Wording(Deposit), "需缴纳保证金五百", "保证金"),
    (Rule::Wording(Deposit), "押 金 两 百", "押 金"),
    (Rule::Wording(Deposit), "服装押金300，离职退", "押金"),
    (Rule::Wording(Deposit), "A deposit of 300 yuan is due on the first day.", "deposit"),
    (Rule::Wording(Fee), "服装费300元自理", "服装费"),
    (Rule::Wording(Fee), "入职交体检费100元", "体检费"),
    (Rule::Wording(Fee), "培训费3800", "培训费"),
    (Rule::Wording(Fee), "Training fee 500 yuan", "Training fee"),
    (Rule::Wording(Loan), "可以办培训贷，工作后还", "培训贷"),
    (Rule::Wording(Papers), "把身份证正反面拍照发我", "身份证正反"),
    (Rule::Wording(Contact), "有意加微信hr20270", "微信"),
    (Rule::Wording(Contact), "加 微 信 详聊", "微 信"),
    (Rule::Wording(Contact), "扣扣一二三四五六七", "扣扣"),
    (Rule::Wording(Contact), "详情看 http://abc.top/x1", "http"),
    (Rule::Wording(Contact), "Add WeChat hr20270", "WeChat"),
    (Rule::Wording(Contact), "简历发到 hr.wang@factory.example", "hr.wang@factory.example"),
    (Rule::Wording(Scan), "扫码加我进群", "扫码"),
    (Rule::Number, "联系电话13812341234", "13812341234"),
    (Rule::Number, "电话：一三八 一二三四 一二三四", "一三八 一二三四 一二三四"),
    (Rule::Number, "座机0571-88123456", "0571-88123456"),
    (Rule::Discrimination(Ground::Sex), "限女性", "限女"),
    (Rule::Discrimination(Ground::Sex), "Men only", "Men only"),
    (Rule::Discrimination(Ground::Age), "年龄35岁以下", "岁以下"),
    (Rule::Discrimination(Ground::Ethnicity), "只招汉族", "汉族"),
    (Rule::Discrimination(Ground::Origin), "河南人不要", "河南人"),
    (Rule::Discrimination(Ground::Health), "入职查乙肝五项", "乙肝"),
    (Rule::Discrimination(Ground::Family), "已婚已育优先", "已婚"),
    (Rule::Discrimination(Ground::Disability), "残疾人不要", "残疾"),
    (Rule::Discrimination(Ground::Looks), "形象气质佳", "形象气质"),
];

const KEPT: &[&str] = &[
    "不收押金，不收任何费用",
    "免费体检，免费工服",
    "体检费公司报销",
    "性别不限，年龄不限",
    "谨防收取押金的骗局",
    "包吃包住，有夫妻房",
    "月休4天，15日发薪",
    "底薪5000，加班费另算，综合6000-8000元",
    "须年满18周岁",
    "五险一金，有生育津贴",
    "工作地点：余杭区文一西路969号",
    "服务热线 400-123-4567",
    "有微信小程序开发经验",
    "残疾人优先",
    "No deposit, no fee of any kind.",
    "Training costs are paid by the employer.",
    "Wages come by bank deposit on the 15th.",
    "Applicants of any age and sex are welcome.",
    "You can work nights and lift 20 kg.",
    "",
];

#[test]
fn each_rule_finds_what_breaks_it_and_names_the_words() {
    for (rule, text, words) in BROKEN {
        let hits = in_text("about_zh", text);
        let hit = hits.iter().find(|hit| hit.rule == *rule).unwrap_or_else(|| panic!("{text}: {hits:?}"));
        assert_eq!((hit.words.as_str(), text.get(hit.at.clone())), (*words, Some(*words)), "{text}");
        for lang in Lang::ALL {
            let said = hit.text(lang);
            assert!(said.contains(words) && said.chars().count() > words.chars().count() + 15, "{said}");
        }
    }
}

#[test]
fn what_keeps_the_rules_is_left_alone() {
    let wrong: Vec<_> = KEPT.iter().map(|text| (*text, in_text("about_zh", text))).filter(|(_, hits)| !hits.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(hits(&content()), []);
}

#[test]
fn pay_too_good_to_be_true_is_told_by_work_place_and_unit() {
    let with = |occupation: &str, region: &str, unit, min: i64, max: i64| {
        let c = Content {
            occupation: occupation.into(),
            region: region.into(),
            pay_unit: unit,
            pay_min: min * 100,
            pay_max: max * 100,
            ..content()
        };
        in_pay(&c).first().map(|hit| hit.rule)
    };
    let cases = [
        ("6-25-04-07", "330100", PayUnit::Month, 6_000, 9_000, None),
        ("6-25-04-07", "330100", PayUnit::Month, 26_000, 30_000, Some(Rule::PayTooGood)),
        ("6-25-04-07", "310000", PayUnit::Month, 26_000, 30_000, None),
        ("2-02-10-03", "330100", PayUnit::Month, 26_000, 30_000, None),
        ("6-25-04-07", "330100", PayUnit::Hour, 25, 30, None),
        ("6-25-04-07", "330100", PayUnit::Hour, 6_000, 8_000, Some(Rule::PayTooGood)),
        ("6-25-04-07", "330100", PayUnit::Day, 300, 400, None),
        ("6-25-04-07", "330100", PayUnit::Day, 1_500, 2_000, Some(Rule::PayTooGood)),
        ("6-25-04-07", "330100", PayUnit::Year, 80_000, 120_000, None),
        ("6-25-04-07", "330100", PayUnit::Month, 4_000, 12_000, None),
        ("6-25-04-07", "330100", PayUnit::Month, 4_000, 12_001, Some(Rule::PayTooWide)),
        ("", "330100", PayUnit::Month, 0, 0, None),
    ];
    for (occupation, region, unit, min, max, expected) in cases {
        assert_eq!(with(occupation, region, unit, min, max), expected, "{occupation} {region} {unit:?} {min}-{max}");
    }
    let hourly = in_pay(&Content { hourly: 50_000, ..content() });
    assert_eq!(hourly.first().map(|hit| hit.field), Some("hourly"));
}

/// What a change of the approved posting waits for.
fn reasons(change: impl FnOnce(&mut Content)) -> Vec<Reason> {
    let (old, mut new) = (content(), content());
    change(&mut new);
    match judge(Some(&old), &new, Status::Verified) {
        Verdict::GoesLive => Vec::new(),
        Verdict::NeedsReview(reasons) => reasons,
    }
}

#[test]
fn low_risk_changes_of_a_verified_employer_go_live_at_once() {
    assert_eq!(reasons(|_| {}), []);
    assert_eq!(reasons(|c| c.headcount = 50), []);
    assert_eq!(reasons(|c| c.about_zh = c.about_zh.replace("检验", "质检")), []);
    assert_eq!(reasons(|c| c.meals = Provision::Provided), []);
    assert_eq!(reasons(|c| c.days_off = 6), []);
    assert_eq!(reasons(|c| c.couples = Answer::Yes), []);
    assert_eq!(reasons(|c| c.valid_until += 1), []);
    assert_eq!(reasons(|c| c.title_zh = "电子厂操作员".into()), []);
    assert_eq!(reasons(|c| c.pay_max = 900_000), [], "a small raise");
}

#[test]
fn pay_place_kind_work_age_and_rewritten_texts_wait() {
    assert_eq!(reasons(|c| c.pay_min = 590_000), [Reason::Pay]);
    assert_eq!(reasons(|c| c.pay_max = 1_000_000), [Reason::Pay]);
    assert_eq!(reasons(|c| (c.pay_min, c.pay_max) = (0, 0)), [Reason::Pay]);
    assert_eq!(reasons(|c| c.pay_unit = PayUnit::Year), [Reason::Pay]);
    assert_eq!(reasons(|c| c.pay_day = PayDay::Monthly(28)), [Reason::Pay]);
    assert_eq!(reasons(|c| c.region = "330200".into()), [Reason::Place]);
    assert_eq!(reasons(|c| c.place_zh = "萧山区".into()), [Reason::Place]);
    assert_eq!(reasons(|c| c.kind = Kind::Temporary), [Reason::Kind]);
    assert_eq!(reasons(|c| c.industry = "H".into()), [Reason::Work]);
    assert_eq!(reasons(|c| c.title_zh = "夜场服务".into()), [Reason::Work]);
    assert_eq!(reasons(|c| (c.age_max, c.age_basis) = (40, "条例".into())), [Reason::Age]);
    assert_eq!(reasons(|c| c.about_zh = "在家办公，轻松日结，名额有限，先到先得".into()), [Reason::Rewritten]);
    assert!(matches!(reasons(|c| c.about_zh.push_str("押金200元。"))[..], [Reason::Rule(Hit { rule: Rule::Wording(Deposit), .. })]));
}

#[test]
fn nothing_of_an_employer_that_is_not_verified_goes_live_by_itself() {
    for status in [Status::Draft, Status::Submitted, Status::Returned, Status::Expired, Status::Suspended] {
        assert_eq!(judge(Some(&content()), &content(), status), Verdict::NeedsReview(vec![Reason::Employer(status)]));
    }
    assert_eq!(judge(None, &content(), Status::Verified), Verdict::NeedsReview(vec![Reason::First]));
}

#[test]
fn what_an_organiser_let_pass_is_not_held_again_but_more_of_it_is() {
    let old = Content { about_zh: "冷库作业，形象气质佳者优先。".into(), ..content() };
    let same = Content { headcount: 3, ..old.clone() };
    assert_eq!(judge(Some(&old), &same, Status::Verified), Verdict::GoesLive);
    let more = Content { place_zh: "余杭区，限女性".into(), ..old.clone() };
    assert_eq!(new_hits(Some(&old), &more).len(), 1);
}

#[test]
fn marks_cut_a_text_at_its_hits_and_lose_nothing() {
    let text = "入职交押金200，限女性，电话13812341234。";
    let hits = in_text("about_zh", text);
    let pieces = marked(text, "about_zh", &hits);
    assert_eq!(pieces.iter().map(|(text, _)| text.as_str()).collect::<String>(), text);
    let words: Vec<_> = pieces.iter().filter(|(_, rule)| rule.is_some()).map(|(text, _)| text.as_str()).collect();
    assert_eq!(words, ["押金", "限女", "13812341234"]);
    assert_eq!(marked(text, "title_zh", &hits), [(text.to_owned(), None)]);
    let overlap = [(0..6, Rule::Number), (3..9, Rule::PayTooGood)].map(|(at, rule)| Hit { field: "x", at, words: String::new(), rule });
    assert_eq!(marked("一二三四", "x", &overlap).len(), 2);
}
