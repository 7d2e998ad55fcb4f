//! `sspolicy`: checks, explains and converts Secure Streams policies. Its manual page is `man/sspolicy.1`.

mod certs;
mod explain;
mod fmt;
mod keydoc;
mod schema;
mod show;
mod to_c;
mod x509;

use std::process::ExitCode;
use std::rc::Rc;

use securestreams::policy::{Policy, Rules, parse, parse_overlay_with, to_text};
use show::{Colours, Text};

const USAGE: &str = "\
usage: sspolicy check [--strict] [--json] FILE...     errors and warnings, with their places
       sspolicy explain [--overlay FILE]... FILE TYPE  what streams of a type do, and why
       sspolicy schema                                JSON Schema of policies, for editors
       sspolicy fmt [--check | --write] FILE...       one layout, comments kept
       sspolicy certs [--days N] FILE                 the certificates and when they expire
       sspolicy to-c FILE                             C structs of a static policy
       sspolicy merge FILE OVERLAY...                 a policy with its overlays applied
FILE may be - for stdin. Exit codes: 0 all is well, 1 something is wrong with a policy, 2 wrong usage.
--colour=always|never|auto overrides what the terminal suggests (NO_COLOR is honoured).";

/// Why there is no result.
enum Failure {
    /// The arguments make no sense.
    Usage(String),
    /// A file can't be read or written, or holds no good policy; all has been said.
    Said,
}

type Outcome<T> = Result<T, Failure>;

/// Arguments: switches taken out one by one, the rest is files and names.
struct Args(Vec<String>);

impl Args {
    fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|arg| arg != name);
        self.0.len() != before
    }

    fn values(&mut self, name: &str) -> Outcome<Vec<String>> {
        let mut values = Vec::new();
        while let Some(at) = self.0.iter().position(|arg| arg == name) {
            if at + 1 == self.0.len() {
                return Err(Failure::Usage(format!("{name} wants a value")));
            }
            values.push(self.0.remove(at + 1));
            self.0.remove(at);
        }
        Ok(values)
    }

    /// What is left, between `least` and `most` of it, none of it a switch.
    fn rest(self, least: usize, most: usize) -> Outcome<Vec<String>> {
        if let Some(unknown) = self.0.iter().find(|arg| arg.starts_with('-') && *arg != "-") {
            return Err(Failure::Usage(format!("unknown option {unknown}")));
        }
        if self.0.len() < least {
            return Err(Failure::Usage("a file or a name is missing".into()));
        }
        if self.0.len() > most {
            return Err(Failure::Usage(format!("{} is one argument too many", self.0[most])));
        }
        Ok(self.0)
    }
}

fn main() -> ExitCode {
    let mut args = Args(std::env::args().skip(1).collect());
    let colours = match Colours::choose(&mut args.0) {
        Ok(colours) => colours,
        Err(message) => return usage(&message),
    };
    if args.0.is_empty() {
        return usage("what to do?");
    }
    let command = args.0.remove(0);
    let done = match command.as_str() {
        "check" => check(args, &colours),
        "explain" => explain_one(args, &colours),
        "schema" => args.rest(0, 0).map(|_| println!("{}", schema::schema())).map(|()| true),
        "fmt" => format_files(args, &colours),
        "certs" => list_certs(args, &colours),
        "to-c" => convert(args, &colours),
        "merge" => merge(args, &colours),
        "--help" | "-h" | "help" => {
            println!("{USAGE}");
            Ok(true)
        }
        "--version" => {
            println!("sspolicy {}", env!("CARGO_PKG_VERSION"));
            Ok(true)
        }
        other => Err(Failure::Usage(format!("unknown command {other}"))),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) | Err(Failure::Said) => ExitCode::from(1),
        Err(Failure::Usage(message)) => usage(&message),
    }
}

fn usage(message: &str) -> ExitCode {
    eprintln!("sspolicy: {message}\n{USAGE}");
    ExitCode::from(2)
}

fn read(file: &str) -> Outcome<Text> {
    Text::read(file).map_err(|error| {
        eprintln!("sspolicy: {file}: {error}");
        Failure::Said
    })
}

/// The policy in a file; what is wrong with it goes to stderr.
fn load(file: &str, colours: &Colours) -> Outcome<Policy> {
    good(&read(file)?, colours)
}

fn good(text: &Text, colours: &Colours) -> Outcome<Policy> {
    let outcome = parse(&text.bytes);
    eprint!("{}", show::diags(text, &outcome, &colours.on_stderr()));
    outcome.policy.ok_or(Failure::Said)
}

/// The policy in a file with overlays on top. They may add stream types.
fn load_with(file: &str, overlays: &[String], colours: &Colours) -> Outcome<Policy> {
    let mut policy = load(file, colours)?;
    for overlay in overlays {
        let text = read(overlay)?;
        let rules = Rules { overlay_adds: true, ..Rules::default() };
        let outcome = parse_overlay_with(&policy, &text.bytes, rules);
        eprint!("{}", show::diags(&text, &outcome, &colours.on_stderr()));
        policy = outcome.policy.ok_or(Failure::Said)?;
    }
    Ok(policy)
}

fn check(mut args: Args, colours: &Colours) -> Outcome<bool> {
    let (strict, json) = (args.flag("--strict"), args.flag("--json"));
    let mut good = true;
    let mut all = Vec::new();
    for file in args.rest(1, usize::MAX)? {
        let text = read(&file)?;
        let outcome = parse(&text.bytes);
        good &= outcome.errors.is_empty() && (!strict || outcome.warnings.is_empty());
        if json {
            all.push(show::as_json(&text, &outcome));
        } else {
            print!("{}{}", show::diags(&text, &outcome, colours), show::verdict(&text, &outcome));
        }
    }
    if json {
        println!("{:#}", serde_json::Value::Array(all));
    }
    Ok(good)
}

fn explain_one(mut args: Args, colours: &Colours) -> Outcome<bool> {
    let overlays = args.values("--overlay")?;
    let rest = args.rest(2, 2)?;
    let (file, name) = (&rest[0], &rest[1]);
    let base = load(file, colours)?;
    let policy = load_with(file, &overlays, &colours.silent())?;
    let Some(stream) = policy.stream_type(name) else {
        let known: Vec<&str> = policy.streams.names().collect();
        eprintln!("sspolicy: {file} has no stream type '{name}'; it has: {}", known.join(", "));
        return Ok(false);
    };
    let before = base.stream_type(name).map(Rc::as_ref);
    print!("{}", explain::explain(&policy, stream, before.filter(|_| !overlays.is_empty())));
    Ok(true)
}

fn format_files(mut args: Args, colours: &Colours) -> Outcome<bool> {
    let (check, write) = (args.flag("--check"), args.flag("--write"));
    let mut all_good = true;
    for file in args.rest(1, usize::MAX)? {
        let text = read(&file)?;
        let policy = good(&text, colours)?;
        let formatted = fmt::format(&text.string());
        if parse(formatted.as_bytes()).policy != Some(policy) {
            eprintln!(
                "sspolicy: {file}: left alone, since another layout would change its meaning"
            );
            return Ok(false);
        }
        let same = formatted.as_bytes() == text.bytes;
        if check && !same {
            println!("{file}");
            all_good = false;
        } else if write && !same {
            std::fs::write(&file, &formatted).map_err(|error| {
                eprintln!("sspolicy: {file}: {error}");
                Failure::Said
            })?;
        } else if !check && !write {
            print!("{formatted}");
        }
    }
    Ok(all_good)
}

/// Certificates that expire within so many days are warned of.
const DAYS: i64 = 30;

fn list_certs(mut args: Args, colours: &Colours) -> Outcome<bool> {
    let days = match args.values("--days")?.pop() {
        None => DAYS,
        Some(text) => {
            text.parse().map_err(|_| Failure::Usage(format!("--days {text}: not a number")))?
        }
    };
    let policy = load(&args.rest(1, 1)?[0], colours)?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    let (text, good) = certs::list(&policy, now, days, colours);
    print!("{text}");
    Ok(good)
}

fn convert(args: Args, colours: &Colours) -> Outcome<bool> {
    let policy = load(&args.rest(1, 1)?[0], colours)?;
    match to_c::to_c(&policy) {
        Ok(text) => {
            print!("{text}");
            Ok(true)
        }
        Err(message) => {
            eprintln!("sspolicy: {message}");
            Ok(false)
        }
    }
}

fn merge(args: Args, colours: &Colours) -> Outcome<bool> {
    let files = args.rest(1, usize::MAX)?;
    let policy = load_with(&files[0], &files[1..], colours)?;
    print!("{}", fmt::format(&to_text(&policy)));
    Ok(true)
}
