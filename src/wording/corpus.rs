//! What must be held and what must not, as people and swindlers write it.

use super::{Category, Category::*, detect};

const HELD: &[(Category, &str)] = &[
    (Deposit, "入职要交押金200元"),
    (Deposit, "押金300，干满三个月退"),
    (Deposit, "先交服装押金"),
    (Deposit, "需缴纳保证金五百"),
    (Deposit, "押 金 两 百"),
    (Deposit, "收押.金200，离职退"),
    (Deposit, "收押_金"),
    (Deposit, "收ya jin两百"),
    (Deposit, "交yajin300元"),
    (Deposit, "交鸭金300"),
    (Deposit, "不交押金不能入职"),
    (Deposit, "我们不骗人，先交押金200"),
    (Deposit, "不收中介费只收押金"),
    (Deposit, "工牌水卡押金五十"),
    (Deposit, "要押身份证"),
    (Deposit, "扣押身份证一个月"),
    (Deposit, "交诚意金锁定名额"),
    (Deposit, "付定金500占名额"),
    (Deposit, "抵押金入职当天交"),
    (Deposit, "押🙂金100"),
    (Deposit, "押\u{200B}金100"),
    (Deposit, "押̷金̷一百"),
    (Fee, "报名费80元现场交"),
    (Fee, "需要交体检费100"),
    (Fee, "体检费自理"),
    (Fee, "服装费300从工资扣，先交"),
    (Fee, "交中介费500保证进厂"),
    (Fee, "收介绍费两百"),
    (Fee, "先交300元办手续"),
    (Fee, "入职先转200块"),
    (Fee, "培训费3800"),
    (Fee, "办证費要繳一百"),
    (Fee, "资料费50"),
    (Fee, "收ＦＥＩ：建档费２０元"),
    (Fee, "只收手续费，别的不收"),
    (Fee, "服zhuang费300元"),
    (Loan, "可以办培训贷，工作后还"),
    (Loan, "没钱交学费可以先学后付"),
    (Loan, "培训 贷 零首付"),
    (Loan, "培訓貸包就业"),
    (Loan, "帮你办理贷款交培训费"),
    (Loan, "在家刷单日结300"),
    (Loan, "刷.单一天500"),
    (Loan, "高价收银行卡"),
    (Loan, "跑分兼职日入过千"),
    (Loan, "pei xun dai包过，先交300"),
    (Contact, "加微信详聊"),
    (Contact, "加.微.信"),
    (Contact, "加 微 信"),
    (Contact, "加❤️微❤️信"),
    (Contact, "加。微。信"),
    (Contact, "jia wei xin"),
    (Contact, "想干的jiaweixin"),
    (Contact, "家薇信"),
    (Contact, "加薇信abc123"),
    (Contact, "＋Ｖ：zhaopin88"),
    (Contact, "➕V❤️abc_888"),
    (Contact, "加我vx"),
    (Contact, "vx:hr20270"),
    (Contact, "ѵх hr20270"),
    (Contact, "微信号 abcd1234"),
    (Contact, "加qq 123456789"),
    (Contact, "扣扣一二三四五六七"),
    (Contact, "进群领岗位"),
    (Contact, "拉你进群"),
    (Contact, "加裙报名"),
    (Contact, "私聊我有高薪"),
    (Contact, "加微信好吗 abc12345"),
    (Contact, "我们不是骗子，加微信hr12345"),
    (Contact, "电话微信同号"),
    (Contact, "加群，日结"),
    (Contact, "详情看 http://abc.top/x1"),
    (Contact, "加微信进小群"),
    (Contact, "加wei信"),
    (Contact, "加w e i信"),
    (Contact, "加微信日结800！"),
    (Contact, "ＪＩＡＷＥＩＸＩＮ"),
    (Scan, "扫码加我"),
    (Scan, "扫描下方二维码进群"),
    (Scan, "掃碼付款占名额"),
    (Scan, "二维码加好友领红包"),
    (Papers, "把身份证正反面拍照发我"),
    (Papers, "银行卡号和验证码发给我"),
    (Papers, "手持身份证拍一张给我"),
    (Papers, "发一下身份证号码"),
];

const FINE: &[&str] = &[
    "不收押金",
    "免押金",
    "无押金，无中介费",
    "我们不收任何押金和中介费",
    "不收任何押金和费用。谁向您收钱，请马上举报。",
    "零押金入职",
    "0押金",
    "押金全免",
    "没有押金",
    "要交押金吗",
    "要交押金吗？",
    "请问收不收押金",
    "有没有押金",
    "押金多少",
    "押金什么时候退？",
    "会不会扣押金啊",
    "要不要押金？",
    "收押金的都是骗子",
    "谨防以押金、服装费为名的诈骗",
    "请勿向任何人缴纳押金、保证金",
    "凡要求先交钱的请举报",
    "用人单位不得收取押金，不得扣押身份证",
    "农民工工资保证金已经存了",
    "欢迎来到春风行动线上招聘会！找工作不收费，遇到收押金的请举报。",
    "养老护理、月嫂、保洁，免费培训考证，不收任何押金和中介费。",
    "体检费报销",
    "体检费公司承担",
    "体检费要自己出吗？",
    "服装费由公司付",
    "来回车费报销500元",
    "不用交体检费",
    "不需要交报名费",
    "培训费全免",
    "要交五险一金吗",
    "公司给交五险一金",
    "入职就交社保",
    "培训要钱吗",
    "预付工资吗",
    "住宿免费，水电费平摊",
    "招贷款专员两名",
    "公积金贷款买房可以用吗",
    "有房贷压力，想找夜班",
    "谨防培训贷",
    "刷单是违法的，不要参加",
    "微信支付工资吗",
    "工资微信发还是银行卡发？",
    "可以加微信吗？",
    "能加个微信问问吗",
    "参加微信面试可以吗",
    "外加微信红包200",
    "社保+微信发工资",
    "包吃住+加班费",
    "底薪＋提成＋全勤",
    "请不要加微信，谨防受骗",
    "加班到几点？",
    "每天加班3小时",
    "增加微波炉了吗",
    "国家为新人提供培训",
    "大家为新同事鼓掌",
    "李雅金在吗",
    "亚金科技还招人吗",
    "人群密集的车间吗",
    "会用微信就行",
    "微信小程序怎么报名",
    "公司公众号上有地址",
    "扫码打卡上班",
    "凭二维码入场",
    "进厂扫码登记就可以",
    "健康码要带吗",
    "面试带身份证原件",
    "请携带身份证和银行卡报到",
    "工资发到银行卡",
    "身份证过期了能入职吗",
    "需要身份证复印件吗",
    "几点上班？",
    "包吃住吗？",
    "夫妻房还有吗？",
    "月薪6000-8000元，包吃住",
    "两班倒，长白班优先",
    "电话是多少",
    "怎么报名",
    "年龄18到50岁",
    "您好",
    "😀😀😀",
    "Do you pay by wechat?",
    "What is the pay, and is there a bus from Hangzhou?",
    "wifi有吗",
    "vivo手机厂招工",
    "2027年3月1日报到，qq群里通知过吗",
    "",
];

#[test]
fn what_asks_for_money_contacts_or_papers_is_held() {
    assert!(HELD.len() >= 60);
    let missed: Vec<_> = HELD.iter().map(|(c, t)| (c, *t, detect(t))).filter(|(c, _, found)| !found.contains(c)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn questions_denials_warnings_and_ordinary_talk_are_not_held() {
    assert!(FINE.len() >= 60);
    let wrong: Vec<_> = FINE.iter().map(|t| (*t, detect(t))).filter(|(_, found)| !found.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Numbers that only look like chance, the same at every run.
fn chance(seed: &mut u64, n: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize % n
}

#[test]
fn no_disguise_of_a_held_text_frees_it() {
    let noise = [" ", "\u{200B}", "·", "*", "🙂", "\u{336}", "　", "~", "\u{FE0F}", "/"];
    let mut seed = 11;
    for (category, text) in HELD.iter().filter(|(_, t)| !t.is_ascii() && !t.contains("http")) {
        for _ in 0..5 {
            // Between Chinese characters only: a letter that is torn from its word is another text.
            let mut out = String::new();
            for c in text.chars() {
                let wide = u32::from(c) > 0x2E80;
                out.push(c);
                if wide && chance(&mut seed, 3) == 0 {
                    out.push_str(noise[chance(&mut seed, noise.len())]);
                }
            }
            assert!(detect(&out).contains(category), "{out:?} of {text:?}: {:?}", detect(&out));
        }
    }
}

#[test]
fn any_text_is_read_without_a_fault_and_a_mask_keeps_the_rest() {
    let parts = [
        "押",
        "金",
        "加",
        "1",
        "3",
        "8",
        "一",
        "x",
        "o",
        "?",
        "。",
        " ",
        "\u{202E}",
        "é",
        "①",
        "😀",
        "a\u{300}\u{300}",
        "\n",
        "ﷺ",
        "㉑",
        "-",
        "v",
    ];
    let mut seed = 3;
    for _ in 0..3_000 {
        let text: String = (0..chance(&mut seed, 40)).map(|_| parts[chance(&mut seed, parts.len())]).collect();
        let _ = detect(&text);
        if let Some(masked) = super::masked(&text) {
            assert_eq!(masked.chars().count(), text.chars().count(), "{text:?}");
            assert!(masked.chars().zip(text.chars()).all(|(m, t)| m == t || m == '*'), "{text:?} {masked:?}");
            assert_eq!(super::masked(&masked), None, "what is covered stays covered: {masked:?}");
        }
    }
}
