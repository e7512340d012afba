//! Texts in Chinese and English, from Fluent files in `locales/`.
//!
//! The build script has checked that every key named in code, templates and scripts exists in both languages with the
//! same arguments, so a look-up at run time only ever misses for a key that was put together by hand.

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

/// A language that the product speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
pub enum Lang {
    #[default]
    #[serde(rename = "zh-CN")]
    Zh,
    #[serde(rename = "en")]
    En,
}

impl Lang {
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    pub fn parse(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_lowercase();
        if tag.starts_with("zh") {
            Some(Self::Zh)
        } else if tag.starts_with("en") {
            Some(Self::En)
        } else {
            None
        }
    }

    /// The first language of an `Accept-Language` header that we speak; quality values are taken as sorted.
    pub fn from_accept(header: &str) -> Option<Self> {
        header.split(',').find_map(|part| Self::parse(part.split(';').next().unwrap_or("")))
    }

    /// The one of two texts that fits the language; the other one if that is empty.
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match (self, zh.is_empty(), en.is_empty()) {
            (Self::Zh, false, _) | (Self::En, _, true) => zh,
            _ => en,
        }
    }

    /// The text of `key`.
    pub fn t(self, key: &str) -> String {
        self.format(key, None)
    }

    pub fn t1(self, key: &str, n1: &str, v1: impl Display) -> String {
        let mut args = FluentArgs::new();
        args.set(n1.to_owned(), value(&v1));
        self.format(key, Some(&args))
    }

    pub fn t2(self, key: &str, n1: &str, v1: impl Display, n2: &str, v2: impl Display) -> String {
        let mut args = FluentArgs::new();
        args.set(n1.to_owned(), value(&v1));
        args.set(n2.to_owned(), value(&v2));
        self.format(key, Some(&args))
    }

    #[expect(clippy::too_many_arguments, reason = "three name and value pairs read best side by side in a template")]
    pub fn t3(self, key: &str, n1: &str, v1: impl Display, n2: &str, v2: impl Display, n3: &str, v3: impl Display) -> String {
        let mut args = FluentArgs::new();
        args.set(n1.to_owned(), value(&v1));
        args.set(n2.to_owned(), value(&v2));
        args.set(n3.to_owned(), value(&v3));
        self.format(key, Some(&args))
    }

    /// With however many values; a text need not use them all.
    pub fn with(self, key: &str, values: &[(&str, &str)]) -> String {
        let mut args = FluentArgs::new();
        for (name, shown) in values {
            args.set((*name).to_owned(), value(shown));
        }
        self.format(key, Some(&args))
    }

    fn format(self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let bundle = &BUNDLES[self as usize];
        let Some(pattern) = bundle.get_message(key).and_then(|m| m.value()) else {
            tracing::error!(key, lang = self.tag(), "a text is missing");
            return key.to_owned();
        };
        bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned()
    }
}

/// A whole number becomes a Fluent number, so that English plurals work; all else is shown as it is.
fn value(v: &impl Display) -> FluentValue<'static> {
    let text = v.to_string();
    match text.parse::<i64>() {
        Ok(n) if n.to_string() == text => FluentValue::from(n),
        _ => FluentValue::from(text),
    }
}

#[derive(rust_embed::Embed)]
#[folder = "locales/"]
struct Locales;

static BUNDLES: LazyLock<[FluentBundle<FluentResource>; 2]> = LazyLock::new(|| Lang::ALL.map(bundle));

fn bundle(lang: Lang) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(lang.tag().parse().into_iter().collect());
    // Isolation marks around arguments are for mixed-direction text; neither language needs them and they break copying.
    bundle.set_use_isolating(false);
    for resource in resources(lang) {
        if let Err(errors) = bundle.add_resource(resource) {
            tracing::error!(?errors, lang = lang.tag(), "texts could not be loaded");
        }
    }
    bundle
}

fn sources(lang: Lang) -> impl Iterator<Item = String> {
    Locales::iter()
        .filter(move |path| path.starts_with(lang.tag()) && path.ends_with(".ftl"))
        .filter_map(|path| Locales::get(&path))
        .map(|file| String::from_utf8_lossy(&file.data).into_owned())
}

fn resources(lang: Lang) -> impl Iterator<Item = FluentResource> {
    sources(lang).map(|text| FluentResource::try_new(text).unwrap_or_else(|(partial, _)| partial))
}

/// The texts that scripts use (keys that begin with `js-`), as an ES module; arguments stay as `{$name}`.
pub fn script_module(lang: Lang) -> String {
    let mut texts = BTreeMap::new();
    for text in sources(lang) {
        for line in text.lines() {
            if let Some((key, value)) = line.split_once(" = ")
                && key.starts_with("js-")
            {
                texts.insert(key.to_owned(), value.replace("{ $", "{$").replace(" }", "}"));
            }
        }
    }
    format!("export default {};\n", serde_json::to_string(&texts).unwrap_or_else(|_| "{}".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_comes_from_the_first_known_tag() {
        assert_eq!(Lang::from_accept("fr-FR, en;q=0.8, zh;q=0.5"), Some(Lang::En));
        assert_eq!(Lang::from_accept("zh-Hans-CN"), Some(Lang::Zh));
        assert_eq!(Lang::from_accept("fr"), None);
    }

    #[test]
    fn the_other_language_stands_in_for_what_is_missing() {
        let all = [Lang::En.pick("问", ""), Lang::Zh.pick("", "ask"), Lang::En.pick("问", "ask"), Lang::Zh.pick("问", "ask")];
        assert_eq!(all, ["问", "ask", "ask", "问"]);
    }

    #[test]
    fn script_texts_are_plain_single_lines() {
        for lang in Lang::ALL {
            for text in sources(lang) {
                let lines: Vec<_> = text.lines().collect();
                for (i, line) in lines.iter().enumerate() {
                    if line.starts_with("js-") {
                        assert!(line.contains(" = "), "{line}");
                        assert!(!lines.get(i + 1).is_some_and(|next| next.starts_with(' ')), "{line} goes over lines");
                    }
                }
            }
        }
    }
}
