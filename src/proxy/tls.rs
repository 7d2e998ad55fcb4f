//! TLS on the TCP links between clients and the proxy: from files in PEM to what `net` needs. What
//! is encrypted is the same protocol.

use std::fmt::Display;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::engine::LinkTls;
use crate::net::{Identity, ServerStore, TrustStore, certificates};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// Which files, each in PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Who signs the certificates of the other side.
    pub ca: Option<PathBuf>,
    /// The own certificate, with what leads to its authority behind it.
    pub cert: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
    /// Of a client: the name or address that the proxy's certificate must bear; `None`: the one that
    /// the link goes to.
    pub name: Option<String>,
}

impl Files {
    /// Nothing is asked for.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// For a proxy: certificate and key are needed. With a CA, clients must show a certificate.
    ///
    /// # Errors
    /// What is missing, or which file is of no use, and why.
    pub fn for_proxy(&self) -> Result<ServerStore, String> {
        let (Some(cert), Some(key)) = (&self.cert, &self.key) else {
            return Err("TLS needs a certificate and its key".to_owned());
        };
        let trust = match &self.ca {
            Some(ca) => Some(certificates(&read(ca)?).map_err(|e| in_file(ca, e))?),
            None => None,
        };
        let trust = trust.as_ref().map(|certs| certs.iter().map(Vec::as_slice));
        let (chain, secret) = (read(cert)?, read(key)?);
        // what is of no use is in one of these
        ServerStore::new("", &chain, &secret, trust, &[])
            .map_err(|e| format!("{}, {}: {e}", cert.display(), key.display()))
    }

    /// For a client: a CA is needed, the system's are not asked. The certificate is shown to a
    /// proxy that wants one.
    ///
    /// # Errors
    /// As for [`for_proxy`](Self::for_proxy).
    pub fn for_client(&self) -> Result<LinkTls, String> {
        let Some(ca) = &self.ca else {
            return Err("TLS needs a CA to check the proxy against".to_owned());
        };
        let trust = TrustStore::from_pem(&read(ca)?).map_err(|e| in_file(ca, e))?;
        let identity = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                let (chain, secret) = (read(cert)?, read(key)?);
                let made = Identity::from_pem(&chain, &secret);
                Some(made.map_err(|e| format!("{}, {}: {e}", cert.display(), key.display()))?)
            }
            (None, None) => None,
            (Some(_), None) => return Err("TLS has a certificate without its key".to_owned()),
            (None, Some(_)) => return Err("TLS has a key without its certificate".to_owned()),
        };
        Ok(LinkTls { trust, identity, name: self.name.clone(), peer: "the proxy" })
    }
}

fn in_file(path: &Path, e: impl Display) -> String {
    format!("{}: {e}", path.display())
}

/// Keys are among them: what was read is not left in memory.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let file = std::fs::File::open(path).map_err(|e| in_file(path, e))?;
    let size = file.metadata().map_err(|e| in_file(path, e))?.len().min(MAX_FILE);
    // with room for all from the start, so that it does not move
    let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1));
    file.take(MAX_FILE + 1).read_to_end(&mut text).map_err(|e| in_file(path, e))?;
    if text.len() as u64 > MAX_FILE {
        return Err(in_file(path, format!("longer than {MAX_FILE} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{Files, PathBuf};

    #[test]
    fn what_is_missing_is_said() {
        let path = || Some(PathBuf::from("/nonexistent/file"));
        let proxy = |files: Files| files.for_proxy().expect_err("an error");
        let client = |files: Files| files.for_client().expect_err("an error");
        assert!(proxy(Files { cert: path(), ..Files::default() }).contains("and its key"));
        assert!(client(Files { cert: path(), key: path(), ..Files::default() }).contains("a CA"));
        let both = Files { cert: path(), key: path(), ..Files::default() };
        assert!(proxy(both).starts_with("/nonexistent/file: "));
        assert!(
            client(Files { ca: path(), ..Files::default() }).starts_with("/nonexistent/file: ")
        );
    }
}
