//! Files of resumes: what is refused, what is cut off, what lies on the disk, and what was kept before files were encrypted.

use crate::applications::{PDF, apply, files, place, pour, resident, setting, upload};
use crate::harness::{Person, TestApp};
use crate::postings::{content, post};
use reqwest::StatusCode;
use reqwest::multipart::Part;
use springbreeze::ids::BlobId;
use springbreeze::postings::{Posting, State};
use std::io::Write;

fn part(bytes: impl Into<Vec<u8>>, name: &str) -> Part {
    Part::bytes(bytes.into()).file_name(name.to_owned())
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|w| w == part)
}

/// A picture that says to be so large.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let chunk = |kind: &[u8], data: &[u8]| {
        let named = [kind, data].concat();
        let mut crc = !0_u32;
        for byte in &named {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
            }
        }
        [&(data.len() as u32).to_be_bytes()[..], &named, &(!crc).to_be_bytes()].concat()
    };
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &head), &chunk(b"IDAT", b"pixels"), &chunk(b"IEND", b"")].concat()
}

fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
    [&[0xFF, marker][..], &((contents.len() + 2) as u16).to_be_bytes(), contents].concat()
}

/// A photo with the place where it was taken, and a web page and an archive behind its end.
fn photo() -> Vec<u8> {
    let parts = [
        vec![0xFF, 0xD8],
        segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0GPS 30.25N 120.17E"),
        segment(0xC0, &[8, 0, 16, 0, 16, 1, 1, 0x11, 0]),
        segment(0xDA, &[1, 1, 0, 0, 63, 0]),
        vec![0x11, 0x22, 0xFF, 0xD9],
        b"<html><script>alert(1)</script>PK\x03\x04".to_vec(),
    ];
    parts.concat()
}

fn docx(more: &[&str]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["[Content_Types].xml", "word/document.xml"].iter().chain(more) {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("part");
        zip.write_all(b"<w:document><w:p><w:t>x</w:t></w:p></w:document>").expect("written");
    }
    zip.finish().expect("archive").into_inner()
}

/// A document whose last part unpacks to a gibibyte.
fn bomb() -> Vec<u8> {
    let mut bytes = docx(&[]);
    let entry = bytes.windows(4).rposition(|w| w == b"PK\x01\x02").expect("directory");
    bytes[entry + 24..entry + 28].copy_from_slice(&0x4000_0000_u32.to_le_bytes());
    bytes
}

async fn download(person: &Person, application: &str) -> Vec<u8> {
    let got = person.web.get(&format!("{application}/resume")).send().await.expect("response");
    assert_eq!(got.status(), StatusCode::OK);
    got.bytes().await.expect("bytes").to_vec()
}

/// All that lies in the folder of files.
fn on_disk(app: &TestApp) -> Vec<u8> {
    let folders = std::fs::read_dir(app.data.path().join("blobs")).expect("blobs").flatten();
    let files = folders.flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten());
    files.filter(|f| f.path().is_file()).flat_map(|file| std::fs::read(file.path()).expect("file")).collect()
}

#[tokio::test]
async fn hostile_files_are_refused_with_a_reason_and_leave_nothing() {
    let app = TestApp::start().await;
    let (_, posting, person) = setting(&app).await;
    let cases: [(Vec<u8>, &str, &str); 15] = [
        (bomb(), "简历.docx", "只能上传"),
        (docx(&["word/vbaProject.bin"]), "简历.docx", "宏或程序"),
        (docx(&["word/embeddings/oleObject1.bin"]), "简历.docx", "宏或程序"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(), "简历.doc", "旧版 Word"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(), "照片.svg", "只能上传"),
        (b"<?xml version='1.0'?><svg/>".to_vec(), "照片.png", "只能上传"),
        (b"<!DOCTYPE html><script>alert(1)</script>".to_vec(), "简历.pdf", "只能上传"),
        (b"<html>%PDF-1.7\n%%EOF".to_vec(), "简历.pdf", "打不开"),
        (b"%PDF-1.7 and no end".to_vec(), "简历.pdf", "打不开"),
        (b"%PDF-1.7\n<< /OpenAction << /S /JavaScript /JS (app.alert) >> >>\n%%EOF".to_vec(), "简历.pdf", "脚本"),
        (b"%PDF-1.7\n<< /S /L#61unch /F (cmd.exe) >>\n%%EOF".to_vec(), "简历.pdf", "脚本"),
        (png(60_000, 60_000), "照片.png", "尺寸大得不寻常"),
        (b"\x89PNG\r\n\x1a\n0000".to_vec(), "照片.png", "打不开"),
        (b"\xFF\xD8\xFF\xE0 no picture".to_vec(), "照片.jpg", "打不开"),
        (b"GIF89a......".to_vec(), "照片.jpg", "只能上传"),
    ];
    for (bytes, name, message) in cases {
        let refused = upload(&person, &posting, part(bytes, name)).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name} {message}");
        let page = refused.text().await.expect("text");
        assert!(page.contains(message) && page.contains("李雷"), "{name}: {message}");
    }
    assert_eq!(files(&app), 0);
    app.stop().await;
}

#[tokio::test]
async fn what_hides_in_or_behind_a_file_is_gone_when_it_is_fetched() {
    let app = TestApp::start().await;
    let (fair, posting, person) = setting(&app).await;
    let sent = place(&upload(&person, &posting, part(photo(), "照片.jpg")).await);
    let seen = download(&fair.recruiter, &sent).await;
    assert!(holds(&seen, &[0x11, 0x22, 0xFF, 0xD9]), "the pixels stay");
    for gone in [&b"GPS"[..], b"120.17E", b"<html>", b"PK\x03\x04"] {
        assert!(!holds(&seen, gone), "{}", String::from_utf8_lossy(gone));
    }
    for behind in [docx(&[]), b"\n<html><script>alert(1)</script>".to_vec()] {
        let posting = post(&app, &fair, content("钳工"), State::Live).await;
        let sent = place(&upload(&person, &posting, part([PDF, &behind].concat(), "简历.pdf")).await);
        assert_eq!(download(&fair.recruiter, &sent).await, PDF);
    }
    app.stop().await;
}

#[tokio::test]
async fn resumes_lie_encrypted_and_open_as_nothing_else() {
    let app = TestApp::start().await;
    let (fair, posting, person) = setting(&app).await;
    let sent = place(&upload(&person, &posting, part(PDF, "简历.pdf")).await);
    assert!(!holds(&on_disk(&app), b"Catalog"));
    assert_eq!(download(&person, &sent).await, PDF);
    // Somebody who can write to the disk puts another person's file in its place.
    let second = app.seeker("小王").await;
    upload(&second, &posting, part([PDF, b"\n%%EOF"].concat(), "简历.pdf")).await;
    let rows: Vec<(String,)> =
        sqlx::query_as("SELECT resume_id FROM applications ORDER BY created_at, id").fetch_all(app.parts.db.read()).await.expect("rows");
    let path = |id: &str| app.data.path().join("blobs").join(&id[id.len() - 2..]).join(id);
    std::fs::copy(path(&rows[1].0), path(&rows[0].0)).expect("swapped");
    assert_eq!(fair.recruiter.web.status(&format!("{sent}/resume")).await, 500);
    app.stop().await;
}

/// Makes a resume one of the time before files were encrypted.
async fn as_of_old(app: &TestApp) -> std::path::PathBuf {
    let id = BlobId::new().to_string();
    let folder = app.data.path().join("blobs").join(&id[id.len() - 2..]);
    std::fs::create_dir_all(&folder).expect("folder");
    std::fs::write(folder.join(&id), photo()).expect("file");
    for table in ["applications", "profiles"] {
        let sql = format!("UPDATE {table} SET resume_id = $1, resume_sealed = 0, resume_kind = 'image/jpeg'");
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(&id).execute(app.parts.db.write()).await.expect("updated");
    }
    folder.join(id)
}

#[tokio::test]
async fn resumes_of_old_open_and_are_encrypted_in_the_background() {
    let app = TestApp::start().await;
    let (fair, posting, person) = setting(&app).await;
    let sent = place(&upload(&person, &posting, part(PDF, "简历.pdf")).await);
    let old = as_of_old(&app).await;
    assert_eq!(download(&fair.recruiter, &sent).await, photo());
    assert_eq!(app.parts.applications.seal_old().await.expect("sealed"), 1);
    assert!(!old.exists() && !holds(&on_disk(&app), b"JFIF"));
    let seen = download(&fair.recruiter, &sent).await;
    assert!(holds(&seen, b"JFIF") && !holds(&seen, b"GPS"), "cleaned at that");
    assert_eq!(app.parts.applications.seal_old().await.expect("sealed"), 0);
    let second = post(&app, &fair, content("钳工"), State::Live).await;
    let again = place(&person.web.form(&apply(&second), &crate::applications::answers()).await);
    assert_eq!(download(&fair.recruiter, &again).await, seen, "the remembered one is the same");
    let missing = as_of_old(&app).await;
    std::fs::remove_file(missing).expect("removed");
    assert_eq!(app.parts.applications.seal_old().await.expect("sealed"), 0, "what is not there is passed over");
    app.stop().await;
}

#[tokio::test]
async fn a_picture_of_a_hundred_megabytes_is_refused_early_and_is_never_held() {
    let app = TestApp::start().await;
    let (_, posting, person) = setting(&app).await;
    let before = resident();
    let (sent, status) = pour(&app, &person, &posting, "Content-Length: 104857600\r\n").await;
    assert!(sent < 16 << 20 && status.is_none_or(|s| s == 413), "{sent} {status:?}");
    assert!(resident() < before + 40 * 1024);
    assert_eq!(files(&app), 0);
    app.stop().await;
}

/// Sends a file under a name as it stands in the header.
async fn named(person: &Person, posting: &Posting, name: &str) -> String {
    let mut body = Vec::new();
    for (field, value) in crate::applications::answers() {
        body.extend(format!("--x\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    body.extend(format!("--x\r\nContent-Disposition: form-data; name=\"resume\"; filename=\"{name}\"\r\n\r\n").into_bytes());
    body.extend([PDF, b"\r\n--x--\r\n"].concat());
    let sent = person.web.post(&apply(posting)).header("accept", "text/html").header("content-type", "multipart/form-data; boundary=x");
    let sent = sent.body(body).send().await.expect("response");
    assert_eq!(sent.status(), StatusCode::SEE_OTHER, "{name}");
    place(&sent)
}

#[tokio::test]
async fn names_of_files_lead_nowhere_and_write_no_header() {
    let app = TestApp::start().await;
    let (fair, ..) = setting(&app).await;
    let long = format!("{}.pdf", "长".repeat(500));
    let cases = [
        ("../../etc/cron.d/x.pdf", "x.pdf"),
        ("C:\\windows\\system32\\简历.pdf", "简历.pdf"),
        ("a%0d%0aSet-Cookie: evil=1.pdf", "a_0d_0aSet-Cookie_ evil=1.pdf"),
        ("\u{202E}fdp.exe", "fdp.pdf"),
        ("简历😀\u{200F}\u{2066}.pdf", "简历😀.pdf"),
        (long.as_str(), ""),
    ];
    for (name, shown) in cases {
        let person = app.seeker("小李").await;
        let posting = post(&app, &fair, content("钳工"), State::Live).await;
        let path = named(&person, &posting, name).await;
        let got = fair.recruiter.web.get(&format!("{path}/resume")).send().await.expect("response");
        let header = got.headers()["content-disposition"].to_str().expect("plain text").to_owned();
        assert!(header.starts_with("attachment; filename=\"resume.pdf\"; filename*=UTF-8''"), "{header}");
        assert!(!header.contains(['\r', '\n']) && !got.headers().get_all("set-cookie").iter().any(|c| c.as_bytes().starts_with(b"evil")));
        let page = fair.recruiter.web.page(&path).await;
        assert!(page.contains(&format!("{shown} <span")) || shown.is_empty(), "{name:?} as {shown:?}");
        assert!(!page.contains(['\u{202E}', '\u{200F}', '\u{2066}']));
    }
    assert!(!app.data.path().parent().expect("above").join("etc").exists());
    app.stop().await;
}
