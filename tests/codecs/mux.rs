//! Channels on a link without connections.

use securestreams::proto::mux::{Frame, Side, Verb};

use super::mutate::Random;
use super::mux_feed::decoded;
use super::mux_pair::{End, Pair, SEC};

/// A frame of each kind and their bytes, as libwebsockets 5.0.0 has them.
fn samples() -> Vec<(Frame<'static>, Vec<u8>)> {
    vec![
        (Frame::Channel(Verb::Request, 255), vec![0xf0, 255]),
        (Frame::Channel(Verb::Accept, 255), vec![0xf1, 255]),
        (Frame::Channel(Verb::Refuse, 3), vec![0xf2, 3]),
        (Frame::Channel(Verb::Close, 4), vec![0xf3, 4]),
        (Frame::Channel(Verb::Closed, 5), vec![0xf4, 5]),
        (Frame::Payload(7, b"abc"), vec![0xf5, 7, 0, 3, b'a', b'b', b'c']),
        (Frame::Ping(0x0102_0304_0506_0708), vec![0xf6, 1, 2, 3, 4, 5, 6, 7, 8]),
        (Frame::Pong(1, 2), vec![0xf7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]),
        (Frame::PongAck(258), vec![0xf8, 0, 0, 0, 0, 0, 0, 1, 2]),
        (Frame::Reset, vec![0xf9]),
    ]
}

#[test]
fn frames_have_the_bytes_that_the_protocol_says_and_come_back_from_them() {
    for (frame, bytes) in samples() {
        let mut out = Vec::new();
        frame.write(&mut out);
        assert_eq!(out, bytes, "{frame:?}");
        let expected = match frame {
            Frame::Payload(channel, bytes) => format!("{:?}", (channel, bytes)),
            other => format!("{other:?}"),
        };
        assert_eq!(decoded([&out[..]]), [expected]);
    }
}

#[test]
fn frames_are_read_alike_whole_and_byte_by_byte_and_cut_anywhere() {
    let all: Vec<u8> = samples().into_iter().flat_map(|(_, bytes)| bytes).collect();
    let whole = decoded([&all[..]]);
    assert_eq!(whole.len(), samples().len());
    assert_eq!(whole, decoded(all.chunks(1)));
    for cut in 0..all.len() {
        assert_eq!(whole, decoded([&all[..cut], &all[cut..]]), "cut at {cut}");
    }
}

#[test]
fn what_starts_no_frame_is_an_error_that_names_the_byte() {
    assert_eq!(
        decoded([&[0xf9, 0x41][..]])[1],
        "protocol error: no frame of channels starts with 0x41"
    );
}

#[test]
fn both_sides_find_each_other_with_ping_pong_and_pongack() {
    let mut pair = Pair::new();
    let first = pair.client.speak(0);
    assert_eq!(first[..2], [0xf9, 0xf6], "a link that is down starts with RESET and PING");
    pair.proxy.hear(&first, 0);
    pair.settle();
    assert!(pair.client.mux.is_up() && pair.proxy.mux.is_up());
    assert_eq!((pair.client.ups, pair.proxy.ups), (1, 1));
    let (clock, _) = pair.proxy.mux.peer_clock().expect("PONGACK tells the time");
    assert_eq!(clock, 1_000_000_000);
}

#[test]
fn a_side_that_comes_later_is_found() {
    let mut pair = Pair::new();
    let mut dead = |_: Vec<u8>| Vec::new();
    pair.pass(7 * SEC, &mut dead);
    assert!(!pair.client.mux.is_up());
    pair.pass(3 * SEC, &mut |words| vec![words]);
    assert!(pair.client.mux.is_up() && pair.proxy.mux.is_up());
}

#[test]
fn channels_carry_payload_both_ways_byte_by_byte() {
    let mut pair = Pair::new();
    let mut bytewise =
        |words: Vec<u8>| words.into_iter().map(|b| vec![b]).collect::<Vec<Vec<u8>>>();
    pair.talk(&mut bytewise);
    let channel = pair.client.mux.open(pair.now).expect("a channel");
    assert_eq!(channel, 255, "clients count down");
    pair.talk(&mut bytewise);
    assert_eq!(pair.client.opened, [channel]);
    pair.client.queue(channel, b"one");
    pair.client.queue(channel, &[0xf9; 300]);
    pair.proxy.queue(channel, b"two");
    pair.talk(&mut bytewise);
    let mut expected = b"one".to_vec();
    expected.extend_from_slice(&[0xf9; 300]);
    assert_eq!(pair.proxy.got[&channel], expected);
    assert_eq!(pair.client.got[&channel], b"two");
}

#[test]
fn as_many_channels_as_there_are_take_turns_and_their_numbers_come_back() {
    let mut pair = Pair::new();
    pair.settle();
    let channels: Vec<u8> = std::iter::from_fn(|| pair.client.mux.open(0)).collect();
    assert_eq!(channels.len(), 253);
    pair.settle();
    assert_eq!(pair.client.opened.len(), 253);
    for channel in &channels {
        pair.client.queue(*channel, &[*channel; 5]);
        pair.client.queue(*channel, &[*channel; 2]);
    }
    pair.settle();
    for channel in &channels {
        assert_eq!(pair.proxy.got[channel], [*channel; 7]);
        pair.client.mux.close(*channel);
    }
    pair.settle();
    assert_eq!(pair.proxy.closed.len(), 253);
    assert_eq!((pair.client.mux.in_use(), pair.proxy.mux.in_use()), (0, 0));
    assert_eq!(pair.client.mux.open(0), Some(255));
}

#[test]
fn the_proxy_opens_from_the_other_end() {
    let mut pair = Pair::new();
    pair.settle();
    assert_eq!(pair.proxy.mux.open(0), Some(1));
    pair.settle();
    assert_eq!(pair.proxy.opened, [1]);
}

#[test]
fn a_channel_may_be_refused() {
    let mut pair = Pair::new();
    pair.proxy.takes = false;
    pair.settle();
    let channel = pair.client.mux.open(0).expect("a channel");
    pair.settle();
    assert_eq!(pair.client.refused, [channel]);
    assert_eq!((pair.client.mux.in_use(), pair.proxy.mux.in_use()), (0, 0));
}

#[test]
fn channels_closed_at_every_moment_leave_nothing_behind() {
    for rounds in 0..6 {
        let mut pair = Pair::new();
        pair.settle();
        let channel = pair.client.mux.open(0).expect("a channel");
        for round in 0..rounds {
            if round % 2 == 0 {
                let words = pair.client.speak(0);
                pair.proxy.hear(&words, 0);
            } else {
                let words = pair.proxy.speak(0);
                pair.client.hear(&words, 0);
            }
        }
        pair.client.mux.close(channel);
        if rounds > 3 {
            pair.proxy.mux.close(channel);
        }
        pair.settle();
        assert_eq!((pair.client.mux.in_use(), pair.proxy.mux.in_use()), (0, 0), "{rounds}");
        assert!(pair.client.closed.is_empty(), "nothing is told of a channel that was closed here");
    }
}

#[test]
fn payload_of_a_channel_that_is_not_there_is_answered() {
    let mut pair = Pair::new();
    pair.settle();
    pair.proxy.hear(&[0xf5, 9, 0, 1, b'x'], 0);
    assert_eq!(pair.proxy.speak(0), [0xf2, 9]);
}

#[test]
fn a_peer_that_confirms_no_close_costs_no_more_than_the_number() {
    let mut pair = Pair::new();
    pair.settle();
    let channel = pair.client.mux.open(0).expect("a channel");
    pair.settle();
    pair.client.mux.close(channel);
    pair.talk(&mut |_| Vec::new());
    assert_ne!(pair.client.mux.open(0), Some(channel), "the peer may still have it");
    pair.client.hear(&[0xf9], 0);
    pair.settle();
    assert_eq!(pair.client.mux.open(0), Some(channel));
}

#[test]
fn a_link_that_is_cut_is_noticed_within_the_times_and_heals() {
    let mut pair = Pair::new();
    pair.settle();
    let channel = pair.client.mux.open(0).expect("a channel");
    pair.settle();
    pair.pass(60 * SEC, &mut |words| vec![words]);
    assert!(
        pair.client.downs.is_empty() && pair.client.got.contains_key(&channel),
        "pings are answered"
    );
    pair.pass(13 * SEC, &mut |_| Vec::new());
    for side in [&pair.client, &pair.proxy] {
        assert_eq!(side.downs, ["no answer to a ping"]);
        assert_eq!(side.mux.in_use(), 0);
    }
    pair.pass(3 * SEC, &mut |words| vec![words]);
    assert!(pair.client.mux.is_up() && pair.proxy.mux.is_up());
    assert_eq!(pair.client.mux.open(pair.now), Some(channel));
}

#[test]
fn a_peer_that_has_started_anew_unheard_is_noticed_by_its_answer() {
    let mut pair = Pair::new();
    pair.settle();
    pair.client.mux.open(0).expect("a channel");
    pair.settle();
    pair.proxy = End::new(Side::Proxy);
    pair.proxy.speak(0);
    // what it said first is lost; the client asks before it says more
    pair.client.mux.on_deadline(10 * SEC);
    pair.settle();
    assert_eq!(pair.client.downs, ["the peer starts again"]);
    assert!(pair.client.mux.is_up() && pair.proxy.mux.is_up());
}

#[test]
fn a_request_that_is_lost_is_given_up() {
    let mut pair = Pair::new();
    pair.settle();
    let channel = pair.client.mux.open(0).expect("a channel");
    pair.talk(&mut |_| Vec::new());
    pair.pass(2 * SEC, &mut |words| vec![words]);
    assert_eq!(pair.client.refused, [channel]);
}

#[test]
fn bytes_that_are_lost_inside_payload_cost_the_link_a_new_start_and_no_more() {
    let mut rng = Random::new(7);
    for round in 0..300 {
        let mut pair = Pair::new();
        pair.settle();
        let channel = pair.client.mux.open(0).expect("a channel");
        pair.settle();
        let hurt = 1 + rng.below(4);
        let mut left = hurt;
        for n in 0..20_u8 {
            pair.client.queue(channel, &vec![n; 1 + rng.below(400)]);
            pair.proxy.queue(channel, &vec![n; 1 + rng.below(400)]);
            pair.talk(&mut |mut words| {
                if left > 0 && words.len() > 4 && rng.below(6) == 0 {
                    left -= 1;
                    let from = rng.below(words.len());
                    let to = (from + 1 + rng.below(60)).min(words.len());
                    words.drain(from..to);
                }
                vec![words]
            });
        }
        // both come back, however they were hurt
        let mut whole = |words: Vec<u8>| vec![words];
        pair.pass(120 * SEC, &mut whole);
        assert!(pair.client.mux.is_up() && pair.proxy.mux.is_up(), "round {round}");
        let channel = pair.client.mux.open(pair.now).expect("a channel");
        pair.settle();
        pair.client.queue(channel, b"works");
        pair.settle();
        assert!(pair.proxy.got[&channel].ends_with(b"works"), "round {round}");
    }
}

#[test]
fn noise_never_panics_and_never_grows() {
    let mut rng = Random::new(11);
    for _ in 0..400 {
        let mut pair = Pair::new();
        pair.settle();
        for _ in 0..20 {
            let noise: Vec<u8> = (0..rng.below(200))
                .map(|_| {
                    let any = rng.byte();
                    if rng.below(2) == 0 { 0xf0 | (any & 0xf) } else { any }
                })
                .collect();
            // (a channel may be opened by noise)
            pair.proxy.hear(&noise, 0);
            let answer = pair.proxy.speak(0);
            assert!(answer.len() <= 2048, "{}", answer.len());
        }
    }
}

#[test]
fn mutated_frames_are_read_alike_in_all_cuts() {
    let all: Vec<u8> = samples().into_iter().flat_map(|(_, bytes)| bytes).collect();
    let mut rng = Random::new(3);
    for _ in 0..4000 {
        let mut bytes = all.clone();
        rng.mutate(&mut bytes, 0);
        let cut = rng.below(bytes.len() + 1);
        let whole = decoded([&bytes[..]]);
        assert_eq!(whole, decoded(bytes.chunks(1)));
        assert_eq!(whole, decoded([&bytes[..cut], &bytes[cut..]]));
    }
}
