//! A resume from questions: what somebody who has none is asked, and what they may answer. Everything but the name may be left out.

use crate::web::{Fields, Text, clean};
use serde::{Deserialize, Serialize};

/// Places for earlier work in the form.
pub(super) const JOBS: usize = 3;
/// Somebody of an age to work, and no slip of the finger.
const AGES: std::ops::RangeInclusive<i64> = 16..=80;
/// Characters.
const SHORT: usize = 40;
const LINE: usize = 80;
const LONG: usize = 300;

/// What somebody learned, by its name in the form.
pub(super) const EDUCATION: [(&str, Text); 6] = [
    ("none", Text("builder-education-none")),
    ("primary", Text("builder-education-primary")),
    ("middle", Text("builder-education-middle")),
    ("high", Text("builder-education-high")),
    ("college", Text("builder-education-college")),
    ("bachelor", Text("builder-education-bachelor")),
];

/// What employers ask for most often: certificates first.
pub(super) const SKILLS: [(&str, Text); 14] = [
    ("welder", Text("builder-skill-welder")),
    ("electrician", Text("builder-skill-electrician")),
    ("forklift", Text("builder-skill-forklift")),
    ("heights", Text("builder-skill-heights")),
    ("crane", Text("builder-skill-crane")),
    ("car", Text("builder-skill-car")),
    ("truck", Text("builder-skill-truck")),
    ("health", Text("builder-skill-health")),
    ("guard", Text("builder-skill-guard")),
    ("cook", Text("builder-skill-cook")),
    ("sewing", Text("builder-skill-sewing")),
    ("line", Text("builder-skill-line")),
    ("computer", Text("builder-skill-computer")),
    ("care", Text("builder-skill-care")),
];

pub(super) const FROM: [(&str, Text); 4] = [
    ("now", Text("builder-from-now")),
    ("week", Text("builder-from-week")),
    ("month", Text("builder-from-month")),
    ("later", Text("builder-from-later")),
];

/// The label of `key` in one of the lists above.
pub(super) fn label(of: &[(&str, Text)], key: &str) -> Option<Text> {
    of.iter().find(|(name, _)| *name == key).map(|(_, text)| *text)
}

/// The answers as stored and as shown in the form.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(super) struct Told {
    pub(super) name: String,
    /// The year, or empty.
    pub(super) born: String,
    pub(super) home: String,
    pub(super) wanted: String,
    pub(super) place: String,
    /// Yuan a month, or empty.
    pub(super) pay: String,
    pub(super) from: String,
    pub(super) education: String,
    pub(super) skill: Vec<String>,
    pub(super) skills: String,
    pub(super) about: String,
    pub(super) jobs: Vec<Job>,
}

/// Earlier work; months as `yyyy-mm`, an empty end is until today.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(super) struct Job {
    pub(super) employer: String,
    pub(super) work: String,
    pub(super) since: String,
    pub(super) until: String,
}

impl Job {
    fn is_empty(&self) -> bool {
        [&self.employer, &self.work, &self.since, &self.until].iter().all(|field| field.is_empty())
    }
}

/// The form as sent. Rows of work come as fields of the same name, in their order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ToldForm {
    name: String,
    born: String,
    home: String,
    wanted: String,
    place: String,
    pay: String,
    from: String,
    education: String,
    skill: Vec<String>,
    skills: String,
    about: String,
    job_employer: Vec<String>,
    job_work: Vec<String>,
    job_since: Vec<String>,
    job_until: Vec<String>,
    /// Where to go on afterwards.
    pub(super) next: String,
}

impl ToldForm {
    /// The answers with what is wrong with them; `today` is `yyyy-mm-dd`.
    pub(super) fn read(&self, today: &str) -> (Told, Fields) {
        let mut wrong = Fields::default();
        let told = Told {
            name: wrong.line("name", &self.name, SHORT),
            born: clean(&self.born, 8),
            home: wrong.line("home", &self.home, SHORT),
            wanted: wrong.line("wanted", &self.wanted, SHORT),
            place: wrong.line("place", &self.place, SHORT),
            pay: clean(&self.pay, 8),
            from: picked(&FROM, &self.from),
            education: picked(&EDUCATION, &self.education),
            skill: SKILLS.iter().filter(|(key, _)| self.skill.iter().any(|given| given == key)).map(|(key, _)| (*key).to_owned()).collect(),
            skills: wrong.line("skills", &self.skills, LINE),
            about: wrong.lines("about", &self.about, LONG),
            jobs: self.jobs(today, &mut wrong),
        };
        if told.name.is_empty() {
            wrong.add("name", Text("applications-wrong-name"));
        }
        let year: i64 = today.get(..4).and_then(|y| y.parse().ok()).unwrap_or_default();
        if !told.born.is_empty() && !told.born.parse::<i64>().is_ok_and(|born| AGES.contains(&(year - born))) {
            wrong.add("born", Text("builder-wrong-born"));
        }
        if !told.pay.is_empty() && !told.pay.parse::<i64>().is_ok_and(|pay| (100..=200_000).contains(&pay)) {
            wrong.add("pay", Text("builder-wrong-pay"));
        }
        (told, wrong)
    }

    /// Rows that say something; the first wrong one is named.
    fn jobs(&self, today: &str, wrong: &mut Fields) -> Vec<Job> {
        let at = |list: &[String], n: usize, max| clean(list.get(n).map_or("", String::as_str), max);
        let rows = (0..JOBS).map(|n| Job {
            employer: at(&self.job_employer, n, SHORT),
            work: at(&self.job_work, n, LINE),
            since: at(&self.job_since, n, 7),
            until: at(&self.job_until, n, 7),
        });
        let rows: Vec<Job> = rows.filter(|job| !job.is_empty()).collect();
        for job in &rows {
            let months = [&job.since, &job.until].into_iter().filter(|month| !month.is_empty());
            if job.work.is_empty() {
                wrong.add("jobs", Text("builder-wrong-job-work"));
            } else if months.clone().any(|month| !is_month(month) || month.as_str() > today) {
                wrong.add("jobs", Text("builder-wrong-job-month"));
            } else if !job.until.is_empty() && job.until < job.since {
                wrong.add("jobs", Text("builder-wrong-job-order"));
            }
        }
        rows
    }
}

fn picked(of: &[(&str, Text)], given: &str) -> String {
    label(of, given).map_or_else(String::new, |_| given.to_owned())
}

fn is_month(text: &str) -> bool {
    let Some((year, month)) = text.split_once('-') else { return false };
    let digits = |part: &str, n| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    digits(year, 4) && digits(month, 2) && ("01"..="12").contains(&month) && year >= "1950"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(jobs: &[[&str; 4]]) -> ToldForm {
        let column = |n: usize| jobs.iter().map(|job| job[n].to_owned()).collect();
        ToldForm {
            name: "李雷".into(),
            job_employer: column(0),
            job_work: column(1),
            job_since: column(2),
            job_until: column(3),
            ..ToldForm::default()
        }
    }

    #[test]
    fn a_name_alone_is_enough() {
        let (told, wrong) = form(&[]).read("2026-11-27");
        assert!(wrong.is_empty(), "{wrong:?}");
        assert_eq!(told, Told { name: "李雷".into(), ..Told::default() });
        let (_, wrong) = ToldForm::default().read("2026-11-27");
        assert_eq!(wrong.get("name"), Some("applications-wrong-name"));
    }

    #[test]
    fn what_cannot_be_is_said_beside_its_field() {
        for (born, fine) in [("1990", true), ("2015", false), ("1900", false), ("九零", false), ("", true)] {
            let (told, wrong) = ToldForm { born: born.into(), ..form(&[]) }.read("2026-11-27");
            assert_eq!((wrong.is_empty(), told.born.as_str()), (fine, born), "it comes back as it was typed");
        }
        for pay in ["-1", "0", "1e9", "9999999"] {
            assert!(!ToldForm { pay: pay.into(), ..form(&[]) }.read("2026-11-27").1.is_empty(), "{pay}");
        }
        let wrong = |job| form(&[job]).read("2026-11-27").1.get("jobs");
        assert_eq!(wrong(["厂", "", "2020-01", ""]), Some("builder-wrong-job-work"));
        assert_eq!(wrong(["厂", "焊工", "2020-13", ""]), Some("builder-wrong-job-month"));
        assert_eq!(wrong(["厂", "焊工", "2027-01", ""]), Some("builder-wrong-job-month"));
        assert_eq!(wrong(["厂", "焊工", "2021-02", "2020-02"]), Some("builder-wrong-job-order"));
        assert_eq!(wrong(["厂", "焊工", "2020-02", "2026-11"]), None);
        assert_eq!(form(&[["", "", "", ""], ["", "焊工", "", ""]]).read("2026-11-27").0.jobs.len(), 1, "empty rows are none");
    }

    #[test]
    fn only_what_is_on_the_lists_is_taken_from_them() {
        let sent = ToldForm { skill: vec!["welder".into(), "<script>".into()], from: "x".into(), education: "high".into(), ..form(&[]) };
        let (told, _) = sent.read("2026-11-27");
        assert_eq!((told.skill, told.from.as_str(), told.education.as_str()), (vec!["welder".to_owned()], "", "high"));
    }
}
