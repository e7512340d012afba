//! Numbers, pay and days in words, as somebody says them into a loudspeaker. Pure.

use crate::i18n::Lang;

const DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A count in words; what is negative is said of its size.
pub(super) fn number(n: i64, lang: Lang) -> String {
    match lang {
        Lang::Zh => chinese(n.unsigned_abs()),
        Lang::En => english(n.unsigned_abs()),
    }
}

/// Four digits at a time, `万` and `亿` between them; a gap is said once as `零`, and ten to nineteen alone begin with `十`.
fn chinese(n: u64) -> String {
    if n == 0 {
        return DIGITS[0].into();
    }
    let groups = [(n / 1_000_000_000_000, "万亿"), (n / 100_000_000 % 10_000, "亿"), (n / 10_000 % 10_000, "万"), (n % 10_000, "")];
    let (mut said, mut skipped) = (String::new(), false);
    for (group, unit) in groups {
        if group == 0 {
            skipped = !said.is_empty();
            continue;
        }
        if skipped || (!said.is_empty() && group < 1_000) {
            said.push_str(DIGITS[0]);
            skipped = false;
        }
        // Twenty thousand is 两万.
        let group = if group == 2 && !unit.is_empty() { "两".to_owned() } else { thousands(group.min(9_999), said.is_empty()) };
        said.push_str(&group);
        said.push_str(unit);
    }
    said
}

/// `first`: nothing was said before it.
fn thousands(n: u64, first: bool) -> String {
    let (mut said, mut gap) = (String::new(), false);
    for (unit, name) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = n / unit % 10;
        if digit == 0 {
            gap = !said.is_empty();
            continue;
        }
        if gap {
            said.push_str(DIGITS[0]);
            gap = false;
        }
        match (digit, unit) {
            (1, 10) if first && said.is_empty() => {}
            // Two thousand is 两千, twenty 二十.
            (2, 1_000) => said.push('两'),
            _ => said.push_str(DIGITS[digit as usize]),
        }
        said.push_str(name);
    }
    said
}

fn english(n: u64) -> String {
    let below = |n: u64| -> String {
        let (hundreds, rest) = (n / 100, n % 100);
        let rest = match rest {
            0 => String::new(),
            1..=19 => SMALL[rest as usize].to_owned(),
            _ if rest % 10 == 0 => TENS[(rest / 10) as usize].to_owned(),
            _ => format!("{}-{}", TENS[(rest / 10) as usize], SMALL[(rest % 10) as usize]),
        };
        match (hundreds, rest.is_empty()) {
            (0, _) => rest,
            (_, true) => format!("{} hundred", SMALL[hundreds as usize]),
            _ => format!("{} hundred and {rest}", SMALL[hundreds as usize]),
        }
    };
    if n == 0 {
        return SMALL[0].into();
    }
    let mut parts = Vec::new();
    for (unit, name) in
        [(1_000_000_000_000, " trillion"), (1_000_000_000, " billion"), (1_000_000, " million"), (1_000, " thousand"), (1, "")]
    {
        let group = n / unit % 1_000;
        if group > 0 {
            parts.push(format!("{}{name}", below(group)));
        }
    }
    parts.join(" ")
}

/// Fen as yuan in words, without the word for the currency: `六千`, `二十二点五`.
pub(super) fn yuan(fen: i64, lang: Lang) -> String {
    let (yuan, rest) = (fen / 100, (fen % 100).unsigned_abs());
    let whole = number(yuan, lang);
    // Two yuan is 两元; twelve is 十二元.
    let whole = if lang == Lang::Zh && yuan == 2 && rest == 0 { "两".to_owned() } else { whole };
    let decimals = match rest {
        0 => return whole,
        rest if rest % 10 == 0 => vec![rest / 10],
        rest => vec![rest / 10, rest % 10],
    };
    let words: Vec<_> =
        decimals.into_iter().map(|digit| if lang == Lang::Zh { DIGITS[digit as usize] } else { SMALL[digit as usize] }).collect();
    match lang {
        Lang::Zh => format!("{whole}点{}", words.concat()),
        Lang::En => format!("{whole} point {}", words.join(" ")),
    }
}

/// A day such as `2027-03-20` as it is said: `三月二十号`, `March twentieth`. Empty for what is no day.
pub(super) fn day(date: &str, lang: Lang) -> String {
    let Ok(date) = date.parse::<jiff::civil::Date>() else { return String::new() };
    let (month, day) = (i64::from(date.month()), i64::from(date.day()));
    match lang {
        Lang::Zh => format!("{}月{}号", number(month, lang), number(day, lang)),
        Lang::En => format!("{} {}", date.strftime("%B"), ordinal(day.unsigned_abs())),
    }
}

fn ordinal(n: u64) -> String {
    let last = |word: &str| match word {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        ten if ten.ends_with('y') => format!("{}ieth", ten.trim_end_matches('y')),
        other => format!("{other}th"),
    };
    let said = english(n);
    match said.rsplit_once('-') {
        Some((tens, one)) => format!("{tens}-{}", last(one)),
        None => last(&said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (n, zh, en) in [
            (0, "零", "zero"),
            (2, "二", "two"),
            (10, "十", "ten"),
            (15, "十五", "fifteen"),
            (20, "二十", "twenty"),
            (101, "一百零一", "one hundred and one"),
            (110, "一百一十", "one hundred and ten"),
            (1_005, "一千零五", "one thousand five"),
            (2_000, "两千", "two thousand"),
            (6_500, "六千五百", "six thousand five hundred"),
            (8_080, "八千零八十", "eight thousand eighty"),
            (10_010, "一万零一十", "ten thousand ten"),
            (12_000, "一万两千", "twelve thousand"),
            (20_000, "两万", "twenty thousand"),
            (100_000, "十万", "one hundred thousand"),
            (1_000_001, "一百万零一", "one million one"),
            (100_005_000, "一亿零五千", "one hundred million five thousand"),
        ] {
            assert_eq!((number(n, Lang::Zh).as_str(), number(n, Lang::En).as_str()), (zh, en), "{n}");
        }
        for lang in Lang::ALL {
            assert!(!number(i64::MAX, lang).is_empty() && !number(i64::MIN, lang).is_empty());
        }
    }

    #[test]
    fn pay_and_days_are_said_without_a_figure() {
        assert_eq!(
            [yuan(600_000, Lang::Zh), yuan(2_250, Lang::Zh), yuan(1_805, Lang::Zh), yuan(200, Lang::Zh)],
            ["六千", "二十二点五", "十八点零五", "两"]
        );
        assert_eq!([yuan(600_000, Lang::En), yuan(2_250, Lang::En)], ["six thousand", "twenty-two point five"]);
        assert_eq!([day("2027-03-20", Lang::Zh), day("2027-12-31", Lang::En)], ["三月二十号", "December thirty-first"]);
        assert_eq!(
            [day("2027-03-12", Lang::En), day("2027-03-20", Lang::En), day("x", Lang::En)],
            ["March twelfth", "March twentieth", ""]
        );
    }
}
