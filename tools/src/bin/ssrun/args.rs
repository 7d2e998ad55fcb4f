//! The command line.

use securestreams::stream::State;

pub const USAGE: &str = "\
usage: ssrun [OPTION]... [POLICY] TYPE
Runs a stream of type TYPE of the POLICY file, or of the built-in policy. States go to stderr with their times,
payload goes to stdout. Ends when the transaction is over; one that listens, when it has served a client.
  -m NAME=VALUE    sets metadata; may be given several times
  -d TEXT          sends TEXT
  -f FILE          sends the FILE's content; - sends stdin
  --until STATE    ends at this state (such as CONNECTED or a number of the policy) with exit code 0
  --timeout SEC    ends after so many seconds with exit code 1
  --repeat N       does it N times, one after the other, with the same stream; listening: serves N clients
  --auth FILE      the token for http_auth_header (use_auth: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are taken
                   from the environment)
  --cert FILE      the client certificate, PEM or DER, and its --key FILE
  --mqtt-id ID     the client id, --mqtt-user NAME and --mqtt-password FILE for the broker
  --progress       says on stderr how much came and went, each second
  --trace          every event of every layer on stderr
  -q               no states
Exit code: 0 if the peer acknowledged all (or --until was reached), 1 if not, 2 for wrong usage or a bad policy.";

/// What to send.
#[derive(Clone, Debug, PartialEq)]
pub enum Send {
    Text(String),
    File(String),
}

#[derive(Debug, Default)]
pub struct Args {
    pub policy: Option<String>,
    pub kind: String,
    pub metadata: Vec<(String, String)>,
    pub send: Option<Send>,
    pub until: Option<u32>,
    pub timeout_s: Option<u32>,
    pub repeat: u32,
    pub auth: Option<String>,
    pub cert: Option<String>,
    pub key: Option<String>,
    pub mqtt_id: Option<String>,
    pub mqtt_user: Option<String>,
    pub mqtt_password: Option<String>,
    pub progress: bool,
    pub trace: bool,
    pub quiet: bool,
}

impl Args {
    /// `None`: only help is asked for.
    pub fn parse(words: Vec<String>) -> Result<Option<Self>, String> {
        let mut args = Self { repeat: 1, ..Self::default() };
        let mut rest = Vec::new();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or(format!("{word} wants a value"));
            match word.as_str() {
                "-h" | "--help" => return Ok(None),
                "-m" => {
                    let pair = value()?;
                    let (name, text) =
                        pair.split_once('=').ok_or(format!("-m {pair}: NAME=VALUE is wanted"))?;
                    args.metadata.push((name.to_owned(), text.to_owned()));
                }
                "-d" => args.send = Some(Send::Text(value()?)),
                "-f" => args.send = Some(Send::File(value()?)),
                "--until" => args.until = Some(state(&value()?)?),
                "--timeout" => args.timeout_s = Some(number("--timeout", &value()?)?),
                "--repeat" => args.repeat = number("--repeat", &value()?)?.max(1),
                "--auth" => args.auth = Some(value()?),
                "--cert" => args.cert = Some(value()?),
                "--key" => args.key = Some(value()?),
                "--mqtt-id" => args.mqtt_id = Some(value()?),
                "--mqtt-user" => args.mqtt_user = Some(value()?),
                "--mqtt-password" => args.mqtt_password = Some(value()?),
                "--progress" => args.progress = true,
                "--trace" => args.trace = true,
                "-q" => args.quiet = true,
                other if other.starts_with('-') => return Err(format!("unknown option {other}")),
                _ => rest.push(word),
            }
        }
        if args.until.is_some() && args.repeat > 1 {
            return Err("--until and --repeat do not go together".into());
        }
        args.kind = rest.pop().ok_or("which stream type?")?;
        args.policy = rest.pop();
        if let Some(more) = rest.pop() {
            return Err(format!("{more} is one argument too many"));
        }
        Ok(Some(args))
    }
}

fn number(option: &str, text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("{option} {text}: a whole number is wanted"))
}

/// A state by its name, with or without `LWSSSCS_`, or a number.
fn state(text: &str) -> Result<u32, String> {
    if let Ok(code) = text.parse() {
        return Ok(code);
    }
    let wanted = text.to_ascii_uppercase();
    let known = |state: &State| {
        let name = state.name();
        name == wanted || name.strip_prefix("LWSSSCS_") == Some(&wanted)
    };
    let found = State::ALL.iter().copied().find(known);
    found.map(State::code).ok_or(format!("there is no state {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<Args>, String> {
        Args::parse(text.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn everything_at_once() {
        let args = parse("-m a=b=c -d x --until connected --timeout 9 p.json t");
        let args = args.expect("good").expect("not help");
        assert_eq!(args.metadata, [("a".to_owned(), "b=c".to_owned())]);
        assert_eq!(args.send, Some(Send::Text("x".into())));
        assert_eq!((args.until, args.repeat, args.timeout_s), (Some(5), 1, Some(9)));
        assert_eq!((args.policy.as_deref(), args.kind.as_str()), (Some("p.json"), "t"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("", "which stream type"),
            ("-m x t", "NAME=VALUE"),
            ("--until nowhere t", "nowhere"),
            ("--repeat many t", "many"),
            ("--repeat 2 --until 5 t", "together"),
            ("--what t", "--what"),
            ("a b c", "a is one"),
            ("t -d", "-d wants"),
        ] {
            let message = parse(text).expect_err(text);
            assert!(message.contains(part), "{message}");
        }
    }
}
