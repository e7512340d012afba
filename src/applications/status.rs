//! Where an application stands. Pure.

use crate::web::Text;

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    New,
    Viewed,
    Shortlisted,
    Interview,
    Offer,
    Hired,
    Rejected,
    Withdrawn,
}

impl Status {
    pub const ALL: [Self; 8] =
        [Self::New, Self::Viewed, Self::Shortlisted, Self::Interview, Self::Offer, Self::Hired, Self::Rejected, Self::Withdrawn];

    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Viewed => "viewed",
            Self::Shortlisted => "shortlisted",
            Self::Interview => "interview",
            Self::Offer => "offer",
            Self::Hired => "hired",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub fn label(self) -> Text {
        match self {
            Self::New => Text("applications-status-new"),
            Self::Viewed => Text("applications-status-viewed"),
            Self::Shortlisted => Text("applications-status-shortlisted"),
            Self::Interview => Text("applications-status-interview"),
            Self::Offer => Text("applications-status-offer"),
            Self::Hired => Text("applications-status-hired"),
            Self::Rejected => Text("applications-status-rejected"),
            Self::Withdrawn => Text("applications-status-withdrawn"),
        }
    }

    pub fn badge(self) -> &'static str {
        match self {
            Self::New => "badge-info",
            Self::Viewed => "",
            Self::Shortlisted | Self::Interview => "badge-warn",
            Self::Offer | Self::Hired => "badge-success",
            Self::Rejected | Self::Withdrawn => "badge-danger",
        }
    }

    /// What a recruiter may make of it; a withdrawn application is the applicant's to send again.
    pub fn next_for_recruiter(self) -> &'static [Self] {
        match self {
            Self::Withdrawn => &[],
            _ => &[Self::Viewed, Self::Shortlisted, Self::Interview, Self::Offer, Self::Hired, Self::Rejected],
        }
    }

    /// Whether the applicant hears of it. That somebody looked is shown, but no reason for a text message.
    pub(super) fn is_news(self) -> bool {
        match self {
            Self::Shortlisted | Self::Interview | Self::Offer | Self::Hired | Self::Rejected => true,
            Self::New | Self::Viewed | Self::Withdrawn => false,
        }
    }

    /// Somebody waits for the employer.
    pub fn is_open(self) -> bool {
        match self {
            Self::New | Self::Viewed | Self::Shortlisted | Self::Interview => true,
            Self::Offer | Self::Hired | Self::Rejected | Self::Withdrawn => false,
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == text)
    }
}

impl TryFrom<String> for Status {
    type Error = anyhow::Error;
    fn try_from(text: String) -> anyhow::Result<Self> {
        Self::parse(&text).ok_or_else(|| anyhow::anyhow!("application status {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_withdrawn_application_is_not_the_recruiters_to_move_and_nobody_makes_one_new_or_withdrawn() {
        assert!(Status::Withdrawn.next_for_recruiter().is_empty());
        for status in Status::ALL {
            assert!(status.next_for_recruiter().iter().all(|s| !matches!(s, Status::New | Status::Withdrawn)));
            assert_eq!(Status::parse(status.name()), Some(status));
        }
    }
}
