//! What every page and endpoint shares: errors, the page context, forms, assets, the listener. Knows no domain.

mod assets;
mod csv;
mod error;
mod first;
mod forms;
mod guarded;
mod limits;
mod pace;
mod page;
mod problems;
mod range;
pub mod server;

pub use assets::{asset_bytes, asset_text, asset_url, routes as asset_routes};
pub use csv::{BOM, csv_row};
pub use error::{AppError, Fields, Result, Text};
pub use first::Takeover;
pub use forms::{FormData, Id, Ids, broken_upload, clean, clean_text};
pub use limits::{ClientIp, RateLimit, client_ip};
pub use pace::pace_bodies;
pub use page::{Badge, Flash, FlashCookie, NavLink, Page, Regular, SIZES, THEMES, back_to, html, preferences_routes, private, see_other};
pub use problems::{beside, encode, form_again, form_refused, render_problems, wants_page};
pub use range::stretched;
pub use server::Encrypted;
