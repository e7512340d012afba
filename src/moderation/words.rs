//! The word list of a fair, and what a text that somebody wants to send is to be held or refused for.

use super::networks::NETWORK;
use super::text::{Category, Words, detect, is_comparable};
use super::{Device, Moderation, store};
use crate::accounts::Viewer;
use crate::fairs::Fair;
use crate::ids::{AccountId, FairId};
use crate::rooms::Room;
use crate::web::{AppError, Result, Text, clean};
use serde::Deserialize;
use std::sync::Arc;

/// Characters of a word; a sentence is no word.
pub const MAX_WORD: usize = 40;
/// Words of a fair: more than this nobody keeps in order, and each message is compared with all.
const MAX_WORDS: usize = 500;
/// What a message is held for besides [`Category`].
pub(super) const WORD: &str = "word";

/// What happens to a message with a listed word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    #[default]
    Hold,
    Refuse,
}

impl Action {
    pub fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Refuse => "refuse",
        }
    }
}

impl TryFrom<String> for Action {
    type Error = anyhow::Error;
    fn try_from(s: String) -> anyhow::Result<Self> {
        [Self::Hold, Self::Refuse].into_iter().find(|a| a.name() == s).ok_or_else(|| anyhow::anyhow!("word action {s}"))
    }
}

/// A word of a fair's list.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ListedWord {
    pub word: String,
    #[sqlx(try_from = "String")]
    pub action: Action,
    pub added_at: i64,
    pub added_by_name: String,
}

/// What is to become of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    Fine,
    /// Held until somebody has looked: names of categories, worst first, or `word`.
    Hold(Vec<&'static str>),
    Refuse,
}

/// The words found outweigh the rules only by refusing.
fn judge(listed: &[Action], found: &[Category]) -> Judgement {
    if listed.contains(&Action::Refuse) {
        return Judgement::Refuse;
    }
    let why: Vec<_> = found.iter().map(|c| c.name()).chain(listed.first().map(|_| WORD)).collect();
    if why.is_empty() { Judgement::Fine } else { Judgement::Hold(why) }
}

impl Moderation {
    /// What is to become of a message of a visitor: as [`Moderation::judge`], and the first one is held that comes from where somebody
    /// was banned a short while ago.
    pub async fn judge_visitor(&self, room: &Room, author: AccountId, device: &Device, text: &str) -> Result<Judgement> {
        match self.judge(room.fair_id, text).await? {
            Judgement::Fine if self.is_newcomer_from_banned(room.id, author, device).await? => Ok(Judgement::Hold(vec![NETWORK])),
            judgement => Ok(judgement),
        }
    }

    /// What is to become of a text in the rooms of a fair.
    pub async fn judge(&self, fair: FairId, text: &str) -> Result<Judgement> {
        let db = self.accounts.db.read();
        let read = async { store::words(db, fair).await.map(|all| Some(comparable(all))) };
        let words = self.words.get(self.accounts.clock.now(), fair, read).await?;
        let listed = words.map(|w| w.found_in(text)).unwrap_or_default();
        Ok(judge(&listed, &detect(text)))
    }

    /// The list of a fair, for its organisers.
    pub async fn words_of(&self, viewer: &Viewer, fair: FairId) -> Result<(Fair, Vec<ListedWord>)> {
        let fair = self.live.rooms.fairs.organised_by(viewer, fair).await?;
        let words = store::words(self.accounts.db.read(), fair.id).await?;
        Ok((fair, words))
    }

    /// Adds a word, or changes what happens to it.
    pub async fn add_word(&self, viewer: &Viewer, fair: FairId, word: &str, action: Action) -> Result<()> {
        let (fair, words) = self.words_of(viewer, fair).await?;
        let (word, by) = (clean(word, MAX_WORD), viewer.known()?.id);
        if !is_comparable(&word) {
            return Err(AppError::Unprocessable(Text("moderation-word-empty")));
        }
        if words.len() >= MAX_WORDS && words.iter().all(|w| w.word != word) {
            return Err(AppError::Conflict(Text("moderation-word-too-many")));
        }
        store::put_word(self.accounts.db.write(), fair.id, &word, action, by, self.accounts.clock.now()).await?;
        self.words.forget(fair.id);
        self.accounts.audit(by, &format!("words.{}", action.name()), &fair.id.to_string(), Some(fair.id), &word, "").await
    }

    /// Takes a word off the list. Taking off what is not there is no error.
    pub async fn remove_word(&self, viewer: &Viewer, fair: FairId, word: &str) -> Result<()> {
        let (fair, _) = self.words_of(viewer, fair).await?;
        let by = viewer.known()?.id;
        if store::delete_word(self.accounts.db.write(), fair.id, word).await? {
            self.words.forget(fair.id);
            self.accounts.audit(by, "words.remove", &fair.id.to_string(), Some(fair.id), word, "").await?;
        }
        Ok(())
    }
}

fn comparable(words: Vec<ListedWord>) -> Arc<Words<Action>> {
    Arc::new(Words::new(words.into_iter().map(|w| (w.word, w.action))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_word_outweighs_what_is_only_held() {
        assert_eq!(judge(&[], &[]), Judgement::Fine);
        assert_eq!(judge(&[Action::Hold], &[]), Judgement::Hold(vec!["word"]));
        assert_eq!(judge(&[Action::Hold, Action::Hold], &[Category::Deposit]), Judgement::Hold(vec!["deposit", "word"]));
        assert_eq!(judge(&[Action::Hold, Action::Refuse], &[Category::Deposit]), Judgement::Refuse);
    }
}
