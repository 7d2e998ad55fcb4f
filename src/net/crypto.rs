//! What of the cryptography TLS may use.

use std::sync::{Arc, OnceLock};

use rustls::crypto::CryptoProvider;

#[cfg(feature = "tls-wide")]
use crate::util::crypto::tls::default_provider as chosen;
#[cfg(not(feature = "tls-wide"))]
use narrow::provider as chosen;

/// What TLS may use.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(chosen())).clone()
}

/// What every server and certificate authority of the web can do, and no more: AES-GCM, key exchange on
/// P-256 and P-384, signatures by ECDSA on these and by RSA. The linker leaves out the rest.
#[cfg(not(feature = "tls-wide"))]
mod narrow {
    use std::sync::Arc;

    use rustls::crypto::{
        CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms,
    };
    use rustls::pki_types::PrivateKeyDer;
    use rustls::sign::SigningKey;
    use rustls::{Error, SignatureScheme, SupportedCipherSuite};

    use crate::util::crypto::rand::{SecureRandom as _, SystemRandom};
    use crate::util::crypto::signatures as check;
    use crate::util::crypto::tls::cipher_suite as suite;
    use crate::util::crypto::tls::kx_group::{SECP256R1, SECP384R1};
    use crate::util::crypto::tls::sign::{RsaSigningKey, any_ecdsa_type};

    static SUITES: &[SupportedCipherSuite] = &[
        suite::TLS13_AES_128_GCM_SHA256,
        suite::TLS13_AES_256_GCM_SHA384,
        #[cfg(feature = "tls12")]
        suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        #[cfg(feature = "tls12")]
        suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        #[cfg(feature = "tls12")]
        suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        #[cfg(feature = "tls12")]
        suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ];

    static SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
        all: &[
            check::ECDSA_P256_SHA256,
            check::ECDSA_P256_SHA384,
            check::ECDSA_P384_SHA256,
            check::ECDSA_P384_SHA384,
            check::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
            check::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
            check::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
            check::RSA_PKCS1_2048_8192_SHA256,
            check::RSA_PKCS1_2048_8192_SHA384,
            check::RSA_PKCS1_2048_8192_SHA512,
            check::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
            check::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
            check::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
        ],
        // in TLS 1.2 the hash does not tell the curve
        mapping: &[
            (
                SignatureScheme::ECDSA_NISTP256_SHA256,
                &[check::ECDSA_P256_SHA256, check::ECDSA_P384_SHA256],
            ),
            (
                SignatureScheme::ECDSA_NISTP384_SHA384,
                &[check::ECDSA_P384_SHA384, check::ECDSA_P256_SHA384],
            ),
            (SignatureScheme::RSA_PSS_SHA256, &[check::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
            (SignatureScheme::RSA_PSS_SHA384, &[check::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
            (SignatureScheme::RSA_PSS_SHA512, &[check::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
            (SignatureScheme::RSA_PKCS1_SHA256, &[check::RSA_PKCS1_2048_8192_SHA256]),
            (SignatureScheme::RSA_PKCS1_SHA384, &[check::RSA_PKCS1_2048_8192_SHA384]),
            (SignatureScheme::RSA_PKCS1_SHA512, &[check::RSA_PKCS1_2048_8192_SHA512]),
        ],
    };

    pub(super) fn provider() -> CryptoProvider {
        CryptoProvider {
            cipher_suites: SUITES.to_vec(),
            kx_groups: vec![SECP256R1, SECP384R1],
            signature_verification_algorithms: SIGNATURES,
            secure_random: &Narrow,
            key_provider: &Narrow,
        }
    }

    #[derive(Debug)]
    struct Narrow;

    impl SecureRandom for Narrow {
        fn fill(&self, buf: &mut [u8]) -> Result<(), GetRandomFailed> {
            SystemRandom::new().fill(buf).map_err(|_| GetRandomFailed)
        }
    }

    impl KeyProvider for Narrow {
        fn load_private_key(
            &self,
            key: PrivateKeyDer<'static>,
        ) -> Result<Arc<dyn SigningKey>, Error> {
            match RsaSigningKey::new(&key) {
                Ok(rsa) => Ok(Arc::new(rsa)),
                Err(_) => any_ecdsa_type(&key),
            }
        }
    }
}
