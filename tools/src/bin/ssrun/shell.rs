//! What a device would know, given on the command line.

use securestreams::engine::{DeviceBlob, Host, MqttBlob};
use securestreams::system::sigv4;
use zeroize::Zeroizing;

use super::args::Args;

/// The blobs of the one stream that runs: whichever number the policy asks for is that.
#[derive(Debug, Default)]
pub struct Shell {
    auth: Option<Zeroizing<Vec<u8>>>,
    cert: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
    mqtt_id: Option<String>,
    mqtt_user: Option<String>,
    mqtt_password: Option<Zeroizing<Vec<u8>>>,
}

impl Shell {
    /// Reads the files that the options name. Secrets are only taken from files: everybody sees a command line.
    pub fn new(args: &Args) -> Result<Self, String> {
        let secret = |file: &Option<String>| file.as_ref().map(|f| line_of(f)).transpose();
        let cert = match (&args.cert, &args.key) {
            (Some(cert), Some(key)) => Some((read(cert)?, Zeroizing::new(read(key)?))),
            (None, None) => None,
            _ => return Err("--cert and --key go together".into()),
        };
        Ok(Self {
            auth: secret(&args.auth)?,
            cert,
            mqtt_id: args.mqtt_id.clone(),
            mqtt_user: args.mqtt_user.clone(),
            mqtt_password: secret(&args.mqtt_password)?,
        })
    }
}

fn read(file: &str) -> Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{file}: {error}"))
}

/// What is in the file, without the line's end that editors add.
fn line_of(file: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(read(file)?);
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok(bytes)
}

/// A variable of the environment, if it is set and not empty.
fn environment(name: &str) -> Option<Zeroizing<Vec<u8>>> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
    Some(Zeroizing::new(value.into_bytes()))
}

impl Host for Shell {
    fn timer_due(&self, _token: usize) {}

    fn auth_blob(&self, _index: u8) -> Option<Vec<u8>> {
        self.auth.as_ref().map(|token| token.to_vec())
    }

    fn aws_key(&self, _index: u8) -> Option<sigv4::Key> {
        Some(sigv4::Key {
            id: environment("AWS_ACCESS_KEY_ID")?,
            secret: environment("AWS_SECRET_ACCESS_KEY")?,
        })
    }

    fn device_blob(&self, _which: DeviceBlob) -> Option<Vec<u8>> {
        None
    }

    fn client_cert(&self, _index: u8) -> Option<(Vec<u8>, Vec<u8>)> {
        self.cert.as_ref().map(|(cert, key)| (cert.clone(), key.to_vec()))
    }

    fn mqtt_blob(&self, which: MqttBlob) -> Option<Vec<u8>> {
        let text = |text: &Option<String>| text.clone().map(String::into_bytes);
        match which {
            MqttBlob::ClientId => text(&self.mqtt_id),
            MqttBlob::Username => text(&self.mqtt_user),
            MqttBlob::Password => self.mqtt_password.as_ref().map(|word| word.to_vec()),
        }
    }

    fn woken(&self) {}
}
