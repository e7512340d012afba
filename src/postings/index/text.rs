//! Text as the index sees it: folded (width, case) and cut into runs of Chinese characters and of letters and digits.

/// Full-width forms to ASCII, lower case.
pub(crate) fn fold(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
            '\u{3000}' => ' ',
            c => c,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// Characters that are words by themselves: Han with its extensions, kana, Hangul.
pub(super) fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// A run of a folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run<'a> {
    Cjk(&'a str),
    Word(&'a str),
}

/// The runs of a folded text, in order.
pub(super) fn runs(text: &str) -> impl Iterator<Item = Run<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(|c: char| is_cjk(c) || c.is_alphanumeric())?;
        rest = &rest[start..];
        let cjk = rest.chars().next().is_some_and(is_cjk);
        let end = rest.find(|c: char| if cjk { !is_cjk(c) } else { is_cjk(c) || !c.is_alphanumeric() }).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        Some(if cjk { Run::Cjk(run) } else { Run::Word(run) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_and_latin_are_runs_of_their_own() {
        let folded = fold("电子厂，ＣＮＣ操作 C1 …!");
        assert_eq!(runs(&folded).collect::<Vec<_>>(), [Run::Cjk("电子厂"), Run::Word("cnc"), Run::Cjk("操作"), Run::Word("c1")]);
        assert_eq!(runs("…，!").count(), 0);
    }
}
