//! Guests with names and rooms to write in, made by the same requests as pages make them.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

const GUEST_PAUSE: Duration = Duration::from_millis(3);

/// One connection to the server, kept.
struct Http {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

struct Answer {
    status: String,
    cookie: Option<String>,
    body: String,
}

impl Http {
    fn new(address: SocketAddr) -> Result<Self> {
        Ok(Self { stream: BufReader::new(TcpStream::connect(address)?), address })
    }

    fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Result<Answer> {
        // In one piece, or the network waits for more of it.
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{headers}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (mut length, mut answer) = (0, Answer { status: String::new(), cookie: None, body: String::new() });
        loop {
            let mut line = String::new();
            ensure!(self.stream.read_line(&mut line)? > 0, "the server hung up on {method} {path}");
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if answer.status.is_empty() {
                line.clone_into(&mut answer.status);
            }
            let Some((name, value)) = line.split_once(": ") else { continue };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse()?,
                "set-cookie" if value.starts_with("sb_session=") => answer.cookie = value.split(';').next().map(str::to_owned),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        answer.body = String::from_utf8_lossy(&body).into_owned();
        Ok(answer)
    }
}

/// Makes guests one after the other; the session cookie of each. Each comes from a network of its own, as the server takes only so many
/// from one: it must trust its proxy. Not faster than its door lets newcomers in.
pub(crate) fn guests(address: SocketAddr, count: usize) -> Result<Vec<String>> {
    let mut http = Http::new(address)?;
    let mut guest = |number: usize| {
        let headers = format!("Accept: application/json\r\nX-Forwarded-For: 10.{}.{}.1\r\n", 1 + number / 250, number % 250);
        std::thread::sleep(GUEST_PAUSE);
        let answer = http.ask("POST", "/guest", &headers, &format!("name=bench{number}"))?;
        answer.cookie.with_context(|| format!("no guest: {} {}", answer.status, answer.body))
    };
    (0..count).map(&mut guest).collect()
}

/// A unified social credit code (GB 32100-2015) with its check character.
fn credit_code(number: usize) -> String {
    const DIGITS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let code = format!("91440300{number:09}");
    let mut weight = 1;
    let mut sum = 0;
    for byte in code.bytes() {
        sum += weight * DIGITS.iter().position(|digit| *digit == byte).unwrap_or(0);
        weight = weight * 3 % 31;
    }
    format!("{code}{}", char::from(DIGITS[(31 - sum % 31) % 31]))
}

/// Lets employers take part in the fair until it has `count` booths; the ids of its rooms.
pub(crate) fn rooms(address: SocketAddr, fair: &str, organiser: &str, count: usize) -> Result<Vec<String>> {
    let mut http = Http::new(address)?;
    let bearer = format!("Authorization: Bearer {organiser}\r\n");
    for number in 0..count {
        let body = format!(
            "name_zh=bench{number}&name_en=Bench+{number}&credit_code={}&about_zh=x&recruiter_name=r{number}&recruiter_contact=r{number}%40example.org",
            credit_code(number)
        );
        let answer = http.ask("POST", &format!("/fairs/{fair}/employers"), &bearer, &body)?;
        ensure!(answer.status.contains("303"), "no booth: {} {}", answer.status, answer.body);
    }
    let page = http.ask("GET", &format!("/fairs/{fair}"), &bearer, "")?.body;
    let ids: BTreeSet<String> = page.split("/rooms/").skip(1).filter_map(|rest| rest.get(..36)).map(str::to_owned).collect();
    ensure!(ids.len() >= count, "only {} rooms are on the page of the fair", ids.len());
    Ok(ids.into_iter().collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_known_code_gets_its_check_character() {
        // That of a well-known enterprise.
        assert_eq!(super::credit_code(708_461_136), "91440300708461136T");
    }
}
