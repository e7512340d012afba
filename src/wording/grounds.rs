//! What a text about people goes by that it must not: the grounds on which employers may not choose (Employment Promotion Law, articles 26 to
//! 31; what recruiters may ask, Measures of 2019 against sex discrimination). A hint or a flag for whoever writes or vets, never a reason to hold.

use super::normal::{Gap, Normal, word};
use std::ops::Range;
use std::sync::LazyLock;

/// A ground that has nothing to do with the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ground {
    Sex,
    Age,
    /// Marriage and children.
    Family,
    Ethnicity,
    Origin,
    Religion,
    /// Hepatitis B and HIV.
    Health,
    Disability,
    Looks,
}

impl Ground {
    /// Text key of what it is.
    pub fn text(self) -> &'static str {
        match self {
            Self::Sex => "moderation-ground-sex",
            Self::Age => "moderation-ground-age",
            Self::Family => "moderation-ground-family",
            Self::Ethnicity => "moderation-ground-ethnicity",
            Self::Origin => "moderation-ground-origin",
            Self::Religion => "moderation-ground-religion",
            Self::Health => "moderation-ground-health",
            Self::Disability => "moderation-ground-disability",
            Self::Looks => "moderation-ground-looks",
        }
    }
}

/// Words that are enough by themselves.
const WORDS: [(Ground, &str); 8] = [
    (
        Ground::Sex,
        "限女 限男 只招女 只招男 只要女 只要男 只收女 只收男 仅招女 仅招男 仅女 仅男 招女工 招男工 招女生 招男生 女性优先 男性优先 女生优先 \
         男生优先 女士优先 男士优先 女工优先 男工优先 女优先 男优先 优先女 优先男 不要女 不要男 不招女 不招男 不收女 不收男 想要女 想要男 要个女 \
         要个男 女的不要 男的不要 女性勿扰 女生勿扰 男性勿扰 男生勿扰 是男是女 性别要求 什么性别 menonly womenonly maleonly femaleonly \
         malesonly femalesonly onlymen onlywomen malepreferred femalepreferred menpreferred womenpreferred youngman youngwoman nowomen nomen",
    ),
    (
        Ground::Age,
        "岁以下 岁以内 岁之内 岁内 岁以上不 岁以上勿 岁以上免 年龄不超 年龄限 限年龄 年龄要求 年龄偏大 年龄大 年龄太大 年龄小 年纪大 年纪太大 \
         年纪偏大 年纪轻 岁数大 太老 超龄 大龄 年轻人优先 年轻的优先 年轻优先 要年轻 多大年纪 多大岁数 多大了 几岁 多少岁 你的年龄 您的年龄 \
         年龄多 年龄是 哪年出生 哪一年出生 出生年月 属什么 属相 90后 00后 howoldareyou yourage agelimit tooold tooyoung dateofbirth youngpeople \
         recentgraduatesonly agedunder underage",
    ),
    (
        Ground::Family,
        "结婚 婚否 未婚 已婚 离婚 离异 婚姻 婚育 有没有对象 有对象 找对象 谈对象 男朋友 女朋友 男友 女友 生孩子 生小孩 生二胎 生三胎 生育 二胎 三胎 \
         怀孕 备孕 孕检 孕妇 孕期 哺乳期 要孩子 有孩子 有小孩 有娃 带孩子 带小孩 带娃 几个孩子 孩子多大 孩子谁 married marriage singleordivorced \
         pregnant pregnancy haveachild havechildren haveababy havekids havinganychildren havingchildren planningafamily husband wife boyfriend girlfriend",
    ),
    (
        Ground::Ethnicity,
        "汉族 少数民族 哪个民族 什么民族 哪族 民族是 限民族 民族要求 维吾尔 维族 藏族 彝族 回族 蒙古族 壮族 苗族 朝鲜族 哈萨克族 布依族 土家族 满族 \
         ethnicity ethnicgroup ethnicbackground yourrace whatrace skincolour skincolor",
    ),
    (
        Ground::Origin,
        "限本地 只招本地 只要本地 本地人优先 本地优先 本地户口 本市户口 户口 户籍 籍贯 外地人 外地的 外地勿 外省人 外省的 农村人 农村户 乡下人 \
         哪里人 哪儿人 哪里的人 哪的人 老家哪 老家在 老家是 whereareyoufrom hometown placeofbirth localsonly onlylocals nooutsiders outoftownpeople nativeplace",
    ),
    (
        Ground::Religion,
        "宗教 信仰 信教 信佛 信基督 信耶稣 教徒 穆斯林 佛教 基督教 天主教 伊斯兰 religion religious muslim christian buddhist churchgoing whichchurch",
    ),
    (Ground::Health, "乙肝 大三阳 小三阳 两对半 表面抗原 病毒携带 艾滋 hbv hbsag hiv aids hepatitis"),
    (
        Ground::Looks,
        "形象好 形象气质 形象佳 五官端正 相貌 长相 长得 颜值 身高 体重 太胖 太矮 个子矮 个子高 胖子 goodlooking attractivelooking overweight yourheight yourweight",
    ),
];

/// Who is meant, and what must stand near to be about choosing by it.
const PAIRS: [(Ground, &str, &str); 3] = [
    (
        Ground::Sex,
        "女的 女生 女孩 女同志 女人 女性 女士 女工 男的 男生 男人 男性 男士 男工 woman women man men female male girl",
        "不适合 不合适 干不了 做不了 吃不了苦 不行 不方便 不稳定 麻烦 力气小 更合适 更适合 更稳定 更好 notsuitable unsuitable better tooweak cannotdo",
    ),
    (
        Ground::Disability,
        "残疾 残障 聋哑 盲人 瘸 disabled disability wheelchair",
        "不要 不招 不收 不录 勿扰 除外 免谈 不行 不合适 不适合 干不了 有没有 是否 是不是 是残 吗 no not unable areyou doyou",
    ),
    (
        Ground::Origin,
        "北京人 天津人 河北人 山西人 内蒙古人 辽宁人 吉林人 黑龙江人 东北人 上海人 江苏人 浙江人 安徽人 福建人 江西人 山东人 河南人 湖北人 湖南人 \
         广东人 广西人 海南人 重庆人 四川人 贵州人 云南人 西藏人 陕西人 甘肃人 青海人 宁夏人 新疆人 凉山人",
        "不要 不招 不收 不录 勿扰 除外 免谈 别来 只招 只要 限 优先 不行 不可靠 爱闹 事多 难管 不老实 吗 是不是",
    ),
];

/// What says that it does not matter, or must not.
const DENIALS: &str = "\
    不限 不论 无论 不分 不问 不看 不讲 不管 不计 不查 不检 不含 不包含 不包括 不要求 不作要求 不做要求 不设限 无限制 没有限制 没限制 无要求 没有要求 \
    没要求 不考虑 不得 不能问 不许 不准 禁止 不应 不该 请勿 均可 都可 都行 皆可 也可 平等 一视同仁 歧视 不打听 不涉及 regardless irrespective donotask \
    dontask neverask notconsidered doesnotmatter nolimit noagelimit anyage equalopportunity discriminat";
/// What a denial is about if it follows at once: "women only, any age".
const NOUNS: &str = "年龄 性别 民族 学历 经验 户籍 户口 婚 地区 地域 籍贯 身高 男女 专业";
/// Words that look like one of the above.
const HONEST: &str = "\
    生育保险 生育津贴 生育待遇 16岁以下 18岁以下 16周岁以下 18周岁以下 未满 少数民族待遇 少数民族食堂 户口所在地社保 户口迁移 户口办理 落户 残疾人优先 \
    身高椅 身高可调 体重秤 货物体重 大龄工友互助 超大龄 firstaids aidsto hearingaids";

type Words = Vec<Vec<char>>;

struct Lists {
    words: Vec<(Ground, Words)>,
    pairs: Vec<(Ground, Words, Words)>,
    denials: Words,
    nouns: Words,
    honest: Words,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let list = |words: &str| words.split_whitespace().map(word).collect::<Words>();
    Lists {
        words: WORDS.iter().map(|(g, words)| (*g, list(words))).collect(),
        pairs: PAIRS.iter().map(|(g, who, what)| (*g, list(who), list(what))).collect(),
        denials: list(DENIALS),
        nouns: list(NOUNS),
        honest: list(HONEST),
    }
});

/// The grounds that a text goes by; none if it is fine.
pub fn discriminates(text: &str) -> Vec<Ground> {
    let mut grounds: Vec<Ground> = grounds_in(text).into_iter().map(|(ground, _)| ground).collect();
    grounds.dedup();
    grounds
}

/// The same with the words that say so, as bytes of the text: the first ones of each ground.
pub fn grounds_in(text: &str) -> Vec<(Ground, Range<usize>)> {
    let text = Normal::of(text);
    let l = &*LISTS;
    let by_word = l.words.iter().filter_map(|(g, words)| Some((*g, first(&text, words, |at| !is_denied(&text, at))?)));
    let by_pair = l.pairs.iter().filter_map(|(g, who, what)| {
        let near = |at: &Range<usize>| {
            let clause = text.around(at, Gap::Comma);
            what.iter().any(|w| text.find(w).any(|b| clause.contains(&b.start) && is_whole(&text, &b)))
        };
        Some((*g, first(&text, who, |at| near(at) && !is_denied(&text, at))?))
    });
    let mut found: Vec<_> = by_word.chain(by_pair).map(|(ground, at)| (ground, text.bytes(&at))).collect();
    found.sort_unstable_by_key(|(ground, at)| (*ground, at.start));
    found
}

fn first(text: &Normal, words: &[Vec<char>], fits: impl Fn(&Range<usize>) -> bool) -> Option<Range<usize>> {
    words.iter().find_map(|w| text.find(w).find(|at| is_whole(text, at) && !is_honest(text, at) && fits(at)))
}

/// A Latin word is no part of another one.
fn is_whole(text: &Normal, at: &Range<usize>) -> bool {
    let letter = |i: usize| text.units.get(i).is_some_and(|u| u.c.is_ascii_alphabetic());
    let cut = |i: usize| i > 0 && letter(i - 1) && letter(i) && text.gap(i) == Gap::None;
    !cut(at.start) && !cut(at.end)
}

fn is_honest(text: &Normal, at: &Range<usize>) -> bool {
    LISTS.honest.iter().any(|w| text.find(w).any(|h| h.start <= at.start && at.end <= h.end || h.start < at.end && at.start < h.end))
}

/// It is said not to matter: before the word within its clause, or behind it unless that is about something else.
fn is_denied(text: &Normal, at: &Range<usize>) -> bool {
    let before = at.start.checked_sub(1).and_then(|i| text.units.get(i)).map(|u| u.c);
    if matches!(text.units[at.start].c, '限' | '只' | '仅') {
        return matches!(before, Some('不' | '无' | '没'));
    }
    let clause = text.around(at, Gap::Comma);
    let about_else = |end: usize| LISTS.nouns.iter().any(|n| text.has(end..end + n.len(), std::slice::from_ref(n)));
    LISTS.denials.iter().any(|d| {
        text.find(d).any(|at_denial| {
            let inside = clause.start <= at_denial.start && at_denial.end <= clause.end;
            inside && (at_denial.start < at.start || !about_else(at_denial.end))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::Ground::*;
    use super::*;

    const FLAGGED: &[(Ground, &str)] = &[
        (Sex, "限女性"),
        (Sex, "本岗位只招男工"),
        (Sex, "男士优先"),
        (Sex, "女性优先考虑"),
        (Sex, "不要女的"),
        (Sex, "女生干不了这个活"),
        (Sex, "女的，但是女的不方便上夜班"),
        (Sex, "限女性不限年龄"),
        (Sex, "限 女 性"),
        (Sex, "Men only"),
        (Sex, "We think a man is better for this line."),
        (Age, "年龄35岁以下"),
        (Age, "三十五岁以内"),
        (Age, "请问您多大了？"),
        (Age, "年纪大，学不会"),
        (Age, "大龄勿扰"),
        (Age, "性别不限，45岁以下"),
        (Age, "How old are you?"),
        (Age, "He seems too old."),
        (Family, "您结婚了吗？"),
        (Family, "近期打算要孩子吗？"),
        (Family, "未婚未育优先"),
        (Family, "刚结婚，怕很快怀孕"),
        (Family, "孩子谁带？"),
        (Family, "有男朋友吗"),
        (Family, "Are you married?"),
        (Family, "Do you plan to have children?"),
        (Ethnicity, "您是哪个民族？"),
        (Ethnicity, "只招汉族"),
        (Ethnicity, "彝族，不好管"),
        (Ethnicity, "What is your ethnic background?"),
        (Origin, "您老家哪里的？"),
        (Origin, "河南人不要"),
        (Origin, "东北人勿扰"),
        (Origin, "限本地户口"),
        (Origin, "外地人不稳定"),
        (Origin, "籍贯是哪里"),
        (Origin, "Where are you from?"),
        (Religion, "有宗教信仰吗？"),
        (Religion, "他信教，周末怕不来"),
        (Religion, "What is your religion?"),
        (Health, "有没有乙肝？"),
        (Health, "入职查乙肝五项"),
        (Health, "小三阳不能进"),
        (Health, "Do you have hepatitis B?"),
        (Health, "HIV"),
        (Disability, "残疾人不要"),
        (Disability, "是否有残疾"),
        (Disability, "Are you disabled?"),
        (Looks, "形象气质佳"),
        (Looks, "身高160以上"),
        (Looks, "长得一般"),
    ];

    const FINE: &[&str] = &[
        "请讲一次您解决设备故障的经历",
        "两班倒能接受吗？",
        "能上夜班吗",
        "男女不限",
        "性别不限",
        "不限男女，不限年龄",
        "年龄不限",
        "不限民族、户籍",
        "学历、年龄、性别均不限",
        "婚姻状况不限",
        "不问婚育",
        "不得询问婚姻、生育情况",
        "有生育保险和生育津贴",
        "18岁以下不招",
        "须年满18周岁",
        "体检不查乙肝",
        "入职体检不包含乙肝项目",
        "残疾人优先",
        "残疾人与其他人平等对待",
        "有清真食堂",
        "有夫妻房",
        "婚假产假齐全",
        "民族乐器制作",
        "不看长相，看手艺",
        "户籍、籍贯不限",
        "我们反对性别歧视、年龄歧视",
        "会开叉车吗？有没有叉车证？",
        "为什么想来我们厂？",
        "沟通清楚，动手快，两次都装对了",
        "有三年缝纫经验，会平车",
        "要求周末轮班",
        "每天能站八小时吗",
        "能搬20公斤的货物吗",
        "什么时候能到岗？",
        "加班的意愿如何",
        "外地员工提供住宿",
        "本地有三个厂区",
        "Tell us about a fault that you repaired.",
        "Can you work night shifts?",
        "Applicants of any age and sex are welcome, regardless of religion.",
        "Open to all, irrespective of ethnicity.",
        "Please trace the wire and manage the cage.",
        "How many garments can you sew in an hour?",
        "We do not ask whether you are married.",
        "",
        "，。！",
    ];

    #[test]
    fn what_goes_by_sex_age_family_or_origin_is_flagged() {
        let missed: Vec<_> = FLAGGED.iter().map(|(g, t)| (g, *t, discriminates(t))).filter(|(g, _, found)| !found.contains(g)).collect();
        assert!(missed.is_empty(), "{missed:#?}");
    }

    #[test]
    fn what_is_about_the_work_or_says_that_it_does_not_matter_is_not() {
        let wrong: Vec<_> = FINE.iter().map(|t| (*t, discriminates(t))).filter(|(_, found)| !found.is_empty()).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn nothing_of_it_holds_a_message() {
        for (_, text) in FLAGGED {
            assert!(super::super::detect(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_disguise_does_not_help() {
        for (ground, text) in FLAGGED.iter().filter(|(_, t)| !t.is_ascii()) {
            let spread: String =
                text.chars().flat_map(|c| if u32::from(c) > 0x4E00 { vec![c, '\u{200B}', '·'] } else { vec![c] }).collect();
            assert!(discriminates(&spread).contains(ground), "{spread}");
        }
    }
}
