//! What this side shows to a peer that asks who it is.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::crypto::provider;
use super::trust::TrustError;

/// A certificate chain and its private key.
pub struct Identity(Arc<SingleCertAndKey>);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    /// From certificates in DER, the own one first, and its key in DER (PKCS #8, PKCS #1 or
    /// SEC 1). The key's bytes are copied.
    ///
    /// # Errors
    /// The key is of no known kind, or it does not belong to the certificate.
    pub fn from_der(chain: &[&[u8]], key: &[u8]) -> Result<Arc<Self>, TrustError> {
        let chain = chain.iter().map(|c| CertificateDer::from(c.to_vec())).collect();
        let key = PrivateKeyDer::try_from(key)
            .map_err(|e| TrustError::Identity(format!("private key: {e}")))?;
        Self::new(chain, key.clone_key())
    }

    /// From PEM texts: certificates, the own one first, and an unencrypted private key.
    ///
    /// # Errors
    /// As for [`from_der`](Self::from_der), or the PEM is broken.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Arc<Self>, TrustError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|e| TrustError::Identity(format!("certificate: {e}")))?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|e| TrustError::Identity(format!("private key: {e}")))?;
        Self::new(chain, key)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Arc<Self>, TrustError> {
        if chain.is_empty() {
            return Err(TrustError::Identity("no certificate".to_owned()));
        }
        let key = CertifiedKey::from_der(chain, key, &provider())
            .map_err(|e| TrustError::Identity(e.to_string()))?;
        Ok(Arc::new(Self(Arc::new(SingleCertAndKey::from(key)))))
    }

    /// What rustls asks on either side of a connection.
    #[must_use]
    pub fn resolver(&self) -> Arc<SingleCertAndKey> {
        self.0.clone()
    }
}
