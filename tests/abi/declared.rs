//! What `include/` declares: shared by the tests of headers and exports.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PREFIX: &str = "LWS_VISIBLE LWS_EXTERN";

/// Every header, `libwebsockets.h` and `lws_config.h` included, sorted.
pub fn headers() -> Vec<PathBuf> {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let folders = [include.join("libwebsockets"), include];
    let mut all: Vec<_> = folders.iter().flat_map(|f| files(f)).collect();
    all.sort();
    all
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("include/ is in the repository");
    let paths = entries.map(|e| e.expect("an entry").path());
    paths.filter(|p| p.extension().is_some_and(|e| e == "h")).collect()
}

/// The names of the functions that the headers declare.
pub fn functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for header in headers() {
        let text = std::fs::read_to_string(header).expect("a header");
        for prototype in text.split(PREFIX).skip(1) {
            let Some((head, _)) = prototype.split_once('(') else {
                continue;
            };
            let name = head.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next();
            names.extend(name.filter(|n| n.contains("lws")).map(str::to_owned));
        }
    }
    names
}
