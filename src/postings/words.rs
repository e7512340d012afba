//! Words for full-text search, made here so that SQLite and PostgreSQL find the same.
//!
//! Text is folded (width, case) and cut into runs. A run of Chinese characters `电子厂` becomes the pairs `电子 子厂` and its last
//! character `厂`, in order: a query of two or more characters is a phrase of pairs, a query of one is a prefix of a pair.
//! A run of letters and digits is one word and is found by its beginning. Terms of a query must all occur.

/// More terms than this are not looked at: nobody types them, and each costs an index look-up.
const MAX_TERMS: usize = 8;

/// Full-width forms to ASCII, lower case.
pub(super) fn fold(text: &str) -> String {
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
fn is_cjk(c: char) -> bool {
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[derive(Debug, PartialEq, Eq)]
enum Run {
    Cjk(Vec<char>),
    Word(String),
}

fn runs(text: &str) -> Vec<Run> {
    let mut found = Vec::new();
    for c in fold(text).chars() {
        let cjk = is_cjk(c);
        match found.last_mut() {
            Some(Some(Run::Cjk(run))) if cjk => run.push(c),
            Some(Some(Run::Word(word))) if !cjk && c.is_alphanumeric() => word.push(c),
            _ if cjk => found.push(Some(Run::Cjk(vec![c]))),
            _ if c.is_alphanumeric() => found.push(Some(Run::Word(c.to_string()))),
            _ => found.push(None),
        }
    }
    found.into_iter().flatten().collect()
}

/// The words of a text, in order, for the index.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for run in runs(text) {
        match run {
            Run::Word(word) => all.push(word),
            Run::Cjk(run) => {
                all.extend(run.windows(2).map(|pair| pair.iter().collect()));
                all.extend(run.last().map(char::to_string));
            }
        }
    }
    all
}

/// One term of a query: consecutive words, the last one possibly only begun.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Term {
    words: Vec<String>,
    prefix: bool,
}

/// The terms of a query; empty if nothing in it can be searched for.
pub(super) fn terms(query: &str) -> Vec<Term> {
    let term = |run| match run {
        Run::Word(word) => Term { words: vec![word], prefix: true },
        Run::Cjk(run) if run.len() == 1 => Term { words: vec![run[0].to_string()], prefix: true },
        Run::Cjk(run) => Term { words: run.windows(2).map(|pair| pair.iter().collect()).collect(), prefix: false },
    };
    runs(query).into_iter().take(MAX_TERMS).map(term).collect()
}

/// A query in the syntax of SQLite's FTS5. Words hold letters and digits only, so nothing in them can end the quotes.
pub(super) fn fts5(terms: &[Term]) -> String {
    let one = |t: &Term| format!("\"{}\"{}", t.words.join(" "), if t.prefix { " *" } else { "" });
    terms.iter().map(one).collect::<Vec<_>>().join(" AND ")
}

/// A query as a PostgreSQL `tsquery`.
pub(super) fn tsquery(terms: &[Term]) -> String {
    let one = |t: &Term| {
        let words: Vec<_> = t.words.iter().map(|w| format!("'{w}'{}", if t.prefix { ":*" } else { "" })).collect();
        format!("({})", words.join(" <-> "))
    };
    terms.iter().map(one).collect::<Vec<_>>().join(" & ")
}

/// Words with their positions as a PostgreSQL `tsvector`, which counts positions up to 16383.
pub(super) fn tsvector(words: &[String]) -> String {
    words.iter().take(16_383).enumerate().map(|(i, w)| format!("'{w}':{}", i + 1)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_becomes_pairs_and_latin_stays_words() {
        assert_eq!(words("电子厂，ＣＮＣ操作 C1"), ["电子", "子厂", "厂", "cnc", "操作", "作", "c1"]);
        assert_eq!(words("…，!"), Vec::<String>::new());
    }

    #[test]
    fn queries_are_phrases_of_pairs_or_prefixes() {
        let terms = terms("电子厂 厨 Jav");
        assert_eq!(fts5(&terms), "\"电子 子厂\" AND \"厨\" * AND \"jav\" *");
        assert_eq!(tsquery(&terms), "('电子' <-> '子厂') & ('厨':*) & ('jav':*)");
    }

    #[test]
    fn what_is_typed_cannot_leave_the_quotes() {
        for query in ["\" OR 1=1 --", "'; DROP TABLE postings", "a* NEAR(b)", "'':*&|!"] {
            let terms = terms(query);
            assert!(terms.iter().flat_map(|t| &t.words).all(|w| w.chars().all(char::is_alphanumeric)), "{query}");
        }
        assert!(terms("?!'\"*").is_empty());
    }

    #[test]
    fn a_long_query_is_cut() {
        assert_eq!(terms(&"a ".repeat(500)).len(), MAX_TERMS);
    }
}
