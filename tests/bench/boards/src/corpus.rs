//! Postings as employers write them: trades with their variants, sentences that everybody uses, and a few characters that hardly anybody does.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use springbreeze::i18n::Lang;
use springbreeze::postings::{Content, codes};

const TRADES: &[&str] = &[
    "普工",
    "操作工",
    "电焊工",
    "氩弧焊工",
    "电工",
    "叉车司机",
    "质检员",
    "仓管员",
    "包装工",
    "缝纫工",
    "裁剪工",
    "注塑技术员",
    "数控车床操作员",
    "CNC编程",
    "模具钳工",
    "装配工",
    "保安",
    "保洁员",
    "服务员",
    "传菜员",
    "厨师",
    "帮厨",
    "洗碗工",
    "收银员",
    "导购员",
    "快递员",
    "外卖骑手",
    "分拣员",
    "货车司机",
    "搬运工",
    "木工",
    "瓦工",
    "钢筋工",
    "油漆工",
    "月嫂",
    "家政员",
    "护工",
    "客服专员",
    "文员",
    "会计",
    "Java开发工程师",
    "前端工程师",
    "SMT操作员",
    "QC检验员",
    "线切割",
    "冲压工",
    "喷涂工",
    "印刷工",
    "针车工",
    "养殖工人",
    "采茶工",
    "水果分级员",
    "物业维修",
    "电梯安装工",
    "空调安装工",
    "光伏安装工",
    "锂电池涂布员",
    "机械维修工",
    "塔吊司机",
    "测量员",
];
const HEADS: &[&str] = &[
    "",
    "",
    "",
    "急招",
    "高薪诚聘",
    "长白班",
    "日结",
    "学徒",
    "熟练",
    "夜班",
    "电子厂",
    "汽配厂",
    "服装厂",
    "食品厂",
    "工地",
    "酒店",
    "超市",
];
const SENTENCES: &[&str] = &[
    "包吃住，四人间，有空调和热水",
    "月休四天，加班按国家规定付加班费",
    "工资每月十五日发放，从不拖欠",
    "入职即缴五险一金",
    "不收任何费用，面试通过即可入职",
    "夫妻可安排夫妻房",
    "坐着上班，车间恒温恒湿",
    "两班倒，十二小时制",
    "长白班，早八晚五",
    "有无经验均可，老员工带新员工",
    "身体健康，能吃苦耐劳",
    "会看图纸者优先",
    "持有电工证或焊工证优先",
    "负责产品的组装、检验与包装",
    "按工艺要求操作设备，做好交接班记录",
    "负责货物的装卸、分拣和入库",
    "维护客户关系，处理售后问题",
    "保持工位整洁，遵守安全规程",
    "提供工作餐或饭补",
    "住宿免费，水电平摊",
    "满一个月报销来程路费",
    "介绍朋友入职有奖励",
    "年底双薪，节日福利",
    "厂车接送，地铁口集合",
    "试用期一个月，工资照发",
    "计件工资，多劳多得",
    "保底加提成，上不封顶",
    "Basic English is a plus",
    "Night shift allowance paid",
    "熟悉 CAD 或 PLC 编程者优先",
    "需要倒班，能接受夜班",
    "订单稳定，常年招人",
    "可接受应届毕业生",
    "女工宿舍有独立卫生间",
];
const SURNAMES: &[&str] =
    &["华", "兴", "达", "瑞", "恒", "盛", "泰", "金", "宏", "鑫", "永", "嘉", "德", "富", "安", "康", "顺", "通", "利", "和"];
const FIELDS: &[&str] = &[
    "电子科技",
    "精密机械",
    "服装",
    "食品",
    "物流",
    "建筑工程",
    "餐饮管理",
    "家政服务",
    "新能源",
    "塑胶制品",
    "汽车零部件",
    "农业发展",
    "信息技术",
    "物业服务",
];
const TOWNS: &[&str] =
    &["长安镇", "开发区创业路", "工业园三期", "高新区科技大道", "滨江区江南大道", "松山湖", "横岗街道", "新城大道", "火车站旁", "万达广场"];

/// Regions that people work in, the larger ones more often.
fn region(rng: &mut StdRng, all: &[u32]) -> u32 {
    let u: f64 = rng.random();
    all[((all.len() as f64).powf(u) as usize - 1).min(all.len() - 1)]
}

/// The employers and what each posting says.
pub(crate) struct Corpus {
    rng: StdRng,
    regions: Vec<u32>,
    rare: Vec<char>,
}

impl Corpus {
    pub(crate) fn new(seed: u64) -> Self {
        let rng = StdRng::seed_from_u64(seed);
        let provinces = codes::below(None, Lang::Zh).into_iter();
        let prefectures = provinces.flat_map(|(code, _)| codes::below(Some(code), Lang::Zh)).map(|(code, _)| code);
        let mut regions: Vec<u32> = prefectures.collect();
        regions.extend([440_300, 441_900, 330_100, 320_500].iter().flat_map(|c| codes::below(Some(*c), Lang::Zh)).map(|(code, _)| code));
        regions.sort_by_key(|c| (c.wrapping_mul(2_654_435_761), *c));
        let rare = ('\u{4E00}'..'\u{9FA5}').step_by(7).collect();
        Self { rng, regions, rare }
    }

    pub(crate) fn employer(&mut self, n: usize) -> String {
        let rng = &mut self.rng;
        let mut pick = |all: &[&str]| (*all.choose(rng).expect("some")).to_owned();
        format!("{}{}{}{}有限公司", pick(SURNAMES), pick(SURNAMES), pick(FIELDS), if n.is_multiple_of(9) { "集团" } else { "" })
    }

    pub(crate) fn posting(&mut self, valid_until: i64) -> Content {
        let region = region(&mut self.rng, &self.regions);
        let rare: String = (0..12).map(|_| *self.rare.choose(&mut self.rng).expect("some")).collect();
        let rng = &mut self.rng;
        let mut about: Vec<&str> = SENTENCES.choose_multiple(rng, 9).copied().collect();
        about.push(&rare);
        let month = rng.random_range(28..120) * 10_000;
        let kind = ["full-time", "full-time", "full-time", "part-time", "temporary", "internship"].choose(rng).expect("some");
        let one = |rng: &mut StdRng| if rng.random_bool(0.4) { "yes" } else { "" };
        let terms = serde_json::json!({
            "title_zh": format!("{}{}", HEADS.choose(rng).expect("some"), TRADES.choose(rng).expect("some")), "title_en": "",
            "about_zh": about.join("。"), "about_en": "", "region": region.to_string(), "place_zh": TOWNS.choose(rng).expect("some"), "place_en": "",
            "industry": format!("{}{}", char::from(b'A' + rng.random_range(0..20)), rng.random_range(10..60)), "occupation": "", "headcount": rng.random_range(1..200),
            "pay_min": month, "pay_max": month + 100_000, "pay_unit": "month", "pay_day": "15",
            "kind": kind,
            "couples": one(rng), "assembly_line": if rng.random_bool(0.5) { "no" } else { "yes" }, "day_shift": one(rng), "hourly": 0,
            "days_off": rng.random_range(0..9), "meals": if rng.random_bool(0.6) { "provided" } else { "" },
            "housing": if rng.random_bool(0.6) { "provided" } else { "none" }, "age_min": 0, "age_max": 0, "age_basis": "", "valid_until": valid_until,
        });
        serde_json::from_value(terms).expect("terms")
    }
}

/// All that a search looks through, as one text for the peers.
pub(crate) fn searched(c: &Content, employer: &str) -> String {
    let industry = |lang| codes::industry_name(&c.industry, lang);
    let region = |lang| codes::region_name(&c.region, lang);
    let parts =
        [&c.title_zh, employer, &c.place_zh, &region(Lang::Zh), &region(Lang::En), industry(Lang::Zh), industry(Lang::En), &c.about_zh];
    parts.join("\n").to_lowercase()
}

/// What people type, the first ones most often.
pub(crate) const SEARCHES: &[&str] = &[
    "普工",
    "电焊工",
    "保安",
    "包吃住",
    "司机",
    "东莞",
    "电工",
    "长白班",
    "深圳 电子厂",
    "服务员",
    "日结",
    "叉车",
    "夫妻房",
    "杭州 普工",
    "缝纫",
    "质检",
    "快递",
    "月嫂",
    "厨师",
    "仓管",
    "焊工",
    "cnc",
    "java",
    "注塑",
    "不收",
    "五险一金",
    "苏州 操作工",
    "空调",
    "学徒",
    "塔吊",
    "光伏安装",
    "采茶",
    "会计",
    "文员",
    "护工",
    "保洁",
    "数控",
    "冲压",
    "线切割",
    "东莞电焊工",
    "dianhangong",
    "客服",
    "外卖骑手",
    "钢筋工",
    "工地",
    "超市",
    "酒店 服务员",
    "plc",
    "夜班",
    "加班费",
];

/// Words of two characters, whose recall is compared with a scan.
pub(crate) const PAIRS: &[&str] =
    &["普工", "焊工", "保安", "夫妻", "叉车", "塔吊", "采茶", "月嫂", "车间", "图纸", "拖欠", "应届", "地铁", "松山", "广东", "集团"];
