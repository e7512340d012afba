//! Mail. A calendar object is part of the text, for programs that show an invitation with buttons, and a file, for those that do not.

use super::outbox::SENDS;
use super::{Failure, Method, Notice, SILENCE};
use crate::config::Config;
use crate::ids::NoticeId;
use anyhow::Context;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

pub(super) struct Smtp {
    mailer: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    reply: Option<Mailbox>,
}

/// The address to which people reply.
pub(super) fn reply_address(config: &Config) -> anyhow::Result<String> {
    let (given, setting) = if config.mail_reply.is_empty() { (&config.mail_from, "mail-from") } else { (&config.mail_reply, "mail-reply") };
    Ok(given.parse::<Mailbox>().context(setting)?.email.to_string())
}

impl Smtp {
    pub(super) fn new(config: &Config) -> anyhow::Result<Self> {
        // One for each send of the outbox and some for codes.
        let pool = PoolConfig::new().max_size(SENDS as u32 + 4);
        let mailer = AsyncSmtpTransport::<Tokio1Executor>::from_url(&config.smtp).context("smtp")?;
        let mailer = mailer.timeout(Some(SILENCE)).pool_config(pool).build();
        let reply = if config.mail_reply.is_empty() { None } else { Some(config.mail_reply.parse().context("mail-reply")?) };
        Ok(Self { mailer, from: config.mail_from.parse().context("mail-from")?, reply })
    }

    pub(super) async fn send(&self, id: NoticeId, notice: &Notice) -> Result<(), Failure> {
        let mail = mail(&self.from, self.reply.as_ref(), id, notice).map_err(|cause| Failure::Refused(format!("{cause:#}")))?;
        match self.mailer.send(mail).await {
            Ok(_) => Ok(()),
            Err(error) if error.status().is_some_and(|code| is_final(code.into())) => Err(Failure::Refused(error.to_string())),
            Err(error) => Err(Failure::Failed(error.to_string())),
        }
    }
}

/// Whether a reply is about this recipient, for good: no such mailbox, moved away, no such name, a domain without mail (RFC 5321, RFC 7504).
/// Other replies of 5xx are as often about the server, its password or its policy, which somebody will mend.
fn is_final(code: u16) -> bool {
    matches!(code, 550 | 551 | 553 | 556)
}

fn mail(from: &Mailbox, reply: Option<&Mailbox>, id: NoticeId, notice: &Notice) -> anyhow::Result<Message> {
    // Absences need not be answered to us (RFC 3834).
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into());
    let builder = Message::builder()
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        .from(from.clone())
        .to(notice.to.parse()?)
        .subject(&notice.subject)
        .raw_header(automatic);
    let builder = match reply {
        Some(reply) => builder.reply_to(reply.clone()),
        None => builder,
    };
    let text = SinglePart::plain(notice.body.clone());
    let Some(calendar) = &notice.calendar else { return Ok(builder.singlepart(text)?) };
    let file = Attachment::new("interview.ics".into()).body(calendar.clone(), ContentType::parse("application/ics")?);
    let readable = match notice.method() {
        None => MultiPart::alternative().singlepart(text),
        Some(method) => MultiPart::alternative().singlepart(text).singlepart(inline(calendar, method)?),
    };
    Ok(builder.multipart(MultiPart::mixed().multipart(readable).singlepart(file))?)
}

fn inline(calendar: &str, method: Method) -> anyhow::Result<SinglePart> {
    let kind = ContentType::parse(&format!("text/calendar; method={}; charset=utf-8", method.name()))?;
    Ok(SinglePart::builder().header(kind).body(calendar.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(calendar: Option<&str>, method: Option<Method>) -> String {
        let (to, subject, body) = ("wang@example.com".into(), "面试".into(), "您好".into());
        let notice = Notice { to, subject, body, calendar: calendar.map(str::to_owned), method, ..Notice::default() };
        let id = "0198c8a4-0000-7000-8000-000000000001".parse().expect("id");
        let from = "春风 <fair@fair.example>".parse().expect("mailbox");
        let mail = mail(&from, None, id, &notice).expect("mail");
        String::from_utf8(mail.formatted()).expect("text")
    }

    #[test]
    fn an_invitation_is_a_part_of_the_text_and_a_file_as_well() {
        let text = text(Some("BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\n"), Some(Method::Cancel));
        let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("no {part} in {text}"));
        let order = [
            at("Content-Type: multipart/mixed"),
            at("Content-Type: multipart/alternative"),
            at("Content-Type: text/plain"),
            at("Content-Type: text/calendar; method=CANCEL; charset=utf-8"),
            at("Content-Disposition: attachment; filename=\"interview.ics\""),
        ];
        assert!(order.is_sorted(), "{text}");
        assert_eq!(text.matches("Content-Disposition").count(), 1, "{text}");
    }

    #[test]
    fn a_mail_has_an_id_of_its_own_and_says_that_a_program_wrote_it() {
        let text = text(None, None);
        assert!(text.contains("Message-ID: <0198c8a4-0000-7000-8000-000000000001@fair.example>"), "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated") && !text.contains("multipart"), "{text}");
    }

    #[test]
    fn only_what_is_said_of_the_recipient_is_final() {
        assert!([550, 551, 553, 556].into_iter().all(is_final));
        assert!(![421, 450, 451, 452, 500, 502, 530, 535, 552, 554].into_iter().any(is_final));
    }
}
