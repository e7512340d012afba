use super::read::token;
use super::*;
use crate::media::ice::Credentials;

const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n\
a=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n\
m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 104 106\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\n\
a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
a=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n\
a=rtpmap:104 H264/90000\r\na=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f\r\n\
a=rtpmap:106 H264/90000\r\na=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n";

#[test]
fn an_offer_yields_the_codecs_that_we_forward_with_baseline_h264_first() {
    let offer = Offer::parse(OFFER).expect("an offer");
    let video: Vec<_> = offer.sections[1].codecs.iter().map(|codec| (codec.codec, codec.payload_type)).collect();
    assert_eq!(video, [(Codec::H264, 106), (Codec::Vp8, 96), (Codec::H264, 102)]);
    assert_eq!(offer.preferred_video().map(|codec| codec.payload_type), Some(106));
    assert_eq!(offer.audio().map(|codec| codec.payload_type).collect::<Vec<_>>(), [111]);
}

#[test]
fn broken_offers_are_refused_with_a_reason() {
    for (offer, reason) in [
        (String::new(), "not a session description"),
        ("v=0\r\n".repeat(20_000), "longer than 64 KiB"),
        (OFFER.replace("a=ice-pwd:0123456789012345678901\r\n", ""), "no ICE password"),
        (OFFER.replace("sha-256", "sha-1"), "no SHA-256 fingerprint"),
        (OFFER.replace("setup:actpass", "setup:holdconn"), "setup is none of actpass, active and passive"),
        (OFFER.replace("a=rtcp-mux\r\n", ""), "rtcp-mux is required"),
        (format!("{OFFER}{}", "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n".repeat(20)), "too many media sections"),
        (format!("{OFFER}m=video\r\n"), "a media line is incomplete"),
        (OFFER.replace("apt=96", "apt=96\ra=candidate:1"), "a line break within a line"),
    ] {
        assert_eq!(Offer::parse(&offer).expect_err("refused"), MediaError::BadOffer(reason.to_owned()));
    }
}

#[test]
fn no_cut_of_an_offer_makes_the_reader_panic() {
    for end in 0..OFFER.len() {
        let _ = Offer::parse(&OFFER[..end]);
    }
}

#[test]
fn an_answer_mirrors_the_sections_and_refuses_what_it_cannot_serve() {
    let offer = Offer::parse(OFFER).expect("an offer");
    let credentials = Credentials { ufrag: "us".to_owned(), password: "secret".to_owned() };
    let candidates = candidates(&[std::net::IpAddr::from([192, 0, 2, 1])], 8189, Some(8189), None);
    let us = Us { credentials: &credentials, fingerprint: "AA", candidates: &candidates };
    let audio = &offer.sections[0].codecs;
    let answer =
        viewer_answer(&offer, &us, "s", |at| (at == 0).then_some(Track { ssrc: 7, rtx: None, transport: None, slot: 0, codecs: audio }));
    assert!(answer.contains("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"), "{answer}");
    assert!(answer.contains("m=video 0 UDP/TLS/RTP/SAVPF 96 97 102 104 106\r\n"), "{answer}");
    assert!(answer.contains("a=group:BUNDLE 0\r\n"), "{answer}");
    assert!(answer.contains(" udp 2130706431 192.0.2.1 8189 typ host\r\n"), "{answer}");
    assert!(answer.contains(" 192.0.2.1 8189 typ host tcptype passive\r\n"), "{answer}");
    assert!(answer.contains("a=end-of-candidates\r\n"), "{answer}");
    assert!(answer.contains("a=ice-lite\r\na=ice-options:trickle ice2\r\n"), "{answer}");
    assert_eq!(answer.matches("a=rtcp-mux-only\r\n").count(), 1, "{answer}");
    assert_eq!(offer.mids(), ["0", "1"]);
}

#[test]
fn an_offer_to_publish_is_taken_whole_or_refused() {
    let sending = OFFER.replace("a=recvonly", "a=sendonly");
    let check = |offer: &str| Offer::parse(offer).expect("an offer").check_ingest();
    assert_eq!(check(&sending), Ok(()));
    assert_eq!(check(&sending.replace("a=sendonly", "a=sendrecv")), Ok(()));
    assert_eq!(check(&sending.replace("opus/48000", "iLBC/8000")), Err(MediaError::NoCommonCodec), "the picture alone would mislead");
    assert!(matches!(check(OFFER), Err(MediaError::Unsupported(_))), "it would receive");
    assert!(matches!(check(&sending.replacen("a=sendonly", "a=inactive", 1)), Err(MediaError::Unsupported(_))));
    let (head, video) = sending.split_at(sending.find("m=video").expect("video"));
    let second = video.replace("a=mid:1", "a=mid:2");
    assert!(matches!(check(&format!("{head}{video}{second}")), Err(MediaError::Unsupported(_))), "two cameras");
    assert_eq!(check(&format!("{head}{video}{}", second.replace("m=video 9", "m=video 0"))), Ok(()), "the second was taken back");
    assert!(matches!(check(&sending.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")), Err(MediaError::Unsupported(_))), "without DTLS");
}

#[test]
fn a_mid_cannot_smuggle_anything_into_an_answer() {
    assert_eq!(token("0 x\u{1}<y>"), "0xy");
}

#[test]
fn retransmissions_and_transport_wide_numbers_are_answered_as_offered() {
    let video = "a=mid:1\r\na=extmap:3/recvonly http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n";
    let offer = Offer::parse(&OFFER.replace("a=mid:1\r\n", video)).expect("an offer");
    let section = &offer.sections[1];
    let vp8: Vec<_> = section.codecs.iter().filter(|codec| codec.codec == Codec::Vp8).cloned().collect();
    assert_eq!((section.transport, vp8[0].rtx, section.codecs[0].rtx, offer.sections[0].transport), (Some(3), Some(97), None, None));
    let credentials = Credentials { ufrag: "us".to_owned(), password: "secret".to_owned() };
    let us = Us { credentials: &credentials, fingerprint: "AA", candidates: &[] };
    let answer = |rtx, transport| {
        viewer_answer(&offer, &us, "s", |at| (at == 1).then_some(Track { ssrc: 7, rtx, transport, slot: 0, codecs: &vp8 }))
    };
    let full = answer(Some(8), Some(3));
    for line in [
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "a=ssrc-group:FID 7 8",
        "a=ssrc:8 cname:s",
        "a=rtcp-fb:96 transport-cc",
        "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    ] {
        assert!(full.contains(&format!("{line}\r\n")), "{line} is missing in {full}");
    }
    let plain = answer(None, None);
    assert!(!plain.contains("rtx") && !plain.contains("FID") && !plain.contains("extmap") && !plain.contains("transport-cc"), "{plain}");
}

#[test]
fn a_direction_that_is_left_to_the_default_or_the_session_is_put_in_words() {
    let text = OFFER.replace("a=recvonly\r\n", "").replace("a=mid:1\r\n", "a=mid:1\r\na=sendonly\r\n");
    let offer = Offer::parse(&text).expect("an offer");
    assert!(offer.sections[0].sends() && offer.sections[0].receives(), "RFC 8866, section 6.7: sendrecv");
    let given = for_connection(&text, &offer);
    assert_eq!((given.matches("a=sendrecv\r\n").count(), given.matches("a=sendonly\r\n").count()), (1, 1), "{given}");
    let session = text.replace("a=sendonly\r\n", "").replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n");
    let given = for_connection(&session, &Offer::parse(&session).expect("an offer"));
    assert_eq!(given.matches("a=sendonly\r\n").count(), 3, "once for the session, once for each section: {given}");
    assert!(answers_all("v=0\r\nm=audio 0\r\nm=video 0\r\n", &offer) && !answers_all("v=0\r\nm=video 0\r\n", &offer));
}
