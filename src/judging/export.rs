//! The overview as a table for spreadsheets: a row for each sheet, a column for each wording of a question.

use super::Judging;
use super::overview::{Candidate, Overview, Read, wordings};
use crate::accounts::Viewer;
use crate::clock::Millis;
use crate::i18n::Lang;
use crate::ids::PostingId;
use crate::web::{BOM, Result, csv_row};

impl Judging {
    /// The table and the name of its file. Every export is a line of the audit log before it leaves.
    pub(super) async fn export(&self, viewer: &Viewer, id: PostingId, lang: Lang) -> Result<(String, String)> {
        let overview = self.overview(viewer, id).await?;
        let fair = &overview.view.fair;
        let detail = format!("interviews={}", overview.candidates.len());
        self.accounts().audit(viewer.person()?.id, "judging.export", &id.to_string(), Some(fair.id), "", &detail).await?;
        let day: String = fair.local(&self.now()).chars().take(10).collect();
        Ok((table(&overview, lang), format!("interviews-{day}-{id}.csv")))
    }
}

fn table(overview: &Overview, lang: Lang) -> String {
    let columns = wordings(&overview.candidates);
    let fixed = [
        "judging-column-candidate",
        "judging-column-time",
        "judging-column-status",
        "judging-column-judge",
        "judging-column-step",
        "judging-column-decided",
        "judging-column-notes",
    ];
    let asked = columns.iter().map(|(_, _, r)| lang.pick(&r.text_zh, &r.text_en).to_owned());
    let mut text = format!("{BOM}{}", csv_row(&fixed.map(|key| lang.t(key)).into_iter().chain(asked).collect::<Vec<_>>()));
    let local = |at: Millis| overview.view.fair.local(&at);
    for candidate in &overview.candidates {
        for read in &candidate.sheets {
            let stars = columns.iter().map(|(id, version, _)| {
                let own = read.ratings.iter().find(|r| r.question_id == *id && r.version == *version);
                own.map(|r| r.stars.to_string()).unwrap_or_default()
            });
            text.push_str(&csv_row(&begin(candidate, Some(read), local, lang).into_iter().chain(stars).collect::<Vec<_>>()));
        }
        if candidate.sheets.is_empty() {
            let empty = columns.iter().map(|_| String::new());
            text.push_str(&csv_row(&begin(candidate, None, local, lang).into_iter().chain(empty).collect::<Vec<_>>()));
        }
    }
    text
}

fn begin(candidate: &Candidate, read: Option<&Read>, local: impl Fn(Millis) -> String, lang: Lang) -> [String; 7] {
    let decided = read.filter(|r| r.decision().is_some()).and_then(|r| r.sheet.decided_at);
    [
        candidate.interview.name.clone(),
        local(candidate.interview.starts_at),
        candidate.status().map(|s| lang.t(s.label().0)).unwrap_or_default(),
        read.map(|r| r.sheet.judge_name.clone()).unwrap_or_default(),
        read.and_then(Read::decision).map(|s| lang.t(s.label().0)).unwrap_or_default(),
        decided.map(local).unwrap_or_default(),
        read.map(|r| r.notes.clone()).unwrap_or_default(),
    ]
}
