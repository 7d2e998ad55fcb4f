//! The vectors that AWS publishes: its signature version 4 test suite (the names of the tests are
//! the suite's), and the examples of the S3 and IAM documentation.

use std::time::{Duration, UNIX_EPOCH};

use super::*;

const SUITE: (&str, &str) = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
const S3_EXAMPLES: (&str, &str) =
    ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");

fn key((id, secret): (&str, &str)) -> Key {
    let bytes = |text: &str| Zeroizing::new(text.as_bytes().to_vec());
    Key { id: bytes(id), secret: bytes(secret) }
}

/// Signs a request of the test suite.
fn suite(method: &str, path: &str, more: &[(&str, &[u8])], payload: &[u8]) -> String {
    let mut fields: Vec<(&str, &[u8])> = vec![("Host", b"example.amazonaws.com")];
    fields.extend(more);
    fields.push(("X-Amz-Date", b"20150830T123600Z"));
    let payload = &sha256_hex(payload);
    let (region, service, fields) = ("us-east-1", "service", &fields[..]);
    authorization(&key(SUITE), &Request { region, service, method, path, fields, payload })
        .expect("a signature")
}

#[track_caller]
fn check(signed: &str, names: &str, signature: &str) {
    let expected = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
         SignedHeaders={names}, Signature={signature}"
    );
    assert_eq!(signed, expected);
}

#[track_caller]
fn get(path: &str, signature: &str) {
    check(&suite("GET", path, &[], b""), "host;x-amz-date", signature);
}

const VANILLA: &str = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";

#[test]
fn vanilla() {
    get("/", VANILLA);
    let post = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
    check(&suite("POST", "/", &[], b""), "host;x-amz-date", post);
}

#[test]
fn paths() {
    get(
        "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    );
    get("/\u{1234}", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
    get("/example space/", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741");
    // get-relative, get-relative-relative, get-slash, get-slash-dot-slash
    for path in ["/example/..", "/example1/example2/../..", "//", "/./"] {
        get(path, VANILLA);
    }
    assert_eq!(canonical_path("/./example", "service"), "/example");
    assert_eq!(canonical_path("//example//", "service"), "/example/");
    // what was encoded for the way is encoded once more, but for S3
    assert_eq!(canonical_path("/a%20b/~c", "service"), "/a%2520b/~c");
    assert_eq!(canonical_path("/a%20b/%7ec//./", "s3"), "/a%20b/~c//./");
}

#[test]
fn queries() {
    get(
        "/?Param2=value2&Param1=value1",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    );
    get("/?\u{1234}=bar", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04");
    assert_eq!(canonical_query("p=b&p=a&&flag&q=a%20b%2fc=d"), "flag=&p=a&p=b&q=a%20b%2Fc%3Dd");
    assert_eq!(canonical_query(""), "");
}

#[test]
fn fields() {
    check(
        &suite(
            "GET",
            "/",
            &[("My-Header1", b"value2"), ("My-Header1", b"value2"), ("My-Header1", b"value1")],
            b"",
        ),
        "host;my-header1;x-amz-date",
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    );
    check(
        &suite("GET", "/", &[("My-Header1", b" value1"), ("My-Header2", b" \"a   b   c\"")], b""),
        "host;my-header1;my-header2;x-amz-date",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    );
}

#[test]
fn payloads() {
    check(
        &suite(
            "POST",
            "/",
            &[("Content-Type", b"application/x-www-form-urlencoded")],
            b"Param1=value1",
        ),
        "content-type;host;x-amz-date",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    );
}

/// Signs an example of the S3 documentation, and gives the signature alone.
fn s3(method: &str, path: &str, more: &[(&str, &[u8])], payload: &[u8]) -> String {
    let payload = sha256_hex(payload);
    let mut fields: Vec<(&str, &[u8])> = vec![
        ("host", b"examplebucket.s3.amazonaws.com"),
        (CONTENT_SHA256, payload.as_bytes()),
        (DATE, b"20130524T000000Z"),
    ];
    fields.extend(more);
    let (region, service, fields, payload) = ("us-east-1", "s3", &fields[..], payload.as_str());
    let request = Request { region, service, method, path, fields, payload };
    let signed = authorization(&key(S3_EXAMPLES), &request).expect("a signature");
    signed.rsplit('=').next().expect("a signature").to_owned()
}

#[test]
fn examples_of_s3() {
    assert_eq!(
        s3("GET", "/test.txt", &[("range", b"bytes=0-9")], b""),
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    );
    assert_eq!(
        s3(
            "PUT",
            "/test$file.text",
            &[
                ("date", b"Fri, 24 May 2013 00:00:00 GMT"),
                ("x-amz-storage-class", b"REDUCED_REDUNDANCY")
            ],
            b"Welcome to Amazon S3."
        ),
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    );
    assert_eq!(
        s3("GET", "/?lifecycle", &[], b""),
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    );
    assert_eq!(
        s3("GET", "/?max-keys=2&prefix=J", &[], b""),
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    );
}

/// The example of a derived key in the documentation of IAM: what it signs is checked, since the
/// key itself is not given away.
#[test]
fn the_example_of_a_derived_key() {
    let request = Request {
        region: "us-east-1",
        service: "iam",
        method: "",
        path: "",
        fields: &[],
        payload: "",
    };
    let published: Vec<u8> = (0..32)
        .map(|i| {
            let hex = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
            u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex")
        })
        .collect();
    let ours = hmac::sign(&signing_key(&key(SUITE), "20150830", &request), b"x");
    let theirs = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &published), b"x");
    assert_eq!(ours.as_ref(), theirs.as_ref());
}

#[test]
fn dates() {
    let at = |seconds| timestamp(UNIX_EPOCH + Duration::from_secs(seconds));
    assert_eq!(at(0), "19700101T000000Z");
    assert_eq!(at(1_440_938_160), "20150830T123600Z");
    assert_eq!(at(951_782_399), "20000228T235959Z");
    assert_eq!(at(951_782_400), "20000229T000000Z");
    assert_eq!(at(4_107_542_400), "21000301T000000Z");
    assert_eq!(timestamp(UNIX_EPOCH - Duration::from_secs(1)), "19700101T000000Z");
}

#[test]
fn what_cannot_be_signed() {
    let sign = |id: &str, fields: &[(&str, &[u8])]| {
        let (region, service, method, path, payload) = ("r", "s", "GET", "/", UNSIGNED_PAYLOAD);
        let request = Request { region, service, method, path, fields, payload };
        authorization(&key((id, "secret")), &request)
    };
    assert_eq!(sign("id", &[("host", b"h")]), Err(SignError::NoDate));
    for date in ["", "20150830T123600", "20150830 123600Z", "20150830T123600ZZ", "2015083xT123600Z"]
    {
        assert_eq!(sign("id", &[(DATE, date.as_bytes())]), Err(SignError::BadDate), "{date}");
    }
    for id in ["", "a b", "a\r\nx: y", "\u{e9}"] {
        assert_eq!(sign(id, &[(DATE, b"20150830T123600Z")]), Err(SignError::BadKeyId), "{id}");
    }
}
