//! Sans-IO codecs, fed from byte strings; mqtt also by a real broker.

#[path = "../fixtures/mod.rs"]
mod fixtures;

mod feed;
mod h1_framing;
mod h1_malformed;
mod h1_request;
mod h1_reuse;
mod h1_send;
mod h1_serve_feed;
mod h1_server;
mod h2_feed;
mod h2_peers;
mod h2_receive;
mod h2_send;
mod h2_serve;
mod h2_serve_feed;
mod h2_server;
mod mqtt_broker;
mod mqtt_connect;
mod mqtt_cuts;
mod mqtt_deliver;
mod mqtt_feed;
mod mqtt_malformed;
mod mqtt_ops;
mod mqtt_peer;
mod mqtt_publish;
mod mqtt_resume;
mod mqtt_streams;
mod mqtt_topic;
mod multipart;
mod multipart_feed;
mod mutate;
mod raw;
mod sss;
mod sss_feed;
mod ws_deflate;
mod ws_feed;
mod ws_frames;
mod ws_handshake;
mod ws_peer;
mod ws_send;
mod ws_serve_feed;
mod ws_server;
