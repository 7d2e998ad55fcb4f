//! Real certificates, made by the `openssl` command, each fixture in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A folder that goes when dropped.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("securestreams-net-{}-{n}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        fs::create_dir(&dir).unwrap();
        Self(dir)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// When a certificate is valid.
#[derive(Clone, Copy)]
pub enum Dates {
    Now,
    Past,
    Future,
}

impl Dates {
    fn span(self) -> (&'static str, &'static str) {
        match self {
            Self::Now => ("20200101000000Z", "20991231235959Z"),
            Self::Past => ("20200101000000Z", "20210101000000Z"),
            Self::Future => ("20900101000000Z", "20991231235959Z"),
        }
    }
}

/// What to make.
#[derive(Clone, Copy)]
pub struct Spec<'a> {
    pub cn: &'a str,
    /// As in `DNS:localhost,IP:127.0.0.1`.
    pub san: Option<&'a str>,
    pub ca: bool,
    pub purpose: Option<&'a str>,
    pub dates: Dates,
    pub rsa: bool,
}

pub const LEAF: Spec<'_> = Spec {
    cn: "localhost",
    san: Some("DNS:localhost,IP:127.0.0.1"),
    ca: false,
    purpose: None,
    dates: Dates::Now,
    rsa: false,
};

pub const CA: Spec<'_> = Spec { cn: "Test CA", san: None, ca: true, ..LEAF };

pub struct Cert {
    pub cert_file: PathBuf,
    pub key_file: PathBuf,
    pub der: Vec<u8>,
}

impl Cert {
    pub fn pem(&self) -> Vec<u8> {
        fs::read(&self.cert_file).unwrap()
    }

    pub fn key_pem(&self) -> Vec<u8> {
        fs::read(&self.key_file).unwrap()
    }

    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from(self.der.clone())]
    }

    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(&self.key_file).unwrap()
    }
}

pub struct Pki {
    dir: TempDir,
    next: u32,
}

impl Pki {
    pub fn new() -> Self {
        let dir = TempDir::new();
        fs::write(dir.path("index.txt"), "").unwrap();
        Self { dir, next: 1 }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path(name)
    }

    /// A CA of its own making.
    pub fn ca(&mut self) -> Cert {
        self.make(CA, None)
    }

    /// A certificate, signed by `issuer` or by itself.
    pub fn make(&mut self, spec: Spec<'_>, issuer: Option<&Cert>) -> Cert {
        let n = self.next;
        self.next += 1;
        let [key, csr, pem, config] =
            ["key", "csr", "pem", "cnf"].map(|ext| self.path(&format!("{n}.{ext}")));
        self.write_config(&config, spec, n);
        let algorithm = if spec.rsa {
            ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        } else {
            ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        };
        openssl(Command::new("openssl").arg("genpkey").args(algorithm).arg("-out").arg(&key));
        openssl(
            Command::new("openssl")
                .args(["req", "-new", "-subj", &format!("/CN={}", spec.cn)])
                .arg("-key")
                .arg(&key)
                .arg("-out")
                .arg(&csr),
        );
        let (from, to) = spec.dates.span();
        let mut sign = Command::new("openssl");
        sign.args(["ca", "-batch", "-notext", "-startdate", from, "-enddate", to])
            .arg("-config")
            .arg(&config)
            .arg("-in")
            .arg(&csr)
            .arg("-out")
            .arg(&pem);
        match issuer {
            Some(ca) => sign.arg("-cert").arg(&ca.cert_file).arg("-keyfile").arg(&ca.key_file),
            None => sign.arg("-selfsign").arg("-keyfile").arg(&key),
        };
        openssl(&mut sign);
        let der = CertificateDer::from_pem_file(&pem).unwrap().to_vec();
        Cert { cert_file: pem, key_file: key, der }
    }

    fn write_config(&self, at: &Path, spec: Spec<'_>, n: u32) {
        fs::write(self.path("serial"), format!("{:02X}\n", n + 0x10)).unwrap();
        let dir = self.dir.0.display();
        let mut text = format!(
            "[ca]\ndefault_ca = d\n[d]\ndatabase = {dir}/index.txt\nserial = {dir}/serial\n\
             new_certs_dir = {dir}\ndefault_md = sha256\npolicy = p\nunique_subject = no\n\
             x509_extensions = x\n[p]\ncommonName = supplied\n[x]\n\
             basicConstraints = critical,CA:{}\n",
            if spec.ca { "TRUE" } else { "FALSE" }
        );
        if let Some(san) = spec.san {
            text += &format!("subjectAltName = {san}\n");
        }
        if let Some(purpose) = spec.purpose {
            text += &format!("extendedKeyUsage = {purpose}\n");
        }
        fs::write(at, text).unwrap();
    }
}

fn openssl(command: &mut Command) {
    let out = command.output().expect("openssl runs");
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
}
