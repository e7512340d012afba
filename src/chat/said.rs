//! A message as it is shown: its text in parts, of which some are links or names, and what it answers.
//!
//! A link is one only in what hosts and organisers write, leads to `http` or `https` and nowhere else, and shows the host that it leads to.
//! Scripts do the same in `static/js/chat/text.js`.

use super::is_staff;
use crate::ids::AccountId;
use crate::live::{Event, Mention, Quote};

/// Characters of a link that are shown.
const SHOWN: usize = 48;
/// Emoji alone that are shown large.
const LARGE: usize = 3;

/// A message.
#[derive(Clone, Debug)]
pub struct Said {
    pub author: AccountId,
    pub name: String,
    /// `host`, `organiser`, `co-host` or empty.
    pub badge: String,
    pub text: String,
    pub parts: Vec<Part>,
    pub reply: Option<Quote>,
    /// It names the viewer, or answers them.
    pub for_viewer: bool,
    pub deleted: bool,
}

/// A piece of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub text: String,
    /// Where a link leads.
    pub href: Option<String>,
    /// A name: of the viewer, or of somebody else.
    pub names_viewer: Option<bool>,
}

impl Said {
    /// None if it is no message.
    pub(super) fn of(event: &Event, viewer: Option<AccountId>) -> Option<Self> {
        let Event::Message { author, name, badge, text, reply, mentions, deleted, .. } = event else { return None };
        let is_viewer = |account: AccountId| Some(account) == viewer;
        let answers = reply.as_ref().and_then(|quote| quote.author).is_some_and(is_viewer);
        let names = mentions.iter().any(|mention| is_viewer(mention.account));
        Some(Self {
            author: *author,
            name: name.clone(),
            badge: badge.clone(),
            text: text.clone(),
            parts: parts(text, is_staff(badge), mentions, viewer),
            reply: reply.clone(),
            for_viewer: (answers || names) && !is_viewer(*author),
            deleted: *deleted,
        })
    }

    /// A text of the viewer's own that is not published.
    pub(super) fn own(author: AccountId, name: &str, badge: &str, text: &str) -> Self {
        let parts = parts(text, false, &[], None);
        let (name, badge, text) = (name.to_owned(), badge.to_owned(), text.to_owned());
        Self { author, name, badge, text, parts, reply: None, for_viewer: false, deleted: false }
    }

    /// Whether it is a few emoji and nothing else.
    pub fn is_large(&self) -> bool {
        !self.deleted && is_emoji(&self.text)
    }
}

/// A text in parts that make up all of it, but for the beginning of links.
fn parts(text: &str, linked: bool, mentions: &[Mention], viewer: Option<AccountId>) -> Vec<Part> {
    let (mut parts, mut plain, mut at) = (Vec::new(), String::new(), 0);
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let found = if linked { link(rest) } else { None };
        let Some((length, part)) = found.or_else(|| name(rest, mentions, viewer)) else {
            plain.push(next);
            at += next.len_utf8();
            continue;
        };
        if !plain.is_empty() {
            parts.push(Part { text: std::mem::take(&mut plain), ..Part::default() });
        }
        parts.push(part);
        at += length;
    }
    if !plain.is_empty() {
        parts.push(Part { text: plain, ..Part::default() });
    }
    parts
}

/// The link with which a text begins, and how long it is there.
fn link(text: &str) -> Option<(usize, Part)> {
    let scheme = ["https://", "http://"].into_iter().find(|s| text.get(..s.len()).is_some_and(|head| head.eq_ignore_ascii_case(s)))?;
    // Chinese goes on without a blank; what is no character of an address ends it, and so does the end of a sentence.
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    let whole = &text[..text.find(|c| !is_part(c)).unwrap_or(text.len())];
    let href = whole.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '(', ')', '[', ']']);
    let rest = href.get(scheme.len()..)?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if !is_host(authority) {
        return None;
    }
    let whole = format!("{}{}", authority.to_ascii_lowercase(), path.trim_end_matches('/'));
    let mut shown: String = whole.chars().take(SHOWN).collect();
    if shown.len() < whole.len() {
        shown.push('…');
    }
    Some((href.len(), Part { text: shown, href: Some(href.to_owned()), names_viewer: None }))
}

/// A name or an IPv4 address, perhaps with a port. Nobody's name before it: `https://bank.example@evil.example` leads to the latter.
fn is_host(authority: &str) -> bool {
    let (host, port) = authority.split_once(':').unwrap_or((authority, "0"));
    let letters = |c: char| c.is_ascii_alphanumeric();
    let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    host.starts_with(letters) && host.ends_with(letters) && host.chars().all(|c| letters(c) || c == '.' || c == '-') && is_port
}

/// The name with which a text begins, with its sign.
fn name(text: &str, mentions: &[Mention], viewer: Option<AccountId>) -> Option<(usize, Part)> {
    let rest = text.strip_prefix(['@', '＠'])?;
    let named = mentions.iter().filter(|m| rest.starts_with(&m.name)).max_by_key(|m| m.name.len())?;
    let length = text.len() - rest.len() + named.name.len();
    let own = mentions.iter().any(|m| m.name == named.name && Some(m.account) == viewer);
    Some((length, Part { text: text[..length].to_owned(), href: None, names_viewer: Some(own) }))
}

/// Whether a text is one to three emoji. A flag is two letters of its own.
fn is_emoji(text: &str) -> bool {
    let (mut emoji, mut letters, mut joined) = (0, 0, false);
    for c in text.chars() {
        match c {
            '\u{1F1E6}'..='\u{1F1FF}' => letters += 1,
            '\u{FE0F}' | '\u{1F3FB}'..='\u{1F3FF}' => {}
            '\u{200D}' => joined = true,
            '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B50}' | '\u{2B55}' | '\u{231A}' | '\u{231B}' | '\u{23F0}' => {
                emoji += usize::from(!std::mem::take(&mut joined));
            }
            ' ' => {}
            _ => return false,
        }
    }
    let emoji = emoji + letters / 2;
    letters % 2 == 0 && (1..=LARGE).contains(&emoji)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts in short: links as `[shown](href)`, names as `<name>`, those of the viewer as `<<name>>`.
    fn seen(text: &str, linked: bool, mentions: &[Mention], viewer: Option<AccountId>) -> String {
        let show = |part: Part| match (part.href, part.names_viewer) {
            (Some(href), _) => format!("[{}]({href})", part.text),
            (_, Some(true)) => format!("<<{}>>", part.text),
            (_, Some(false)) => format!("<{}>", part.text),
            _ => part.text,
        };
        parts(text, linked, mentions, viewer).into_iter().map(show).collect()
    }

    #[test]
    fn links_are_links_only_where_they_may_be_and_show_where_they_lead() {
        let linked = |text: &str| seen(text, true, &[], None);
        assert_eq!(linked("看https://Jobs.example/a?b=1，好"), "看[jobs.example/a?b=1](https://Jobs.example/a?b=1)，好");
        assert_eq!(linked("(http://a.example:8080/)."), "([a.example:8080](http://a.example:8080/)).");
        assert_eq!(linked("HTTPS://a.example。"), "[a.example](HTTPS://a.example)。");
        let long = format!("https://a.example/{}", "x".repeat(100));
        assert_eq!(linked(&long), format!("[a.example/{}…]({long})", "x".repeat(38)));
        for plain in [
            "javascript:alert(1)",
            "https://bank.example@evil.example/",
            "https://",
            "http:///x",
            "data:text/html,x",
            "ftp://a.example",
            "//a.example",
            "www.a.example",
            "https://例子.example",
            "https://-a.example",
            "https://a.example:port/",
            "https://[::1]/",
        ] {
            assert_eq!(linked(plain), plain);
        }
        assert_eq!(seen("https://a.example", false, &[], None), "https://a.example", "visitors' links stay text");
    }

    #[test]
    fn names_are_marked_and_ones_own_most() {
        let (me, other) = (AccountId::new(), AccountId::new());
        let of = |account, name: &str| Mention { account, name: name.into() };
        let mentions = [of(me, "李雷"), of(other, "李雷雷")];
        assert_eq!(seen("@李雷，＠李雷雷 @韩", true, &mentions, Some(me)), "<<@李雷>>，<＠李雷雷> @韩");
        assert_eq!(seen("@李雷", true, &mentions, Some(other)), "<@李雷>");
    }

    #[test]
    fn parts_make_up_the_whole_text() {
        for text in ["", "a\n\nb", "@", "http", "<b>&amp;</b>", "👨‍👩‍👧 https://a.example @x", "https://a.example/%E4%B8%AD'\"><script>"]
        {
            let all = parts(text, true, &[], None);
            let whole: String = all.iter().map(|p| p.href.clone().unwrap_or_else(|| p.text.clone())).collect();
            assert_eq!(whole, text);
            assert!(all.iter().all(|p| !p.text.is_empty()));
        }
    }

    #[test]
    fn a_few_emoji_alone_are_large() {
        for large in ["👍", "👍🏽", "❤️", "👨‍👩‍👧", "🇨🇳", "😀 😀 😀", "☺️⭐"] {
            assert!(is_emoji(large), "{large}");
        }
        for small in ["", "a", "好👍", "👍👍👍👍", "1️⃣", "🇨", " "] {
            assert!(!is_emoji(small), "{small}");
        }
    }
}
