//! The policy parser and text that is cut, chunked, mangled, or made to hurt.

use securestreams::policy::*;
use std::time::{Duration, Instant};

/// A policy with a bit of everything.
const FULL: &str = r##"# a comment
{
  "release": "1", "product": "täst", "schema-version": 1, "via-socks5": "127.0.0.1:1080",
  "retry": [ { "default": { "backoff": [1000, 2000, 3000], "conceal": 5, "jitterpc": 20,
    "svalidping": 30, "svalidhup": 35 } } ],
  "certs": [ { "ca": "MAcwADAAAwEA" }, { "key": "MAUCAQAwAA==" } ],
  "trust_stores": [ { "name": "ts", "stack": ["ca"] }, { "ts2": ["ca"] } ],
  "auth": [ { "name": "a", "type": "sigv4", "streamtype": "get", "blob": 1 } ],
  "metrics": [ { "name": "m", "us_schedule": 1000, "us_halflife": 5, "min_outlier": 1,
    "report": "r" } ],
  "s": [ {
    "get": { "endpoint": "${region}.example.com", "port": 443, "protocol": "h2", "tls": true,
      "tls_trust_store": "ts", "retry": "default", "opportunistic": true, "use_auth": "a",
      "http_method": "GET", "http_url": "/a?b=${region}", "http_expect": 200,
      "http_resp_map": [ { "530": 1530 }, { "531": 1531 } ],
      "metadata": [ { "region": "" }, { "ct": "content-type:" } ],
      "unknown": { "x": [ 1, -2.5e3, true, false, null, "A\u00e4\ud83d\ude00\n" ] } }
  }, {
    "srv": { "server": true, "port": "4443", "protocol": "h1", "tls": true, "server_cert": "ca",
      "server_key": "key", "options": [ { "a": "b" } ] }
  }, {
    "mq": { "endpoint": "broker", "protocol": "mqtt", "mqtt_topic": "t/${id}", "mqtt qos": 1,
      "mqtt_will_message": "gone", "metadata": [ { "id": "" } ], "client cert": 0 }
  } ]
}"##;

/// Marsaglia's xorshift64: the same texts on every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }
}

/// What must hold of any outcome of any text.
fn check(text: &[u8], outcome: &Outcome) {
    assert_eq!(outcome.policy.is_some(), outcome.errors.is_empty());
    assert!(outcome.errors.len() <= MAX_DIAGS);
    assert!(outcome.warnings.len() <= MAX_DIAGS + 2);
    let lines = 1 + text.iter().filter(|&&byte| byte == b'\n').count();
    for diag in outcome.errors.iter().chain(&outcome.warnings) {
        assert!(diag.line >= 1 && diag.line as usize <= lines, "{diag}");
        assert!(diag.column >= 1 && diag.column as usize <= text.len() + 1, "{diag}");
        assert!(diag.to_string().len() < 2000, "{diag}");
    }
}

fn in_chunks<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Progress, Outcome) {
    let mut parser = Parser::begin(Rules::default());
    let mut progress = Progress::Continue;
    for chunk in chunks {
        progress = parser.feed(chunk);
    }
    (progress, parser.finish())
}

#[test]
fn the_sample_is_good() {
    let outcome = parse(FULL.as_bytes());
    assert_eq!(outcome.errors, []);
    assert_eq!(outcome.warnings.len(), 1, "the unknown key");
    assert_eq!(outcome.policy.unwrap().streams.len(), 3);
}

#[test]
fn any_two_chunks_are_as_good_as_the_whole() {
    let text = FULL.as_bytes();
    let whole = parse(text);
    for at in 0..=text.len() {
        let (first, second) = text.split_at(at);
        let (progress, outcome) = in_chunks([first, second].into_iter());
        assert_eq!(progress, Progress::Done { unused: 0 }, "{at}");
        assert_eq!(outcome, whole, "{at}");
    }
}

#[test]
fn byte_by_byte_is_as_good_as_the_whole() {
    for text in [FULL, &FULL.replace("\"retry\": \"default\"", "\"retry\": \"none\"")] {
        let (progress, outcome) = in_chunks(text.as_bytes().chunks(1));
        assert_eq!(matches!(progress, Progress::Done { .. }), outcome.policy.is_some());
        assert_eq!(outcome, parse(text.as_bytes()));
    }
}

#[test]
fn a_chunked_parse_ends_at_the_closing_brace() {
    let mut parser = Parser::begin(Rules::default());
    assert_eq!(parser.feed(b""), Progress::Continue);
    assert_eq!(parser.feed(b"{ \"s\": ["), Progress::Continue);
    assert_eq!(parser.feed(b"] } tail"), Progress::Done { unused: 5 });
    assert_eq!(parser.feed(b"more"), Progress::Done { unused: 4 });
    assert!(parser.finish().policy.is_some());
}

#[test]
fn a_chunked_parse_fails_at_the_first_bad_byte() {
    let mut parser = Parser::begin(Rules::default());
    assert_eq!(parser.feed(b"{ \"s\": [ { \"get\": "), Progress::Continue);
    assert_eq!(parser.feed(b"{ ]"), Progress::Failed);
    assert_eq!(parser.feed(b"} } ] }"), Progress::Failed);
    assert!(parser.finish().policy.is_none());

    let mut parser = Parser::begin(Rules::default());
    assert_eq!(parser.feed(b"{ \"s\": [ { \"get\": { \"retry\": \"x\" } } ]"), Progress::Continue);
    assert_eq!(parser.feed(b"}"), Progress::Failed, "an unknown reference");
}

#[test]
fn a_chunked_overlay() {
    let base = parse(FULL.as_bytes()).policy.unwrap();
    let mut parser = Parser::begin_overlay(&base, Rules::default());
    assert_eq!(parser.feed(b"{ \"s\": [ { \"get\": "), Progress::Continue);
    assert_eq!(parser.feed(b"{ \"port\": 80 } } ] }"), Progress::Done { unused: 0 });
    let new = parser.finish().policy.unwrap();
    assert_eq!(new.stream_type("get").unwrap().port, 80);
    assert_eq!(base.stream_type("get").unwrap().port, 443);
}

#[test]
fn text_cut_anywhere_is_kept_as_far_as_it_goes() {
    let text = FULL.as_bytes();
    let begin = text.iter().position(|&byte| byte == b'{').unwrap() + 1;
    let base = parse(text).policy.unwrap();
    for len in 0..text.len() {
        let cut = &text[..len];
        let outcome = parse(cut);
        check(cut, &outcome);
        let errors = &outcome.errors;
        assert_eq!(outcome.policy.is_some(), len >= begin, "cut at {len}: {errors:?}");
        if len >= begin {
            let loud = outcome.warnings.iter().any(|warning| warning.kind == Kind::Truncated);
            assert!(loud, "cut at {len}");
        }
        assert!(parse_overlay(&base, cut).policy.is_none(), "an overlay cut at {len}");
    }
}

#[test]
fn what_a_cut_policy_still_has() {
    let at = FULL.find("\"server_key\"").unwrap();
    let policy = parse(&FULL.as_bytes()[..at]).policy.unwrap();
    assert_eq!(policy.streams.names().collect::<Vec<_>>(), ["get", "srv"]);
    assert_eq!(policy.stream_type("srv").unwrap().port, 4443);
    assert_eq!(policy.retries.get("default").unwrap().backoff_ms, [1000, 2000, 3000]);
}

#[test]
fn random_mutations_neither_panic_nor_hang() {
    const ROUNDS: usize = 10_000;
    const PIECES: [&[u8]; 16] = [
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b",",
        b":",
        b"\\u",
        b"#",
        b"${",
        b"-1e9",
        b"99999999999999999999",
        b"null",
        b"\xff\xfe",
        b"\\ud800",
        b"\n",
    ];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let base = parse(FULL.as_bytes()).policy.unwrap();
    let (mut good, mut bad) = (0, 0);
    for round in 0..ROUNDS {
        let mut text = FULL.as_bytes().to_vec();
        for _ in 0..=random.below(4) {
            if text.is_empty() {
                break;
            }
            let at = random.below(text.len());
            let end = (at + random.below(12)).min(text.len());
            match random.below(5) {
                0 => text[at] = random.next().to_le_bytes()[0],
                1 => drop(text.drain(at..end)),
                2 => drop(text.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
                3 => {
                    let copy = text[at..end].to_vec();
                    let to = random.below(text.len());
                    drop(text.splice(to..to, copy));
                }
                _ => text.truncate(at.max(1)),
            }
        }
        let outcome = if round % 4 == 0 { parse_overlay(&base, &text) } else { parse(&text) };
        check(&text, &outcome);
        if outcome.policy.is_some() { good += 1 } else { bad += 1 }
    }
    assert!(good > ROUNDS / 20 && bad > ROUNDS / 20, "{good} good, {bad} bad: not worth much");
}

/// The one error of a text over a limit.
fn too_big(text: &[u8]) {
    let begin = Instant::now();
    let outcome = parse(text);
    assert_eq!(outcome.errors[0].kind, Kind::TooBig, "{}", outcome.errors[0]);
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn limits() {
    too_big(format!("{{ \"x\": {}", "[".repeat(MAX_DEPTH)).as_bytes());
    too_big(format!("{{ \"x\": \"{}", "x".repeat(MAX_TEXT)).as_bytes());
    too_big(format!("{{ \"x\": [{}", "1,".repeat(MAX_VALUES + 1)).as_bytes());
    too_big(format!("{{ \"x\": {}", "1".repeat(1000)).as_bytes());
    let pairs =
        |count: usize| -> String { (0..count).map(|n| format!("{{ \"m{n}\": \"\" }},")).collect() };
    let stream = |key: &str, value: String| {
        format!("{{ \"s\": [{{ \"t\": {{ \"endpoint\": \"e\", \"{key}\": [{value}] }} }}] }}")
    };
    assert!(parse(stream("metadata", pairs(MAX_METADATA)).as_bytes()).policy.is_some());
    too_big(stream("metadata", pairs(MAX_METADATA + 1)).as_bytes());
    assert!(parse(stream("options", pairs(MAX_OPTIONS)).as_bytes()).policy.is_some());
    too_big(stream("options", pairs(MAX_OPTIONS + 1)).as_bytes());
    let map =
        |count: usize| -> String { (0..count).map(|n| format!("{{ \"{n}\": 1000 }},")).collect() };
    assert!(parse(stream("http_resp_map", map(MAX_RESP_MAP)).as_bytes()).policy.is_some());
    too_big(stream("http_resp_map", map(MAX_RESP_MAP + 1)).as_bytes());
    let retry = |count: usize| {
        format!("{{ \"retry\": [{{ \"r\": {{ \"backoff\": [{}] }} }}] }}", "1,".repeat(count))
    };
    assert!(parse(retry(MAX_BACKOFF).as_bytes()).policy.is_some());
    too_big(retry(MAX_BACKOFF + 1).as_bytes());
}

#[test]
fn the_deepest_nesting_that_is_allowed() {
    let depth = MAX_DEPTH - 1;
    let text = format!("{{ \"x\": {}{} }}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(text.as_bytes()).policy.is_some());
}

#[test]
fn bad_strings_and_numbers() {
    let kind = |value: &[u8]| {
        let text = [b"{ \"release\": ", value, b" }"].concat();
        parse(&text).errors.first().map(|error| error.kind)
    };
    assert_eq!(kind(b"\"\\ud83d\\ude00\""), None);
    assert_eq!(kind(b"\"\xff\""), Some(Kind::Encoding));
    assert_eq!(kind(b"\"\xc3\""), Some(Kind::Encoding));
    assert_eq!(kind(b"\"\\ud83d\""), Some(Kind::Encoding));
    assert_eq!(kind(b"\"\\ud83d\\n\""), Some(Kind::Encoding));
    assert_eq!(kind(b"\"\\ud83dx\""), Some(Kind::Encoding));
    assert_eq!(kind(b"\"\\ude00\""), Some(Kind::Encoding));
    assert_eq!(kind(b"\"\\ud83d\\ud83d\""), Some(Kind::Encoding));
    assert_eq!(kind(b"\"\\u0000\""), Some(Kind::BadValue));
    assert_eq!(kind(b"\"\\x\""), Some(Kind::Syntax));
    assert_eq!(kind(b"\"\\u00g0\""), Some(Kind::Syntax));
    assert_eq!(kind(b"\"a\nb\""), Some(Kind::Syntax));
    for number in ["0", "-0", "00", "1.5", "1e5", "1E+5", "-1.25e-2"] {
        assert_eq!(kind(number.as_bytes()), None, "{number}");
    }
    for number in
        ["-", "1.", "1e", "1e+", "1-2", "1.2.3", "+1", ".5", "1ee1", "truee", "nul", "True"]
    {
        assert_eq!(kind(number.as_bytes()), Some(Kind::Syntax), "{number}");
    }
}

#[test]
fn messages_are_bounded_and_printable() {
    let name = "n\\u001b".repeat(50_000);
    let text =
        format!("{{ \"s\": [{{ \"{name}\": {{ \"{name}\": 1, \"retry\": \"{name}\" }} }}] }}");
    let outcome = parse(text.as_bytes());
    check(text.as_bytes(), &outcome);
    let message = outcome.errors[0].to_string();
    assert!(!message.contains('\u{1b}'), "{message:?}");
}

#[test]
fn thousands_of_mistakes_are_counted_not_kept() {
    let keys: String =
        (0..20_000).map(|n| format!("\"key{n}\": 1, \"retry\": \"r{n}\",\n")).collect();
    let text = format!("{{ \"s\": [{{ \"t\": {{ {keys} \"port\": 1 }} }}] }}");
    let begin = Instant::now();
    let outcome = parse(text.as_bytes());
    check(text.as_bytes(), &outcome);
    assert_eq!(outcome.errors.len(), MAX_DIAGS);
    let last = outcome.warnings.iter().find(|warning| warning.kind == Kind::TooBig);
    assert!(last.unwrap().message.contains("more errors and warnings are not shown"));
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn long_names_used_often_cost_nothing_extra() {
    let name = "n".repeat(1024 * 1024);
    let begin = Instant::now();
    let items = "\"x\",".repeat(100_000);
    let text = format!("{{ \"trust_stores\": [{{ \"{name}\": [{items}] }}] }}");
    assert_eq!(parse(text.as_bytes()).errors.len(), MAX_DIAGS);
    let uses = "\"rideshare\": \"x\",".repeat(50_000);
    let text = format!("{{ \"s\": [{{ \"{name}\": {{ {uses} \"endpoint\": \"e\" }} }}] }}");
    assert!(parse(text.as_bytes()).policy.is_some());
    assert!(begin.elapsed() < Duration::from_secs(20));
}
