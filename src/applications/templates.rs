//! Texts that an employer's recruiters have at hand, in both languages, with places that are filled for each applicant. Every employer begins
//! with a few good ones, which are theirs to change.

use super::{Applications, Listed, store};
use crate::accounts::Viewer;
use crate::i18n::Lang;
use crate::ids::{EmployerId, TemplateId};
use crate::web::{AppError, Fields, Result, Text};
use serde::Deserialize;

const MAX_NAME: usize = 40;
const MAX_TEXT: usize = 1_000;
/// More nobody finds anything in.
const MOST: usize = 50;

/// What may stand in braces.
pub(super) const PLACES: [&str; 4] = ["name", "title", "employer", "link"];

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Template {
    pub(super) id: TemplateId,
    pub(super) employer_id: EmployerId,
    pub(super) name_zh: String,
    pub(super) name_en: String,
    pub(super) text_zh: String,
    pub(super) text_en: String,
}

/// The first texts: name and text in Chinese, then in English. They are content that employers change, not words of the program.
const FIRST: [[&str; 4]; 5] = [
    [
        "已收到",
        "{name}您好，{employer}已收到您投递的“{title}”。我们会在三个工作日内给您答复，请留意这里的消息。",
        "Received",
        "Dear {name}, {employer} has received your application for “{title}”. You will hear from us within three working days, right here.",
    ],
    [
        "邀请面试",
        "{name}您好，您投递的“{title}”已通过初选，想和您聊一聊。请在这里选一个方便的时间：{link}",
        "Invitation to an interview",
        "Dear {name}, you are shortlisted for “{title}” and we would like to talk with you. Please choose a time that suits you: {link}",
    ],
    [
        "补充材料",
        "{name}您好，“{title}”还需要看一下您的简历或相关证书。请在投递页面补充，或回复这条消息告诉我们您的经验：{link}",
        "One more document",
        "Dear {name}, for “{title}” we would still like to see a resume or a certificate. Please answer here and tell us about your experience: {link}",
    ],
    [
        "婉拒",
        "{name}您好，感谢您投递{employer}的“{title}”。这次没能录用您，但不代表您不优秀；有合适的岗位我们会再联系您，也欢迎您看看我们的其他岗位。祝您早日找到满意的工作。",
        "Not this time",
        "Dear {name}, thank you for applying to {employer} for “{title}”. We have chosen somebody else this time. You are welcome to look at our other jobs, and we wish you every success.",
    ],
    [
        "录用通知",
        "{name}您好，恭喜您！{employer}决定录用您担任“{title}”。工资、到岗时间和要带的东西都写在录用意向里，请在截止前确认：{link}",
        "An offer",
        "Dear {name}, congratulations: {employer} would like to hire you for “{title}”. Pay, start and what to bring are in the offer; please answer before it runs out: {link}",
    ],
];

impl Template {
    fn first(employer: EmployerId) -> Vec<Self> {
        let of = |[name_zh, text_zh, name_en, text_en]: [&str; 4]| Self {
            id: TemplateId::new(),
            employer_id: employer,
            name_zh: name_zh.into(),
            name_en: name_en.into(),
            text_zh: text_zh.into(),
            text_en: text_en.into(),
        };
        FIRST.map(of).into()
    }

    /// The text for somebody, its places filled. What is filled in is not looked through for places again.
    fn filled(&self, lang: Lang, values: &[(&str, &str)]) -> String {
        let mut rest = lang.pick(&self.text_zh, &self.text_en);
        let mut text = String::new();
        while let Some(at) = rest.find('{') {
            text.push_str(&rest[..at]);
            let place = rest[at..].find('}').map(|end| &rest[at + 1..at + end]);
            match place.and_then(|name| values.iter().find(|(known, _)| *known == name)) {
                Some((name, value)) => {
                    text.push_str(value);
                    rest = &rest[at + name.len() + 2..];
                }
                None => {
                    text.push('{');
                    rest = &rest[at + 1..];
                }
            }
        }
        text.push_str(rest);
        text
    }
}

/// The form of a template.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TemplateForm {
    pub(super) name_zh: String,
    pub(super) name_en: String,
    pub(super) text_zh: String,
    pub(super) text_en: String,
}

impl TemplateForm {
    fn read(&self, id: TemplateId, employer: EmployerId) -> Result<Template> {
        let mut f = Fields::default();
        let name_zh = f.line("name_zh", &self.name_zh, MAX_NAME);
        let text_zh = f.lines("text_zh", &self.text_zh, MAX_TEXT);
        let name_en = f.line("name_en", &self.name_en, MAX_NAME);
        let text_en = f.lines("text_en", &self.text_en, MAX_TEXT);
        for (field, text) in [("name_zh", &name_zh), ("text_zh", &text_zh)] {
            if text.is_empty() {
                f.add(field, Text("desk-text-needed"));
            }
        }
        for (field, text) in [("text_zh", &text_zh), ("text_en", &text_en)] {
            if !places_are_known(text) {
                f.add(field, Text("desk-template-place"));
            }
        }
        f.check().map(|()| Template { id, employer_id: employer, name_zh, name_en, text_zh, text_en })
    }
}

/// Whether all that stands in braces is filled for each applicant.
fn places_are_known(text: &str) -> bool {
    text.split('{').skip(1).all(|rest| rest.split_once('}').is_some_and(|(name, _)| PLACES.contains(&name)))
}

impl Applications {
    /// The texts of an employer, for its recruiters.
    pub(super) async fn templates(&self, viewer: &Viewer, employer: EmployerId) -> Result<Vec<Template>> {
        viewer.person()?;
        if !viewer.recruits_for(employer) {
            return Err(AppError::NotFound);
        }
        let db = &self.accounts().db;
        if !store::threads::is_seeded(db.read(), employer).await? {
            store::threads::seed(db, employer, &Template::first(employer), self.now()).await?;
            return Ok(store::threads::templates(db.write(), employer).await?);
        }
        Ok(store::threads::templates(db.read(), employer).await?)
    }

    /// A text of an employer for whom the viewer recruits.
    pub(super) async fn template(&self, viewer: &Viewer, id: TemplateId) -> Result<Template> {
        viewer.person()?;
        let found = store::threads::template(self.accounts().db.read(), id).await?;
        found.filter(|t| viewer.recruits_for(t.employer_id)).ok_or(AppError::NotFound)
    }

    /// The text for an applicant, in their language.
    pub(super) async fn filled(&self, template: &Template, found: &Listed) -> Result<String> {
        let lang = self.accounts().account(found.account_id).await?.map(|a| a.lang()).unwrap_or_default();
        let link = format!("{}/applications/{}", self.accounts().origin, found.id);
        let values = [
            ("name", found.name.as_str()),
            ("title", lang.pick(&found.title_zh, &found.title_en)),
            ("employer", lang.pick(&found.employer_zh, &found.employer_en)),
            ("link", &link),
        ];
        Ok(template.filled(lang, &values))
    }

    pub(super) async fn add_template(&self, viewer: &Viewer, employer: EmployerId, form: &TemplateForm) -> Result<()> {
        if self.templates(viewer, employer).await?.len() >= MOST {
            return Err(AppError::Conflict(Text("desk-template-many")));
        }
        let fresh = form.read(TemplateId::new(), employer)?;
        Ok(store::threads::put_template(self.accounts().db.write(), &fresh, self.now()).await?)
    }

    pub(super) async fn change_template(&self, viewer: &Viewer, id: TemplateId, form: &TemplateForm) -> Result<()> {
        let was = self.template(viewer, id).await?;
        let changed = form.read(id, was.employer_id)?;
        Ok(store::threads::put_template(self.accounts().db.write(), &changed, self.now()).await?)
    }

    pub(super) async fn remove_template(&self, viewer: &Viewer, id: TemplateId) -> Result<EmployerId> {
        let was = self.template(viewer, id).await?;
        store::threads::delete_template(self.accounts().db.write(), id).await?;
        Ok(was.employer_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::applications::threads::without_own_links;
    use crate::moderation::text::detect;

    fn template(text: &str) -> Template {
        Template { text_zh: text.into(), ..Template::first(EmployerId::new()).remove(0) }
    }

    #[test]
    fn places_are_filled_once_and_what_is_filled_in_is_no_template() {
        let values = [("name", "{link}李"), ("link", "http://x")];
        assert_eq!(template("{name}您好：{link}").filled(Lang::Zh, &values), "{link}李您好：http://x");
        assert_eq!(template("{x} {name").filled(Lang::Zh, &values), "{x} {name");
        assert!(places_are_known("a {name} {link}") && !places_are_known("{nmae}") && !places_are_known("{"));
    }

    #[test]
    fn the_first_texts_are_whole_in_both_languages_and_say_nothing_to_hold() {
        let values = [("name", "李雷"), ("title", "焊工"), ("employer", "电子厂"), ("link", "http://127.0.0.1/applications/1")];
        for first in Template::first(EmployerId::new()) {
            for lang in Lang::ALL {
                let text = first.filled(lang, &values);
                assert!(!text.is_empty() && !text.contains('{'), "{text}");
                assert_eq!(detect(&without_own_links(&text, "http://127.0.0.1")), [], "{text}");
            }
            assert!(places_are_known(&first.text_zh) && places_are_known(&first.text_en));
            assert!(first.text_zh.chars().count() < MAX_TEXT && first.text_en.chars().count() < MAX_TEXT);
        }
    }

    #[test]
    fn a_wrong_template_names_its_fields() {
        let form = TemplateForm { text_zh: "{nmae}".into(), text_en: "长".repeat(MAX_TEXT + 1), ..TemplateForm::default() };
        let Err(AppError::Invalid(fields)) = form.read(TemplateId::new(), EmployerId::new()) else { panic!("wrong") };
        assert_eq!(fields.0.keys().copied().collect::<Vec<_>>(), ["name_zh", "text_en", "text_zh"]);
    }
}
