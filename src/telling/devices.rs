//! Browsers that take push messages, and the worker that shows them.

use super::Telling;
use crate::accounts::Viewer;
use crate::ids::DeviceId;
use crate::notify::{Subscription, Way};
use crate::web::{FormData, Id, Page, Result, asset_text, see_other};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Takes the browser's subscription, which is a yes to messages by push.
pub(super) async fn add(
    State(telling): State<Telling>,
    viewer: Viewer,
    headers: HeaderMap,
    FormData(subscription): FormData<Subscription>,
) -> Result<Response> {
    let me = telling.changer(&viewer)?;
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    telling.accounts.notify.add_device(me, &subscription, &browser(agent)).await?;
    telling.accounts.notify.consent(me, &[(Way::Push, true)]).await?;
    Ok(StatusCode::CREATED.into_response())
}

pub(super) async fn remove(State(telling): State<Telling>, viewer: Viewer, p: Page, Id(id): Id<DeviceId>) -> Result<Response> {
    telling.accounts.notify.remove_device(viewer.person()?.id, id).await?;
    Ok(see_other("/me/telling#push", &p.t("telling-push-removed")))
}

/// At the root, so that it may show what concerns any page; its address stays, so browsers ask whether it has changed.
pub(super) async fn worker() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, asset_text("push-worker.js").unwrap_or_default()).into_response()
}

/// Browser and system in two words, for their owner to tell one from another.
fn browser(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map_or("", |(_, name)| name);
    // Most name several others, so the rarer come first.
    let program = first(&[
        ("MicroMessenger", "WeChat"),
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    [program, system].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn browsers_are_named_as_their_owners_know_them() {
        let chrome = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36";
        assert_eq!(browser(chrome), "Chrome · Android");
        assert_eq!(browser(&format!("{chrome} Edg/120")), "Edge · Android");
        assert_eq!(browser("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1"), "Safari · iPhone");
        assert_eq!(browser("curl/8"), "");
    }
}
