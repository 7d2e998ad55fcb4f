//! "Did you mean": the known name that is closest to a misspelt one.

/// Longer names than this get no suggestion.
const MAX_LEN: usize = 48;

/// So many known names are compared at most.
const MAX_CANDIDATES: usize = 1000;

/// The name among `known` that `name` is most likely a misspelling of, if any is close: at most
/// one edit in three characters.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = normal(name)?;
    let allowed = (wanted.len() / 3).max(1);
    known
        .take(MAX_CANDIDATES)
        .filter_map(|candidate| Some((distance(&wanted, &normal(candidate)?), candidate)))
        .filter(|&(edits, _)| edits <= allowed)
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, candidate)| candidate)
}

/// Lower case, and `-`, `_` and space alike: these are confused most often.
fn normal(name: &str) -> Option<Vec<char>> {
    let fold = |c: char| if c == '-' || c == ' ' { '_' } else { c.to_ascii_lowercase() };
    let chars: Vec<char> = name.chars().take(MAX_LEN + 1).map(fold).collect();
    (chars.len() <= MAX_LEN).then_some(chars)
}

/// Edit distance with swaps of neighbours counted as one edit (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j - 1] + changed).min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        let d = |a: &str, b: &str| distance(&normal(a).unwrap(), &normal(b).unwrap());
        assert_eq!(d("default", "default"), 0);
        assert_eq!(d("defautl", "default"), 1);
        assert_eq!(d("http-url", "http_url"), 0);
        assert_eq!(d("", "abc"), 3);
        assert_eq!(d("kitten", "sitting"), 3);
    }

    #[test]
    fn only_close_names_are_suggested() {
        let known = ["endpoint", "port", "protocol"];
        assert_eq!(nearest("endpiont", known.into_iter()), Some("endpoint"));
        assert_eq!(nearest("prot", known.into_iter()), Some("port"));
        assert_eq!(nearest("aux", known.into_iter()), None);
        assert_eq!(nearest(&"x".repeat(10_000), known.into_iter()), None);
    }
}
