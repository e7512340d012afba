//! Names of regions (GB/T 2260: provinces and the larger prefectures) and industries (GB/T 4754-2017, letters).
//!
//! A code whose prefecture is not listed is shown by its province; the place text of a posting says the rest.

use crate::i18n::Lang;

/// Code, Chinese name, English name.
pub type Code = (&'static str, &'static str, &'static str);

/// Provinces by their first two digits.
pub const PROVINCES: &[Code] = &[
    ("11", "北京", "Beijing"),
    ("12", "天津", "Tianjin"),
    ("13", "河北", "Hebei"),
    ("14", "山西", "Shanxi"),
    ("15", "内蒙古", "Inner Mongolia"),
    ("21", "辽宁", "Liaoning"),
    ("22", "吉林", "Jilin"),
    ("23", "黑龙江", "Heilongjiang"),
    ("31", "上海", "Shanghai"),
    ("32", "江苏", "Jiangsu"),
    ("33", "浙江", "Zhejiang"),
    ("34", "安徽", "Anhui"),
    ("35", "福建", "Fujian"),
    ("36", "江西", "Jiangxi"),
    ("37", "山东", "Shandong"),
    ("41", "河南", "Henan"),
    ("42", "湖北", "Hubei"),
    ("43", "湖南", "Hunan"),
    ("44", "广东", "Guangdong"),
    ("45", "广西", "Guangxi"),
    ("46", "海南", "Hainan"),
    ("50", "重庆", "Chongqing"),
    ("51", "四川", "Sichuan"),
    ("52", "贵州", "Guizhou"),
    ("53", "云南", "Yunnan"),
    ("54", "西藏", "Tibet"),
    ("61", "陕西", "Shaanxi"),
    ("62", "甘肃", "Gansu"),
    ("63", "青海", "Qinghai"),
    ("64", "宁夏", "Ningxia"),
    ("65", "新疆", "Xinjiang"),
    ("71", "台湾", "Taiwan"),
    ("81", "香港", "Hong Kong"),
    ("82", "澳门", "Macao"),
];

/// Prefectures by their first four digits. The four municipalities have none of their own.
pub const PREFECTURES: &[Code] = &[
    ("1301", "石家庄", "Shijiazhuang"),
    ("1302", "唐山", "Tangshan"),
    ("1304", "邯郸", "Handan"),
    ("1306", "保定", "Baoding"),
    ("1310", "廊坊", "Langfang"),
    ("1401", "太原", "Taiyuan"),
    ("1402", "大同", "Datong"),
    ("1501", "呼和浩特", "Hohhot"),
    ("1502", "包头", "Baotou"),
    ("2101", "沈阳", "Shenyang"),
    ("2102", "大连", "Dalian"),
    ("2201", "长春", "Changchun"),
    ("2301", "哈尔滨", "Harbin"),
    ("3201", "南京", "Nanjing"),
    ("3202", "无锡", "Wuxi"),
    ("3203", "徐州", "Xuzhou"),
    ("3204", "常州", "Changzhou"),
    ("3205", "苏州", "Suzhou"),
    ("3206", "南通", "Nantong"),
    ("3207", "连云港", "Lianyungang"),
    ("3208", "淮安", "Huai'an"),
    ("3209", "盐城", "Yancheng"),
    ("3210", "扬州", "Yangzhou"),
    ("3211", "镇江", "Zhenjiang"),
    ("3212", "泰州", "Taizhou (Jiangsu)"),
    ("3213", "宿迁", "Suqian"),
    ("3301", "杭州", "Hangzhou"),
    ("3302", "宁波", "Ningbo"),
    ("3303", "温州", "Wenzhou"),
    ("3304", "嘉兴", "Jiaxing"),
    ("3305", "湖州", "Huzhou"),
    ("3306", "绍兴", "Shaoxing"),
    ("3307", "金华", "Jinhua"),
    ("3308", "衢州", "Quzhou"),
    ("3309", "舟山", "Zhoushan"),
    ("3310", "台州", "Taizhou (Zhejiang)"),
    ("3311", "丽水", "Lishui"),
    ("3401", "合肥", "Hefei"),
    ("3402", "芜湖", "Wuhu"),
    ("3403", "蚌埠", "Bengbu"),
    ("3405", "马鞍山", "Ma'anshan"),
    ("3412", "阜阳", "Fuyang"),
    ("3501", "福州", "Fuzhou"),
    ("3502", "厦门", "Xiamen"),
    ("3505", "泉州", "Quanzhou"),
    ("3506", "漳州", "Zhangzhou"),
    ("3509", "宁德", "Ningde"),
    ("3601", "南昌", "Nanchang"),
    ("3604", "九江", "Jiujiang"),
    ("3607", "赣州", "Ganzhou"),
    ("3611", "上饶", "Shangrao"),
    ("3701", "济南", "Jinan"),
    ("3702", "青岛", "Qingdao"),
    ("3703", "淄博", "Zibo"),
    ("3706", "烟台", "Yantai"),
    ("3707", "潍坊", "Weifang"),
    ("3710", "威海", "Weihai"),
    ("3713", "临沂", "Linyi"),
    ("4101", "郑州", "Zhengzhou"),
    ("4103", "洛阳", "Luoyang"),
    ("4107", "新乡", "Xinxiang"),
    ("4113", "南阳", "Nanyang"),
    ("4115", "信阳", "Xinyang"),
    ("4116", "周口", "Zhoukou"),
    ("4201", "武汉", "Wuhan"),
    ("4205", "宜昌", "Yichang"),
    ("4206", "襄阳", "Xiangyang"),
    ("4210", "荆州", "Jingzhou"),
    ("4211", "黄冈", "Huanggang"),
    ("4228", "恩施", "Enshi"),
    ("4301", "长沙", "Changsha"),
    ("4302", "株洲", "Zhuzhou"),
    ("4304", "衡阳", "Hengyang"),
    ("4306", "岳阳", "Yueyang"),
    ("4307", "常德", "Changde"),
    ("4401", "广州", "Guangzhou"),
    ("4403", "深圳", "Shenzhen"),
    ("4404", "珠海", "Zhuhai"),
    ("4405", "汕头", "Shantou"),
    ("4406", "佛山", "Foshan"),
    ("4407", "江门", "Jiangmen"),
    ("4412", "肇庆", "Zhaoqing"),
    ("4413", "惠州", "Huizhou"),
    ("4418", "清远", "Qingyuan"),
    ("4419", "东莞", "Dongguan"),
    ("4420", "中山", "Zhongshan"),
    ("4501", "南宁", "Nanning"),
    ("4502", "柳州", "Liuzhou"),
    ("4503", "桂林", "Guilin"),
    ("4601", "海口", "Haikou"),
    ("4602", "三亚", "Sanya"),
    ("5101", "成都", "Chengdu"),
    ("5106", "德阳", "Deyang"),
    ("5107", "绵阳", "Mianyang"),
    ("5113", "南充", "Nanchong"),
    ("5115", "宜宾", "Yibin"),
    ("5117", "达州", "Dazhou"),
    ("5201", "贵阳", "Guiyang"),
    ("5203", "遵义", "Zunyi"),
    ("5205", "毕节", "Bijie"),
    ("5301", "昆明", "Kunming"),
    ("5303", "曲靖", "Qujing"),
    ("5306", "昭通", "Zhaotong"),
    ("5401", "拉萨", "Lhasa"),
    ("6101", "西安", "Xi'an"),
    ("6103", "宝鸡", "Baoji"),
    ("6107", "汉中", "Hanzhong"),
    ("6201", "兰州", "Lanzhou"),
    ("6205", "天水", "Tianshui"),
    ("6301", "西宁", "Xining"),
    ("6401", "银川", "Yinchuan"),
    ("6501", "乌鲁木齐", "Urumqi"),
];

/// Industry letters of GB/T 4754-2017, in short names that fit a phone.
pub const INDUSTRIES: &[Code] = &[
    ("A", "农林牧渔", "Farming, forestry, fishing"),
    ("B", "采矿", "Mining"),
    ("C", "制造业", "Manufacturing"),
    ("D", "电力燃气供水", "Power, gas, water"),
    ("E", "建筑", "Construction"),
    ("F", "批发零售", "Wholesale and retail"),
    ("G", "物流快递运输", "Transport, storage, post"),
    ("H", "住宿餐饮", "Hotels and catering"),
    ("I", "软件与信息技术", "Software and IT"),
    ("J", "金融", "Finance"),
    ("K", "房地产物业", "Property"),
    ("L", "租赁与商务服务", "Leasing and business services"),
    ("M", "科研技术服务", "Research and technical services"),
    ("N", "环境与公共设施", "Environment and public facilities"),
    ("O", "家政维修等居民服务", "Household and repair services"),
    ("P", "教育", "Education"),
    ("Q", "医疗与社会工作", "Health and social work"),
    ("R", "文化体育娱乐", "Culture, sport, leisure"),
    ("S", "公共管理与社会组织", "Public administration"),
    ("T", "国际组织", "International organisations"),
];

fn find(table: &'static [Code], code: &str) -> Option<&'static Code> {
    table.iter().find(|(known, ..)| *known == code)
}

fn pick(code: &Code, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => code.1,
        Lang::En => code.2,
    }
}

/// Whether it is six digits of a known province.
pub fn region_is_valid(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) && find(PROVINCES, &code[..2]).is_some()
}

/// Whether it begins with a known industry letter, followed by at most four digits.
pub fn industry_is_valid(code: &str) -> bool {
    code.is_ascii()
        && (1..=5).contains(&code.len())
        && find(INDUSTRIES, &code[..1]).is_some()
        && code[1..].bytes().all(|b| b.is_ascii_digit())
}

/// `浙江杭州`, `Hangzhou, Zhejiang`, or the province alone; empty for an unknown code.
pub fn region_name(code: &str, lang: Lang) -> String {
    let Some(province) = code.get(..2).and_then(|c| find(PROVINCES, c)) else { return String::new() };
    match (code.get(..4).and_then(|c| find(PREFECTURES, c)), lang) {
        (None, _) => pick(province, lang).to_owned(),
        (Some(place), Lang::Zh) => format!("{}{}", province.1, place.1),
        (Some(place), Lang::En) => format!("{}, {}", place.2, province.2),
    }
}

/// The most exact name alone: `杭州`, or the province.
pub fn short_region(code: &str, lang: Lang) -> &'static str {
    let place = code.get(..4).and_then(|c| find(PREFECTURES, c)).or_else(|| code.get(..2).and_then(|c| find(PROVINCES, c)));
    place.map_or("", |p| pick(p, lang))
}

/// The name of an industry by its letter; empty for an unknown one.
pub fn industry_name(code: &str, lang: Lang) -> &'static str {
    code.get(..1).and_then(|c| find(INDUSTRIES, c)).map_or("", |c| pick(c, lang))
}

/// All regions for a form, six digits each: a province, then its prefectures.
pub fn regions(lang: Lang) -> Vec<(String, String)> {
    let mut all = Vec::with_capacity(PROVINCES.len() + PREFECTURES.len());
    for province in PROVINCES {
        all.push((format!("{}0000", province.0), pick(province, lang).to_owned()));
        for place in PREFECTURES.iter().filter(|p| p.0.starts_with(province.0)) {
            all.push((format!("{}00", place.0), format!("{} · {}", pick(province, lang), pick(place, lang))));
        }
    }
    all
}

/// All industries for a form.
pub fn industries(lang: Lang) -> Vec<(String, String)> {
    INDUSTRIES.iter().map(|c| (c.0.to_owned(), pick(c, lang).to_owned())).collect()
}

/// The half-open range of six-digit codes that a region code stands for: a province, a prefecture or one county.
pub fn region_range(code: &str) -> Option<(String, String)> {
    if !region_is_valid(code) {
        return None;
    }
    let number: u32 = code.parse().ok()?;
    let width = match number {
        n if n % 10_000 == 0 => 10_000,
        n if n % 100 == 0 => 100,
        _ => 1,
    };
    Some((code.to_owned(), (number + width).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_each_prefecture_has_its_province() {
        for table in [PROVINCES, PREFECTURES, INDUSTRIES] {
            assert!(table.windows(2).all(|w| w[0].0 < w[1].0));
        }
        assert!(PREFECTURES.iter().all(|p| find(PROVINCES, &p.0[..2]).is_some()));
    }

    #[test]
    fn a_region_covers_what_is_below_it() {
        assert_eq!(region_range("330000"), Some(("330000".into(), "340000".into())));
        assert_eq!(region_range("330100"), Some(("330100".into(), "330200".into())));
        assert_eq!(region_range("330106"), Some(("330106".into(), "330107".into())));
        for bad in ["", "33", "990000", "33010x", "３３０１００", "330100' OR 1=1"] {
            assert_eq!(region_range(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_fall_back_to_the_province() {
        assert_eq!(region_name("330106", Lang::Zh), "浙江杭州");
        assert_eq!(region_name("330106", Lang::En), "Hangzhou, Zhejiang");
        assert_eq!(region_name("110105", Lang::Zh), "北京");
        assert_eq!(region_name("x", Lang::Zh), "");
        assert!(industry_is_valid("C3911") && industry_is_valid("C") && !industry_is_valid("Z") && !industry_is_valid("C39111"));
        assert!(!industry_is_valid("制造"));
    }
}
