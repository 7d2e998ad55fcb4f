//! The Markdown pages of the package, taken apart: code blocks, links, headings, names of files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A block of code, with the number of its first line.
pub struct Block {
    pub language: String,
    pub line: usize,
    pub text: String,
}

/// A page. `prose` has the lines outside of blocks, with their numbers.
pub struct Page {
    pub name: String,
    pub blocks: Vec<Block>,
    pub prose: Vec<(usize, String)>,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page that is checked.
pub fn pages() -> Vec<Page> {
    let fixed = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "c-examples/README.md"];
    let mut files: Vec<PathBuf> = fixed.iter().map(|f| root().join(f)).collect();
    collect(&root().join("docs"), &mut files);
    assert!(files.len() > fixed.len() + 20, "only {} pages", files.len());
    files.iter().map(|f| Page::read(f)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "md") {
            files.push(path);
        }
    }
}

impl Page {
    fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).expect("a page");
        let name = file.strip_prefix(root()).expect("inside").display().to_string();
        Self::parse(name, &text)
    }

    fn parse(name: String, text: &str) -> Self {
        let mut page = Self { name, blocks: Vec::new(), prose: Vec::new() };
        let mut fenced = false;
        let mut blank = true;
        let mut indented = false;
        for (line, text) in (1..).zip(text.lines()) {
            if let Some(language) = text.trim_start().strip_prefix("```") {
                fenced = !fenced;
                if fenced {
                    page.open(language, line + 1);
                }
                continue;
            }
            // an indented block, as Markdown knows them too, is shell
            indented = text.starts_with("    ") && (indented || blank && !fenced);
            if indented && blank {
                page.open("sh", line);
            }
            if fenced || indented {
                let block = page.blocks.last_mut().expect("open");
                block.text.push_str(text);
                block.text.push('\n');
            } else {
                page.prose.push((line, text.to_owned()));
            }
            blank = text.trim().is_empty();
        }
        assert!(!fenced, "{}: a block without end", page.name);
        page
    }

    fn open(&mut self, language: &str, line: usize) {
        self.blocks.push(Block { language: language.to_owned(), line, text: String::new() });
    }

    /// The blocks of a language, with where they are.
    pub fn in_language(&self, language: &str) -> impl Iterator<Item = (String, &Block)> {
        let wanted = self.blocks.iter().filter(move |b| b.language == language);
        wanted.map(|b| (format!("{}:{}", self.name, b.line), b))
    }

    /// The targets of its links, with where they are.
    pub fn links(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (line, text) in &self.prose {
            let text = without_code(text);
            for rest in text.split("](").skip(1) {
                if let Some((target, _)) = rest.split_once(')') {
                    found.push((format!("{}:{line}", self.name), target.to_owned()));
                }
            }
        }
        found
    }

    /// What stands in backticks, with where it is; not in lines about what is not built yet.
    pub fn code(&self) -> impl Iterator<Item = (String, &str)> {
        let built = self.prose.iter().filter(|(_, text)| !text.contains("not built yet"));
        built.flat_map(move |(line, text)| {
            let inside = text.split('`').skip(1).step_by(2);
            inside.map(move |code| (format!("{}:{line}", self.name), code))
        })
    }

    /// What links can point to: the headings, as GitHub and mdBook name them.
    pub fn anchors(&self) -> Vec<String> {
        let mut seen: HashMap<String, usize> = HashMap::new();
        let headings = self.prose.iter().filter(|(_, t)| t.starts_with('#'));
        let name = |(_, text): &(usize, String)| {
            let slug = slug(text.trim_start_matches('#').trim());
            let count = seen.entry(slug.clone()).or_default();
            *count += 1;
            if *count == 1 { slug } else { format!("{slug}-{}", *count - 1) }
        };
        headings.map(name).collect()
    }
}

/// The line with what stands in backticks left out, backticks kept.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

fn slug(heading: &str) -> String {
    let kept = |c: char| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c if c.is_alphanumeric() => Some(c),
        _ => None,
    };
    heading.to_lowercase().chars().filter_map(kept).collect()
}

#[test]
fn pages_are_taken_apart() {
    let text = "# A `b`, c\n\n[x](y.md#z) `[no](no.md)` [w](v)\n\n```c\nint a;\n```\n\n    cmd\n    more\n\n# A b c\n";
    let page = Page::parse("p".to_owned(), text);
    assert_eq!(page.anchors(), ["a-b-c", "a-b-c-1"]);
    let links: Vec<_> = page.links().into_iter().map(|l| l.1).collect();
    assert_eq!(links, ["y.md#z", "v"]);
    let blocks: Vec<_> = page.blocks.iter().map(|b| (&*b.language, b.line, &*b.text)).collect();
    assert_eq!(blocks, [("c", 6, "int a;\n"), ("sh", 9, "    cmd\n    more\n")]);
}
