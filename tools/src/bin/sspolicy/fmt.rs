//! One layout for policies. Works on tokens, so comments, numbers and strings stay as they are written.

/// The longest list that stays on one line, in characters.
const MAX_LINE: usize = 96;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open(char),
    Close(char),
    Comma,
    Colon,
    /// A string, number or word.
    Scalar(String),
    Comment(String),
}

/// Lays a policy out that has been read without errors. Doing it again changes nothing.
pub fn format(text: &str) -> String {
    let tokens = tokens(text);
    let mut out = String::new();
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Open(open) => {
                if let Some((line, end)) = on_one_line(&tokens, at)
                    && column(&out) + line.chars().count() <= MAX_LINE
                {
                    out.push_str(&line);
                    at = end;
                    continue;
                }
                out.push(*open);
                depth += 1;
                new_line(&mut out, depth);
            }
            Token::Close(close) => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(*close);
            }
            Token::Comma => {
                // JSON has no comma before a bracket
                let next = tokens[at + 1..].iter().find(|t| !matches!(t, Token::Comment(_)));
                if !matches!(next, Some(Token::Close(_))) {
                    out.push(',');
                    new_line(&mut out, depth);
                }
            }
            Token::Colon => out.push_str(": "),
            Token::Scalar(text) => out.push_str(text),
            Token::Comment(text) => {
                if !out.trim_end_matches([' ']).ends_with('\n') && !out.is_empty() {
                    new_line(&mut out, depth);
                }
                out.push_str(text);
                new_line(&mut out, depth);
            }
        }
        at += 1;
    }
    let mut lines: Vec<&str> = out.lines().map(str::trim_end).collect();
    lines.retain(|line| !line.is_empty());
    lines.join("\n") + "\n"
}

fn column(out: &str) -> usize {
    out.rsplit('\n').next().map_or(0, |line| line.chars().count())
}

fn new_line(out: &mut String, depth: usize) {
    // nothing but indentation on the line yet
    let keep = out.trim_end_matches(' ').len();
    out.truncate(keep);
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    out.push_str(&"  ".repeat(depth));
}

/// A list or object without comments and with no other object inside that has more than a pair: as one line, with
/// where it ends.
fn on_one_line(tokens: &[Token], from: usize) -> Option<(String, usize)> {
    let (mut line, mut depth, mut pairs) = (String::new(), 0_usize, 0);
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token {
            Token::Comment(_) => return None,
            Token::Open(open) => {
                depth += 1;
                pairs = 0;
                line.push(*open);
                if *open == '{' && !matches!(tokens.get(at + 1), Some(Token::Close(_))) {
                    line.push(' ');
                }
            }
            Token::Close(close) => {
                depth -= 1;
                if *close == '}' && !line.ends_with('{') {
                    line.push(' ');
                }
                line.push(*close);
                if depth == 0 {
                    return Some((line, at + 1));
                }
            }
            Token::Comma if matches!(tokens.get(at + 1), Some(Token::Close(_))) => {}
            Token::Comma => line.push_str(", "),
            Token::Colon => {
                pairs += 1;
                // objects of several pairs read better with a line a pair
                if pairs > 2 || depth > 2 {
                    return None;
                }
                line.push_str(": ");
            }
            Token::Scalar(text) => line.push_str(text),
        }
    }
    None
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut chars = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '[' => found.push(Token::Open(c)),
            '}' | ']' => found.push(Token::Close(c)),
            ',' => found.push(Token::Comma),
            ':' => found.push(Token::Colon),
            '#' => {
                let mut comment = String::from(c);
                while let Some(c) = chars.next_if(|c| *c != '\n') {
                    comment.push(c);
                }
                found.push(Token::Comment(comment.trim_end().to_owned()));
            }
            '"' => {
                let mut string = String::from(c);
                while let Some(c) = chars.next() {
                    string.push(c);
                    match c {
                        '\\' => string.extend(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
                found.push(Token::Scalar(string));
            }
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                let ends = |c: &char| c.is_whitespace() || "{}[],:#\"".contains(*c);
                while let Some(c) = chars.next_if(|c| !ends(c)) {
                    word.push(c);
                }
                found.push(Token::Scalar(word));
            }
        }
    }
    found
}
