//! Numbers of telephones, identity cards and bank cards, however they are written, covered by stars.

use super::digits::{card, landline};
use super::normal::{Gap, Normal};
use std::collections::BTreeSet;
use std::ops::Range;

/// The factors of GB 11643 (ISO 7064, mod 11-2), and the check characters by remainder.
const FACTORS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: &[u8; 11] = b"10X98765432";

/// Digits of the longest number, that of a card.
const LONGEST: usize = 19;

/// Whether 18 characters are an identity number of GB 11643: region, a day that exists, check character.
pub fn is_identity_number(id: &str) -> bool {
    let id = id.as_bytes();
    if id.len() != 18 || !id[..17].iter().all(u8::is_ascii_digit) || !(b'1'..=b'8').contains(&id[0]) {
        return false;
    }
    let sum: u32 = id.iter().zip(FACTORS).map(|(d, f)| u32::from(d - b'0') * f).sum();
    let number = |r: Range<usize>| id[r].iter().fold(0_u32, |n, d| n * 10 + u32::from(d - b'0'));
    let (year, month, day) = (number(6..10), number(10..12), number(12..14));
    CHECKS[(sum % 11) as usize] == id[17].to_ascii_uppercase()
        && (1900..=2099).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
}

/// The text with its telephone, identity and bank card numbers covered; none if it has none. `138****1234`, `330***************34`,
/// `0571-******88`, `6222***********0128`.
pub fn masked(text: &str) -> Option<String> {
    let normal = Normal::of(text);
    let ids = ids(text);
    let places = numbers(&normal).into_iter().flat_map(|(_, cover)| cover).map(|i| (normal.units[i].at.start, normal.units[i].at.end));
    let covered: BTreeSet<(usize, usize)> = places.filter(|(start, _)| !ids.iter().any(|id| id.contains(start))).collect();
    if covered.is_empty() {
        return None;
    }
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for (start, end) in covered {
        out.push_str(&text[done..start]);
        out.push('*');
        done = end;
    }
    out.push_str(&text[done..]);
    Some(out)
}

/// Where telephone, identity and bank card numbers stand, as bytes of the text.
pub fn numbers_in(text: &str) -> Vec<Range<usize>> {
    let (normal, ids) = (Normal::of(text), ids(text));
    let places = numbers(&normal).into_iter().map(|(whole, _)| normal.bytes(&whole));
    places.filter(|at| !ids.iter().any(|id| id.contains(&at.start))).collect()
}

/// Where ids of rooms and postings stand, as in a link: chance makes telephone numbers of some.
fn ids(text: &str) -> Vec<Range<usize>> {
    let is_id =
        |id: &[u8]| id.iter().enumerate().all(|(i, c)| if matches!(i, 8 | 13 | 18 | 23) { *c == b'-' } else { c.is_ascii_hexdigit() });
    text.as_bytes().windows(36).enumerate().filter(|(_, id)| is_id(id)).map(|(at, _)| at..at + 36).collect()
}

/// Each number as a whole, and its units to cover.
fn numbers(text: &Normal) -> Vec<(Range<usize>, Vec<usize>)> {
    let groups = groups(text);
    let (mut found, mut g) = (Vec::new(), 0);
    while g < groups.len() {
        let ends = || g + 1..groups.len().min(g + LONGEST) + 1;
        let person = ends().find_map(|end| number(text, &groups[g..end]).map(|cover| (end, cover)));
        // The first groups of a card may be a card themselves, and the first digits of a landline one of seven digits.
        let other = |end: usize| card(text, &groups[g..end]).or_else(|| landline(text, &groups[g..end]));
        match person.or_else(|| ends().rev().find_map(|end| other(end).map(|cover| (end, cover)))) {
            Some((end, cover)) => {
                found.push((groups[g].start..groups[end - 1].end, cover));
                g = end;
            }
            None => g += 1,
        }
    }
    found
}

/// Runs of digits. An `o` among them is a nought, an `x` after them may be a check character.
fn groups(text: &Normal) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (i, unit) in text.units.iter().enumerate() {
        let follows = groups.last().is_some_and(|g| g.end == i) && unit.gap == Gap::None;
        match digit(unit.c) {
            Some(_) if follows => groups.last_mut().map(|g| g.end = i + 1).unwrap_or_default(),
            Some(true) => groups.push(i..i + 1),
            _ => {}
        }
    }
    groups
}

/// Whether the character stands in a number; `Some(false)` if only after a digit.
fn digit(c: char) -> Option<bool> {
    match c {
        '0'..='9' => Some(true),
        'o' | 'x' => Some(false),
        _ => None,
    }
}

/// What to cover of groups that together are one number.
fn number(text: &Normal, groups: &[Range<usize>]) -> Option<Vec<usize>> {
    let units: Vec<usize> = groups.iter().cloned().flatten().collect();
    let lengths: Vec<usize> = groups.iter().map(ExactSizeIterator::len).collect();
    let gaps = || groups.iter().skip(1).map(|g| text.gap(g.start));
    if groups.windows(2).any(|w| w[0].end != w[1].start) || units.len() > 18 {
        return None;
    }
    let read: String = units.iter().map(|i| if text.units[*i].c == 'o' { '0' } else { text.units[*i].c }).collect();
    if is_identity_number(&read) || (lengths == [15] && is_old_identity_number(&read)) {
        return Some(units[3..units.len() - 2].to_vec());
    }
    // "13000-15000 yuan" is pay: a phone number is written in one of these ways.
    let usual = matches!(lengths[..], [11] | [3, 4, 4] | [3, 3, 5] | [3, 8] | [7, 4]) && gaps().all(|g| g <= Gap::Space);
    let (skip, written) = match lengths[..] {
        [13] if read.starts_with("86") => (2, true),
        _ => (0, usual || (lengths.len() == 11 && lengths.iter().all(|n| *n == 1))),
    };
    let phone = read.get(skip..)?.as_bytes();
    let is_phone = written && phone.len() == 11 && phone[0] == b'1' && (b'3'..=b'9').contains(&phone[1]) && !read.contains('x');
    is_phone.then(|| units[skip + 3..skip + 7].to_vec())
}

/// The 15 digits of before 1999, which have no check character.
fn is_old_identity_number(id: &str) -> bool {
    let number = |r: Range<usize>| id.get(r).and_then(|d| d.parse::<u32>().ok()).unwrap_or(0);
    id.bytes().all(|b| b.is_ascii_digit())
        && (11..=82).contains(&number(0..2))
        && (1..=12).contains(&number(8..10))
        && (1..=31).contains(&number(10..12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_are_covered_however_they_are_written() {
        for (text, want) in [
            ("我的电话13812341234，谢谢", "我的电话138****1234，谢谢"),
            ("138 1234 1234", "138 **** 1234"),
            ("138-1234-1234", "138-****-1234"),
            ("+86 13812341234", "+86 138****1234"),
            ("8613812341234", "86138****1234"),
            ("１３８１２３４１２３４", "１３８****１２３４"),
            ("一三八一二三四一二三四", "一三八****一二三四"),
            ("壹叁捌①②③④一二三四", "壹叁捌****一二三四"),
            ("1 3 8 1 2 3 4 1 2 3 4", "1 3 8 * * * * 1 2 3 4"),
            ("1.3.8.1.2.3.4.1.2.3.4", "1.3.8.*.*.*.*.1.2.3.4"),
            ("138oo138ooo", "138****8ooo"),
            ("1️⃣3️⃣8️⃣1️⃣2️⃣3️⃣4️⃣1️⃣2️⃣3️⃣4️⃣", "1️⃣3️⃣8️⃣*️⃣*️⃣*️⃣*️⃣1️⃣2️⃣3️⃣4️⃣"),
            ("13812341234或13912345678", "138****1234或139****5678"),
            ("13812341234 13912345678", "138****1234 139****5678"),
            ("幺三八一二三四一二三四", "幺三八****一二三四"),
            ("𝟙𝟛𝟠𝟙𝟚𝟛𝟜𝟙𝟚𝟛𝟜", "𝟙𝟛𝟠****𝟙𝟚𝟛𝟜"),
            ("138\u{200B}1234\u{200B}1234", "138\u{200B}****\u{200B}1234"),
        ] {
            assert_eq!(masked(text).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn other_numbers_stay_as_they_are() {
        for text in [
            "月薪13000-15000元",
            "15000-100000",
            "12812341234",
            "1381234123",
            "138123412345",
            "91440300708461136T",
            "2027年2月20日9:30",
            "12333",
            "编号20270220123456",
            "一二三四五六七八九十一",
            "6222021234567890123",
            "",
            "3班2运转，8小时",
            "1800, 2500, 300",
        ] {
            assert_eq!(masked(text), None, "{text}");
        }
    }

    #[test]
    fn landlines_are_covered_but_not_service_numbers() {
        for (text, want) in [
            ("电话0571-88886666", "电话0571-******66"),
            ("0571 8888 6666转801", "0571 **** **66转801"),
            ("(0571)8888666，找小王", "(0571)*****66，找小王"),
            ("（０５７１）８８８８－６６６６", "（０５７１）****－**６６"),
            ("01088886666", "010******66"),
            ("057188886666", "0571******66"),
            ("05718886666", "0571*****66"),
            ("+86-571-88886666", "+86-571-******66"),
            ("+86 10 8888 6666", "+86 10 **** **66"),
            ("零五七一八八八八六六六六", "零五七一******六六"),
            ("0 5 7 1 8 8 8 8 6 6 6 6", "0 5 7 1 * * * * * * 6 6"),
            ("Tel0571-88886666-801", "Tel0571-******66-801"),
            ("0571-88886666或13812341234", "0571-******66或138****1234"),
        ] {
            assert_eq!(masked(text).as_deref(), Some(want), "{text}");
            assert_eq!(masked(want), None, "{want}");
        }
        for text in [
            "400-800-1234",
            "4008001234",
            "800 820 8888",
            "12333",
            "95588",
            "010-1234567",
            "0930 20270220",
            "093020270220",
            "XZ0571-88886666",
            "2027-0571-88886666",
            "0571",
            "88886666",
        ] {
            assert_eq!(masked(text), None, "{text}");
        }
    }

    #[test]
    fn bank_cards_are_told_by_their_check_digit() {
        for (text, want) in [
            ("卡号6222021234567894", "卡号6222********7894"),
            ("6222 0212 3456 7890 128", "6222 **** **** ***0 128"),
            ("6222-0212-3456-7894", "6222-****-****-7894"),
            ("６２２２０２１２３４５６７８９４", "６２２２********７８９４"),
            ("六二二二零二一二三四五六七八九四", "六二二二********七八九四"),
            ("6.2.2.2.0.2.1.2.3.4.5.6.7.8.9.4", "6.2.2.2.*.*.*.*.*.*.*.*.7.8.9.4"),
            ("955880 1234567890128", "9558** *********0128"),
        ] {
            assert_eq!(masked(text).as_deref(), Some(want), "{text}");
        }
        for text in ["6222021234567895", "A6222021234567894", "2027022012345672", "3000 4000 5000 6000", "6222021234567894-2027"] {
            assert_eq!(masked(text), None, "{text}");
        }
    }

    /// Numbers that only look like chance, the same at every run.
    fn chance(seed: u64) -> impl FnMut(u64) -> u64 {
        let mut seed = seed;
        move |n| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        }
    }

    /// The text with what people put between the digits, and in the wide letters of Chinese input.
    fn disguised(number: &str, every: usize, between: &str, wide: bool) -> String {
        let chars = number.chars().enumerate().flat_map(|(i, c)| {
            let c = if wide && c.is_ascii_digit() { char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c) } else { c };
            let gap = if i > 0 && i % every == 0 { between } else { "" };
            gap.chars().chain([c]).collect::<Vec<_>>()
        });
        chars.collect()
    }

    #[test]
    fn every_landline_and_card_is_covered_however_it_is_written() {
        let mut next = chance(23);
        for _ in 0..2_000 {
            let body: String = (0..11 + next(4)).map(|_| char::from(b'0' + next(10) as u8)).collect();
            let head = ["6222", "4367", "5240", "9558"][next(4) as usize];
            let check = (b'0'..=b'9').map(char::from).find(|c| super::super::digits::has_check_digit(&format!("{head}{body}{c}")));
            let card = format!("{head}{body}{}", check.expect("one of ten fits"));
            let (between, wide) = ([" ", "-", "　", ""][next(4) as usize], next(2) == 1);
            let written = format!("卡{}。", disguised(&card, 4, between, wide));
            // The last digit of each group being a nought is how wages are written.
            let round = !between.is_empty() && card.as_bytes().chunks(4).all(|group| group.ends_with(b"0"));
            assert!(round || crate::accounts::credit_code_is_valid(&card) || masked(&written).is_some(), "{written}");

            let area = ["010", "021", "0571", "0755", "0312", "0898"][next(6) as usize];
            let local: String = format!("{}{:07}", 3 + next(6), next(10_000_000));
            let (open, close) = [("", "-"), ("", " "), ("（", "）"), ("(", ")")][next(4) as usize];
            let written = format!("电话{open}{area}{close}{}。", disguised(&local, 4, ["", " ", "-"][next(3) as usize], wide));
            assert!(masked(&written).is_some_and(|m| m.matches('*').count() == 6), "{written}");
        }
    }

    #[test]
    fn no_pay_date_room_posting_or_credit_code_is_touched() {
        let mut next = chance(5);
        for _ in 0..3_000 {
            let (low, high) = (3_000 + 100 * next(60), 9_000 + 100 * next(60));
            let (month, day, hour) = (1 + next(12), 1 + next(28), next(24));
            let code = credit_code(&mut next);
            for text in [
                format!("月薪{low}-{high}元"),
                format!("{low} {high} {} {}", low + 500, high + 500),
                format!("时薪{}.{:02}元，押金{low}", 15 + next(20), next(100)),
                format!("2027-{month:02}-{day:02} {hour:02}:30-{:02}:00", (hour + 2) % 24),
                format!("2027{month:02}{day:02} {hour:02}30 2027{month:02}{day:02}"),
                format!("{hour:02}30 2027{month:02}{day:02}"),
                format!("{}号厅{}号展位，岗位{}", next(100), next(1_000), next(100_000_000)),
                format!("岗位编号2027{month:02}{day:02}{:08}", next(100_000_000)),
                crate::ids::PostingId::new().to_string(),
                format!("统一社会信用代码{code}"),
            ] {
                assert_eq!(masked(&text), None, "{text}");
            }
        }
    }

    /// A valid code of an enterprise, of digits alone as far as its check character is one.
    fn credit_code(next: &mut impl FnMut(u64) -> u64) -> String {
        let head = format!("91{:06}{:09}", next(1_000_000), next(1_000_000_000));
        let checks = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars();
        checks.map(|c| format!("{head}{c}")).find(|code| crate::accounts::credit_code_is_valid(code)).expect("one of all fits")
    }

    #[test]
    fn identity_numbers_are_told_by_their_check_character() {
        assert!(
            is_identity_number("11010519491231002X")
                && is_identity_number("11010519491231002x")
                && !is_identity_number("440524188001010015")
        );
        assert!(!is_identity_number("110105194912310021") && !is_identity_number("11010519491331002X") && !is_identity_number("x"));
        for (text, want) in [
            ("身份证11010519491231002X", "身份证110*************2X"),
            ("110105 19491231 002x", "110*** ******** **2x"),
            ("110105-19491231-002X", "110***-********-**2X"),
            ("１１０１０５１９４９１２３１００２Ｘ", "１１０*************２Ｘ"),
        ] {
            assert_eq!(masked(text).as_deref(), Some(want), "{text}");
        }
        assert_eq!(masked("110105194912310021"), None, "a wrong check character");
    }

    #[test]
    fn every_made_identity_number_passes_and_every_changed_digit_fails() {
        let mut next = chance(7);
        for _ in 0..300 {
            let head =
                format!("{}{:05}{}{:02}{:02}{:03}", 1 + next(6), next(100_000), 1950 + next(60), 1 + next(12), 1 + next(28), next(1_000));
            let sum: u32 = head.bytes().zip(FACTORS).map(|(d, f)| u32::from(d - b'0') * f).sum();
            let id = format!("{head}{}", CHECKS[(sum % 11) as usize] as char);
            assert!(is_identity_number(&id), "{id}");
            assert!(masked(&format!("号码{id}。")).is_some_and(|m| m.contains("***") && !m.contains(&id)), "{id}");
            let at = next(17) as usize;
            let mut wrong = id.into_bytes();
            wrong[at] = b'0' + (wrong[at] - b'0' + 1 + next(9) as u8) % 10;
            assert!(!is_identity_number(std::str::from_utf8(&wrong).expect("digits")), "one changed digit is always found");
        }
    }
}
