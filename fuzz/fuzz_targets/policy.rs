//! Any text, whole, in chunks, and as an overlay: no panic, and the outcome is consistent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use securestreams::policy::{
    Outcome, Parser, Progress, Rules, default_policy, parse, parse_overlay_with,
};

fn check(outcome: &Outcome) {
    assert_eq!(outcome.policy.is_some(), outcome.errors.is_empty());
    for diag in outcome.errors.iter().chain(&outcome.warnings) {
        assert!(diag.line > 0 && diag.column > 0 && !diag.to_string().is_empty());
    }
}

fuzz_target!(|data: &[u8]| {
    // the first byte says where the text is cut in two
    let Some((&cut, text)) = data.split_first() else {
        return;
    };
    let whole = parse(text);
    check(&whole);

    let (first, second) = text.split_at(text.len() * usize::from(cut) / 256);
    let mut parser = Parser::begin(Rules::default());
    parser.feed(first);
    let progress = parser.feed(second);
    let chunked = parser.finish();
    assert_eq!(chunked.policy, whole.policy);
    assert_eq!(chunked.errors, whole.errors);
    assert!(whole.policy.is_some() || progress != (Progress::Done { unused: 0 }));

    let permissive = Rules { forward_references: true, overlay_adds: true };
    check(&parse_overlay_with(&default_policy(), text, permissive));
});
