//! The rules: which words in which surroundings are a reason to look.

use super::normal::{Gap, Normal, word};
use super::rules::*;
use super::spell::{Sound, Spelled};
use std::ops::Range;
use std::sync::LazyLock;

/// What a text is held for, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    Loan,
    Deposit,
    Fee,
    Papers,
    Contact,
    Scan,
}

impl Category {
    pub const ALL: [Self; 6] = [Self::Loan, Self::Deposit, Self::Fee, Self::Papers, Self::Contact, Self::Scan];

    pub fn name(self) -> &'static str {
        match self {
            Self::Loan => "loan",
            Self::Deposit => "deposit",
            Self::Fee => "fee",
            Self::Papers => "papers",
            Self::Contact => "contact",
            Self::Scan => "scan",
        }
    }

    /// Text key of why such a text is held.
    pub fn text(self) -> &'static str {
        match self {
            Self::Loan => "moderation-why-loan",
            Self::Deposit => "moderation-why-deposit",
            Self::Fee => "moderation-why-fee",
            Self::Papers => "moderation-why-papers",
            Self::Contact => "moderation-why-contact",
            Self::Scan => "moderation-why-scan",
        }
    }
}

/// The words of a list, made comparable once.
struct List(Vec<Vec<char>>);

impl List {
    fn of(words: &str) -> Self {
        Self(words.split_whitespace().map(word).collect())
    }
}

macro_rules! lists {
    ($($name:ident),+ $(,)?) => {
        #[expect(non_snake_case, reason = "named as in `rules`")]
        struct Lists { $($name: List),+ }
        static LISTS: LazyLock<Lists> = LazyLock::new(|| Lists { $($name: List::of($name)),+ });
    };
}

lists!(
    DEPOSIT,
    DEPOSIT_IF_DEMANDED,
    FEE,
    DEMAND,
    DEMAND_AFTER,
    PAY_FIRST,
    RELIEF,
    LOAN,
    CHANNEL,
    LEAD,
    LEAD_WHOLE,
    NOT_AFTER,
    NOT_BEFORE,
    CHANNEL_NAME,
    LINK,
    SCAN,
    SCAN_FOR,
    PAPERS,
    HAND_OVER,
    DENIAL,
    BUT,
    DENIED_AFTER,
    OR_ELSE,
    WARNING,
    NO_WARNING,
    ASKING,
    ASKING_NOT,
    HONEST,
);

type Sounds = Vec<Sound>;
static HEARD: LazyLock<[(Category, Sounds); 4]> = LazyLock::new(|| {
    let of = |words: &str| words.split_whitespace().map(|w| Sound::of(&word(w))).collect::<Sounds>();
    [
        (Category::Deposit, of(SOUNDS_DEPOSIT)),
        (Category::Loan, of(SOUNDS_LOAN)),
        (Category::Fee, of(SOUNDS_FEE)),
        (Category::Contact, of(SOUNDS_CONTACT)),
    ]
});

/// What a text is to be held for, worst first; nothing if it is fine.
pub fn detect(text: &str) -> Vec<Category> {
    places(&Normal::of(text)).into_iter().map(|(category, _)| category).collect()
}

/// The same with the words that are the reason, as bytes of the text: the first ones of each category.
pub fn found(text: &str) -> Vec<(Category, Range<usize>)> {
    let normal = Normal::of(text);
    places(&normal).into_iter().map(|(category, at)| (category, normal.bytes(&at))).collect()
}

fn places(text: &Normal) -> Vec<(Category, Range<usize>)> {
    let reader = Reader { text };
    let mut found: Vec<_> = Category::ALL.into_iter().filter_map(|c| Some((c, reader.written(c)?))).collect();
    let spelled = Spelled::of(text);
    for (category, sounds) in HEARD.iter() {
        if found.iter().all(|(known, _)| known != category) {
            let meant = |s| spelled.find(text, s).find(|h| reader.is_meant(*category, &h.at, h.latin));
            found.extend(sounds.iter().find_map(meant).map(|heard| (*category, heard.at)));
        }
    }
    found.sort_unstable_by_key(|(category, _)| *category);
    found
}

struct Reader<'a> {
    text: &'a Normal,
}

impl Reader<'_> {
    /// Where it is written.
    fn written(&self, category: Category) -> Option<Range<usize>> {
        let l = &*LISTS;
        match category {
            Category::Deposit => self
                .first(&l.DEPOSIT, |at| self.is_demanded_of(at))
                .or_else(|| self.first(&l.DEPOSIT_IF_DEMANDED, |at| self.is_demanded_of(at) && self.demands(at))),
            Category::Fee => self
                .first(&l.FEE, |at| self.is_demanded_of(at) && self.demands(at) && !self.near(at, Gap::Comma, &l.RELIEF))
                .or_else(|| {
                    self.first(&l.PAY_FIRST, |at| {
                        self.is_demanded_of(at) && self.names_a_sum(at.end) && !self.near(at, Gap::Comma, &l.RELIEF)
                    })
                }),
            Category::Loan => self.first(&l.LOAN, |at| self.is_demanded_of(at)),
            Category::Papers => self.first(&l.PAPERS, |at| {
                let near = at.start.saturating_sub(6)..at.end + 5;
                self.is_demanded_of(at) && self.text.has(near, &l.HAND_OVER.0)
            }),
            Category::Scan => {
                self.first(&l.SCAN, |at| self.is_demanded_of(at) && self.text.has(at.start.saturating_sub(8)..at.end + 8, &l.SCAN_FOR.0))
            }
            Category::Contact => self
                .first(&l.CHANNEL, |at| self.is_led_to(at))
                .or_else(|| self.first(&l.LEAD_WHOLE, |at| self.leads(at)))
                .or_else(|| self.an_address()),
        }
    }

    /// A word that is only heard, not written, may be somebody's name: two syllables need a demand beside them.
    fn is_meant(&self, category: Category, at: &Range<usize>, latin: bool) -> bool {
        match category {
            Category::Contact => self.leads(at) && (at.len() > 2 || self.address_from(at.end, true)),
            Category::Fee => self.is_demanded_of(at) && self.demands(at) && !self.near(at, Gap::Comma, &LISTS.RELIEF),
            _ => self.is_demanded_of(at) && ((at.len() > 2 && !latin) || self.demands(at)),
        }
    }

    /// The first place, by the order of the list, of a word that fits.
    fn first(&self, list: &List, fits: impl Fn(&Range<usize>) -> bool) -> Option<Range<usize>> {
        list.0.iter().find_map(|w| self.text.find(w).find(|at| fits(at)))
    }

    fn near(&self, at: &Range<usize>, wide: Gap, list: &List) -> bool {
        self.text.has(self.text.around(at, wide), &list.0)
    }

    /// The word is neither asked about, nor denied, nor warned of.
    fn is_demanded_of(&self, at: &Range<usize>) -> bool {
        !(self.is_asked(at) || self.is_denied(at) || self.is_warned_of(at) || self.near(at, Gap::End, &LISTS.HONEST))
    }

    fn is_asked(&self, at: &Range<usize>) -> bool {
        let sentence = self.text.around(at, Gap::End);
        // A sum that is named is no question: "交200元押金好吗" says what it wants.
        if self.names_a_sum(at.end) || self.names_a_sum(at.start.saturating_sub(5)) {
            return false;
        }
        self.text.gap(sentence.end) == Gap::Question
            || (self.text.has(sentence.clone(), &LISTS.ASKING.0) && !self.text.has(sentence, &LISTS.ASKING_NOT.0))
    }

    fn is_denied(&self, at: &Range<usize>) -> bool {
        let l = &*LISTS;
        let (sentence, clause) = (self.text.around(at, Gap::End), self.text.around(at, Gap::Comma));
        if self.text.has(sentence, &l.OR_ELSE.0) {
            return false;
        }
        // The last denial before the word that nothing takes back. A short one must be near: "no money, but learn first, pay later".
        let before = clause.start..at.start;
        let denials = l.DENIAL.0.iter().filter_map(|d| last(self.text, &before, d).filter(|end| d.len() > 1 || at.start - end <= 4));
        let denied = denials.max().is_some_and(|end| !self.text.has(end..at.start, &l.BUT.0));
        denied || self.is_nought(at.start.wrapping_sub(1)) || self.text.has(at.end..(at.end + 4).min(clause.end), &l.DENIED_AFTER.0)
    }

    /// A nought by itself: "0押金", not "200".
    fn is_nought(&self, i: usize) -> bool {
        let digit = |i: usize| self.text.units.get(i).is_some_and(|u| u.c.is_ascii_digit());
        self.text.units.get(i).is_some_and(|u| u.c == '0') && !digit(i.wrapping_sub(1)) && !digit(i + 1)
    }

    fn is_warned_of(&self, at: &Range<usize>) -> bool {
        let sentence = self.text.around(at, Gap::End);
        self.text.has(sentence.clone(), &LISTS.WARNING.0) && !self.text.has(sentence, &LISTS.NO_WARNING.0)
    }

    /// Somebody is to pay it.
    fn demands(&self, at: &Range<usize>) -> bool {
        let clause = self.text.around(at, Gap::Comma);
        let before = at.start.saturating_sub(8).max(clause.start)..at.start;
        let after = at.end..(at.end + 8).min(clause.end);
        self.text.has(before, &LISTS.DEMAND.0) || self.text.has(after, &LISTS.DEMAND_AFTER.0) || self.names_a_sum(at.end)
    }

    /// Money within the next few characters: "300", "3百", "5元".
    fn names_a_sum(&self, from: usize) -> bool {
        let units: Vec<char> = self.text.units.iter().skip(from).take(6).map(|u| u.c).collect();
        units.windows(2).any(|w| {
            w[0].is_ascii_digit()
                && (matches!(w[1], '元' | '块' | '百' | '千' | '万' | '钱' | '0') || (w[1].is_ascii_digit() && w[0] != '0'))
        })
    }

    /// A channel with a word before it that leads there: "add my" + "WeChat".
    fn is_led_to(&self, channel: &Range<usize>) -> bool {
        LISTS.LEAD.0.iter().filter(|lead| lead.len() <= channel.start).any(|lead| {
            let at = channel.start - lead.len()..channel.end;
            self.text.has(at.start..channel.start, std::slice::from_ref(lead)) && self.text.is_one_word(&at) && self.leads(&at)
        })
    }

    /// "Add my WeChat" and the like; to ask whether one may is fine, unless an address follows.
    fn leads(&self, at: &Range<usize>) -> bool {
        let l = &*LISTS;
        let before = at.start.saturating_sub(1)..at.start;
        let longest = |w: &Vec<char>| w.len();
        let most = l.NOT_BEFORE.0.iter().map(longest).max().unwrap_or(0);
        let honest = self.text.has(before, &l.NOT_AFTER.0)
            || (1..=most)
                .any(|n| l.NOT_BEFORE.0.iter().any(|w| w.len() == n && self.text.has(at.end..at.end + n, std::slice::from_ref(w))));
        let cut = |i: usize| {
            let letter = |i: usize| self.text.units.get(i).is_some_and(|u| u.c.is_ascii_alphabetic());
            i > 0 && letter(i - 1) && letter(i) && self.text.gap(i) == Gap::None
        };
        !honest && !cut(at.start) && !cut(at.end) && (self.address_from(at.end, true) || self.is_demanded_of(at))
    }

    /// A name of a service with an address behind it, or a link.
    fn an_address(&self) -> Option<Range<usize>> {
        let l = &*LISTS;
        let starts = |at: &Range<usize>| {
            at.start == 0 || !self.text.units[at.start - 1].c.is_ascii_alphanumeric() || self.text.gap(at.start) != Gap::None
        };
        let named = |at: &Range<usize>| starts(at) && self.address_from(at.end, false) && !self.is_warned_of(at);
        self.first(&l.CHANNEL_NAME, named).or_else(|| {
            self.first(&l.LINK, |at| starts(at) && self.text.gap(at.end) == Gap::Space && self.text.units.get(at.end).is_some())
        })
    }

    /// The units before and at `i` stand in one piece, of which digits may be spread.
    fn is_tied(&self, i: usize) -> bool {
        let digits = self.text.units[i - 1..=i].iter().all(|u| u.c.is_ascii_digit());
        self.text.gap(i) <= if digits { Gap::Space } else { Gap::Tie }
    }

    /// An address at `from`, perhaps after "号", "是", ":": five letters and digits in one piece, with a digit unless `bare`.
    fn address_from(&self, from: usize, bare: bool) -> bool {
        let filler = |c: char| matches!(c, '号' | '是' | '为' | '我' | '的' | '码' | '同' | '群');
        let start = (from..self.text.len()).take(4).find(|i| !filler(self.text.units[*i].c)).unwrap_or(self.text.len());
        let end = (start..self.text.len())
            .find(|&i| !self.text.units[i].c.is_ascii_alphanumeric() || (i > start && !self.is_tied(i)))
            .unwrap_or(self.text.len());
        let address = &self.text.units[start..end];
        let has_digit = address.iter().any(|u| u.c.is_ascii_digit());
        let money = matches!(self.text.units.get(end).map(|u| u.c), Some('元' | '块' | '号' | '点' | '月' | '年' | '人'));
        address.len() >= 5 && (has_digit || bare) && !money
    }
}

/// Where the last `word` within a part of the text ends.
fn last(text: &Normal, part: &Range<usize>, word: &[char]) -> Option<usize> {
    let units = text.units.get(part.clone())?;
    units.windows(word.len()).rposition(|w| w.iter().zip(word).all(|(u, c)| u.c == *c)).map(|i| part.start + i + word.len())
}
