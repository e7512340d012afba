//! Integration tests: they speak HTTP, WebSocket and WebRTC to a whole server, one per test.

mod accounts;
mod admission;
mod agenda;
mod announcements;
mod applications;
mod blocks;
mod booking;
mod booking_model;
mod booking_pages;
mod calendar_files;
mod call;
mod calls;
mod captions;
mod cascade;
mod chat;
mod clip;
mod co_hosts;
mod console;
mod crash;
mod decoders;
mod greedy;
mod guests;
mod hand_overs;
#[expect(unreachable_pub, reason = "one test binary, no outside")]
mod harness;
mod hostile;
#[expect(unreachable_pub, reason = "one test binary, no outside")]
mod independent;
mod interview_changes;
mod interviews;
mod invite_many;
mod join_links;
mod judging;
mod live;
mod live_panel;
mod lobby;
mod media;
mod media_addresses;
mod media_panel;
mod media_paths;
mod model;
mod moderation;
mod modes;
mod namespaces;
mod network;
mod notices;
mod operations;
mod outbox;
mod overview;
mod peers;
mod plans;
mod polls;
mod postings;
#[expect(unreachable_pub, reason = "one test binary, no outside")]
mod program;
mod purges;
mod push;
mod questions;
mod queue;
mod recordings;
mod retention;
mod review;
mod schedule;
mod slides;
mod soak;
#[expect(unreachable_pub, reason = "one test binary, no outside")]
mod socket;
mod stage;
mod standards;
mod structure;
mod talk;
mod telling;
mod trace;
mod websocket;
#[expect(unreachable_pub, reason = "one test binary, no outside")]
mod wish;
