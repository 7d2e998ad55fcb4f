//! `ssrun`: runs a stream of a policy at the shell. Its manual page is `man/ssrun.1`.

mod args;
mod run;
mod shell;

use std::process::ExitCode;
use std::rc::Rc;

use args::{Args, USAGE};
use securestreams::policy::{Policy, default_policy, parse};

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1).collect()) {
        Ok(Some(args)) => args,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("ssrun: {message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = load(args.policy.as_deref()).and_then(|policy| run::run(Rc::new(policy), args));
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("ssrun: {message}");
            ExitCode::from(2)
        }
    }
}

/// The policy in a file, or the built-in one.
fn load(file: Option<&str>) -> Result<Policy, String> {
    let Some(file) = file else { return Ok(default_policy()) };
    let text = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
    let outcome = parse(&text);
    outcome.policy.ok_or_else(|| {
        let first = outcome.errors.first().map(ToString::to_string).unwrap_or_default();
        format!("{file}: {first} ('sspolicy check {file}' shows all)")
    })
}
